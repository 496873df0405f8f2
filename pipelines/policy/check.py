"""Reading and checking policy.yaml and waivers.yaml: every problem with its line, or the content of the file.

The checks themselves are in validation.py (shape), policy_checks.py and waiver_checks.py.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pipelines.errors import PolicyError
from pipelines.policy.document import Problem, read_document
from pipelines.policy.policy_checks import check_consistency
from pipelines.policy.schema import Policy, Waivers
from pipelines.policy.validation import validate
from pipelines.policy.waiver_checks import WaivableControl, check_against_controls


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A valid policy, and the hash of its file."""

    policy: Policy
    sha256: str


@dataclass(frozen=True, slots=True)
class WaiverFile:
    """Valid waivers, and the hash of their file."""

    waivers: Waivers
    sha256: str


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """Whether a file is a `policy` or a `waivers` file, and what is wrong with it."""

    kind: str
    problems: list[Problem]


def read_policy(path: Path) -> PolicyFile:
    """Return the policy in a file. Raise PolicyError with every problem if it is not valid."""
    data = _read_bytes(path)
    policy, problems = check_policy(_decode(path, data))
    if policy is None:
        raise _invalid_file_error("policy", path, problems)
    return PolicyFile(policy, sha256(data).hexdigest())


def read_waivers(path: Path, controls: Iterable[WaivableControl]) -> WaiverFile:
    """Return the waivers in a file. Raise PolicyError with every problem if they are not valid."""
    data = _read_bytes(path)
    waivers, problems = check_waivers(_decode(path, data), controls)
    if waivers is None:
        raise _invalid_file_error("waiver", path, problems)
    return WaiverFile(waivers, sha256(data).hexdigest())


def check_file(path: Path, controls: Iterable[WaivableControl]) -> CheckedFile:
    """Return the problems of a policy file or a waivers file. Raise PolicyError if it can't be read."""
    text = _decode(path, _read_bytes(path))
    value = read_document(text).value
    if isinstance(value, dict) and "waivers" in value:
        return CheckedFile("waivers", check_waivers(text, controls)[1])
    return CheckedFile("policy", check_policy(text)[1])


def check_policy(text: str) -> tuple[Policy | None, list[Problem]]:
    """Return the policy in a text, or None and its problems by line."""
    document = read_document(text)
    policy = validate(Policy, document)
    if policy:
        check_consistency(policy, document)
    return (None if document.problems else policy), sorted(set(document.problems))


def check_waivers(text: str, controls: Iterable[WaivableControl]) -> tuple[Waivers | None, list[Problem]]:
    """Return the waivers in a text, or None and their problems by line."""
    document = read_document(text)
    waivers = validate(Waivers, document)
    if waivers:
        check_against_controls(waivers, controls, document)
    return (None if document.problems else waivers), sorted(set(document.problems))


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PolicyError(f"{path} can't be read: {error.strerror}", "Name a file that can be read.") from None


def _decode(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise PolicyError(f"{path} is not UTF-8", "Save it as UTF-8.") from None


def _invalid_file_error(kind: str, path: Path, problems: Sequence[Problem]) -> PolicyError:
    messages = "; ".join(f"line {problem.line}: {problem.message}" for problem in problems)
    return PolicyError(
        f"the {kind} file {path} is not valid: {messages}", "Correct the file and run again; nothing was run."
    )
