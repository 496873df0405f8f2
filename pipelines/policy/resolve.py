"""The rules that a run judges by: the policies and the waivers, the policy in force on a date, and derived parameters.

rows.py turns them into the rows of the policy tables; files.py finds the files.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from itertools import pairwise

from pipelines.errors import PolicyError
from pipelines.policy.check import PolicyFile, WaiverFile, read_policy, read_waivers
from pipelines.policy.fields import FIRST_DAY
from pipelines.policy.files import RuleFiles
from pipelines.policy.parameters import Tier
from pipelines.policy.schema import Policy
from pipelines.policy.waiver_checks import WaivableControl

# Used where nobody wrote a policy: daily backups, kept for a month, encrypted, with a copy in another region.
BUILT_IN = Policy.model_validate(
    {
        "version": 1,
        "policy_id": "built-in",
        "effective_from": FIRST_DAY,
        "tiers": {"standard": {}},
        "default_tier": "standard",
    }
)
_USUAL_POINTS, _USUAL_DAYS = 7, 5  # the depth that is required where a tier sets none


@dataclass(frozen=True, slots=True)
class Rules:
    """The policies, in order of their dates, and the waivers."""

    policies: tuple[PolicyFile, ...] = ()
    waivers: WaiverFile | None = None

    def policy_at(self, as_of: datetime) -> PolicyFile | None:
        """Return the newest policy that is effective by `as_of` (UTC), or None for the built-in policy."""
        effective = [file for file in self.policies if datetime.combine(file.policy.effective_from, time()) <= as_of]
        return effective[-1] if effective else None


def read_rules(controls: Iterable[WaivableControl], files: RuleFiles) -> Rules:
    """Return the content of the policy and waiver files. Raise PolicyError with every problem."""
    policies = sorted((read_policy(path) for path in files.policies), key=lambda file: file.policy.effective_from)
    for earlier, later in pairwise(policies):
        if earlier.policy.effective_from == later.policy.effective_from:
            raise PolicyError(
                f"two policies in {files.policies[0].parent} are in force from {later.policy.effective_from}",
                "Give each of them a date of its own.",
            )
    waivers = read_waivers(files.waivers, controls) if files.waivers else None
    waiver_ids = {waiver.id for waiver in waivers.waivers.waivers} if waivers else set()
    shared_ids = waiver_ids & {exclusion.id for file in policies for exclusion in file.policy.reviewed}
    if shared_ids:
        raise PolicyError(
            f"{min(shared_ids)} is the id of an exclusion in the policy and of a waiver in {files.waivers}",
            "Give one of them another id: results name it.",
        )
    return Rules(tuple(policies), waivers)


def with_derived_depth(tier: Tier) -> Tier:
    """Return a tier with its unset parameters derived from its RPO and retention, and not above the usual depth."""
    possible_points = max(1, tier.min_retention_days * 24 // tier.rpo_hours)
    possible_days = max(1, min(possible_points, tier.min_retention_days))
    derived = {
        "min_points": min(_USUAL_POINTS, possible_points),
        "min_distinct_days": min(_USUAL_DAYS, possible_days),
        "min_replica_retention_days": tier.min_retention_days,
    }
    return tier.model_copy(update={name: value for name, value in derived.items() if getattr(tier, name) is None})
