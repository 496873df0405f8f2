"""policy.yaml and waivers.yaml of the synthetic company, as somebody would have written them.

The demo writes both into its home, where a run finds them.
"""

from datetime import date, timedelta

from pipelines.sandbox.backups import enterprise_project_id, stable_id
from pipelines.sandbox.estate import resources
from pipelines.sandbox.inventory_scenarios import REHEARSED

_POLICY = """\
version: 1
policy_id: sandbox
effective_from: {first_day}
tiers:
  # Backed up once a day, kept for two weeks, encrypted, with a copy in another region that is at most a week old.
  standard: {{rpo_hours: 24, grace_hours: 2, min_retention_days: 14}}
  # The same, but a copy may be no older than three days, and nobody may be able to delete backups.
  critical: {{rpo_hours: 24, grace_hours: 2, min_retention_days: 14, offsite_rpo_hours: 72, immutability: required}}
  # The same as standard, and a restore is tried every twenty days.
  rehearsed: {{rpo_hours: 24, grace_hours: 2, min_retention_days: 14, restore_test_days: 20, max_restore_minutes: 60}}
default_tier: standard
assignments:
  - {{id: rehearsed, priority: 110, match: {{resource_id: [{rehearsed}]}}, tier: rehearsed, owner: application-team}}
  - {{id: databases, priority: 100, match: {{vault_id: [{databases}]}}, tier: critical, owner: database-team}}
  - {{id: storage, priority: 80, match: {{vault_id: [{disks}, {shares}]}}, tier: standard, owner: storage-team}}
  - {{id: research, priority: 50, match: {{enterprise_project_id: [{research}]}}, tier: standard, owner: research-it}}
  - {{id: finance, priority: 50, match: {{enterprise_project_id: [{finance}]}}, tier: standard, owner: finance-it}}
"""
_WAIVERS = """\
version: 1
waivers:
  - id: WVR-001
    control_id: server-backup-complete
    match: {{resource_id: {gateway}}}
    reason: the system disk is made anew from an image
    ticket: CHG-1042
    owner: network-team
    approver: security-office
    created: {first_day}
    expires: {expires}
"""


def policy_yaml(first_day: date) -> str:
    """Return the policy, effective from the first day of the scenarios."""
    vaults = {"databases": "vault-databases", "disks": "vault-disks", "shares": "vault-turbo"}
    ids = {name: stable_id(vault) for name, vault in vaults.items()}
    ids["rehearsed"] = ", ".join(resource.id() for resource in resources() if resource.name in REHEARSED)
    return _POLICY.format(
        first_day=first_day, **ids, **{name: enterprise_project_id(name) for name in ("research", "finance")}
    )


def waivers_yaml(first_day: date) -> str:
    """Return the waivers. The only one expires soon after the scenarios end."""
    gateway = next(resource.id() for resource in resources() if resource.name == "gateway-01")
    return _WAIVERS.format(first_day=first_day, gateway=gateway, expires=first_day + timedelta(days=40))
