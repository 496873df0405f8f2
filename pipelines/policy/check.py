"""A policy file and a waiver file, checked whole: every problem with its line, or what they say.

Belongs here: what holds between keys (tiers that exist, rules that can't both decide, controls that are known), and
the words for it. Does not belong here: the shape of the files (schema.py).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from typing import TypeVar
from unicodedata import category, normalize
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ValidationError

from pipelines.errors import PolicyError, WarehouseError
from pipelines.policy.document import Document, Fault, read_document
from pipelines.policy.schema import PROJECT_WIDE, Policy, Rule, Waiver, Waivers

_DATE = re.compile(r"datetime\.date\((\d+), (\d+), (\d+)\)")  # as pydantic writes a bound
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Known:
    """What a waiver has to know of a control: how much a failure matters, and whether two people must accept it."""

    severity: str
    two_approvers: bool


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A policy that is valid, and the hash of its file."""

    policy: Policy
    sha256: str


@dataclass(frozen=True, slots=True)
class WaiverFile:
    """Waivers that are valid, and the hash of their file."""

    waivers: Waivers
    sha256: str


def read_policy(path: Path) -> PolicyFile:
    """Return the policy of a file. Raises WarehouseError with every fault and its line where it is not valid."""
    data = _bytes(path)
    policy, faults = check_policy(_text(path, data))
    if policy is None:
        raise _refused("policy", path, faults)
    return PolicyFile(policy, sha256(data).hexdigest())


def read_waivers(path: Path, controls: Mapping[str, Known]) -> WaiverFile:
    """Return the waivers of a file, by the controls that there are. Raises WarehouseError as read_policy does."""
    data = _bytes(path)
    waivers, faults = check_waivers(_text(path, data), controls)
    if waivers is None:
        raise _refused("waiver", path, faults)
    return WaiverFile(waivers, sha256(data).hexdigest())


def check_policy(text: str) -> tuple[Policy | None, list[Fault]]:
    """Return the policy of a text, or None and all that is wrong with it, by line."""
    document = read_document(text)
    policy = _shaped(Policy, document)
    if policy:
        document.faults += _between_rules(policy, document)
    return (None if document.faults else policy), sorted(set(document.faults))


def check_waivers(text: str, controls: Mapping[str, Known]) -> tuple[Waivers | None, list[Fault]]:
    """Return the waivers of a text, or None and all that is wrong with them, by line."""
    document = read_document(text)
    waivers = _shaped(Waivers, document)
    if waivers:
        seen: set[str] = set()
        for number, waiver in enumerate(waivers.waivers):
            at = document.line(("waivers", number))
            if waiver.id in seen:
                document.faults.append(
                    Fault(document.line(("waivers", number, "id")), f"the id {waiver.id} stands twice")
                )
            seen.add(waiver.id)
            document.faults += (Fault(at, f"waiver {waiver.id}: {what}") for what in _about(waiver, controls))
    return (None if document.faults else waivers), sorted(set(document.faults))


def _shaped(model: type[_Model], document: Document) -> _Model | None:
    if document.value is None:
        return None
    try:
        return model.model_validate(document.value)
    except ValidationError as error:
        for found in error.errors(include_url=False):
            path = tuple(part for part in found["loc"] if part != "[key]")
            document.faults.append(Fault(document.line(path), _words(model, path, found["type"], found["msg"])))
        return None


def _words(model: type[BaseModel], path: tuple[str | int, ...], kind: str, said: str) -> str:
    where = ".".join(str(part) for part in path) or "the file"
    if kind == "extra_forbidden":
        near = get_close_matches(str(path[-1]), _names(model), 1, 0.5)
        return f"{where} is no key that is known here" + (f"; did you mean {near[0]}?" if near else "")
    said = _DATE.sub(lambda found: str(date(*map(int, found.groups()))), said)
    return f"{where} is missing" if kind == "missing" else f"{where}: {said[0].lower()}{said[1:]}"


def _names(model: type[BaseModel]) -> list[str]:
    """Return every key that stands anywhere in a file of this shape."""
    schema = model.model_json_schema()
    return [name for one in (schema, *schema.get("$defs", {}).values()) for name in one.get("properties", {})]


def _between_rules(policy: Policy, document: Document) -> Iterator[Fault]:
    try:
        ZoneInfo(policy.report_timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield Fault(document.line(("report_timezone",)), f"report_timezone {policy.report_timezone} is no time zone")
    if policy.default_tier not in policy.tiers:
        yield Fault(document.line(("default_tier",)), f"default_tier {policy.default_tier} is none of tiers")
    ids: set[str] = {"default"}
    every: tuple[tuple[str, Sequence[Rule]], ...] = (("assignments", policy.assignments), ("exclude", policy.exclude))
    for name, rules in every:
        for number, rule in enumerate(rules):
            if rule.id in ids:
                yield Fault(document.line((name, number, "id")), f"the id {rule.id} stands for another rule already")
            ids.add(rule.id)
            if len({selector for selector, _ in selections(rule.match)}) != 1:
                words = f"rule {rule.id}: match must name exactly one selector"
                yield Fault(document.line((name, number, "match")), words)
    yield from _between_assignments(policy, document)


def _between_assignments(policy: Policy, document: Document) -> Iterator[Fault]:
    decided: dict[tuple[int, str, str], str] = {}
    for number, rule in enumerate(policy.assignments):
        path = ("assignments", number)
        if rule.tier not in policy.tiers:
            yield Fault(document.line((*path, "tier")), f"rule {rule.id}: tier {rule.tier} is none of tiers")
        for selector, value in selections(rule.match):
            other = decided.setdefault((rule.priority, selector, value), rule.id)
            if other != rule.id:
                words = f"rules {other} and {rule.id} have the same priority and both match {selector} {value}"
                yield Fault(document.line((*path, "priority")), words)


def _about(waiver: Waiver, controls: Mapping[str, Known]) -> Iterator[str]:
    known = controls.get(waiver.control_id)
    if known is None:
        near = get_close_matches(waiver.control_id, controls, 1)
        yield f"there is no control {waiver.control_id}" + (f"; did you mean {near[0]}?" if near else "")
        return
    if len(selected := selections(waiver.match)) != 1:
        yield "match must name exactly one selector"
    elif selected[0][0] in PROJECT_WIDE and not waiver.scope_approver:
        yield "a waiver for a whole project needs a scope_approver"
    if len(_people(waiver.owner, waiver.approver)) < 2:
        yield "owner and approver must be two people"
    if waiver.expires < waiver.created:
        yield "it expires before it was created"
    most = timedelta(days=180 if known.severity == "critical" else 365)
    if waiver.expires - waiver.created > most:
        yield f"it lasts longer than {most.days} days, the most for a control that is {known.severity}"
    yield from _of_two_people(waiver, known)


def _of_two_people(waiver: Waiver, known: Known) -> Iterator[str]:
    """What only controls about lost or shortened backups ask for, and no others."""
    if known.two_approvers:
        if len(_people(waiver.owner, waiver.approver, waiver.second_approver)) < 3:
            yield f"{waiver.control_id} needs a second_approver, who is neither owner nor approver"
        if not waiver.backup_ids:
            yield f"{waiver.control_id} needs the exact backup_ids"
    elif waiver.second_approver or waiver.backup_ids:
        yield f"{waiver.control_id} asks for no second_approver and no backup_ids"


def _people(*names: str | None) -> set[str]:
    """Return who is named, each once: case, spaces around a name and forms of its letters make nobody else of it."""
    return {_letters(_letters(name).casefold()).strip() for name in names if name}


def _letters(text: str) -> str:
    """Return a text without compatibility forms and without what can't be seen."""
    return "".join(c for c in normalize("NFKC", text) if category(c) != "Cf")


def selections(match: BaseModel) -> list[tuple[str, str]]:
    """Return the selector and value pairs that a match names."""
    named = match.model_dump(exclude_unset=True)
    return [(name, v) for name, value in named.items() for v in ([value] if isinstance(value, str) else value)]


def text_of(path: Path) -> str:
    """Return the text of a file. Raises WarehouseError if it can't be read."""
    return _text(path, _bytes(path))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PolicyError(f"{path} can't be read: {error.strerror}", "Name a file that can.") from None


def _text(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise PolicyError(f"{path} is not UTF-8", "Save it as UTF-8.") from None


def _refused(kind: str, path: Path, faults: Iterable[Fault]) -> WarehouseError:
    said = "; ".join(f"line {fault.line}: {fault.message}" for fault in faults)
    return PolicyError(f"the {kind} file {path} is not valid: {said}", "Nothing was run.")


def listed(faults: Iterable[Fault], path: Path) -> list[str]:
    """Return a line a fault, as compilers write them."""
    return [f"{path}:{fault.line}: {fault.message}" for fault in faults]
