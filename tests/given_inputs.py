"""What tests of the inputs beside the backups begin with: their records, readings that failed, and waivers."""

from datetime import date, datetime, timedelta
from typing import Any

from pipelines.contract.inputs import FAILED, NOT_GRANTED
from pipelines.landing.manifest import InputReading
from pipelines.policy.check import PolicyFile, WaiverFile
from pipelines.policy.resolve import Rules
from pipelines.policy.schema import Policy, Waivers
from pipelines.storage.home import Home
from tests.given import AS_OF, Body, Landed, ask, at

SERVER, DISK, TURBO = "OS::Nova::Server", "OS::Cinder::Volume", "OS::Sfs::Turbo"
DAY = timedelta(days=1)


def protectable(resource_id: str, kind: str = SERVER, *, hours: float = 1000, disks: tuple[str, ...] = ()) -> Body:
    """A resource of the list, so many hours old, with the disks that it lists."""
    created = {("created" if kind == SERVER else "created_at"): at(hours=hours)}
    children = [{"id": disk, "name": disk, "type": DISK} for disk in disks]
    return {"id": resource_id, "name": resource_id, "type": kind, "detail": created, "children": children}


def vault(vault_id: str, *resources: Body | str, **more: Any) -> Body:
    """A vault with the resources that it backs up."""
    members = [{"id": each, "type": SERVER} if isinstance(each, str) else each for each in resources]
    billing = {"status": "available", "protect_type": "backup", "object_type": "server", "size": 100, "used": 1}
    return {"id": vault_id, "name": vault_id, "billing": billing | more, "resources": members}


def failed(name: str) -> InputReading:
    return InputReading(name, FAILED, problem="no answer")


def refused(name: str) -> InputReading:
    return InputReading(name, NOT_GRANTED, problem="403")


def stale(scope: str, backups: list[Body], **inputs: Any) -> list[Landed]:
    """Two snapshots: one three days ago that read the inputs, and one now that could not."""
    return [
        Landed(backups, scope=scope, as_of=AS_OF - 3 * DAY, inputs=inputs),
        Landed(backups, scope=scope, inputs={name: failed(name) for name in inputs}),
    ]


def rules(tiers: dict[str, Any], *, waivers: tuple[Body, ...] = (), **policy: Any) -> Rules:
    """A policy whose first tier is the default, and waivers."""
    header = {"version": 1, "policy_id": "p", "effective_from": date(2020, 1, 1), "default_tier": next(iter(tiers))}
    file = PolicyFile(Policy.model_validate(header | {"tiers": tiers} | policy), "sha")
    accepted = WaiverFile(Waivers.model_validate({"version": 1, "waivers": list(waivers)}), "sha")
    return Rules((file,), accepted if waivers else None)


def waiver(control: str, **match: str) -> Body:
    dates = {"created": (AS_OF - DAY).date(), "expires": (AS_OF + 30 * DAY).date()}
    names = {
        "reason": "known",
        "owner": "a@example.com",
        "approver": "b@example.com",
        "scope_approver": "c@example.com",
    }
    return {"id": f"waiver-{control}", "control_id": control, "match": match} | names | dates


def results(home: Home, control: str, given: Rules | None = None) -> dict[tuple[str, str], tuple[str, str]]:
    """Return the status after waivers and the reason code of each subject of a control, by scope and subject."""
    sql = f"""SELECT scope, subject_id, effective_status, reason_code FROM compliance.control_results
        WHERE control_id = '{control}'"""
    rows = ask(home, sql, rules=given)
    return {(row["scope"], row["subject_id"]): (row["effective_status"], row["reason_code"]) for row in rows}


def milliseconds(moment: str) -> int:
    """The instant in the form of the audit trail."""
    return int((datetime.fromisoformat(moment) - datetime(1970, 1, 1)).total_seconds() * 1000)
