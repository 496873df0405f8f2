"""The check that a SELECT means the same on DuckDB and Spark: what it covers, refuses, and names instead."""

from pathlib import Path

import pytest
import sqlglot

from pipelines.models.files import sql_folder
from pipelines.models.model import AUDITS, SCHEMAS
from pipelines.models.portability import objections
from pipelines.models.project import project
from pipelines.storage.connection import connect

# Relations are made of what stands here, on whatever engine.
BUILT = {*SCHEMAS, AUDITS, "fold"}
# What stands here is asked of a DuckDB file, or of files by DuckDB, and makes no relation of the warehouse.
ASKED = {"alerts", "evidence", "explain", "macros", "reports", "results", "warehouse"}
FILES = [path for folder in sorted(BUILT) for path in sorted((sql_folder() / folder).glob("*.sql"))]
TEXT_OF_LIST = "nullif(array_to_string(list_sort(array_agg(x)), ', '), '')"

REFUSED = [
    ("SELECT list(x ORDER BY y) AS l FROM t", "list_sort(array_agg(x))"),
    ("SELECT array_agg(x) AS l FROM t", "coalesce(list_sort(array_agg(x)), cast([] as varchar[]))"),
    ("SELECT coalesce(array_agg(x), cast([] as varchar[])) AS l FROM t", "list_sort"),
    ("SELECT string_agg(x, ', ' ORDER BY x) AS a FROM t", TEXT_OF_LIST),
    ("SELECT string_agg(DISTINCT x, ', ') FILTER (WHERE y) AS a FROM t", TEXT_OF_LIST),
    ("SELECT array_to_string(list_sort(array_agg(x)), ', ') AS a FROM t", TEXT_OF_LIST),
    ("SELECT CAST(x AS JSON) AS j FROM t", "json_extract_string(text, '$.key')"),
    ("SELECT x::JSON AS j FROM t", "json_extract_string(text, '$.key')"),
    ("SELECT date_diff('hour', a, b) AS d FROM t", "date_diff('hour', date_trunc('hour', a), date_trunc('hour', b))"),
    ("SELECT avg(x) AS a FROM t", "cast(sum(x) as double) / nullif(count(x), 0)"),
    ("SELECT x // 2 AS a FROM t", "floor"),
    ("SELECT cast(a AS DOUBLE) / b AS q FROM t", "nullif(y, 0)"),
    ("SELECT a / 2 AS q FROM t", "cast(x as double)"),
    ("SELECT * EXCLUDE (a) FROM t", "the names of the columns"),
    ("SELECT * REPLACE (1 AS a) FROM t", "the names of the columns"),
    ("SELECT a FROM t GROUP BY ALL", "the names of the columns"),
    ("SELECT a FROM t LIMIT 1", "row_number()"),
    ("SELECT current_timestamp AS a FROM t", "as_of of staging.stg_snapshots"),
    ("SELECT current_date AS a FROM t", "as_of of staging.stg_snapshots"),
    ("SELECT t + INTERVAL '1' MONTH AS a FROM t", "n * interval '1' day"),
    ("SELECT t + INTERVAL (n) DAY AS a FROM t", "n * interval '1' day"),
    ("SELECT quantile_cont(x, 0.5) AS a FROM t", "median(x)"),
    ("SELECT any_value(x) AS a FROM t", "min(x) or max(x)"),
    ("SELECT some_function(x) AS a FROM t", "allowed are abs, array, array_agg"),
    ("SELECT list_transform(l, lambda x: x + 1) AS a FROM t", "a join"),
    ("SELECT unnest(l) AS a FROM t", "a join"),
    ("SELECT a.x FROM a ASOF JOIN b ON a.t >= b.t", "row_number()"),
    ("SELECT a.x FROM a POSITIONAL JOIN b", "row_number()"),
    ("SELECT count(*) FILTER (WHERE EXISTS (SELECT 1 FROM u)) AS n FROM t", "a join before it"),
    ("SELECT a FROM (SELECT 1 AS a) AS t", "a common table expression"),
    ("SELECT a FROM t WHERE a IN (SELECT b FROM u)", "a common table expression"),
    ("SELECT CAST(x AS BIGINT) AS a FROM t", "cast(floor(x) as bigint)"),
    ("SELECT x[1] AS a FROM t", "min(x) or max(x)"),
    ("SELECT try_cast(x AS DOUBLE) AS a FROM t", "CASE with a condition around CAST"),
    ("SELECT round(x, 1) AS a FROM t", "floor(x + 0.5)"),
    ("SELECT upper(x) AS a FROM t", "lower(x)"),
    ("SELECT contains(a, b) AS x FROM t", "strpos(text, part) > 0"),
    ("SELECT a LIKE '%' || b || '%' AS x FROM t", "strpos(text, part) > 0"),
    ("SELECT strpos(a, b, 2) AS x FROM t", "strpos(text, part) > 0"),
]
ACCEPTED = [
    f"SELECT {TEXT_OF_LIST} AS a FROM t",
    "SELECT nullif(array_to_string(list_sort(array_agg(DISTINCT x) FILTER (WHERE y)), ', '), '') AS a FROM t",
    "SELECT coalesce(list_sort(array_agg(x) FILTER (WHERE y)), cast([] as varchar[])) AS a FROM t",
    "SELECT coalesce(array_to_string(list_sort(array_agg(x)), ', '), '') AS a FROM t",
    "SELECT array_to_string(ids, ', ') AS a FROM t",
    "SELECT json_extract_string(x, '$.key') AS a FROM t",
    "SELECT cast(sum(x) as double) / nullif(count(x), 0) AS a FROM t",
    "SELECT date_diff('hour', date_trunc('hour', a), date_trunc('hour', b)) AS a FROM t",
    "SELECT date_diff('day', cast(a as date), cast(b as date)) AS a FROM t",
    "SELECT t + n * interval '1' day AS a FROM t",
    "SELECT cast(floor(x) as bigint) AS a FROM t",
    "SELECT strpos(a, b) > 0 AS a FROM t",
    "SELECT a FROM t QUALIFY row_number() OVER (PARTITION BY b ORDER BY c) = 1",
    "SELECT scope, u.b FROM t INNER JOIN u USING (scope)",
    "SELECT a, b FROM (VALUES ('x', 'y')) AS t (a, b)",
]


def test_every_folder_makes_relations_or_is_only_asked_of_duckdb() -> None:
    folders = {path.name for path in sql_folder().iterdir() if path.is_dir()}
    assert BUILT <= folders <= BUILT | ASKED


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_file_that_makes_a_relation_is_portable(path: Path) -> None:
    assert objections(path.read_text(encoding="utf-8")) == []


def test_every_relation_that_is_made_of_no_file_is_portable() -> None:
    names = {path.stem for path in FILES}
    generated = [model for model in project().models if model.name not in names]
    assert {model.schema for model in generated} == {"history", "controls"}
    assert {model.relation: found for model in generated if (found := objections(model.sql))} == {}


@pytest.mark.parametrize(("sql", "instead"), REFUSED)
def test_what_is_refused_names_what_is_allowed(sql: str, instead: str) -> None:
    found = objections(sql)
    assert any(instead in objection for objection in found), found
    assert all("; write " in objection or "; allowed are " in objection for objection in found), found


@pytest.mark.parametrize("sql", ACCEPTED)
def test_what_is_named_instead_is_allowed(sql: str) -> None:
    assert objections(sql) == []
    sqlglot.transpile(sql, "duckdb", "spark", unsupported_level=sqlglot.ErrorLevel.RAISE)


def test_the_text_of_a_list_needs_no_function_that_spark_3_lacks() -> None:
    [text] = sqlglot.transpile(f"SELECT {TEXT_OF_LIST} AS a FROM t", "duckdb", "spark")
    assert text == "SELECT NULLIF(ARRAY_JOIN(ARRAY_SORT(COLLECT_LIST(x)), ', '), '') AS a FROM t"


@pytest.mark.parametrize("values", ["('b'), ('a'), (NULL), ('a')", "(NULL)", "('ä'), ('z'), ('Z')"])
def test_the_text_of_a_list_is_that_of_an_ordered_string_agg(values: str) -> None:
    rows = f"FROM (VALUES {values}) AS t (x)"
    with connect() as connection:
        for condition in ("true", "x = 'a'", "false"):
            query = f"SELECT {TEXT_OF_LIST}, string_agg(x, ', ' ORDER BY x) {rows} WHERE {condition}"
            [(text, ordered)] = connection.execute(query).fetchall()
            assert text == ordered
