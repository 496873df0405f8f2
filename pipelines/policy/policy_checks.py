"""Checks of a policy that compare several of its keys: tiers that exist, ids that are unique, rules that conflict."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipelines.policy.document import Document
from pipelines.policy.schema import Policy, Rule, VolumeExclusion, selections


def check_consistency(policy: Policy, document: Document) -> None:
    """Add a problem to `document` for every contradiction within the policy."""
    try:
        ZoneInfo(policy.report_timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        document.add_problem(("report_timezone",), f"report_timezone {policy.report_timezone} is not a time zone")
    if policy.default_tier not in policy.tiers:
        document.add_problem(("default_tier",), f"default_tier {policy.default_tier} is not one of the tiers")
    _check_rules(policy, document)
    _check_tiers(policy, document)
    _check_conflicts(policy, document)


def _check_rules(policy: Policy, document: Document) -> None:
    ids: set[str] = {"default"}
    lists: tuple[tuple[str, Sequence[Rule | VolumeExclusion]], ...] = (
        ("assignments", policy.assignments),
        ("exclude", policy.exclude),
        ("volume_exclusions", policy.volume_exclusions),
    )
    for key, rules in lists:
        for number, rule in enumerate(rules):
            if rule.id in ids:
                document.add_problem((key, number, "id"), f"the id {rule.id} is already used by another rule")
            ids.add(rule.id)
            if len({selector for selector, _ in selections(rule.match)}) != 1:
                document.add_problem((key, number, "match"), f"rule {rule.id}: match must name exactly one selector")


def _check_tiers(policy: Policy, document: Document) -> None:
    for number, rule in enumerate(policy.assignments):
        if rule.tier not in policy.tiers:
            message = f"rule {rule.id}: tier {rule.tier} is not one of the tiers"
            document.add_problem(("assignments", number, "tier"), message)


def _check_conflicts(policy: Policy, document: Document) -> None:
    """Find assignments of the same priority that match the same value: neither could decide."""
    deciding_rules: dict[tuple[int, str, str], str] = {}
    for number, rule in enumerate(policy.assignments):
        for selector, value in selections(rule.match):
            other_id = deciding_rules.setdefault((rule.priority, selector, value), rule.id)
            if other_id != rule.id:
                message = f"rules {other_id} and {rule.id} have the same priority and both match {selector} {value}"
                document.add_problem(("assignments", number, "priority"), message)
