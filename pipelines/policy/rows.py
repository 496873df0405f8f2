"""The rows of the policy tables for each snapshot, by the policy that is in force on its date."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.contract.keys import SEVERITIES as SEVERITY_NAMES
from pipelines.policy.check import WaiverFile
from pipelines.policy.parameters import Overrides
from pipelines.policy.resolve import BUILT_IN, Rules, with_derived_depth
from pipelines.policy.schema import Exclusion, Match, Policy, Rule, VolumeExclusion, selections
from pipelines.policy.tables import DAYS, MATCHES, POLICY, SETTINGS, SEVERITIES, TIERS, WAIVERS

Row = dict[str, Any]  # its keys are the columns of the table, parameters included
# The weight of each severity in scores; what only informs has none.
_WEIGHTS = {"critical": 10, "high": 5, "medium": 2, "low": 1, "info": 0}


def policy_rows(rules: Rules, snapshots: Iterable[tuple[str, str, datetime]]) -> dict[str, list[Row]]:
    """Return the rows of each policy table, by relation, for snapshots given as (scope, snapshot_id, as_of)."""
    rows: dict[str, list[Row]] = {table.relation: [] for table in POLICY}
    for scope, snapshot_id, as_of in snapshots:
        key = {"scope": scope, "snapshot_id": snapshot_id}
        file = rules.policy_at(as_of)
        policy = file.policy if file else BUILT_IN
        zone = ZoneInfo(policy.report_timezone)
        rows[SETTINGS.relation].append(
            key
            | {
                "policy_id": policy.policy_id,
                "report_timezone": policy.report_timezone,
                "effective_from": datetime.combine(policy.effective_from, time()) if file else None,
                "policy_sha256": file.sha256 if file else None,
                "waivers_sha256": rules.waivers.sha256 if rules.waivers else None,
            }
            | policy.settings.model_dump()
        )
        rows[TIERS.relation] += (key | row for row in _tier_rows(policy))
        rows[MATCHES.relation] += (key | row for row in _match_rows(policy, zone))
        rows[DAYS.relation] += (key | row for row in _day_rows(policy, zone, as_of))
        rows[SEVERITIES.relation] += (key | row for row in _severity_rows(policy))
        rows[WAIVERS.relation] += (key | row for row in _waiver_rows(rules.waivers, scope, zone))
    return rows


def _tier_rows(policy: Policy) -> Iterable[Row]:
    yield _tier_row(policy, "default", policy.default_tier, None, None)
    for rule in policy.assignments:
        yield _tier_row(policy, rule.id, rule.tier, rule.overrides, rule.owner)


def _tier_row(policy: Policy, rule_id: str, name: str, overrides: Overrides | None, owner: str | None) -> Row:
    changes = overrides.model_dump(exclude_unset=True) if overrides else {}
    tier = with_derived_depth(policy.tiers[name].model_copy(update=changes))
    return {"policy_rule_id": rule_id, "tier": name, "owner": owner} | tier.model_dump()


def _match_rows(policy: Policy, zone: ZoneInfo) -> Iterable[Row]:
    for rule in policy.assignments:
        row: Row = {"kind": "assign", "priority": rule.priority, "owner": rule.owner}
        yield from (row | selection for selection in _selection_rows(rule))
    for exclusion in policy.reviewed:
        row = {
            "kind": "exclude" if isinstance(exclusion, Exclusion) else "exclude_volume",
            "priority": 0,
            "owner": exclusion.owner,
            "reason": exclusion.reason,
            "review_by": str(exclusion.review_by),
            "review_due_at": _end_of_day(exclusion.review_by, zone),
        }
        yield from (row | selection for selection in _selection_rows(exclusion))


def _selection_rows(rule: Rule | VolumeExclusion) -> Iterable[Row]:
    selectors = list(Match.model_fields)  # the most specific one first
    for selector, value in selections(rule.match):
        specificity = len(selectors) - selectors.index(selector)
        yield {"policy_rule_id": rule.id, "specificity": specificity, "selector": selector, "value": value}


def _waiver_rows(file: WaiverFile | None, scope: str, zone: ZoneInfo) -> Iterable[Row]:
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
            "created_at": _start_of_day(waiver.created, zone),
            "expires_on": str(waiver.expires),
            "expires_at": _end_of_day(waiver.expires, zone),
        } | waiver.model_dump(exclude={"id", "match", "scope", "created", "expires"})


def _severity_rows(policy: Policy) -> Iterable[Row]:
    settings = policy.settings.model_dump()
    for severity in reversed(SEVERITY_NAMES):
        due_days = settings.get(f"due_{severity}_days", settings["due_low_days"])
        yield {"severity": severity, "weight": _WEIGHTS[severity], "due_days": due_days}


def _day_rows(policy: Policy, zone: ZoneInfo, as_of: datetime) -> Iterable[Row]:
    """Yield the days from the start of the window for gaps to the end of the calendar of expiries."""
    today = as_of.replace(tzinfo=UTC).astimezone(zone).date()
    for offset in range(-policy.settings.gap_window_days, policy.settings.calendar_days + 1):
        day = today + timedelta(days=offset)
        starts_at, ends_at = _start_of_day(day, zone), _start_of_day(day + timedelta(days=1), zone)
        yield {"day": str(day), "starts_at": starts_at, "ends_at": ends_at, "is_past": starts_at < as_of}


def _start_of_day(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC).replace(tzinfo=None)


def _end_of_day(day: date, zone: ZoneInfo) -> datetime:
    return _start_of_day(day + timedelta(days=1), zone) - timedelta(microseconds=1)
