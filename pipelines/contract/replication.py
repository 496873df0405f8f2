"""Table 7 of the ShowBackup page: the records of a backup's replications.

`extra_info` is a string on the page and an object on the wire; the keys of the object are columns of their own.
"""

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.keys import EXTRA, SCOPE, SNAPSHOT, TOP, api

STRING, INTEGER, BOOLEAN, TIMESTAMP = Type.STRING, Type.INTEGER, Type.BOOLEAN, Type.TIMESTAMP

_INFO = "extra_info"
REPLICATION_RECORDS = Table(
    "cbr",
    "replication_records",
    "One row a replication of a backup to another region or project.",
    ("scope", "snapshot_id", "top_backup_id", "backup_id", "id"),
    (
        SCOPE,
        SNAPSHOT,
        Column("backup_id", STRING, "Id of the backup or child that carries the record.", required=True),
        TOP,
        api("id", STRING, "Id of the record.", "复制记录ID", required=True),
        api(
            "status",
            STRING,
            "State of the replication.",
            "复制的状态",
            expected=True,
            known=("replicating", "success", "fail", "skip", "waiting_replicate"),
        ),
        api("created_at", TIMESTAMP, "When the replication began; its end is not recorded.", "复制的开始时间"),
        api("vault_id", STRING, "Vault that holds the backup.", "备份所在的存储库ID"),
        api("source_backup_id", STRING, "Backup that is copied.", "复制的源备份ID"),
        api("source_checkpoint_id", STRING, "Its restore point.", "复制的源备份记录ID"),
        api("source_project_id", STRING, "Its project.", "复制的源项目ID"),
        api("source_region", STRING, "Its region.", "复制的源区域"),
        api("destination_backup_id", STRING, "The copy.", "复制的目的备份ID"),
        api("destination_checkpoint_id", STRING, "Its restore point.", "复制的目的备份记录ID"),
        api("destination_project_id", STRING, "Its project.", "复制的目标项目ID"),
        api("destination_region", STRING, "Its region.", "复制的目标区域"),
        api("destination_vault_id", STRING, "Its vault.", "目标存储库ID"),
        api(
            _INFO,
            Type.JSON,
            "What the service adds, as sent: an object today, a string once.",
            "复制附加信息",
        ),
        Column(
            f"{_INFO}_progress",
            INTEGER,
            "Progress of the replication.",
            path=(_INFO, "progress"),
            unit="percent",
        ),
        Column(f"{_INFO}_fail_code", STRING, "Error code; empty on success.", path=(_INFO, "fail_code")),
        Column(f"{_INFO}_fail_reason", STRING, "Why it failed.", path=(_INFO, "fail_reason")),
        Column(f"{_INFO}_auto_trigger", BOOLEAN, "Started by a policy.", path=(_INFO, "auto_trigger")),
        Column(f"{_INFO}_destination_vault_id", STRING, "Target vault.", path=(_INFO, "destination_vault_id")),
        EXTRA,
    ),
)
