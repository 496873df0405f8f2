"""sql/: every model compiles, is described, and means the same on Spark."""

from datetime import datetime
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from pipelines.contract.derive import create_table
from pipelines.contract.history import DISAPPEARANCE_CLASSES
from pipelines.contract.keys import SEVERITIES
from pipelines.models.control import EXCLUDABLE, Control
from pipelines.models.files import read_query, sql_folder
from pipelines.models.findings import FINDING, finding_model
from pipelines.models.model import AUDITS, SCHEMAS, Model, ModelError, leading_comment, parse_model
from pipelines.models.portability import objections
from pipelines.models.project import SOURCES, project, read_project
from pipelines.models.reasons import Reason, returned_values
from pipelines.policy.tables import SETTINGS, TIERS
from pipelines.storage.connection import connect
from pipelines.warehouse.models import typed_select

# A control counts twice: as its file has it, and as it is built.
MODELS = [*project().models, *(control.model for control in project().controls), *project().audits]
# Folders of sql/ whose files do not follow the style yet.
UNSTYLED: set[str] = set()
LINE_LENGTH = 100

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
    query = sqlglot.parse_one(text, dialect)
    assert isinstance(query, exp.Query)
    assert query.named_selects == list(model.names)


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
    parameters = control.row["parameters"] or []
    assert isinstance(parameters, list)
    named = set(parameters)
    assert policy_columns(control.model) - {"clock_skew_seconds", "owner"} <= named
    assert named <= {
        name for model in project().upstream([control.model.relation]).models for name in policy_columns(model)
    }
    tree = sqlglot.parse_one(control.model.sql, "duckdb")
    numbers = {literal.this for literal in tree.find_all(exp.Literal) if literal.is_number}
    units = {"24", "24.0", "60", "60.0", "3600.0", "8640.0", "86400.0", "8640000.0", "0.01", "10.0", "100", "100.0"}
    assert numbers <= units | {"0", "0.0", "0.5", "1", "2"}, "a number that a policy should hold"


def styled_files() -> list[Path]:
    folders = {path.name for path in sql_folder().iterdir() if path.is_dir()}
    assert folders > UNSTYLED
    return [path for folder in sorted(folders - UNSTYLED) for path in sorted((sql_folder() / folder).glob("*.sql"))]


def short_aliases(tree: exp.Expr) -> set[str]:
    """Names of one letter that stand for a relation or a CTE."""
    return {alias.name for alias in tree.find_all(exp.TableAlias) if len(alias.name) == 1}


def forwarding_ctes(tree: exp.Expr) -> set[str]:
    """CTEs that hand on columns of one relation, and neither choose rows nor make or rename a column."""
    does_something = ("joins", "where", "group", "having", "qualify", "distinct", "limit")
    return {
        cte.alias
        for cte in tree.find_all(exp.CTE)
        if isinstance(select := cte.this, exp.Select)
        and select.args.get("from_")
        and not any(select.args.get(part) for part in does_something)
        and all(isinstance(column, exp.Star | exp.Column) for column in select.selects)
    }


@pytest.mark.parametrize("path", styled_files(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_file_has_short_lines_whole_words_as_aliases_and_no_cte_that_only_forwards(path: Path) -> None:
    text = path.read_text()
    assert [line for line in text.splitlines() if len(line) > LINE_LENGTH] == []
    tree = sqlglot.parse_one(text, "duckdb")
    assert short_aliases(tree) == set()
    assert forwarding_ctes(tree) == set()


@pytest.mark.parametrize(
    ("sql", "aliases", "ctes"),
    [
        ("WITH b AS (SELECT * FROM t WHERE x) SELECT b.x FROM b", {"b"}, set()),
        ("SELECT p.x FROM points AS p", {"p"}, set()),
        ("WITH backups AS (SELECT * FROM t) SELECT x FROM backups", set(), {"backups"}),
        ("WITH backups AS (SELECT t.x, y FROM t) SELECT x FROM backups", set(), {"backups"}),
        ("WITH backups AS (SELECT x AS y FROM t) SELECT y FROM backups", set(), set()),
        ("WITH backups AS (SELECT DISTINCT x FROM t) SELECT x FROM backups", set(), set()),
        ("WITH backups AS (SELECT x FROM t UNION ALL SELECT x FROM u) SELECT x FROM backups", set(), set()),
    ],
)
def test_what_breaks_the_style_is_seen(sql: str, aliases: set[str], ctes: set[str]) -> None:
    tree = sqlglot.parse_one(sql, "duckdb")
    assert (short_aliases(tree), forwarding_ctes(tree)) == (aliases, ctes)


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
    assert [line for line in text.splitlines() if len(line) > 100] == []


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
        ({"staging/a.sql": "-- One row\nSELECT x FROM cbr.nothing"}, "reads cbr.nothing, which nothing creates"),
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


CONTROL = """-- One row a backup: is it good?
-- id: a
-- title: Backups are good
-- severity: low
-- version: 1
-- subject: recovery_point
-- parameters: none
-- remedy: Make it good. This sentence
--   has two lines.
-- reasons:
--   good: pass: It is {word},
--     and more than that.
--   bad: fail: It is bad.
with words as (
    select scope, snapshot_id, id, status as word from cbr.backups where status <> 'deleting'
),

judged as (
    select *, case when word = 'available' then 'good' else 'bad' end as code from words
)

select scope, snapshot_id, id as subject_id, coalesce(code, 'bad') as reason_code, word from judged
"""
# A source of a policy's exclusions, which findings are joined with.
EXCLUDED = """-- One row a subject
select
    scope,
    snapshot_id,
    'recovery_point' as subject_kind, -- VARCHAR: Kind.
    id as subject_id, -- VARCHAR: Id.
    id as exclusion_id, -- VARCHAR: Id.
    id as exclusion_reason -- VARCHAR: Why.
from cbr.backups
"""


def read_one_control(folder: Path, control: str) -> Control:
    for name, text in {"controls/a.sql": control, "intermediate/int_out_of_scope.sql": EXCLUDED}.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return read_project(folder).controls[0]


def test_a_header_gives_each_reason_code_its_status_and_sentence(tmp_path: Path) -> None:
    control = read_one_control(tmp_path, CONTROL)
    assert control.row["remedy"] == "Make it good. This sentence has two lines."
    assert control.reasons == (
        Reason("good", "pass", "It is {word}, and more than that."),
        Reason("bad", "fail", "It is bad."),
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{word}", "{words}", "controls.a names words in the reason good: no column of it"),
        ("{word}", "{word", "write a reason as code: status: sentence"),
        ("bad: fail: It is bad.", "bad: broken: It is bad.", "the header of controls.a: write a reason as"),
        ("bad: fail: It is bad.", "good: fail: It is bad.", "the reason code good has two lines"),
        ("--   bad: fail: It is bad.\n", "", "controls.a returns bad: its header has no such reason"),
        ("'good'", "'bad'", "controls.a has the reason good, which its SELECT never returns"),
        ("coalesce(code, 'bad')", "'good'", "controls.a has the reason bad, which its SELECT never returns"),
        ("coalesce(code, 'bad')", "code || 'x'", r"controls.a.reason_code is made of code \|\| 'x'"),
        (" else 'bad' end", " end", "controls.a.reason_code is made of CASE WHEN"),
        ("-- reasons:", "-- links:", "lacks 'reasons'"),
        (", word from judged", ", 'pass' as status, word from judged", "controls.a has the columns status, which"),
        ("as subject_id", "as subject", "controls.a lacks the columns subject_id"),
        ("word from judged", "word, id from judged", "controls.a neither describes nor shows the columns id"),
    ],
)
def test_a_control_whose_codes_and_reasons_do_not_match_is_refused(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    changed = CONTROL.replace(old, new)
    assert changed != CONTROL
    with pytest.raises(ModelError, match=said):
        read_one_control(tmp_path, changed)


def traced_values(relation: str, column: str) -> set[str]:
    files = {model.relation: model for model in (*project().models, *(c.model for c in project().controls))}
    return returned_values(files[relation], column, files | {table.relation: table for table in SOURCES})


def test_a_reason_code_is_traced_through_models_and_to_the_known_values_of_a_table() -> None:
    losses = traced_values("controls.recovery_point_deleted_early", "reason_code")
    by_policy = {"removed_by_rule", "retention_rule_changed"}
    assert losses == {*DISAPPEARANCE_CLASSES, *by_policy, "mass_deletion", "vault_deleted"}
    drops = traced_values("controls.backup_count_drop", "reason_code")
    assert drops == {"dropped", "no_drop", "no_history", "undecided_losses", "unusually_few"}


def test_a_null_value_shows_as_unknown_and_only_failures_say_since_when(tmp_path: Path) -> None:
    text = CONTROL.replace(
        " word from judged", " word,\n    cast('2026-03-01' as timestamp) as failing_since from judged"
    )
    control = read_one_control(
        tmp_path, text.replace("word = 'available'", "coalesce(word, 'available') = 'available'")
    )
    with connect() as connection:
        connection.execute("CREATE SCHEMA cbr; CREATE SCHEMA intermediate")
        connection.execute(
            "CREATE TABLE cbr.backups AS SELECT * FROM (VALUES ('s', 't', 'b1', 'available'), ('s', 't', 'b2', NULL),"
            " ('s', 't', 'b3', 'error'), ('s', 't', 'b4', 'error')) AS v (scope, snapshot_id, id, status)"
        )
        connection.execute(
            "CREATE TABLE intermediate.int_out_of_scope AS SELECT scope, 'recovery_point' AS subject_kind,"
            " id AS subject_id, 'e1' AS exclusion_id, 'a test' AS exclusion_reason FROM cbr.backups WHERE id = 'b4'"
        )
        sql = finding_model(control).sql.replace("status <> 'deleting'", "true")
        found = connection.execute(
            f"SELECT subject_id, status, reason_code, reason, failing_since FROM ({sql}) ORDER BY 1"
        ).fetchall()
    assert found == [
        ("b1", "pass", "good", "It is available, and more than that.", None),
        ("b2", "pass", "good", "It is unknown, and more than that.", None),
        ("b3", "fail", "bad", "It is bad.", datetime(2026, 3, 1)),
        ("b4", "not_applicable", "out_of_scope", "Taken out of scope by e1: a test", None),
    ]


def test_the_policy_can_exclude_what_controls_expect_it_to() -> None:
    assert traced_values("intermediate.int_out_of_scope", "subject_kind") == set(EXCLUDABLE)


def test_findings_of_all_controls_are_put_below_each_other() -> None:
    unions = {model.name: model for model in project().models if model.name in ("findings", "waivable")}
    assert {model.names for model in unions.values()} == {("control_id", *(column.name for column in FINDING))}
    read = {relation for model in unions.values() for relation in model.depends_on}
    assert read == {"controls.waivable", *(control.model.relation for control in project().controls)}
