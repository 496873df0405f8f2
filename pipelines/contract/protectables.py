"""Resources that could be backed up, and the disks of servers: ListProtectable."""

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.keys import EXTRA, READ_IN, SCOPE, api

STRING, INTEGER, BOOLEAN, JSON = Type.STRING, Type.INTEGER, Type.BOOLEAN, Type.JSON


def _detail(name: str, kind: Type, doc: str, key: str = "") -> Column:
    return Column(f"detail_{name}", kind, doc, path=("detail", key or name))


def _protectable(name: str, kind: Type, doc: str, *path: str) -> Column:
    return Column(f"protectable_{name}", kind, doc, path=("protectable", *(path or (name,))))


PROTECTABLES = Table(
    "cbr",
    "protectables",
    "One row per server, disk or SFS Turbo file system of a scope, backed up or not.",
    ("scope", "snapshot_id", "id"),
    (
        SCOPE,
        READ_IN,
        api("id", STRING, "ID of the resource.", required=True),
        api("name", STRING, "Name of the resource."),
        api("type", STRING, "Type of the resource."),
        api("size", INTEGER, "Size of the resource.", unit="GB"),
        api("status", STRING, "Status of the resource."),
        _protectable("result", BOOLEAN, "Whether the service can back the resource up."),
        _protectable("code", STRING, "Error code if it can't."),
        _protectable("reason", STRING, "Reason why it can't."),
        _protectable("message", STRING, "Message if it can't."),
        Column(
            "protectable_vault",
            JSON,
            "Vault that the resource is associated with, as received.",
            path=("protectable", "vault"),
            is_open=True,
        ),
        _protectable("vault_id", STRING, "ID of the vault that the resource is associated with.", "vault", "id"),
        api("vault_id", STRING, "ID of the vault, as newer services send it."),
        api("vault_name", STRING, "Name of the vault, as newer services send it."),
        api("detail", JSON, "The resource in the words of its own service, as received.", is_open=True),
        _detail("created", Type.TIMESTAMP, "When a server was created."),
        _detail("created_at", Type.TIMESTAMP, "When a disk or file system was created."),
        _detail("enterprise_project_id", STRING, "ID of the enterprise project of the resource."),
        _detail("bootable", BOOLEAN, "Whether a disk is bootable."),
        _detail("encrypted", BOOLEAN, "Whether a disk is encrypted."),
        EXTRA,
    ),
)

PROTECTABLE_DISKS = Table(
    "cbr",
    "protectable_disks",
    "One row per disk of a server that could be backed up.",
    ("scope", "snapshot_id", "server_id", "id"),
    (
        SCOPE,
        READ_IN,
        Column("server_id", STRING, "ID of the server.", required=True),
        api("id", STRING, "ID of the disk.", required=True),
        api("name", STRING, "Name of the disk."),
        api("type", STRING, "Type of the resource."),
        api("size", INTEGER, "Size of the disk.", unit="GB"),
        api("status", STRING, "Status of the disk."),
        api("children", JSON, "Parts of the disk, as received.", is_open=True),
        api("protectable", JSON, "Whether the service can back the disk up, as received.", is_open=True),
        api("detail", JSON, "The disk in the words of its own service, as received.", is_open=True),
        _detail("bootable", BOOLEAN, "Whether the disk is bootable."),
        _detail("encrypted", BOOLEAN, "Whether the disk is encrypted."),
        EXTRA,
    ),
)
