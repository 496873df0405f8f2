"""Vaults and the resources associated with them: ListVault.

Mind the units: capacity is sent in GB, what is used of it in MB.
"""

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.keys import EXTRA, READ_IN, SCOPE, api

STRING, INTEGER, BOOLEAN, JSON = Type.STRING, Type.INTEGER, Type.BOOLEAN, Type.JSON


def _billing(name: str, kind: Type, doc: str, **options: object) -> Column:
    return Column(f"billing_{name}", kind, doc, path=("billing", name), **options)  # type: ignore[arg-type]


VAULTS = Table(
    "cbr",
    "vaults",
    "One row per vault of a scope.",
    ("scope", "snapshot_id", "id"),
    (
        SCOPE,
        READ_IN,
        api("id", STRING, "ID of the vault.", "存储库ID", required=True),
        api("name", STRING, "Name of the vault.", "存储库名称"),
        api("description", STRING, "Description of the vault."),
        api("created_at", Type.TIMESTAMP, "When the vault was created.", "创建时间"),
        api("project_id", STRING, "ID of the project of the vault.", "项目ID"),
        api("enterprise_project_id", STRING, "ID of the enterprise project. '0' is the default.", "企业项目id"),
        api("provider_id", STRING, "ID of the backup provider: server, disk, SFS Turbo or another."),
        api("user_id", STRING, "ID of the user who created the vault."),
        api("locked", BOOLEAN, "Whether backups are locked until they expire. Null where the service has no lock."),
        api("auto_expand", BOOLEAN, "Whether the capacity grows by itself."),
        api("auto_bind", BOOLEAN, "Whether resources are associated by their tags."),
        api("bind_rules", JSON, "Tags of the resources that are associated automatically.", is_open=True),
        api("threshold", INTEGER, "Used share of the capacity that is notified.", unit="percent"),
        api("smn_notify", BOOLEAN, "Whether the service notifies about the vault."),
        api("frozen", BOOLEAN, "Whether the vault is frozen."),
        api("cross_account", BOOLEAN, "Whether the vault accepts copies of another account."),
        api("cross_account_urn", STRING, "Identifier for copies of another account."),
        api("availability_zone", STRING, "Availability zone of the vault."),
        api("backup_name_prefix", STRING, "Prefix of the names of its automatic backups."),
        api("demand_billing", BOOLEAN, "Whether use beyond the capacity is billed."),
        api("cbc_delete_count", INTEGER, "Number of deletions by billing."),
        api("supplier", STRING, "Supplier of the vault."),
        api("sys_lock_source_service", STRING, "Service that locked the vault."),
        api("tags", JSON, "Tags: a list of key and value.", is_open=True),
        _billing("status", STRING, "Status.", known_values=("available", "lock", "frozen", "deleting", "error")),
        _billing("protect_type", STRING, "What the vault stores.", known_values=("backup", "replication", "hybrid")),
        _billing("object_type", STRING, "Kind of resource: server, disk, turbo or another."),
        _billing("size", INTEGER, "Capacity.", unit="GB"),
        _billing("used", INTEGER, "Used capacity.", unit="MB"),
        _billing("allocated", INTEGER, "Total size of the associated resources.", unit="GB"),
        _billing("charging_mode", STRING, "How the vault is paid: pre_paid or post_paid."),
        _billing("cloud_type", STRING, "Public or hybrid."),
        _billing("consistent_level", STRING, "Consistency of the backups: crash_consistent or app_consistent."),
        _billing("frozen_scene", STRING, "Why the vault is frozen."),
        _billing("is_multi_az", BOOLEAN, "Whether the vault is stored in several availability zones."),
        _billing("is_double_az", BOOLEAN, "Whether the vault is stored in two availability zones."),
        _billing("order_id", STRING, "ID of the order."),
        _billing("product_id", STRING, "ID of the product."),
        _billing("spec_code", STRING, "Specification of the vault."),
        _billing("storage_unit", STRING, "Name of the bucket of the vault."),
        _billing("partner_bp_id", STRING, "ID of the partner who is billed."),
        EXTRA,
    ),
)

_EXTRA_INFO = "extra_info"
VAULT_RESOURCES = Table(
    "cbr",
    "vault_resources",
    "One row per resource that is associated with a vault.",
    ("scope", "snapshot_id", "vault_id", "id"),
    (
        SCOPE,
        READ_IN,
        Column("vault_id", STRING, "ID of the vault.", required=True),
        api("id", STRING, "ID of the resource.", "待备份资源id", required=True),
        api("name", STRING, "Name of the resource.", "待备份资源名称"),
        api("type", STRING, "Type of the resource.", "待备份资源的类型"),
        api("size", INTEGER, "Size of the resource.", "资源已分配容量", unit="GB"),
        api("backup_size", INTEGER, "Size of its backups in the vault.", "副本大小", unit="MB"),
        api("backup_count", INTEGER, "Number of its backups in the vault.", "副本数量"),
        api("protect_status", STRING, "Status of the association.", "保护状态"),
        api("auto_protect", BOOLEAN, "Whether the policies of the vault back it up. Null is true."),
        api(_EXTRA_INFO, JSON, "Additional information, as received.", is_open=True),
        Column(
            f"{_EXTRA_INFO}_include_volumes",
            Type.STRINGS,
            "IDs of the disks that are backed up. Null or empty: all that are not excluded.",
            path=(_EXTRA_INFO, "include_volumes"),
        ),
        Column(
            f"{_EXTRA_INFO}_exclude_volumes",
            Type.STRINGS,
            "IDs of the disks that are left out.",
            path=(_EXTRA_INFO, "exclude_volumes"),
        ),
        EXTRA,
    ),
)
