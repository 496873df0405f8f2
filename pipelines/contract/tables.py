"""The four normalized tables: tables 4 to 7 of the ShowBackup page, and what the wire sends beyond them.

Belongs here: one `Column` for each value of `GET /v3/{project_id}/backups/{backup_id}`. A new column is one
line here and nothing anywhere else. Sources: the ShowBackup page (names, terms), the recorded wire where
the page is silent (`provider_id`, `incremental`, `version`, `progress`, ...).
"""

from pipelines.contract.columns import Column, Table, Type

TEXT, WHOLE, FLAG, INSTANT = Type.TEXT, Type.WHOLE, Type.FLAG, Type.INSTANT

STATUSES = (
    "available",
    "protecting",
    "deleting",
    "restoring",
    "error",
    "waiting_protect",
    "waiting_delete",
    "waiting_restore",
)
RESOURCE_TYPES = (
    "OS::Nova::Server",
    "OS::Cinder::Volume",
    "OS::Sfs::Turbo",
    "OS::Ironic::BareMetalServer",
    "OS::Native::Server",
    "OS::Workspace::DesktopV2",
)


def _api(name: str, kind: Type, doc: str, zh: str = "", **more: object) -> Column:
    """Return a column that the record carries under its own name."""
    return Column(name, kind, doc, path=(name,), zh=zh, **more)  # type: ignore[arg-type]


SCOPE = Column(
    "scope", TEXT, "The account, region and project that was read, by its name in clouds.yaml.", required=True
)
SNAPSHOT = Column(
    "snapshot_id",
    TEXT,
    "The snapshot of the scope: the UTC instant at which reading began, as 20261123T020000Z.",
    required=True,
    references="meta.snapshots.snapshot_id",
)
TOP = Column("top_backup_id", TEXT, "Id of the top-level backup.", required=True, references="cbr.backups.id")
EXTRA = Column("extra", Type.JSON, "Keys that the contract does not know, and values it could not type, as sent.")

# Tables 4 and 6: a backup and a child carry the same fields.
_BACKUP_FIELDS = (
    _api("id", TEXT, "Id of the backup.", "备份ID", required=True),
    _api("name", TEXT, "Name of the backup; the only field that a user can change.", "备份名称"),
    _api("description", TEXT, "Description of the backup.", "备份描述"),
    _api("status", TEXT, "State of the backup.", "备份状态", expected=True, known=STATUSES),
    _api(
        "image_type",
        TEXT,
        "A backup made here, or a replica.",
        "备份类型",
        expected=True,
        known=("backup", "replication"),
    ),
    _api(
        "created_at",
        INSTANT,
        "When the backup was created; retention counts from here.",
        "创建时间",
        expected=True,
    ),
    _api("protected_at", INSTANT, "When the data was captured; null on some disks.", "备份时间"),
    _api("updated_at", INSTANT, "When the record last changed.", "更新时间"),
    _api("expired_at", INSTANT, "When retention ends; null: kept by count, for ever, or by hand.", "过期时间"),
    _api("checkpoint_id", TEXT, "The restore point that parent and children share.", "还原点ID"),
    _api("parent_id", TEXT, "Id of the backup that this one is part of.", "父备份ID"),
    _api("project_id", TEXT, "Project of the backup.", "项目ID"),
    _api(
        "enterprise_project_id",
        TEXT,
        "Enterprise project; '0' is the default one. Null where only the list was read.",
        "企业项目id",
    ),
    _api("vault_id", TEXT, "Vault that holds the backup.", "存储库ID"),
    _api("provider_id", TEXT, "What kind of thing is backed up: server, disk, SFS Turbo, ..."),
    _api("resource_id", TEXT, "Id of the resource that is backed up.", "资源ID", expected=True),
    _api("resource_name", TEXT, "Name of the resource.", "资源名称"),
    _api("resource_type", TEXT, "Type of the resource.", "资源类型", expected=True, known=RESOURCE_TYPES),
    _api("resource_size", WHOLE, "Size of the source, not of what is stored.", "资源大小", unit="GB"),
    _api("resource_az", TEXT, "Availability zone of the resource.", "资源可用区"),
    _api("incremental", FLAG, "An incremental backup; newer services send it here, older ones in extend_info."),
    _api("version", WHOLE, "Snapshot type of the backup."),
    _api("scheduled_operation_id", TEXT, "The policy that made the backup."),
)

BACKUPS = Table(
    "cbr",
    "backups",
    "One row a top-level backup of a scope.",
    ("scope", "snapshot_id", "id"),
    (
        SCOPE,
        SNAPSHOT,
        *_BACKUP_FIELDS,
        Column("detail_loaded", FLAG, "ShowBackup was read, so that the children are known.", required=True),
        Column("rejected_parts", WHOLE, "Records below it that could not be loaded.", required=True),
        EXTRA,
    ),
)

CHILDREN = Table(
    "cbr",
    "children",
    "One row a child backup at any depth below a top-level backup.",
    ("scope", "snapshot_id", "backup_id", "id"),
    (
        SCOPE,
        SNAPSHOT,
        Column("backup_id", TEXT, "Id of the top-level backup.", required=True, references="cbr.backups.id"),
        Column("carrier_id", TEXT, "Id of the backup or child that it stands in.", required=True),
        Column("depth", WHOLE, "1 for a child of the backup, 2 for its child, ...", required=True),
        *_BACKUP_FIELDS,
        EXTRA,
    ),
)

# Table 5. The API's `snapshot_id` is a disk snapshot; the warehouse's own key has that name, so it is told apart.
_APP = "app_consistency"
EXTEND_INFO = Table(
    "cbr",
    "extend_info",
    "One row for each backup and each child that carries extend_info.",
    ("scope", "snapshot_id", "top_backup_id", "level", "backup_id"),
    (
        SCOPE,
        SNAPSHOT,
        Column("backup_id", TEXT, "Id of the backup or child that carries it.", required=True),
        TOP,
        Column("level", TEXT, "Whether a backup or a child carries it.", required=True, known=("backup", "child")),
        _api("auto_trigger", FLAG, "Made by a policy, not by hand.", "是否是自动生成的备份副本"),
        _api("bootable", FLAG, "Backup of a system disk.", "是否系统盘备份"),
        _api("system_disk", FLAG, "The disk is a system disk.", "是否是系统盘"),
        _api("contain_system_disk", FLAG, "The server backup holds the system disk.", "整机备份是否包含系统盘"),
        _api("encrypted", FLAG, "Encrypted; only a disk's own flag tells, a server's does not.", "是否加密"),
        _api("encrypted_algorithm", TEXT, "Algorithm of the encryption."),
        _api("incremental", FLAG, "An incremental backup, where older services say it.", "是否是增备"),
        Column(
            "volume_snapshot_id",
            TEXT,
            "The API's snapshot_id: the disk snapshot behind the backup.",
            path=("snapshot_id",),
            zh="卷备份副本的快照id",
        ),
        _api("support_lld", FLAG, "Supports fast restore by lazy loading.", "是否支持lazyloading快速恢复"),
        _api(
            "supported_restore_mode",
            TEXT,
            "How it can be restored.",
            "备份支持恢复的方式",
            known=("na", "backup", "snapshot"),
        ),
        _api(
            "os_images_data",
            Type.TEXTS,
            "Ids of the images registered from the backup.",
            "备份注册镜像ID列表",
        ),
        _api("progress", WHOLE, "Progress of the backup.", unit="percent"),
        _api("is_multi_az", FLAG, "Kept in several availability zones."),
        _api("is_dec", FLAG, "On a dedicated cloud."),
        _api("architecture", TEXT, "Processor architecture of the server."),
        Column("app_consistency", TEXT, "Whether application consistency was asked for.", path=(_APP, _APP)),
        *(
            Column(f"{_APP}_{part}", TEXT, doc, path=(_APP, f"{_APP}_{part}"))
            for part, doc in (
                ("status", "'1' where the backup is application consistent, '0' where it is not."),
                ("error_code", "Why application consistency failed; '0' where it did not."),
                ("error_message", "The same in words."),
            )
        ),
        EXTRA,
    ),
)

# Table 7.
_INFO = "extra_info"
REPLICATION_RECORDS = Table(
    "cbr",
    "replication_records",
    "One row a replication of a backup to another region or project.",
    ("scope", "snapshot_id", "top_backup_id", "backup_id", "id"),
    (
        SCOPE,
        SNAPSHOT,
        Column("backup_id", TEXT, "Id of the backup or child that carries the record.", required=True),
        TOP,
        _api("id", TEXT, "Id of the record.", "复制记录ID", required=True),
        _api(
            "status",
            TEXT,
            "State of the replication.",
            "复制的状态",
            expected=True,
            known=("replicating", "success", "fail", "skip", "waiting_replicate"),
        ),
        _api("created_at", INSTANT, "When the replication began; its end is not recorded.", "复制的开始时间"),
        _api("vault_id", TEXT, "Vault that holds the backup.", "备份所在的存储库ID"),
        _api("source_backup_id", TEXT, "Backup that is copied.", "复制的源备份ID"),
        _api("source_checkpoint_id", TEXT, "Its restore point.", "复制的源备份记录ID"),
        _api("source_project_id", TEXT, "Its project.", "复制的源项目ID"),
        _api("source_region", TEXT, "Its region.", "复制的源区域"),
        _api("destination_backup_id", TEXT, "The copy.", "复制的目的备份ID"),
        _api("destination_checkpoint_id", TEXT, "Its restore point.", "复制的目的备份记录ID"),
        _api("destination_project_id", TEXT, "Its project.", "复制的目标项目ID"),
        _api("destination_region", TEXT, "Its region.", "复制的目标区域"),
        _api("destination_vault_id", TEXT, "Its vault.", "目标存储库ID"),
        _api(
            _INFO,
            Type.JSON,
            "What the service adds, as sent: an object today, a string once.",
            "复制附加信息",
        ),
        Column(
            f"{_INFO}_progress",
            WHOLE,
            "Progress of the replication.",
            path=(_INFO, "progress"),
            unit="percent",
        ),
        Column(f"{_INFO}_fail_code", TEXT, "Error code; empty on success.", path=(_INFO, "fail_code")),
        Column(f"{_INFO}_fail_reason", TEXT, "Why it failed.", path=(_INFO, "fail_reason")),
        Column(f"{_INFO}_auto_trigger", FLAG, "Started by a policy.", path=(_INFO, "auto_trigger")),
        Column(f"{_INFO}_destination_vault_id", TEXT, "Target vault.", path=(_INFO, "destination_vault_id")),
        EXTRA,
    ),
)

NORMALIZED = (BACKUPS, CHILDREN, EXTEND_INFO, REPLICATION_RECORDS)
