"""The code location: what Dagster shows, runs and records."""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from pipelines.home import Home
from pipelines.orchestration.location import build_definitions
from pipelines.orchestration.resources import Warehouse
from pipelines.orchestration.specs import check_specs
from tests.given import query

ROOT = Path(__file__).parents[1]


def execute(home: Home, clouds: str = "sandbox") -> dg.ExecuteInProcessResult:
    job = build_definitions(Warehouse(home=str(home.path), clouds=clouds)).resolve_job_def("cbr_snapshot")
    return job.execute_in_process(raise_on_error=False)


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
        if spec.key.path[0] != "landing" and spec.key.path[1] not in ("kept", "in_force"):
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


def test_the_schedule_is_daily_in_utc_and_stopped() -> None:
    [schedule] = build_definitions().schedules or []
    assert isinstance(schedule, dg.ScheduleDefinition)
    assert (schedule.execution_timezone, schedule.default_status) == ("UTC", dg.DefaultScheduleStatus.STOPPED)
    assert schedule.job_name == "cbr_snapshot"


def test_the_job_materializes_every_asset_with_its_rows_and_records_every_check(home: Home) -> None:
    result = execute(home)
    assert result.success
    found = {
        event.asset_key: event.materialization.metadata
        for event in result.get_asset_materialization_events()
        if event.asset_key
    }
    assert found.keys() == {spec.key for spec in specs()}
    [(backups,)] = query(home, "SELECT count(*) FROM cbr.backups")
    assert found[dg.AssetKey(["cbr", "backups"])]["dagster/row_count"].value == backups > 0
    assert found[dg.AssetKey(["tables", "backups"])]["dagster/row_count"].value == backups
    checks = {check.check_name: check.passed for check in result.get_asset_check_evaluations()}
    assert checks.keys() == {spec.name for spec in check_specs()}
    assert all(checks.values())


def test_a_problem_fails_the_run_once_and_records_no_materialization_of_the_warehouse(home: Home) -> None:
    result = execute(home, "nowhere")
    assert not result.success
    [failed] = [event for event in result.all_events if event.is_step_failure]
    data = failed.step_failure_data.user_failure_data
    assert data is not None
    assert "'nowhere' is not in clouds.yaml" in str(data.description)
    assert list(result.get_asset_materialization_events()) == []
    assert not home.warehouse.exists()


@pytest.mark.parametrize("command", [["definitions", "validate"], ["job", "list"]])
def test_the_workspace_file_loads(command: list[str], tmp_path: Path) -> None:
    environ = os.environ | {"DAGSTER_HOME": str(tmp_path), "DAGSTER_DISABLE_TELEMETRY": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "dagster", *command, "-w", "workspace.yaml"],
        cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
