"""The policy file and the waiver file: what is refused and where, what is in force, whom a rule decides for."""

import json
import shutil
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from pydantic import BaseModel

from pipelines.cli import main
from pipelines.errors import WarehouseError
from pipelines.models.files import read_query
from pipelines.models.project import project
from pipelines.policy.check import WaiverFile, check_policy, check_waivers, read_policy
from pipelines.policy.document import Problem
from pipelines.policy.files import RuleFiles, find_rule_files
from pipelines.policy.parameters import Settings, Tier
from pipelines.policy.resolve import Rules, read_rules, with_derived_depth
from pipelines.policy.schema import Waivers, json_schema
from pipelines.storage.home import Home
from tests.given import AS_OF, Landed, ask, at, child, fold, publish, query, server, volume

POLICY = """version: 1
policy_id: acme
effective_from: 2026-01-01
report_timezone: Asia/Shanghai
settings: {timestamp_tolerance_seconds: 3600, clock_skew_seconds: 300, gap_window_days: 30}
tiers:
  critical: {rpo_hours: 4, grace_hours: 1, min_retention_days: 90, offsite: required, allowed_regions: [region-2]}
  standard: {rpo_hours: 24, grace_hours: 2, offsite: none}
  dev: {rpo_hours: 168, grace_hours: 12, min_retention_days: 7, offsite: none, encryption: optional}
default_tier: standard
assignments:
  - {id: pol-010, priority: 100, match: {resource_id: [server-1]}, tier: critical, owner: core-banking}
  - {id: pol-020, priority: 50, match: {enterprise_project_id: [ep-dev]}, tier: dev, owner: dev-platform}
  - {id: pol-030, priority: 40, match: {vault_id: vault-9}, tier: standard, overrides: {min_retention_days: 35}}
exclude:
  - {id: exc-001, match: {resource_id: scratch}, reason: rebuilt from an image, owner: ci, review_by: 2026-09-30}
volume_exclusions:
  - {id: vol-001, match: {resource_id: [disk-swap]}, reason: swap space, owner: ops, review_by: 2026-08-31}
"""
WAIVER = {
    "id": "WVR-1",
    "control_id": "backup-retention-minimum",
    "match": {"resource_id": "server-1"},
    "reason": "until the quota is raised",
    "ticket": "CHG-1",
    "owner": "ops@example.com",
    "approver": "ciso@example.com",
    "created": date(2026, 2, 1),
    "expires": date(2026, 6, 30),
}
CONTROLS = project().controls
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("rpo_hours: 4", "rpo: 4", 7, "tiers.critical.rpo is not a known key; did you mean rpo_hours?"),
        ("rpo_hours: 4", "rpo_hours: 4h", 7, "tiers.critical.rpo_hours: input should be a valid integer"),
        ("rpo_hours: 4", "rpo_hours: 4.5", 7, "tiers.critical.rpo_hours: input should be a valid integer"),
        ("rpo_hours: 4", "rpo_hours: null", 7, "tiers.critical.rpo_hours: input should be a valid integer"),
        ("rpo_hours: 4", "rpo_hours: 0", 7, "tiers.critical.rpo_hours: input should be greater than or equal to 1"),
        ("offsite: required", "offsite: yes", 7, "tiers.critical.offsite: input should be 'required' or 'none'"),
        ("default_tier: standard", "default_tier: gold", 10, "default_tier gold is not one of the tiers"),
        ("tier: dev, owner", "tier: gold, owner", 13, "rule pol-020: tier gold is not one of the tiers"),
        ("id: pol-020", "id: pol-010", 13, "the id pol-010 is already used by another rule"),
        ("{vault_id: vault-9}", "{}", 14, "rule pol-030: match must name exactly one selector"),
        (
            "{vault_id: vault-9}",
            "{vault_id: vault-9, resource_id: x}",
            14,
            "rule pol-030: match must name exactly one selector",
        ),
        ("{vault_id: vault-9}", "{name: x}", 14, "assignments.2.match.name is not a known key"),
        (
            "priority: 40, match: {vault_id: vault-9}",
            "priority: 100, match: {resource_id: server-1}",
            14,
            "rules pol-010 and pol-030 have the same priority and both match resource_id server-1",
        ),
        (
            "overrides: {min_",
            "overrides: {minimum_",
            14,
            "assignments.2.overrides.minimum_retention_days is not a known key",
        ),
        ("policy_id: acme", "policy_id: acme\npolicy_id: b", 3, "the key policy_id appears twice"),
        ("review_by: 2026-09-30", "until: 2026-09-30", 16, "exclude.0.review_by is missing"),
        ("Asia/Shanghai", "Asia/Nowhere", 4, "report_timezone Asia/Nowhere is not a time zone"),
        ("version: 1", "version: 2", 1, "version: input should be 1"),
        (
            "rpo_hours: 4",
            f"rpo_hours: {10**20}",
            7,
            "tiers.critical.rpo_hours: input should be less than or equal to 876000",
        ),
        (
            "grace_hours: 1",
            "grace_hours: 876001",
            7,
            "tiers.critical.grace_hours: input should be less than or equal to 876000",
        ),
        (
            "window_days: 30",
            "window_days: 3661",
            5,
            "settings.gap_window_days: input should be less than or equal to 3660",
        ),
        (
            "priority: 40",
            f"priority: {10**20}",
            14,
            "assignments.2.priority: input should be less than or equal to 1000000",
        ),
        (
            "effective_from: 2026",
            "effective_from: 0001",
            3,
            "effective_from: input should be greater than or equal to 1900-01-01",
        ),
        (
            "review_by: 2026",
            "review_by: 9999",
            16,
            "exclude.0.review_by: input should be less than or equal to 2999-12-31",
        ),
        ("id: vol-001", "id: exc-001", 18, "the id exc-001 is already used by another rule"),
        ("[disk-swap]", "[]", 18, "volume_exclusions.0.match.resource_id"),
        ("{resource_id: [disk-swap]}", "{vault_id: v}", 18, "volume_exclusions.0.match.vault_id is not a known key"),
        ("owner: ops, ", "", 18, "volume_exclusions.0.owner is missing"),
        ("  dev: {", "  dev: [", 9, "it is not YAML"),
    ],
)
def test_whatever_is_wrong_with_a_policy_is_said_with_its_line(old: str, new: str, line: int, said: str) -> None:
    assert old in POLICY
    policy, problems = check_policy(POLICY.replace(old, new, 1))
    assert policy is None
    assert [problem for problem in problems if problem.line == line and problem.message.startswith(said)], problems


def test_a_day_in_quotes_is_a_day() -> None:
    policy, problems = check_policy(POLICY.replace("2026-01-01", "'2026-01-01'").replace("2026-09-30", '"2026-09-30"'))
    assert not problems
    assert policy
    assert (policy.effective_from, policy.exclude[0].review_by) == (date(2026, 1, 1), date(2026, 9, 30))


def test_the_largest_numbers_are_judged_by_without_an_overflow(home: Home, tmp_path: Path) -> None:
    largest = _maxima(Tier)
    settings = {name: most for name, most in _maxima(Settings).items() if not name.endswith("_percent")}
    policy = {"version": 1, "policy_id": "p", "effective_from": "1900-01-01", "default_tier": "t"}
    policy |= {"tiers": {"t": largest}, "settings": settings, "report_timezone": "Pacific/Kiritimati"}
    fold(home, Landed([server()]))
    rules = _rules(
        tmp_path, yaml.safe_dump(policy), WAIVER | {"created": date(2999, 1, 1), "expires": date(2999, 12, 31)}
    )
    assert ask(home, "SELECT * FROM compliance.control_results", rules=rules)


def _maxima(model: type[BaseModel]) -> dict[str, float]:
    """The largest value of each number."""
    properties = model.model_json_schema()["properties"]
    kinds = {name: part.get("anyOf", [part])[0] for name, part in properties.items()}
    return {name: kind["maximum"] for name, kind in kinds.items() if "maximum" in kind}


_ALIASES = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"a0: &a0 [x]\n{_ALIASES}", 6),
        (f"{POLICY}a0: &a0 {{x: y}}\n" + _ALIASES.replace("[", "{<<: [").replace("]", "]}"), 24),
        ("version: 1\ntiers: &t {a: *t}\n", 2),
    ],
)
def test_aliases_of_aliases_end_at_once_with_their_line(text: str, line: int) -> None:
    assert check_policy(text) == (None, [Problem(line, "aliases of aliases make it more than 100,000 values")])


def test_an_alias_that_saves_writing_is_taken() -> None:
    assert check_policy(POLICY.replace("standard: {", "standard: &s {").replace("dev: {", "dev: {<<: *s, "))[0]


MIDNIGHT = datetime(2026, 3, 1, 16)  # in Shanghai, where the second of March begins
MOMENT = timedelta(microseconds=1)
SHORT = server(expired_at=at(days=-9))  # kept for 9 days and 4 hours, where 30 are asked for


@pytest.fixture(scope="module")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with a policy and a waiver in it, of one scope that ends before the day that a review is due and one after."""
    home = Home(tmp_path_factory.mktemp("published") / "home")
    home.prepare()
    policy = POLICY.replace("review_by: 2026-09-30", "review_by: 2026-03-01").replace("[server-1]", "[server-1, s2]")
    (home.path / "policy.yaml").write_text(policy.replace("resource_id: scratch", "resource_id: [scratch, lab]"))
    (home.path / "waivers.yaml").write_text(_yaml({}))
    before = Landed([SHORT], as_of=MIDNIGHT - MOMENT)
    return publish(home, before, Landed([SHORT], scope="after", as_of=MIDNIGHT, project="project-2"))


@pytest.fixture
def published(published_once: Home, home: Home) -> Home:
    """A copy of it that a test may change."""
    shutil.copytree(published_once.path, home.path)
    return home


def test_a_policy_with_several_problems_lists_all_and_runs_nothing(
    published: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = published
    before = home.warehouse.stat().st_ino
    path = home.path / "policy.yaml"
    path.write_text(POLICY.replace("rpo_hours: 4", "rpo: 4").replace("default_tier: standard", "default_tiers: x"))
    monkeypatch.setenv("CBR_POLICY", str(path))
    with pytest.raises(WarehouseError, match=r"line 7: tiers.critical.rpo .*line 10: default_tiers is not a known key"):
        publish(home, run_id="run-2")
    assert home.warehouse.stat().st_ino == before
    result = CliRunner().invoke(main, ["policy", "check", str(path)])
    assert result.exit_code == 1
    assert f"{path}:7: tiers.critical.rpo is not a known key" in result.stdout
    assert f"{path}:10: default_tiers is not a known key" in result.stdout


def test_nothing_is_read_with_a_policy_that_is_not_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "policy.yaml").write_text("version: 3")
    monkeypatch.setenv("CBR_POLICY", str(tmp_path / "policy.yaml"))
    result = CliRunner().invoke(main, ["run", "--home", str(tmp_path / "home")])
    assert (result.exit_code, "line 1: version: input should be 1" in result.stderr) == (1, True), result.output
    assert not list((tmp_path / "home").rglob("*.zst"))


def test_a_file_that_is_not_there_or_not_text_is_said(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="can't be read"):
        read_policy(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"policy_id: \xe9")
    with pytest.raises(WarehouseError, match="is not UTF-8"):
        read_policy(tmp_path / "latin.yaml")
    assert check_policy("")[1][0].message == "the file is empty"
    assert check_policy("- 1")[0] is None


def _yaml(*changes: dict[str, Any]) -> str:
    return str(yaml.safe_dump({"version": 1, "waivers": [WAIVER | change for change in changes]}))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"control_id": "backup-retention"}, "there is no control backup-retention; did you mean"),
        ({"control_id": "*"}, "there is no control *"),
        ({"approver": "ops@example.com"}, "owner and approver must be two people"),
        ({"expires": date(2026, 1, 1)}, "it expires before it was created"),
        ({"expires": date(2027, 3, 1)}, "it lasts longer than 365 days"),
        (
            {"control_id": "resource-recent-recovery-point", "expires": date(2026, 9, 1)},
            "it lasts longer than 180 days, the maximum for a control of severity critical",
        ),
        ({"match": {"project_id": "p"}}, "a waiver for a whole project needs a scope_approver"),
        ({"match": {}}, "match must name exactly one selector"),
        ({"control_id": "retention-shortened"}, "retention-shortened needs a second_approver"),
        ({"control_id": "retention-shortened"}, "retention-shortened needs the exact backup_ids"),
        ({"second_approver": "x"}, "takes no second_approver"),
        ({"ceiling": 3}, "waivers.0.ceiling is not a known key"),
    ],
)
def test_whatever_is_wrong_with_a_waiver_is_said(change: dict[str, Any], said: str) -> None:
    waivers, problems = check_waivers(_yaml(change), CONTROLS)
    assert waivers is None
    assert any(said in problem.message for problem in problems), problems
    assert all(problem.line > 1 for problem in problems)


def test_a_valid_pair_of_files_is_accepted(tmp_path: Path) -> None:
    for name, text in (("policy.yaml", POLICY), ("waivers.yaml", _yaml({}))):
        (tmp_path / name).write_text(text)
        result = CliRunner().invoke(main, ["policy", "check", str(tmp_path / name)])
        assert (result.exit_code, "is a valid" in result.stdout) == (0, True), result.output


@pytest.mark.parametrize("kind", ["policy", "waivers"])
def test_the_schema_for_editors_has_every_key(kind: str) -> None:
    result = CliRunner().invoke(main, ["policy", "schema", kind])
    schema = json.loads(result.stdout)
    assert schema == json_schema(kind)
    if kind == "policy":
        assert set(schema["$defs"]["Tier"]["properties"]) == Tier.model_fields.keys()
        assert set(schema["$defs"]["Settings"]["properties"]) == Settings.model_fields.keys()
        assert schema["$defs"]["Tier"]["additionalProperties"] is False


def test_depth_follows_from_rpo_and_retention_where_nobody_sets_it() -> None:
    assert with_derived_depth(Tier()).min_points == 7
    weekly = with_derived_depth(Tier(rpo_hours=168, min_retention_days=14))
    assert (weekly.min_points, weekly.min_distinct_days, weekly.min_replica_retention_days) == (2, 2, 14)
    assert with_derived_depth(Tier(rpo_hours=168, min_retention_days=14, min_points=5)).min_points == 5


def _rules(tmp_path: Path, policy: str = POLICY, *waivers: dict[str, Any]) -> Rules:
    (tmp_path / "policy.yaml").write_text(policy)
    held = WaiverFile(Waivers.model_validate({"version": 1, "waivers": list(waivers)}), "sha") if waivers else None
    return Rules((read_policy(tmp_path / "policy.yaml"),), held)


def test_each_resource_gets_the_tier_of_the_rule_that_decides(home: Home, tmp_path: Path) -> None:
    fold(
        home,
        Landed(
            [
                server("b1", children=[child("d1")], enterprise_project_id="ep-dev"),
                server("b2", resource_id="server-2", children=[child("d2")], enterprise_project_id="ep-dev"),
                server("b3", resource_id="server-3", children=[child("d3")], vault_id="vault-9"),
                server("b4", resource_id="scratch", children=[child("d4")]),
                volume("b5", resource_id="disk-5"),
            ]
        ),
    )
    sql = "SELECT resource_id, tier, policy_rule_id, owner, exclusion_id, min_retention_days FROM intermediate.int_requirements ORDER BY 1"
    rows = {row.pop("resource_id"): tuple(row.values()) for row in ask(home, sql, rules=_rules(tmp_path))}
    assert rows == {
        "server-1": ("critical", "pol-010", "core-banking", None, 90),
        "disk-of-d1": ("critical", "pol-010", "core-banking", None, 90),
        "server-2": ("dev", "pol-020", "dev-platform", None, 7),
        "disk-of-d2": ("dev", "pol-020", "dev-platform", None, 7),
        "server-3": ("standard", "pol-030", None, None, 35),
        "disk-of-d3": ("standard", "pol-030", None, None, 35),
        "scratch": ("standard", "default", None, "exc-001", 30),
        "disk-of-d4": ("standard", "default", None, "exc-001", 30),
        "disk-5": ("standard", "default", None, None, 30),
    }


ONE_POINT = {  # age of the monthly point, mode, what is said of the daily one
    "near": (20, "any_point", ("pass", "another_is_kept")),
    "far": (40, "any_point", ("fail", "too_short")),
    "every": (20, "every_point", ("fail", "too_short")),
}


@pytest.fixture(scope="module")
def retention(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """What backup-retention-minimum says of the points of all cases, where a year is asked for."""
    folder = tmp_path_factory.mktemp("retention")
    year = "{min_retention_days: 365, offsite: none, retention_mode: MODE}"
    tiers = "".join(f"  {mode}: {year.replace('MODE', mode)}\n" for mode in ("any_point", "every_point"))
    policy = POLICY.replace("tiers:\n", f"tiers:\n{tiers}").replace("default_tier: standard", "default_tier: any_point")
    policy = policy.replace(
        "assignments:\n",
        "assignments:\n  - {id: pol-001, priority: 1, match: {resource_id: every}, tier: every_point, owner: o}\n",
    )
    points = []
    for case, (age, _, _) in ONE_POINT.items():
        points += [
            volume(f"{case}-daily", resource_id=case, created_at=at(days=1), expired_at=at(days=-6)),
            volume(f"{case}-monthly", resource_id=case, created_at=at(days=age), expired_at=at(days=age - 365)),
            volume(f"{case}-later", resource_id=case, created_at=at(hours=1), expired_at=at(days=-365, hours=1)),
        ]
    kept = {"created_at": at(days=9), "expired_at": at(days=-365)}
    points += [
        server("m1", resource_id="s1", children=[child("c", status="error")], **kept),
        server("m2", resource_id="s2", children=[], **kept),
        volume("m3", resource_id="s3", **kept | {"expired_at": None}),
    ]
    short = {"created_at": at(days=1), "expired_at": at(days=-6)}
    points += [server(f"d{n}", resource_id=f"s{n}", **short) for n in (1, 2)]
    points.append(volume("d3", resource_id="s3", **short))
    home = fold(Home(folder / "home"), Landed(points))
    sql = "SELECT subject_id, status, reason_code FROM controls.backup_retention_minimum"
    rows = ask(home, sql, rules=_rules(folder, policy))
    return {row["subject_id"]: (row["status"], row["reason_code"]) for row in rows}


@pytest.mark.parametrize("case", ONE_POINT)
def test_where_one_point_an_interval_is_enough_it_stands_for_those_near_it(
    retention: dict[str, tuple[str, str]], case: str
) -> None:
    assert retention[f"{case}-daily"] == ONE_POINT[case][-1]
    assert retention[f"{case}-monthly"] == retention[f"{case}-later"] == ("pass", "long_enough")


def test_a_point_that_is_not_whole_stands_for_none_and_one_that_may_be_kept_is_unknown(
    retention: dict[str, tuple[str, str]],
) -> None:
    assert {name: said for name, said in retention.items() if name in ("d1", "d2", "d3")} == {
        "d1": ("fail", "too_short"),
        "d2": ("unknown", "another_may_be_kept"),
        "d3": ("unknown", "another_may_be_kept"),
    }


def test_what_is_out_of_scope_is_listed_and_not_judged(home: Home, tmp_path: Path) -> None:
    fold(home, Landed([server(resource_id="scratch", created_at=at(days=9))]))
    sql = "SELECT subject_id, status, reason_code, reason FROM controls.findings WHERE subject_id IN ('scratch', 'backup-1')"
    rows = ask(home, sql, rules=_rules(tmp_path))
    assert {(row["status"], row["reason_code"]) for row in rows} == {("not_applicable", "out_of_scope")}
    assert rows[0]["reason"] == "Taken out of scope by exc-001: rebuilt from an image"


def test_no_day_and_no_gap_of_what_is_out_of_scope_is_told_as_bad(home: Home, tmp_path: Path) -> None:
    late = {"created_at": at(days=9), "expired_at": at(days=-60)}
    bodies = [
        server("b1", resource_id="scratch", children=[child("c1", **late)], **late),
        server("b2", resource_id="server-2", children=[child("c2", **late)], **late),
    ]
    fold(home, Landed(bodies))
    rules = _rules(tmp_path)
    daily = (
        "SELECT resource_id, status, worst_gap_hours FROM compliance.rpo_daily WHERE day = '2026-02-25' ORDER BY ALL"
    )
    judged = {row["resource_id"]: (row["status"], row["worst_gap_hours"]) for row in ask(home, daily, rules=rules)}
    excluded = ("out_of_scope", None)
    assert judged["scratch"] == judged["disk-of-c1"] == excluded
    assert {judged["server-2"][0], judged["disk-of-c2"][0]} == {"missed"}
    gaps = "SELECT DISTINCT resource_id FROM compliance.rpo_gaps ORDER BY 1"
    assert [row["resource_id"] for row in ask(home, gaps, rules=rules)] == ["disk-of-c2", "server-2"]
    assert [row["id"] for row in ask(home, read_query("reports/grid"), rules=rules)] == ["server-2"]


def test_a_snapshot_is_judged_by_the_policy_in_force_on_its_date(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "old.yaml").write_text(POLICY)
    later = POLICY.replace("policy_id: acme", "policy_id: new").replace("2026-01-01", "2026-03-02")
    (folder / "new.yaml").write_text(later.replace("rpo_hours: 24", "rpo_hours: 240"))
    rules = read_rules((), find_rule_files(home, {"CBR_POLICY": str(folder)}))
    days = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 3, 1), date(2026, 3, 2))
    held = [rules.policy_at(datetime.combine(day, datetime.min.time())) for day in days]
    assert [one.policy.policy_id if one else None for one in held] == [None, "acme", "acme", "new"]
    points = [server(resource_id="server-7", created_at=at(days=3))]
    sql = """
    SELECT status, policy_id FROM controls.resource_recent_recovery_point, policy.settings WHERE subject_id = 'server-7'
    """
    fold(home, Landed(points))
    assert ask(home, sql, rules=rules) == [{"status": "fail", "policy_id": "acme"}]
    fold(home, Landed(points, as_of=AS_OF + timedelta(days=1)))
    assert ask(home, sql, rules=rules) == [{"status": "pass", "policy_id": "new"}]


def test_the_rules_that_lie_in_the_home_hold_unless_others_are_find_rule_files(
    published_once: Home, home: Home, tmp_path: Path
) -> None:
    home.prepare()
    assert find_rule_files(home, {}) == RuleFiles()
    (home.path / "policy.yaml").write_text(POLICY)
    (home.path / "waivers.yaml").write_text("version: 1\nwaivers: []")
    assert find_rule_files(home, {}) == RuleFiles((home.path / "policy.yaml",), home.path / "waivers.yaml")
    (tmp_path / "other.yaml").write_text(POLICY)
    assert find_rule_files(home, {"CBR_POLICY": str(tmp_path / "other.yaml")}).policies == (tmp_path / "other.yaml",)
    assert query(published_once, "SELECT DISTINCT policy_id FROM policy.settings") == [("acme",)]


def test_two_policies_of_one_day_are_refused(home: Home, tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yml"):
        (tmp_path / name).write_text(POLICY)
    with pytest.raises(WarehouseError, match="two policies"):
        read_rules((), find_rule_files(home, {"CBR_POLICY": str(tmp_path)}))
    (tmp_path / "empty").mkdir()
    with pytest.raises(WarehouseError, match="there is no policy in the folder"):
        read_rules((), find_rule_files(home, {"CBR_POLICY": str(tmp_path / "empty")}))


WAIVED: dict[str, tuple[dict[str, Any], tuple[Any, ...]]] = {
    "holds": ({}, ("fail", "waived", "too_short", True)),
    "expired": ({"expires": date(2026, 2, 28)}, ("fail", "fail", "waiver_expired", True)),
    "last day": ({"expires": date(2026, 3, 1)}, ("fail", "waived", "too_short", True)),
    "of this scope": ({"scope": "prod"}, ("fail", "waived", "too_short", True)),
    "of another scope": ({"scope": "dr"}, ("fail", "fail", "too_short", False)),
    "not begun": ({"created": date(2026, 3, 2)}, ("fail", "fail", "too_short", False)),
    "within its ceiling": ({"max_measured_value": 9}, ("fail", "waived", "too_short", True)),
    "worse than that": ({"max_measured_value": 10}, ("fail", "fail", "waiver_exceeded", True)),
    "by backup": ({"match": {"backup_id": "backup-by backup"}}, ("fail", "waived", "too_short", True)),
    "by vault": ({"match": {"vault_id": "vault-by vault"}}, ("fail", "waived", "too_short", True)),
    "about another": ({"match": {"vault_id": "vault-2"}}, ("fail", "fail", "too_short", False)),
    "another control": ({"control_id": "backup-encrypted"}, ("fail", "fail", "too_short", False)),
}
# What is said of the waivers themselves.
JUDGED: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "in use": ({}, ("pass", "in_use")),
    "over": ({"expires": date(2026, 2, 28)}, ("fail", "expired")),
    "of later": ({"created": date(2026, 4, 1)}, ("not_applicable", "not_begun")),
    "unused": ({"match": {"resource_id": "other"}, "created": date(2026, 1, 1)}, ("fail", "unused")),
    "unused yet": (
        {"match": {"resource_id": "other"}, "created": date(2026, 2, 27)},
        ("not_applicable", "not_needed_now"),
    ),
    "exceeded": ({"max_measured_value": 10}, ("fail", "exceeded")),
}
SCOPES = {"prod": AS_OF, "dr": AS_OF, "before": MIDNIGHT - MOMENT, "after": MIDNIGHT, "early": MIDNIGHT - 2 * DAY}
WHOLE_DAYS: dict[str, tuple[str, dict[str, Any], str]] = {
    "ends today": ("before", {"expires": date(2026, 3, 1)}, "waived"),
    "ended yesterday": ("after", {"expires": date(2026, 3, 1)}, "fail"),
    "begins tomorrow": ("before", {"created": date(2026, 3, 2)}, "fail"),
    "begins today": ("after", {"created": date(2026, 3, 2)}, "waived"),
    "of today": ("after", {"created": date(2026, 3, 2), "expires": date(2026, 3, 2)}, "waived"),
}
TWO_PEOPLE = {
    "both": (["two-a", "two-b"], "waived"),
    "one": (["two-a"], "fail"),
    "three": (["two-a", "two-b", "two-c"], "fail"),
    "turned": (["two-b", "two-a"], "waived"),
}


@dataclass
class Accepted:
    """The results and the register of one home in which every case has a server and a waiver of its own."""

    results: dict[tuple[str, str, str], dict[str, Any]]  # by scope, control and subject
    register: dict[tuple[str, str], dict[str, Any]]  # by scope and waiver

    def short(self, case: str, scope: str = "prod") -> dict[str, Any]:
        """What is said of the backup of a case that is kept for too short."""
        return self.results[scope, "backup-retention-minimum", f"backup-{case}"]


@pytest.fixture(scope="module")
def accepted(tmp_path_factory: pytest.TempPathFactory) -> Accepted:
    folder = tmp_path_factory.mktemp("waivers")
    changes = {case: change for case, (change, _) in (WAIVED | JUDGED).items()}
    changes |= {case: change for case, (_, change, _) in WHOLE_DAYS.items()} | {"unknown": {}}
    waivers = [WAIVER | {"id": f"WVR-{case}", "match": {"resource_id": case}} | changes[case] for case in changes]
    bodies = [
        SHORT | {"id": f"backup-{case}", "resource_id": case, "vault_id": f"vault-{case}", "children": []}
        for case in changes
    ]
    bodies[-1]["expired_at"] = None
    given = [Landed(bodies, scope=scope, as_of=as_of, project=f"p-{scope}") for scope, as_of in SCOPES.items()]
    home = fold(Home(folder / "home"), *given)
    rules = _rules(folder, POLICY, *waivers)
    results, register = (
        ask(home, f"SELECT * FROM compliance.{name}", rules=rules) for name in ("control_results", "waiver_register")
    )
    return Accepted(
        {(row["scope"], row["control_id"], row["subject_id"]): row for row in results},
        {(row["scope"], row["waiver_id"]): row for row in register},
    )


@pytest.mark.parametrize("case", WAIVED)
def test_a_waiver_accepts_a_failure_while_it_holds(accepted: Accepted, case: str) -> None:
    row = accepted.short(case)
    *expected, is_named = WAIVED[case][1]
    assert [row["raw_status"], row["effective_status"], row["reason_code"]] == expected
    assert row["waiver_id"] == (f"WVR-{case}" if is_named else None)


def test_unknown_is_never_waived(accepted: Accepted) -> None:
    row = accepted.short("unknown")
    assert (row["raw_status"], row["effective_status"]) == ("unknown", "unknown")
    assert (row["reason_code"], row["waiver_id"]) == ("retention_not_visible", None)


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is said of servers whose two backups were lost, each with a waiver of its own."""
    folder = tmp_path_factory.mktemp("lost")
    points, waivers = [], []
    for case, (named, _) in TWO_PEOPLE.items():
        ids = [f"{case}-{name}" for name in ("two-a", "two-b")]
        points += [server(name, resource_id=case, children=[child(f"c-{name}")]) for name in ids]
        match = {"id": f"WVR-{case}", "control_id": "resource-protection-lost", "match": {"resource_id": case}}
        waivers.append(WAIVER | match | {"second_approver": "cfo", "backup_ids": [f"{case}-{name}" for name in named]})
    home = Home(folder / "home")
    fold(home, Landed([*points, volume("v")]), Landed([volume("v")], as_of=AS_OF + timedelta(hours=20)))
    sql = (
        "SELECT subject_id, effective_status FROM compliance.control_results"
        " WHERE control_id = 'resource-protection-lost'"
    )
    rows = ask(home, sql, rules=_rules(folder, POLICY, *waivers))
    return {row["subject_id"]: row["effective_status"] for row in rows}


@pytest.mark.parametrize("case", TWO_PEOPLE)
def test_two_people_accept_lost_backups_by_their_exact_ids(lost: dict[str, str], case: str) -> None:
    assert lost[case] == TWO_PEOPLE[case][1]


@pytest.mark.parametrize("case", JUDGED)
def test_waivers_are_judged_themselves(accepted: Accepted, case: str) -> None:
    row = accepted.results["prod", "waiver-valid", f"WVR-{case}"]
    assert (row["raw_status"], row["reason_code"]) == JUDGED[case][1]


@pytest.mark.parametrize("case", WHOLE_DAYS)
def test_a_waiver_holds_on_whole_days_of_the_policys_time_zone(accepted: Accepted, case: str) -> None:
    scope, change, state = WHOLE_DAYS[case]
    assert check_waivers(_yaml(change), CONTROLS)[0]
    assert accepted.short(case, scope)["effective_status"] == state


@pytest.mark.parametrize(("scope", "days"), [("before", 0), ("after", -1), ("early", 1)])
def test_the_register_counts_the_days_that_are_left_of_a_waiver(accepted: Accepted, scope: str, days: int) -> None:
    row = accepted.register[scope, "WVR-ends today"]
    assert (row["days_left"], row["state"] == "expired", row["expires_on"]) == (days, days < 0, "2026-03-01")


def test_a_waiver_covers_its_id_in_every_scope_unless_it_names_one(accepted: Accepted) -> None:
    def register(case: str) -> dict[str, tuple[bool, int]]:
        rows = {scope: row for (scope, waiver), row in accepted.register.items() if waiver == f"WVR-{case}"}
        return {scope: (row["covers_every_scope"], row["subjects"]) for scope, row in rows.items()}

    assert register("of another scope") == {"dr": (False, 1)}
    states = [accepted.short("of another scope", scope)["effective_status"] for scope in ("dr", "prod")]
    assert states == ["waived", "fail"]
    assert register("holds") == dict.fromkeys(SCOPES, (True, 1))


@pytest.mark.parametrize(("scope", "expected"), [("prod", ("pass", "reviewed")), ("after", ("fail", "review_overdue"))])
def test_an_exclusion_that_nobody_reviewed_in_time_is_a_finding(
    published_once: Home, scope: str, expected: tuple[str, str]
) -> None:
    def asked(sql: str) -> list[tuple[Any, ...]]:
        return query(published_once, f"{sql} AND scope = '{scope}' ORDER BY 1")

    found = asked("SELECT raw_status, reason_code FROM compliance.control_results WHERE subject_id = 'exc-001'")
    assert found == [expected]
    assert asked("SELECT waiver_id FROM compliance.waiver_register WHERE true") == [("WVR-1",)]
    kinds = asked("SELECT subject_type FROM intermediate.int_subjects WHERE subject_kind = 'waiver'")
    assert kinds == [("exclusion",), ("exclusion",), ("waiver",)]


def test_a_waiver_and_an_exclusion_of_one_id_are_refused(home: Home) -> None:
    home.prepare()
    (home.path / "policy.yaml").write_text(POLICY)
    (home.path / "waivers.yaml").write_text(_yaml({"id": "exc-001"}))
    with pytest.raises(WarehouseError, match="exc-001 is the id of an exclusion in the policy and of a waiver in"):
        read_rules(project().controls, find_rule_files(home, {}))
    (home.path / "waivers.yaml").write_text(_yaml({"id": "vol-001"}))
    with pytest.raises(WarehouseError, match="vol-001 is the id of an exclusion in the policy and of a waiver in"):
        read_rules(project().controls, find_rule_files(home, {}))


OTHERS = ["Ops@Example.com", "  ops@example.com ", "ｏｐｓ＠example.com", "ops\u200b@example.com"]


@pytest.mark.parametrize("same", OTHERS)
def test_nobody_is_two_people_by_another_spelling(same: str) -> None:
    for change in ({"approver": same}, {"owner": same, "approver": "ops@example.com"}):
        _, problems = check_waivers(_yaml(change), CONTROLS)
        assert [problem.message for problem in problems] == ["waiver WVR-1: owner and approver must be two people"]
    two = {"control_id": "retention-shortened", "backup_ids": ["b"]}
    for second in (same, "CISO@example.com "):
        _, problems = check_waivers(_yaml(two | {"second_approver": second}), CONTROLS)
        [problem] = problems
        assert "needs a second_approver, who is neither owner nor approver" in problem.message
    assert check_waivers(_yaml(two | {"second_approver": "cfo@example.com"}), CONTROLS)[0]


def test_explain_names_the_rule_and_the_waiver(published_once: Home) -> None:
    home = published_once
    result = CliRunner().invoke(main, ["policy", "explain", "server-1", "--home", str(home.path)])
    assert result.exit_code == 0, result.output
    assert "tier critical by rule pol-010: resource_id is server-1; owner core-banking" in result.stdout
    assert "waiver WVR-1 for backup-retention-minimum of backup-1: waived, ends 2026-06-30" in result.stdout
    result = CliRunner().invoke(main, ["policy", "explain", "nobody", "--home", str(home.path)])
    assert (result.exit_code, "there is no resource nobody" in result.stderr) == (1, True)
