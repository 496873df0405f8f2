"""Top-level backups and child backups: tables 4 and 6 of the ShowBackup page, which share their fields.

The API also sends `provider_id`, `incremental`, `version` and `scheduled_operation_id`, which the page omits.
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

_BACKUP_FIELDS = (
    api("id", STRING, "ID of the backup.", "备份ID", required=True),
    api("name", STRING, "Name of the backup. Users can change no other field.", "备份名称"),
    api("description", STRING, "Description of the backup.", "备份描述"),
    api("status", STRING, "Status of the backup.", "备份状态", expected=True, known_values=STATUSES),
    api(
        "image_type",
        STRING,
        "Original backup (backup) or replica (replication).",
        "备份类型",
        expected=True,
        known_values=("backup", "replication"),
    ),
    api(
        "created_at",
        TIMESTAMP,
        "When the backup was created. Retention starts here.",
        "创建时间",
        expected=True,
    ),
    api("protected_at", TIMESTAMP, "When the data was captured. Null for some disks.", "备份时间"),
    api("updated_at", TIMESTAMP, "When the record was last changed.", "更新时间"),
    api("expired_at", TIMESTAMP, "When retention ends. Null if kept by count, forever, or made manually.", "过期时间"),
    api("checkpoint_id", STRING, "ID of the restore point, shared by a backup and its children.", "还原点ID"),
    api("parent_id", STRING, "ID of the parent backup.", "父备份ID"),
    api("project_id", STRING, "ID of the project of the backup.", "项目ID"),
    api(
        "enterprise_project_id",
        STRING,
        "ID of the enterprise project. '0' is the default project. Null if the details were not read.",
        "企业项目id",
    ),
    api("vault_id", STRING, "ID of the vault that stores the backup.", "存储库ID"),
    api("provider_id", STRING, "ID of the backup provider: server, disk, SFS Turbo or another."),
    api("resource_id", STRING, "ID of the resource that is backed up.", "资源ID", expected=True),
    api("resource_name", STRING, "Name of the resource.", "资源名称"),
    api("resource_type", STRING, "Type of the resource.", "资源类型", expected=True, known_values=RESOURCE_TYPES),
    api("resource_size", INTEGER, "Size of the source, not of the stored backup.", "资源大小", unit="GB"),
    api("resource_az", STRING, "Availability zone of the resource.", "资源可用区"),
    api("incremental", BOOLEAN, "Whether the backup is incremental. Older services send this in extend_info."),
    api("version", INTEGER, "Snapshot type of the backup."),
    api("scheduled_operation_id", STRING, "ID of the backup policy that created the backup."),
)

BACKUPS = Table(
    "cbr",
    "backups",
    "One row per top-level backup of a scope.",
    ("scope", "snapshot_id", "id"),
    (
        SCOPE,
        SNAPSHOT,
        *_BACKUP_FIELDS,
        Column(
            "detail_loaded", BOOLEAN, "Whether the details were read and included a list of children.", required=True
        ),
        Column(
            "detail_read_at",
            TIMESTAMP,
            "When the reading that read the details began. Earlier than as_of if the details are reused.",
        ),
        Column(
            "replication_loaded",
            BOOLEAN,
            "Whether a list of replication records was received, possibly empty.",
            required=True,
        ),
        Column("rejected_parts", INTEGER, "Number of records of this backup that could not be loaded.", required=True),
        EXTRA,
    ),
)

CHILDREN = Table(
    "cbr",
    "children",
    "One row per child backup, at any depth below a top-level backup.",
    ("scope", "snapshot_id", "backup_id", "id"),
    (
        SCOPE,
        SNAPSHOT,
        Column("backup_id", STRING, "ID of the top-level backup.", required=True, references="cbr.backups.id"),
        Column("carrier_id", STRING, "ID of the backup or child that directly contains this child.", required=True),
        Column(
            "depth",
            INTEGER,
            "Nesting depth: 1 for a child of the top-level backup, 2 for its child, and so on.",
            required=True,
        ),
        *_BACKUP_FIELDS,
        EXTRA,
    ),
)
