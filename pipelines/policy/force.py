"""Which policy a snapshot is judged by, and the rows of the policy tables that it becomes.

Belongs here: the choice by date, the built-in policy, rows. Does not belong here: which files (named.py), reading them
(check.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.errors import PolicyError
from pipelines.models.control import Control
from pipelines.policy.check import Known, PolicyFile, WaiverFile, read_policy, read_waivers, selections
from pipelines.policy.demands import SELECTORS, WEIGHTS, derived
from pipelines.policy.named import Named
from pipelines.policy.schema import FIRST_DAY, Overrides, Policy, Rule
from pipelines.policy.tables import DAYS, MATCHES, POLICY, SETTINGS, SEVERITIES, TIERS, WAIVERS

Row = dict[str, Any]
# Sensible where nobody wrote a policy: daily backups that are kept for a month, encrypted, with a copy elsewhere.
_BUILT_IN = Policy.model_validate(
    {
        "version": 1,
        "policy_id": "built-in",
        "effective_from": FIRST_DAY,
        "tiers": {"standard": {}},
        "default_tier": "standard",
    }
)


@dataclass(frozen=True, slots=True)
class Rules:
    """The policies and the waivers that a run judges by; the policies in order of their dates."""

    policies: tuple[PolicyFile, ...] = ()
    waivers: WaiverFile | None = None

    def at(self, as_of: datetime) -> PolicyFile | None:
        """Return the policy in force at an instant: the newest that began by then; None is the built-in one."""
        begun = [one for one in self.policies if _instant(one.policy.effective_from) <= as_of]
        return begun[-1] if begun else None


def read_rules(controls: Iterable[Control], files: Named) -> Rules:
    """Return what the files of the rules say. Raises WarehouseError with every fault."""
    read = sorted((read_policy(path) for path in files.policies), key=lambda one: one.policy.effective_from)
    for before, after in pairwise(read):
        if before.policy.effective_from == after.policy.effective_from:
            raise PolicyError(
                f"two policies in {files.policies[0].parent} are in force from {after.policy.effective_from}",
                "Give each a day of its own.",
            )
    waivers = read_waivers(files.waivers, known(controls)) if files.waivers else None
    named_twice = {one.id for one in waivers.waivers.waivers} if waivers else set()
    named_twice &= {one.id for file in read for one in file.policy.exclude}
    if named_twice:
        raise PolicyError(
            f"{min(named_twice)} is the id of an exclusion in the policy and of a waiver in {files.waivers}",
            "Give one of them another: results are told by it.",
        )
    return Rules(tuple(read), waivers)


def known(controls: Iterable[Control]) -> dict[str, Known]:
    """Return what waivers have to know of each control."""
    return {one.id: Known(str(one.row["severity"]), bool(one.row["needs_two_approvers"])) for one in controls}


def rows(rules: Rules, snapshots: Iterable[tuple[str, str, datetime]]) -> dict[str, list[Row]]:
    """Return the rows of each policy table, by relation, for snapshots given as scope, id and as_of."""
    made: dict[str, list[Row]] = {table.relation: [] for table in POLICY}
    for scope, snapshot_id, as_of in snapshots:
        key = {"scope": scope, "snapshot_id": snapshot_id}
        held = rules.at(as_of)
        policy = held.policy if held else _BUILT_IN
        made[SETTINGS.relation].append(
            key
            | {"policy_id": policy.policy_id, "report_timezone": policy.report_timezone}
            | {"effective_from": _instant(policy.effective_from) if held else None}
            | {"policy_sha256": held.sha256 if held else None}
            | {"waivers_sha256": rules.waivers.sha256 if rules.waivers else None}
            | policy.settings.model_dump()
        )
        made[TIERS.relation] += (key | row for row in _tiers(policy))
        made[MATCHES.relation] += (key | row for row in _matches(policy))
        made[DAYS.relation] += (key | row for row in _days(policy, as_of))
        made[SEVERITIES.relation] += (key | row for row in _severities(policy))
        made[WAIVERS.relation] += (
            key | row for row in _waivers(rules.waivers, scope, ZoneInfo(policy.report_timezone))
        )
    return made


def _tiers(policy: Policy) -> Iterable[Row]:
    yield _tier(policy, "default", policy.default_tier, None, None)
    for rule in policy.assignments:
        yield _tier(policy, rule.id, rule.tier, rule.overrides, rule.owner)


def _tier(policy: Policy, rule_id: str, name: str, overrides: Overrides | None, owner: str | None) -> Row:
    tier = policy.tiers[name]
    changed = overrides.model_dump(exclude_unset=True) if overrides else {}
    demanded = derived(tier.model_dump() | changed)
    return {"policy_rule_id": rule_id, "tier": name, "owner": owner} | demanded


def _matches(policy: Policy) -> Iterable[Row]:
    for rule in policy.assignments:
        decides: Row = {"kind": "assign", "priority": rule.priority, "owner": rule.owner}
        yield from (selected | decides for selected in _selected(rule))
    for excluding in policy.exclude:
        decides = {"kind": "exclude", "priority": 0, "owner": excluding.owner, "reason": excluding.reason}
        review_by = excluding.review_by
        decides |= {
            "review_by": str(review_by),
            "review_due_at": _last_moment(review_by, ZoneInfo(policy.report_timezone)),
        }
        yield from (selected | decides for selected in _selected(excluding))


def _selected(rule: Rule) -> Iterable[Row]:
    for selector, value in selections(rule.match):
        yield {
            "policy_rule_id": rule.id,
            "specificity": SELECTORS[selector],
            "selector": selector,
            "value": value,
        }


def _waivers(file: WaiverFile | None, scope: str, zone: ZoneInfo) -> Iterable[Row]:
    for waiver in file.waivers.waivers if file else ():
        if waiver.scope not in (None, scope):
            continue
        ((selector, value),) = selections(waiver.match)
        yield {
            "waiver_id": waiver.id,
            "covers_every_scope": waiver.scope is None,
            "selector": selector,
            "value": value,
            "created_on": str(waiver.created),
            "created_at": _first_moment(waiver.created, zone),
            "expires_on": str(waiver.expires),
            "expires_at": _last_moment(waiver.expires, zone),
        } | waiver.model_dump(exclude={"id", "match", "scope", "created", "expires"})


def _severities(policy: Policy) -> Iterable[Row]:
    settings = policy.settings.model_dump()
    for rank, (severity, weight) in enumerate(reversed(WEIGHTS.items())):
        due_days = settings.get(f"due_{severity}_days", settings["due_low_days"])
        yield {"severity": severity, "rank": rank, "weight": weight, "due_days": due_days}


def _days(policy: Policy, as_of: datetime) -> Iterable[Row]:
    """Yield the days of the policy's time zone, from the window that gaps are counted in to the end of the calendar."""
    zone = ZoneInfo(policy.report_timezone)
    settings = policy.settings.model_dump()
    today = as_of.replace(tzinfo=UTC).astimezone(zone).date()
    for number in range(-settings["gap_window_days"], settings["calendar_days"] + 1):
        day = today + timedelta(days=number)
        starts_at, ends_at = _first_moment(day, zone), _first_moment(day + timedelta(days=1), zone)
        yield {"day": str(day), "starts_at": starts_at, "ends_at": ends_at, "is_past": starts_at < as_of}


def _first_moment(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC).replace(tzinfo=None)


def _last_moment(day: date, zone: ZoneInfo) -> datetime:
    return _first_moment(day + timedelta(days=1), zone) - timedelta(microseconds=1)


def _instant(day: date) -> datetime:
    return datetime.combine(day, time(), UTC).replace(tzinfo=None)
