"""Copies of backups in another region: the records that tell of them.

Belongs here: what replication leaves behind. Does not belong here: which backups are replicated (estate.py) or what
goes wrong with it (stories.py).
"""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from pipelines.sandbox.iam import PROJECTS, REGION

Body = dict[str, Any]
OTHER_REGION, OTHER_PROJECT = "sandbox-2", "2c8f47b3e6da6b2b9f7c5e0a9d4b3f82"


def record(point: Body, status: str, number: int, *, outgoing: bool = True) -> Body:
    """Return the record of a replication: `outgoing` from here, else of what came here."""
    here, there = (PROJECTS[REGION], REGION), (OTHER_PROJECT, OTHER_REGION)
    (source_project, source_region), (project, region) = (here, there) if outgoing else (there, here)
    copy = str(uuid5(NAMESPACE_URL, f"{point['id']}/copy"))
    info = {"progress": 100 if status == "success" else 40, "fail_code": "", "fail_reason": "", "auto_trigger": True}
    if status == "fail":
        info |= {"fail_code": "BackupService.6606", "fail_reason": "the target vault is full"}
    return {
        "created_at": point["created_at"],
        "destination_backup_id": copy if outgoing else point["id"],
        "destination_checkpoint_id": None,
        "destination_project_id": project,
        "destination_region": region,
        "destination_vault_id": str(uuid5(NAMESPACE_URL, "vault-copies")),
        "extra_info": info,
        "id": str(uuid5(NAMESPACE_URL, f"{point['id']}/record/{number}")),
        "source_backup_id": point["id"] if outgoing else copy,
        "source_checkpoint_id": point["checkpoint_id"],
        "source_project_id": source_project,
        "source_region": source_region,
        "status": status,
        "vault_id": point["vault_id"],
    }
