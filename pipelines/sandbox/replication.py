"""Replication to another region: the records that it leaves in a backup."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from pipelines.sandbox.iam import PROJECTS, REGION

Body = dict[str, Any]
OTHER_REGION, OTHER_PROJECT = "sandbox-2", "2c8f47b3e6da6b2b9f7c5e0a9d4b3f82"


def replication_record(backup: Body, status: str, number: int, *, outgoing: bool = True) -> Body:
    """Return a record of `backup`: of its copy in the other region, or of the original there if not `outgoing`."""
    local, remote = (PROJECTS[REGION], REGION), (OTHER_PROJECT, OTHER_REGION)
    (source_project, source_region), (project, region) = (local, remote) if outgoing else (remote, local)
    other_id = str(uuid5(NAMESPACE_URL, f"{backup['id']}/copy"))
    info = {"progress": 100 if status == "success" else 40, "fail_code": "", "fail_reason": "", "auto_trigger": True}
    if status == "fail":
        info |= {"fail_code": "BackupService.6606", "fail_reason": "the target vault is full"}
    return {
        "created_at": backup["created_at"],
        "destination_backup_id": other_id if outgoing else backup["id"],
        "destination_checkpoint_id": None,
        "destination_project_id": project,
        "destination_region": region,
        "destination_vault_id": str(uuid5(NAMESPACE_URL, "vault-copies")),
        "extra_info": info,
        "id": str(uuid5(NAMESPACE_URL, f"{backup['id']}/record/{number}")),
        "source_backup_id": backup["id"] if outgoing else other_id,
        "source_checkpoint_id": backup["checkpoint_id"],
        "source_project_id": source_project,
        "source_region": source_region,
        "status": status,
        "vault_id": backup["vault_id"],
    }
