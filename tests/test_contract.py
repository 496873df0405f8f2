import pytest

from pipelines.contract.columns import Table, Type
from pipelines.contract.derive import arrow_schema, create_table
from pipelines.contract.meta import META
from pipelines.contract.tables import BACKUPS, CHILDREN, EXTEND_INFO, NORMALIZED, REPLICATION_RECORDS
from pipelines.policy.tables import POLICY
from pipelines.storage.connection import connect

# The fields that the ShowBackup page names: its tables 4 to 7, and what only its example has.
BACKUP_RESP = [
    "checkpoint_id",
    "created_at",
    "description",
    "expired_at",
    "id",
    "image_type",
    "name",
    "parent_id",
    "project_id",
    "protected_at",
    "resource_az",
    "resource_id",
    "resource_name",
    "resource_size",
    "resource_type",
    "status",
    "updated_at",
    "vault_id",
    "enterprise_project_id",
    "provider_id",
]
BACKUP_EXTEND_INFO = [
    "auto_trigger",
    "bootable",
    "incremental",
    "snapshot_id",
    "support_lld",
    "supported_restore_mode",
    "os_images_data",
    "contain_system_disk",
    "encrypted",
    "system_disk",
]
APP_CONSISTENCY = [
    "app_consistency",
    "app_consistency_status",
    "app_consistency_error_code",
    "app_consistency_error_message",
]
REPLICATION_RECORD_GET = [
    "created_at",
    "destination_backup_id",
    "destination_checkpoint_id",
    "destination_project_id",
    "destination_region",
    "destination_vault_id",
    "extra_info",
    "id",
    "source_backup_id",
    "source_checkpoint_id",
    "source_project_id",
    "source_region",
    "status",
    "vault_id",
]


@pytest.mark.parametrize(
    ("table", "paths"),
    [
        (BACKUPS, [(name,) for name in BACKUP_RESP]),
        (CHILDREN, [(name,) for name in BACKUP_RESP]),
        (
            EXTEND_INFO,
            [(name,) for name in BACKUP_EXTEND_INFO] + [("app_consistency", name) for name in APP_CONSISTENCY],
        ),
        (REPLICATION_RECORDS, [(name,) for name in REPLICATION_RECORD_GET]),
    ],
)
def test_every_field_of_the_page_has_a_column(table: Table, paths: list[tuple[str, ...]]) -> None:
    assert set(paths) <= {column.path for column in table.columns}


@pytest.mark.parametrize("table", NORMALIZED, ids=lambda table: table.name)
def test_a_column_is_named_as_the_api_names_it(table: Table) -> None:
    renamed = {c.name for c in table.columns if c.path and c.name not in ("_".join(c.path), c.path[-1])}
    assert renamed == ({"volume_snapshot_id"} if table is EXTEND_INFO else set())


@pytest.mark.parametrize("table", [*NORMALIZED, *META, *POLICY], ids=lambda table: table.relation)
def test_every_table_and_column_says_what_it_means(table: Table) -> None:
    assert table.doc
    assert all(column.doc and column.doc.endswith(".") for column in table.columns)
    assert len({column.name for column in table.columns}) == len(table.columns)
    assert set(table.key) <= {column.name for column in table.columns}


def test_parquet_carries_the_description_of_each_column() -> None:
    field = arrow_schema(BACKUPS).field("resource_size")
    assert field.metadata is not None
    assert b"GB" in field.metadata[b"description"]


@pytest.mark.parametrize("table", [*NORMALIZED, *META, *POLICY], ids=lambda table: table.relation)
def test_duckdb_has_the_columns_and_types_of_the_contract(table: Table) -> None:
    with connect() as connection:
        connection.execute(f"CREATE SCHEMA {table.schema}")
        connection.execute(create_table(table))
        found = connection.execute(f"DESCRIBE {table.relation}").fetchall()
    assert [(name, kind) for name, kind, *_ in found] == [(c.name, c.type.sql) for c in table.columns]


def test_connections_keep_utc_and_tell_a_month_from_thirty_days() -> None:
    with connect() as connection:
        sql = "SELECT current_setting('TimeZone'), t + INTERVAL '1' MONTH <> t + INTERVAL '30' DAY FROM (SELECT TIMESTAMP '2026-01-01 00:00:00' AS t)"
        assert connection.execute(sql).fetchall() == [("UTC", True)]


def test_types_cover_what_a_column_may_be() -> None:
    with connect() as connection:
        for kind in Type:
            assert connection.execute(f"SELECT CAST(NULL AS {kind.sql})").fetchall() == [(None,)]
