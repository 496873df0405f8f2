"""The code location: what Dagster shows, runs and records."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from pipelines import clock
from pipelines.config import DeploymentSettings
from pipelines.errors import WarehouseError
from pipelines.extract.watchdog import run_in_background
from pipelines.orchestration.checks import audit_check_specs
from pipelines.orchestration.jobs import build_schedule
from pipelines.orchestration.keys import LANDING, REPORT, TABLE_GROUPS
from pipelines.orchestration.location import build_definitions
from pipelines.orchestration.resources import Warehouse
from pipelines.reports.preview import read_preview
from pipelines.sandbox import Sandbox
from pipelines.storage.home import Home
from tests.given import AS_OF, Landed, land, publish, query, server, volume

ROOT = Path(__file__).parents[1]


def execute(
    home: Home,
    clouds: str = "sandbox",
    *,
    job: str = "cbr_snapshot",
    deployment: DeploymentSettings | None = None,
    **more: Any,
) -> dg.ExecuteInProcessResult:
    definitions = build_definitions(Warehouse(home=str(home.path), clouds=clouds), deployment=deployment)
    return definitions.resolve_job_def(job).execute_in_process(raise_on_error=False, **more)


def printable(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    """What each asset says of itself."""
    return {
        "/".join(event.asset_key.path): {name: value.value for name, value in event.materialization.metadata.items()}
        for event in result.get_asset_materialization_events()
        if event.asset_key
    }


def why(result: dg.ExecuteInProcessResult) -> str:
    """What the failure of a run says."""
    [failed] = [event for event in result.all_events if event.is_step_failure]
    data = failed.step_failure_data.user_failure_data
    assert data is not None
    return str(data.description)


def specs() -> list[dg.AssetSpec]:
    return list(build_definitions().resolve_all_asset_specs())


def test_every_asset_says_what_it_is() -> None:
    for spec in specs():
        assert spec.description, spec.key
        assert spec.group_name, spec.key
        assert spec.kinds, spec.key
        assert spec.owners, spec.key
        if spec.key.path[0] != "landing":
            assert spec.code_version, spec.key
        if spec.key not in (LANDING, REPORT, *(group.key for group in TABLE_GROUPS)):
            schema = spec.metadata["dagster/column_schema"]
            assert isinstance(schema, dg.TableSchema)
            assert all(column.description for column in schema.columns), spec.key


def test_the_graph_leads_from_landing_to_the_answer() -> None:
    deps = {spec.key: {dep.asset_key for dep in spec.deps} for spec in specs()}
    seen: set[dg.AssetKey] = set()
    todo = [dg.AssetKey(["compliance", "summary"])]
    while todo:
        key = todo.pop()
        seen.add(key)
        todo += deps[key] - seen
    for step in (["landing", "backups"], ["tables", "children"], ["cbr", "extend_info"], ["staging", "stg_backups"]):
        assert dg.AssetKey(step) in seen


def test_the_groups_of_the_graph_lead_one_way() -> None:
    group = {spec.key: spec.group_name for spec in specs()}
    reads: dict[str | None, set[str | None]] = {name: set() for name in group.values()}
    for spec in specs():
        reads[spec.group_name] |= {group[dep.asset_key] for dep in spec.deps} - {spec.group_name}
    while free := {name for name, read in reads.items() if not read}:
        reads = {name: read - free for name, read in reads.items() if name not in free}
    assert reads == {}


def test_the_schedule_comes_from_the_configuration_and_is_stopped_outside_production() -> None:
    plain = build_schedule(DeploymentSettings.load({}))
    assert (plain.cron_schedule, plain.execution_timezone) == ("0 2 * * *", "UTC")
    assert (plain.job_name, plain.default_status) == ("cbr_snapshot", dg.DefaultScheduleStatus.STOPPED)
    environ = {"CBR_SCHEDULE": "30 5 * * 1-5", "CBR_SCHEDULE_ZONE": "Asia/Shanghai", "CBR_ENVIRONMENT": "production"}
    real = build_schedule(DeploymentSettings.load(environ))
    assert (real.cron_schedule, real.execution_timezone) == ("30 5 * * 1-5", "Asia/Shanghai")
    assert real.default_status == dg.DefaultScheduleStatus.RUNNING


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CBR_SCHEDULE", "at noon", "CBR_SCHEDULE='at noon' is not a cron expression. Set it to one"),
        ("CBR_SCHEDULE_ZONE", "Mars/Base", "CBR_SCHEDULE_ZONE='Mars/Base' is not a time zone. Set it to one"),
        ("CBR_ENVIRONMENT", "prod", "CBR_ENVIRONMENT='prod' is not known. Set it to production or development"),
        ("CBR_FRESH_HOURS", "soon", "CBR_FRESH_HOURS='soon' is not a number from 1 to 8760"),
        ("CBR_FRESH_HOURS", "0.001", "CBR_FRESH_HOURS='0.001' is not a number from 1 to 8760"),
        ("CBR_WEBHOOK", "hooks.example/s3cret", "CBR_WEBHOOK is not a URL"),
    ],
)
def test_a_setting_that_can_not_be_meant_is_named_in_one_line(name: str, value: str, said: str) -> None:
    with pytest.raises(WarehouseError) as caught:
        build_schedule(DeploymentSettings.load({name: value}))
    assert said in str(caught.value)
    assert "s3cret" not in str(caught.value) + repr(
        DeploymentSettings.load({"CBR_WEBHOOK": "https://x.example/s3cret"})
    )


def test_only_what_people_read_has_to_be_fresh_and_dagster_tries_no_step_again() -> None:
    definitions = build_definitions(deployment=DeploymentSettings(fresh_hours=5))
    for spec in definitions.resolve_all_asset_specs():
        policy = spec.freshness_policy
        assert (policy is not None) == (spec.group_name in ("load", "compliance")), spec.key
        if policy:
            assert policy == dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=5))
    # An interrupt would be taken for a fault, and tried again.
    assert not any(one.op.retry_policy for one in definitions.assets or [] if isinstance(one, dg.AssetsDefinition))
    for job in definitions.jobs or []:
        assert isinstance(job, UnresolvedAssetJobDefinition)
        assert (job.tags or {})["dagster/retry_on_asset_or_op_failure"] == "false"


def test_the_job_says_of_every_asset_what_an_operator_asks_and_records_every_check(home: Home) -> None:
    result = execute(home)
    assert result.success
    found = printable(result)
    assert found.keys() == {"/".join(spec.key.path) for spec in specs() if spec.key != REPORT}
    [(backups,)] = query(home, "SELECT count(*) FROM cbr.backups")
    assert found["cbr/backups"]["dagster/row_count"] == found["tables/backups"]["dagster/row_count"] == backups > 0
    landed = found["landing/backups"]
    assert landed["dagster/row_count"] >= backups
    assert min(landed[name] for name in ("bytes", "requests", "seconds")) > 0
    assert (landed["incomplete scopes"], "| sandbox | complete |" in landed["scopes"]) == (0, True)
    [(odd,)] = query(home, "SELECT count(*) FROM meta.drift WHERE table_name = 'backups'")
    assert (found["tables/backups"]["drift"], found["tables/backups"]["rejects"]) == (odd, 0)
    answer = found["compliance/summary"]
    assert "| sandbox | resource-recent-recovery-point | critical | fail |" in answer["answer"]
    assert 0 < answer["sandbox strict score"] <= answer["sandbox score"] <= 100
    checks = {check.check_name: check for check in result.get_asset_check_evaluations()}
    assert checks.keys() == {"every_cloud_was_read", *(spec.name for spec in audit_check_specs())}
    assert {"gate_snapshot_complete", "gate_source_record_valid", "gate_waiver_valid"} <= checks.keys()
    assert all(check.passed for check in checks.values())
    assert result.dagster_run.tags["scope/sandbox"] == "complete"


def test_runs_are_tagged_by_how_each_cloud_ended_whatever_its_name(home: Home) -> None:
    tags = execute(home, "nowhere,生产,测试").dagster_run.tags
    ended = {name: value for name, value in tags.items() if name.startswith("scope/")}
    assert (ended["scope/nowhere"], len(ended), set(ended.values())) == ("failed", 3, {"failed"})


def test_names_are_no_links_in_the_preview(home: Home) -> None:
    names = ["https://evil.example/x", "a@evil.example", "![x](y)", "<b>", "a|b`c"]
    bodies = [
        volume(f"v{n}", created_at="2026-01-01T00:00:00", resource_id=f"r{n}", resource_name=name)
        for n, name in enumerate(names)
    ]
    text = read_preview(publish(home, Landed(bodies)).warehouse).markdown
    for name in ("`https://evil.example/x`", "`a@evil.example`", "`![x](y)`", "`<b>`", "`a\\|b'c`"):
        assert f"| {name} |" in text


def test_a_gate_that_does_not_hold_shows_its_rows_and_the_sql_and_stops_nothing(home: Home) -> None:
    publish(home, Landed([server(created_at="2026-02-28T00:00:00", updated_at="2026-02-01T00:00:00")]))
    result = execute(home, job="replay")
    assert result.success
    [gate] = [c for c in result.get_asset_check_evaluations() if c.check_name == "gate_source_record_valid"]
    told = {name: value.value for name, value in gate.metadata.items()}
    assert (gate.passed, gate.severity) == (False, dg.AssetCheckSeverity.WARN)
    sample: Any = told["sample"]
    assert sample[0]["reason_code"] == "records_doubtful"
    assert "FROM controls.source_record_valid" in str(told["sql"])


def test_replay_makes_all_again_or_one_snapshot_and_reads_no_cloud(home: Home) -> None:
    land(home, Landed([server()]))
    publish(home, Landed([volume("v")], as_of=AS_OF + timedelta(days=1)))
    tables = sorted(home.tables.rglob("*.parquet"))
    made = {path: path.stat().st_mtime_ns for path in tables}
    result = execute(home, "nowhere", job="replay", run_config=replay_config("20260302T120000Z"))
    assert result.success
    assert LANDING not in {event.asset_key for event in result.get_asset_materialization_events()}
    assert {path.stat().st_mtime_ns > made.get(path, 0) for path in home.tables.rglob("*.parquet")} == {True, False}
    failed = execute(home, "nowhere", job="replay", run_config=replay_config("yesterday"))
    assert "no snapshot yesterday is landed" in why(failed)
    assert "the newest is 20260302T120000Z" in why(failed)


def replay_config(snapshot: str) -> dict[str, Any]:
    return {"ops": {"normalize": {"config": {"replay": snapshot}}}}


def test_the_report_is_an_asset_that_says_where_it_lies_and_how_the_score_went(home: Home) -> None:
    assert f"there is no {home.warehouse}" in why(execute(home, job="report"))
    publish(home, Landed([server()]))
    publish(home, Landed([server()], as_of=AS_OF + timedelta(days=1)), run_id="run-2")
    result = execute(home, job="report")
    assert result.success
    told = printable(result)["reports/compliance"]
    assert told["report"] == str(home.reports / "20260302T120000Z" / "compliance.html")
    assert Path(told["workbook"]).exists()
    assert "](data:image/png;base64,iVBOR" in told["score of prod"]


def test_a_problem_fails_the_run_once_and_records_no_materialization_of_the_warehouse(home: Home) -> None:
    result = execute(home, "nowhere", deployment=DeploymentSettings())
    assert not result.success
    assert "'nowhere' is not in clouds.yaml" in why(result)
    assert [event for event in result.all_events if event.is_step_up_for_retry] == []
    assert list(result.get_asset_materialization_events()) == []
    assert not home.warehouse.exists()


@dataclass
class Two:
    """A cloud that answers and one that may be down, and the sensor that reads the latter again."""

    home: Home
    service: Sandbox
    clouds: Path
    deployment: DeploymentSettings = field(default_factory=lambda: DeploymentSettings(is_production=True))

    def configure(self, **down: Any) -> None:
        entry = self.service.cloud()
        broken = entry | {"region_name": "two", "cbr_endpoint_override": self.service.url}
        self.clouds.write_text(yaml.safe_dump({"clouds": {"well": entry, "other": broken | down}}))

    @property
    def definitions(self) -> dg.Definitions:
        return build_definitions(Warehouse(home=str(self.home.path), clouds="well,other"), deployment=self.deployment)

    def run(self, instance: dg.DagsterInstance, **more: Any) -> dg.ExecuteInProcessResult:
        job = self.definitions.resolve_job_def("cbr_snapshot")
        return job.execute_in_process(raise_on_error=False, instance=instance, **more)

    def asked(self, instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
        """What the sensor wants now."""
        sensor = self.definitions.get_repository_def().get_sensor_def("retry_failed_clouds")
        assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
        warehouse = Warehouse(home=str(self.home.path), clouds="well,other")
        result = sensor(dg.build_sensor_context(instance=instance, resources={"warehouse": warehouse}))
        assert isinstance(result, dg.RunRequest | dg.SkipReason)
        return result


@pytest.fixture
def two(home: Home, service: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Two:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
    monkeypatch.setenv("CBR_RETRY_SECONDS", "0.01")
    return Two(home, service, tmp_path / "clouds.yaml")


def later(monkeypatch: pytest.MonkeyPatch, minutes: float) -> None:
    monkeypatch.setattr(clock, "_shifts", [timedelta(minutes=minutes)])


def test_a_cloud_that_is_down_is_read_again_alone_while_the_other_is_published(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.configure(cbr_endpoint_override="http://127.0.0.1:9")
    with dg.DagsterInstance.ephemeral() as instance:
        first = two.run(instance)
        failed = {event.step_key for event in first.all_events if event.is_step_failure}
        assert (first.success, failed) == (False, {"check_every_cloud"})
        assert {"land", "normalize", "build"} <= {event.step_key for event in first.all_events if event.is_step_success}
        assert "published, but not every scope could be read: other: " in why(first)
        [check] = [c for c in first.get_asset_check_evaluations() if c.check_name == "every_cloud_was_read"]
        assert (check.passed, check.asset_key) == (False, LANDING)
        assert query(two.home, "SELECT scope, is_stale FROM staging.stg_scopes ORDER BY 1") == [
            ("other", True),
            ("well", False),
        ]

        assert isinstance(two.asked(instance), dg.SkipReason)
        later(monkeypatch, 4)
        assert isinstance(two.asked(instance), dg.SkipReason)
        later(monkeypatch, 6)
        again = two.asked(instance)
        assert isinstance(again, dg.RunRequest)
        repeated = two.asked(instance)
        assert isinstance(repeated, dg.RunRequest)
        assert (again.tags["cbr/retry"], again.run_key) == ("other", repeated.run_key)
        assert not two.run(instance, run_config=again.run_config, tags=again.tags).success
        later(monkeypatch, 12)
        assert isinstance(two.asked(instance), dg.SkipReason)  # it has waited six minutes, and failed twice

        two.configure()
        later(monkeypatch, 22)
        again = two.asked(instance)
        assert isinstance(again, dg.RunRequest)
        before = dict(query(two.home, "SELECT scope, max(snapshot_id) FROM meta.snapshots GROUP BY ALL"))
        healed = two.run(instance, run_config=again.run_config, tags=again.tags)
        assert healed.success
        after = dict(
            query(two.home, "SELECT scope, max(snapshot_id) FROM meta.snapshots WHERE is_current GROUP BY ALL")
        )
        assert (after["well"], sorted(after)) == (before["well"], ["other", "well"])
        later(monkeypatch, 60)
        assert isinstance(two.asked(instance), dg.SkipReason)


def test_a_cloud_with_a_wrong_password_is_not_read_again(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    two.configure(auth=two.service.cloud()["auth"] | {"password": "wrong"})
    with dg.DagsterInstance.ephemeral() as instance:
        assert "refused user" in why(two.run(instance))
        later(monkeypatch, 10_000)
        assert isinstance(two.asked(instance), dg.SkipReason)


def test_where_no_cloud_could_be_read_landing_fails_and_nothing_is_published(two: Two) -> None:
    two.configure(cbr_endpoint_override="http://127.0.0.1:9")
    with dg.DagsterInstance.ephemeral() as instance:
        config = {"resources": {"warehouse": {"config": {"home": str(two.home.path), "clouds": "other"}}}}
        result = two.run(instance, run_config=config)
    assert [event.step_key for event in result.all_events if event.is_step_failure] == ["land"]
    assert not two.home.warehouse.exists()


def test_a_run_of_the_schedule_waits_for_another_one_in_its_home(home: Home) -> None:
    home.prepare()
    with pytest.raises(WarehouseError, match="another run"), home.lock(), home.lock(wait_seconds=0.05):
        pass
    with home.lock():
        waited = run_in_background("waits", lambda: home.lock(wait_seconds=60).__enter__())
        assert not waited.done()
    assert waited.result(timeout=60) is None


@pytest.mark.parametrize("command", ["dagster definitions validate -w workspace.yaml", "dg check defs"])
def test_dagster_loads_the_code_location(command: str, tmp_path: Path) -> None:
    environ = os.environ | {"DAGSTER_HOME": str(tmp_path), "DAGSTER_DISABLE_TELEMETRY": "1"}
    program, *words = command.split()
    done = subprocess.run(
        [str(Path(sys.executable).with_name(program)), *words],
        cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
