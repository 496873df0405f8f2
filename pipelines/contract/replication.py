"""Replication records of a backup: table 7 of the ShowBackup page.

The page documents `extra_info` as a string. The API sends an object, whose keys become columns.
"""

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.keys import EXTRA, SCOPE, SNAPSHOT, TOP_BACKUP, api

STRING, INTEGER, BOOLEAN, TIMESTAMP = Type.STRING, Type.INTEGER, Type.BOOLEAN, Type.TIMESTAMP

_EXTRA_INFO = "extra_info"
REPLICATION_RECORDS = Table(
    "cbr",
    "replication_records",
    "One row per replication of a backup to another region or project.",
    ("scope", "snapshot_id", "top_backup_id", "backup_id", "id"),
    (
        SCOPE,
        SNAPSHOT,
        Column("backup_id", STRING, "ID of the backup or child that has the record.", required=True),
        TOP_BACKUP,
        api("id", STRING, "ID of the replication record.", "复制记录ID", required=True),
        api(
            "status",
            STRING,
            "Status of the replication.",
            "复制的状态",
            expected=True,
            known_values=("replicating", "success", "fail", "skip", "waiting_replicate"),
        ),
        api("created_at", TIMESTAMP, "When the replication began. The API does not record the end.", "复制的开始时间"),
        api("vault_id", STRING, "ID of the vault that stores the backup.", "备份所在的存储库ID"),
        api("source_backup_id", STRING, "ID of the source backup.", "复制的源备份ID"),
        api("source_checkpoint_id", STRING, "ID of the restore point of the source backup.", "复制的源备份记录ID"),
        api("source_project_id", STRING, "ID of the source project.", "复制的源项目ID"),
        api("source_region", STRING, "Source region.", "复制的源区域"),
        api("destination_backup_id", STRING, "ID of the copy.", "复制的目的备份ID"),
        api("destination_checkpoint_id", STRING, "ID of the restore point of the copy.", "复制的目的备份记录ID"),
        api("destination_project_id", STRING, "ID of the destination project.", "复制的目标项目ID"),
        api("destination_region", STRING, "Destination region.", "复制的目标区域"),
        api("destination_vault_id", STRING, "ID of the destination vault.", "目标存储库ID"),
        api(
            _EXTRA_INFO,
            Type.JSON,
            "Additional information, as received: an object, or a string from older services.",
            "复制附加信息",
        ),
        Column(
            f"{_EXTRA_INFO}_progress",
            INTEGER,
            "Progress of the replication.",
            path=(_EXTRA_INFO, "progress"),
            unit="percent",
        ),
        Column(f"{_EXTRA_INFO}_fail_code", STRING, "Error code. Empty on success.", path=(_EXTRA_INFO, "fail_code")),
        Column(f"{_EXTRA_INFO}_fail_reason", STRING, "Reason for the failure.", path=(_EXTRA_INFO, "fail_reason")),
        Column(
            f"{_EXTRA_INFO}_auto_trigger",
            BOOLEAN,
            "Whether a policy started the replication.",
            path=(_EXTRA_INFO, "auto_trigger"),
        ),
        Column(
            f"{_EXTRA_INFO}_destination_vault_id",
            STRING,
            "ID of the destination vault.",
            path=(_EXTRA_INFO, "destination_vault_id"),
        ),
        EXTRA,
    ),
)
