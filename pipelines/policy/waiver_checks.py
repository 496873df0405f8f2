"""Checks of waivers that need the controls: how long a waiver may last, and who must have approved it."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Protocol
from unicodedata import category, normalize

from pipelines.policy.document import Document
from pipelines.policy.schema import PROJECT_WIDE, Waiver, Waivers, selections
from pipelines.policy.validation import suggestion

_MAX_DAYS, _MAX_DAYS_CRITICAL = 365, 180


class WaivableControl(Protocol):
    """What the check of a waiver needs to know about its control."""

    @property
    def id(self) -> str:
        """The id of the control."""

    @property
    def severity(self) -> str:
        """How much a failure matters."""

    @property
    def needs_two_approvers(self) -> bool:
        """Whether two people must accept a waiver, which then names the exact backups."""


def check_against_controls(waivers: Waivers, controls: Iterable[WaivableControl], document: Document) -> None:
    """Add a problem to `document` for every waiver that its control does not allow."""
    controls_by_id = {control.id: control for control in controls}
    ids: set[str] = set()
    for number, waiver in enumerate(waivers.waivers):
        if waiver.id in ids:
            document.add_problem(("waivers", number, "id"), f"the id {waiver.id} is used twice")
        ids.add(waiver.id)
        for message in _messages(waiver, controls_by_id):
            document.add_problem(("waivers", number), f"waiver {waiver.id}: {message}")


def _messages(waiver: Waiver, controls: Mapping[str, WaivableControl]) -> Iterator[str]:
    control = controls.get(waiver.control_id)
    if control is None:
        yield f"there is no control {waiver.control_id}{suggestion(waiver.control_id, list(controls))}"
        return
    selected = selections(waiver.match)
    if len(selected) != 1:
        yield "match must name exactly one selector"
    elif selected[0][0] in PROJECT_WIDE and not waiver.scope_approver:
        yield "a waiver for a whole project needs a scope_approver"
    if _count_people(waiver.owner, waiver.approver) < 2:
        yield "owner and approver must be two people"
    if waiver.expires < waiver.created:
        yield "it expires before it was created"
    max_days = _MAX_DAYS_CRITICAL if control.severity == "critical" else _MAX_DAYS
    if waiver.expires - waiver.created > timedelta(days=max_days):
        yield f"it lasts longer than {max_days} days, the maximum for a control of severity {control.severity}"
    yield from _approval_messages(waiver, control)


def _approval_messages(waiver: Waiver, control: WaivableControl) -> Iterator[str]:
    """Check what only controls about lost or shortened backups need."""
    if control.needs_two_approvers:
        if _count_people(waiver.owner, waiver.approver, waiver.second_approver) < 3:
            yield f"{waiver.control_id} needs a second_approver, who is neither owner nor approver"
        if not waiver.backup_ids:
            yield f"{waiver.control_id} needs the exact backup_ids"
    elif waiver.second_approver or waiver.backup_ids:
        yield f"{waiver.control_id} takes no second_approver and no backup_ids"


def _count_people(*names: str | None) -> int:
    """Count different people. Case, surrounding spaces and Unicode forms do not make another person."""
    return len({_normalized(_normalized(name).casefold()).strip() for name in names if name})


def _normalized(text: str) -> str:
    """Return a text without compatibility forms and without invisible characters."""
    return "".join(character for character in normalize("NFKC", text) if category(character) != "Cf")
