"""extend_info of a backup or child: table 5 of the ShowBackup page.

The API also sends `app_consistency`, `progress`, `is_multi_az`, `is_dec`, `encrypted_algorithm` and `architecture`,
which the page omits. The API's `snapshot_id` is a disk snapshot. The warehouse uses that name for its own key, so the
column is called `volume_snapshot_id`.
"""

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.keys import EXTRA, SCOPE, SNAPSHOT, TOP_BACKUP, api

STRING, INTEGER, BOOLEAN = Type.STRING, Type.INTEGER, Type.BOOLEAN

_APP_CONSISTENCY = "app_consistency"
EXTEND_INFO = Table(
    "cbr",
    "extend_info",
    "One row per backup or child that has extend_info.",
    ("scope", "snapshot_id", "top_backup_id", "level", "backup_id"),
    (
        SCOPE,
        SNAPSHOT,
        Column("backup_id", STRING, "ID of the backup or child that has this extend_info.", required=True),
        TOP_BACKUP,
        Column(
            "level",
            STRING,
            "Whether backup_id is a top-level backup or a child.",
            required=True,
            known_values=("backup", "child"),
        ),
        api(
            "auto_trigger",
            BOOLEAN,
            "Whether a policy created the backup (false: created manually).",
            "是否是自动生成的备份副本",
        ),
        api("bootable", BOOLEAN, "Whether the backup is of a system disk.", "是否系统盘备份"),
        api("system_disk", BOOLEAN, "Whether the disk is a system disk.", "是否是系统盘"),
        api(
            "contain_system_disk",
            BOOLEAN,
            "Whether the server backup contains the system disk.",
            "整机备份是否包含系统盘",
        ),
        api(
            "encrypted",
            BOOLEAN,
            "Whether the backup is encrypted. Reliable for disks only, not for servers.",
            "是否加密",
        ),
        api("encrypted_algorithm", STRING, "Encryption algorithm."),
        api("incremental", BOOLEAN, "Whether the backup is incremental, as sent by older services.", "是否是增备"),
        Column(
            "volume_snapshot_id",
            STRING,
            "ID of the disk snapshot that the backup was made from (snapshot_id in the API).",
            path=("snapshot_id",),
            zh="卷备份副本的快照id",
        ),
        api(
            "support_lld", BOOLEAN, "Whether fast restore by lazy loading is supported.", "是否支持lazyloading快速恢复"
        ),
        api(
            "supported_restore_mode",
            STRING,
            "Supported restore mode.",
            "备份支持恢复的方式",
            known_values=("na", "backup", "snapshot"),
        ),
        api(
            "os_images_data",
            Type.STRINGS,
            "IDs of the images that were registered from the backup.",
            "备份注册镜像ID列表",
        ),
        api("progress", INTEGER, "Progress of the backup.", unit="percent"),
        api("is_multi_az", BOOLEAN, "Whether the backup is stored in several availability zones."),
        api("is_dec", BOOLEAN, "Whether the backup is in a dedicated cloud."),
        api("architecture", STRING, "Processor architecture of the server."),
        Column(
            "app_consistency",
            STRING,
            "Whether application consistency was requested.",
            path=(_APP_CONSISTENCY, _APP_CONSISTENCY),
        ),
        *(
            Column(f"{_APP_CONSISTENCY}_{key}", STRING, doc, path=(_APP_CONSISTENCY, f"{_APP_CONSISTENCY}_{key}"))
            for key, doc in (
                ("status", "'1' if the backup is application-consistent, otherwise '0'."),
                ("error_code", "Error code of application consistency. '0' if there was no error."),
                ("error_message", "Error message of application consistency."),
            )
        ),
        EXTRA,
    ),
)
