"""Tables 4 and 6 of the ShowBackup page: a backup, and a child, which carries the same fields.

Beyond the page, the wire sends `provider_id`, `incremental`, `version` and `scheduled_operation_id`.
"""

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.keys import EXTRA, SCOPE, SNAPSHOT, api

STRING, INTEGER, BOOLEAN, TIMESTAMP = Type.STRING, Type.INTEGER, Type.BOOLEAN, Type.TIMESTAMP

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


# Tables 4 and 6: a backup and a child carry the same fields.
_BACKUP_FIELDS = (
    api("id", STRING, "Id of the backup.", "备份ID", required=True),
    api("name", STRING, "Name of the backup; the only field that a user can change.", "备份名称"),
    api("description", STRING, "Description of the backup.", "备份描述"),
    api("status", STRING, "State of the backup.", "备份状态", expected=True, known=STATUSES),
    api(
        "image_type",
        STRING,
        "A backup made here, or a replica.",
        "备份类型",
        expected=True,
        known=("backup", "replication"),
    ),
    api(
        "created_at",
        TIMESTAMP,
        "When the backup was created; retention counts from here.",
        "创建时间",
        expected=True,
    ),
    api("protected_at", TIMESTAMP, "When the data was captured; null on some disks.", "备份时间"),
    api("updated_at", TIMESTAMP, "When the record last changed.", "更新时间"),
    api("expired_at", TIMESTAMP, "When retention ends; null: kept by count, for ever, or by hand.", "过期时间"),
    api("checkpoint_id", STRING, "The restore point that parent and children share.", "还原点ID"),
    api("parent_id", STRING, "Id of the backup that this one is part of.", "父备份ID"),
    api("project_id", STRING, "Project of the backup.", "项目ID"),
    api(
        "enterprise_project_id",
        STRING,
        "Enterprise project; '0' is the default one. Null where only the list was read.",
        "企业项目id",
    ),
    api("vault_id", STRING, "Vault that holds the backup.", "存储库ID"),
    api("provider_id", STRING, "What kind of thing is backed up: server, disk, SFS Turbo, ..."),
    api("resource_id", STRING, "Id of the resource that is backed up.", "资源ID", expected=True),
    api("resource_name", STRING, "Name of the resource.", "资源名称"),
    api("resource_type", STRING, "Type of the resource.", "资源类型", expected=True, known=RESOURCE_TYPES),
    api("resource_size", INTEGER, "Size of the source, not of what is stored.", "资源大小", unit="GB"),
    api("resource_az", STRING, "Availability zone of the resource.", "资源可用区"),
    api("incremental", BOOLEAN, "An incremental backup; newer services send it here, older ones in extend_info."),
    api("version", INTEGER, "Snapshot type of the backup."),
    api("scheduled_operation_id", STRING, "The policy that made the backup."),
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
        Column("detail_loaded", BOOLEAN, "ShowBackup was read and sent a list of children.", required=True),
        Column(
            "detail_read_at",
            TIMESTAMP,
            "When the reading began in which ShowBackup was read; earlier where it is reused.",
        ),
        Column(
            "replication_loaded", BOOLEAN, "A list of replication records was sent, be it an empty one.", required=True
        ),
        Column("rejected_parts", INTEGER, "Records below it that could not be loaded.", required=True),
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
        Column("backup_id", STRING, "Id of the top-level backup.", required=True, references="cbr.backups.id"),
        Column("carrier_id", STRING, "Id of the backup or child that it stands in.", required=True),
        Column("depth", INTEGER, "1 for a child of the backup, 2 for its child, ...", required=True),
        *_BACKUP_FIELDS,
        EXTRA,
    ),
)
