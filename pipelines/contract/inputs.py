"""The inputs beside the backups: which call gives each, which permission it needs, and the tables that it fills.

An input that the account does not grant is recorded in meta.inputs; it never fails a reading and never passes a
control.
"""

from dataclasses import dataclass
from datetime import timedelta

from pipelines.contract.audit_events import AUDIT_EVENTS, SHARED_PROJECTS
from pipelines.contract.backup_policies import POLICIES, POLICY_VAULTS
from pipelines.contract.columns import Table
from pipelines.contract.operations import CHECKPOINTS, OPERATIONS, SKIPPED_RESOURCES
from pipelines.contract.protectables import PROTECTABLE_DISKS, PROTECTABLES
from pipelines.contract.vaults import VAULT_RESOURCES, VAULTS

GRANTED, NOT_GRANTED, FAILED = STATUSES = ("granted", "not_granted", "failed")


@dataclass(frozen=True, slots=True)
class Nested:
    """A table whose records are a list in each record of an input. `column` holds the ID of that record.

    A record may be its ID alone, and JSON text stands for what it spells.
    """

    table: Table
    column: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a scope. Its name is the kind of its parts in the landing."""

    name: str
    table: Table
    path: tuple[str, ...]  # keys that lead from a response to the list of records, or to the one record
    permission: str  # action of IAM that the call needs
    call: str
    purpose: str  # what can be judged with it
    nested: tuple[Nested, ...] = ()
    kept: timedelta | None = None  # how long the service keeps a record of a log

    @property
    def key(self) -> str:
        """The column with the ID of a record."""
        return self.table.key[-1]

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables that it fills."""
        return (self.table, *(nested.table for nested in self.nested))


INPUTS = (
    Input(
        "vaults",
        VAULTS,
        ("vaults",),
        "cbr:vaults:list",
        "ListVault",
        "capacity, lock, and which resources are associated",
        (Nested(VAULT_RESOURCES, "vault_id", ("resources",)),),
    ),
    Input(
        "policies",
        POLICIES,
        ("policies",),
        "cbr:policies:list",
        "ListPolicies",
        "schedules and retention of the service",
        (Nested(POLICY_VAULTS, "policy_id", ("associated_vaults",)),),
    ),
    Input(
        "protectables",
        PROTECTABLES,
        ("instances",),
        "cbr:vaults:listProtectables, ecs:cloudServers:list, evs:volumes:list",
        "ListProtectable",
        "what has no backup at all",
        (Nested(PROTECTABLE_DISKS, "server_id", ("children",)),),
    ),
    Input(
        "operations",
        OPERATIONS,
        ("operation_logs",),
        "cbr:tasks:list",
        "ListOpLogs",
        "skipped and missed runs, and restores",
        kept=timedelta(days=30),
    ),
    Input(
        "checkpoints",
        CHECKPOINTS,
        ("checkpoint",),
        "cbr:backups:get",
        "ShowCheckpoint",
        "which resources a run left out",
        (Nested(SKIPPED_RESOURCES, "checkpoint_id", ("vault", "skipped_resources")),),
        kept=timedelta(days=30),
    ),
    Input(
        "audit_events",
        AUDIT_EVENTS,
        ("traces",),
        "cts:trace:list",
        "CTS ListTraces",
        "who deleted or changed what",
        (Nested(SHARED_PROJECTS, "trace_id", ("request", "members")),),
        kept=timedelta(days=7),
    ),
)
INPUT_TABLES = tuple(table for source in INPUTS for table in source.tables)
