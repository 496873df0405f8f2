"""sql/: every model compiles, is described, and means the same on Spark."""

from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from pipelines.contract.derive import create_table
from pipelines.contract.keys import SEVERITIES
from pipelines.models.control import FINDING, Control
from pipelines.models.files import read_query, sql_folder
from pipelines.models.model import AUDITS, SCHEMAS, Model, ModelError, leading_comment, parse_model
from pipelines.models.portability import objections
from pipelines.models.project import SOURCES, project, read_project
from pipelines.policy.tables import SETTINGS, TIERS
from pipelines.storage.connection import connect
from pipelines.warehouse.models import typed_select

# A control as its file has it: what the runner puts around it is for DuckDB alone.
MODELS = [
    *(model for model in project().models if model.schema != "controls"),
    *(control.model for control in project().controls),
    *project().audits,
]

# Files that leave no relation behind: they are asked as they stand.
QUERIES = [path for path in sorted(sql_folder().glob("*/*.sql")) if path.parent.name not in (*SCHEMAS, AUDITS)]
PLAIN = [*QUERIES, *sorted(sql_folder().glob("history/*.sql")), *sorted(sql_folder().glob("marts/*.sql"))]


def test_every_model_compiles_against_an_empty_contract() -> None:
    with connect() as connection:
        for schema in sorted({table.schema for table in SOURCES} | {model.schema for model in project().models}):
            connection.execute(f"CREATE SCHEMA {schema}")
        for table in SOURCES:
            connection.execute(create_table(table))
        for model in project().models:
            columns = project().columns[model.relation]
            connection.execute(f"CREATE {model.kind} {model.relation} AS {typed_select(model, columns)}")
            found = connection.execute(f"DESCRIBE {model.relation}").fetchall()
            assert [(name, kind) for name, kind, *_ in found] == [(c.name, c.type) for c in columns]
        for audit in project().audits:
            assert connection.execute(audit.sql).fetchall() == []


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.relation)
def test_every_model_is_portable(model: Model) -> None:
    assert objections(model.sql) == []


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.relation)
@pytest.mark.parametrize("dialect", ["spark", "trino"])
def test_every_model_transpiles(model: Model, dialect: str) -> None:
    [text] = sqlglot.transpile(model.sql, "duckdb", dialect, unsupported_level=sqlglot.ErrorLevel.RAISE)
    assert sqlglot.parse_one(text, dialect).named_selects == list(model.names)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT list(x ORDER BY y) AS l FROM t",
        "SELECT array_agg(x) AS l FROM t",
        "SELECT date_diff('hour', a, b) AS d FROM t",
        "SELECT avg(x) AS a FROM t",
        "SELECT x // 2 AS a FROM t",
        "SELECT cast(a AS DOUBLE) / b AS q FROM t",
        "SELECT a / 2 AS q FROM t",
        "SELECT * EXCLUDE (a) FROM t",
        "SELECT * REPLACE (1 AS a) FROM t",
        "SELECT a FROM t GROUP BY ALL",
        "SELECT now() AS a FROM t",
        "SELECT current_timestamp AS a FROM t",
        "SELECT t + INTERVAL '1' MONTH AS a FROM t",
        "SELECT t + INTERVAL (n) DAY AS a FROM t",
        "SELECT quantile_cont(x, 0.5) AS a FROM t",
        "SELECT some_function(x) AS a FROM t",
        "SELECT string_agg(x, ',') AS a FROM t",
        "SELECT list_transform(l, lambda x: x + 1) AS a FROM t",
        "SELECT epoch(a) AS a FROM t",
        "SELECT a.x FROM a ASOF JOIN b ON a.t >= b.t",
        "SELECT count(*) FILTER (WHERE EXISTS (SELECT 1 FROM u)) AS n FROM t",
        "SELECT CAST(x AS BIGINT) AS a FROM t",
        "SELECT x[1] AS a FROM t",
        "SELECT try_cast(x AS DOUBLE) AS a FROM t",
        "SELECT round(x, 1) AS a FROM t",
    ],
)
def test_what_differs_between_engines_is_refused(sql: str) -> None:
    assert objections(sql)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        (
            "SELECT contains(a, b) AS x FROM t",
            "not on the list of functions: CONTAINS(a, b); write strpos(text, part) > 0",
        ),
        ("SELECT a LIKE '%' || b || '%' AS x FROM t", "a pattern that is no literal"),
        ("SELECT a ILIKE b AS x FROM t", "a pattern that is no literal"),
        ("SELECT some_function(a) AS x FROM t", "allowed are "),
    ],
)
def test_what_is_refused_names_what_is_allowed(sql: str, said: str) -> None:
    assert any(said in objection for objection in objections(sql))


def test_part_of_a_name_is_found_by_strpos_whatever_the_name_has_in_it() -> None:
    sql = "SELECT strpos(a, b) > 0 AS x FROM (VALUES ('a_c%', '_c%'), ('abcd', '_c%'), ('abcd', 'bc')) AS t (a, b)"
    assert objections("SELECT strpos(a, b) > 0 AS x FROM t WHERE a LIKE 'prod-%'") == []
    with connect() as connection:
        assert connection.execute(sql).fetchall() == [(True,), (False,), (True,)]


def policy_columns(model: Model) -> set[str]:
    """The columns of policy tables that a model names, but for those that only lead to them."""
    known = {column.name for table in (TIERS, SETTINGS) for column in table.columns}
    leading = {"scope", "snapshot_id", "tier", "policy_rule_id", "policy_sha256"}
    return {column.name for column in sqlglot.parse_one(model.sql, "duckdb").find_all(exp.Column)} & known - leading


@pytest.mark.parametrize("control", project().controls, ids=lambda control: control.id)
def test_a_control_names_the_policy_columns_that_it_reads_and_holds_no_threshold(control: Control) -> None:
    named = set(control.row["parameters"] or ())  # type: ignore[arg-type]
    assert policy_columns(control.model) - {"clock_skew_seconds", "owner"} <= named
    assert named <= {
        name for model in project().upstream([control.model.relation]).models for name in policy_columns(model)
    }
    tree = sqlglot.parse_one(control.model.sql, "duckdb")
    numbers = {literal.this for literal in tree.find_all(exp.Literal) if literal.is_number}
    units = {"24", "24.0", "60", "60.0", "3600.0", "8640.0", "86400.0", "8640000.0", "0.01", "10.0", "100", "100.0"}
    assert numbers <= units | {"0", "0.0", "0.5", "1", "2"}, "a number that a policy should hold"


def test_every_column_of_every_relation_is_described() -> None:
    for relation, columns in project().columns.items():
        assert columns, relation
        assert all(column.doc for column in columns), relation


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_file_that_leaves_no_relation_is_one_select_that_says_what_a_row_is(path: Path) -> None:
    text = path.read_text()
    [select] = sqlglot.parse(text, dialect="duckdb")
    assert isinstance(select, exp.Select)
    assert leading_comment(text)[0].endswith((".", "?"))


@pytest.mark.parametrize("path", PLAIN, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_sql_names_what_it_joins_in_whole_words_on_lines_that_fit(path: Path) -> None:
    text = path.read_text()
    names = {alias.name for alias in sqlglot.parse_one(text, dialect="duckdb").find_all(exp.TableAlias)}
    assert {name for name in names if len(name) == 1} == set()
    assert [line for line in text.splitlines() if len(line) > 100 and not line.startswith("-- links:")] == []


def test_a_description_above_a_column_goes_on_over_several_lines() -> None:
    sql = "-- One row\nSELECT\n    -- VARCHAR: Long\n    -- words.\n    a || b AS c,\n    -- Why.\n    d -- DATE: Short.\nFROM t"
    own = parse_model("staging", "x", sql).own
    assert {name: (column.type, column.doc) for name, column in own.items()} == {
        "c": ("VARCHAR", "Long words."),
        "d": ("DATE", "Short."),
    }


def test_severities_are_ranked_as_the_contract_lists_them() -> None:
    with connect() as connection:
        ranked = connection.execute(read_query("intermediate/int_severities")).fetchall()
    assert tuple(severity for severity, _ in sorted(ranked, key=lambda row: -row[1])) == SEVERITIES


def test_a_file_stands_alone_and_ends_without_a_semicolon() -> None:
    for path in sql_folder().rglob("*.sql"):
        text = path.read_text()
        assert text.startswith("-- One row"), path
        assert not any(line.partition("--")[0].rstrip().endswith(";") for line in text.splitlines()), path


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT 1 AS a", "does not say what a row is"),
        ("-- One row\nSELECT 1 AS a; SELECT 2 AS b", "not one SELECT"),
        ("-- One row\nDELETE FROM t", "not one SELECT"),
        ("-- One row\nSELECT FROM WHERE", "is not SQL"),
    ],
)
def test_a_file_that_is_no_model_is_refused(sql: str, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        parse_model("staging", "x", sql)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"staging/a.sql": "-- One row\nSELECT x FROM cbr.nothing"}, "reads cbr.nothing, which nothing makes"),
        ({"staging/a.sql": "-- One row\nSELECT 1 AS x FROM cbr.backups"}, "a.x has no comment"),
        (
            {
                "staging/a.sql": "-- One row\nSELECT x -- VARCHAR: X.\nFROM staging.b",
                "staging/b.sql": "-- One row\nSELECT x -- VARCHAR: X.\nFROM staging.a",
            },
            "in a circle",
        ),
        ({"controls/a.sql": "-- One row\n-- title: x\nSELECT id FROM cbr.backups"}, "lacks 'id'"),
    ],
)
def test_models_that_do_not_fit_together_are_refused(tmp_path: Path, files: dict[str, str], said: str) -> None:
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    with pytest.raises(ModelError, match=said):
        read_project(tmp_path)


def test_findings_of_all_controls_are_put_below_each_other() -> None:
    unions = {model.name: model for model in project().models if model.name in ("findings", "waivable")}
    assert {model.names for model in unions.values()} == {("control_id", *(column.name for column in FINDING))}
    read = {relation for model in unions.values() for relation in model.depends_on}
    assert read == {"controls.waivable", *(control.model.relation for control in project().controls)}
