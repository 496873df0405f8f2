"""Table 5 of the ShowBackup page: extend_info of a backup or child.

Beyond the page, the wire sends `app_consistency`, `progress`, `is_multi_az`, `is_dec`, `encrypted_algorithm` and
`architecture`. The API's own `snapshot_id` is the snapshot of a disk; the warehouse's key has that name, so the
column is called `volume_snapshot_id`.
"""

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.keys import EXTRA, SCOPE, SNAPSHOT, TOP, api

STRING, INTEGER, BOOLEAN = Type.STRING, Type.INTEGER, Type.BOOLEAN

_APP = "app_consistency"
EXTEND_INFO = Table(
    "cbr",
    "extend_info",
    "One row for each backup and each child that carries extend_info.",
    ("scope", "snapshot_id", "top_backup_id", "level", "backup_id"),
    (
        SCOPE,
        SNAPSHOT,
        Column("backup_id", STRING, "Id of the backup or child that carries it.", required=True),
        TOP,
        Column("level", STRING, "Whether a backup or a child carries it.", required=True, known=("backup", "child")),
        api("auto_trigger", BOOLEAN, "Made by a policy, not by hand.", "是否是自动生成的备份副本"),
        api("bootable", BOOLEAN, "Backup of a system disk.", "是否系统盘备份"),
        api("system_disk", BOOLEAN, "The disk is a system disk.", "是否是系统盘"),
        api("contain_system_disk", BOOLEAN, "The server backup holds the system disk.", "整机备份是否包含系统盘"),
        api("encrypted", BOOLEAN, "Encrypted; only a disk's own flag tells, a server's does not.", "是否加密"),
        api("encrypted_algorithm", STRING, "Algorithm of the encryption."),
        api("incremental", BOOLEAN, "An incremental backup, where older services say it.", "是否是增备"),
        Column(
            "volume_snapshot_id",
            STRING,
            "The API's snapshot_id: the disk snapshot behind the backup.",
            path=("snapshot_id",),
            zh="卷备份副本的快照id",
        ),
        api("support_lld", BOOLEAN, "Supports fast restore by lazy loading.", "是否支持lazyloading快速恢复"),
        api(
            "supported_restore_mode",
            STRING,
            "How it can be restored.",
            "备份支持恢复的方式",
            known=("na", "backup", "snapshot"),
        ),
        api(
            "os_images_data",
            Type.STRINGS,
            "Ids of the images registered from the backup.",
            "备份注册镜像ID列表",
        ),
        api("progress", INTEGER, "Progress of the backup.", unit="percent"),
        api("is_multi_az", BOOLEAN, "Kept in several availability zones."),
        api("is_dec", BOOLEAN, "On a dedicated cloud."),
        api("architecture", STRING, "Processor architecture of the server."),
        Column("app_consistency", STRING, "Whether application consistency was asked for.", path=(_APP, _APP)),
        *(
            Column(f"{_APP}_{part}", STRING, doc, path=(_APP, f"{_APP}_{part}"))
            for part, doc in (
                ("status", "'1' where the backup is application consistent, '0' where it is not."),
                ("error_code", "Why application consistency failed; '0' where it did not."),
                ("error_message", "The same in words."),
            )
        ),
        EXTRA,
    ),
)
