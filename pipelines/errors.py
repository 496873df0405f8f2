"""The errors that a user is meant to read. The command line prints them as one line and exits with 1.

WarehouseError
├── ConfigurationError     a setting, an argument or clouds.yaml is wrong
│   ├── PolicyError        policy.yaml or waivers.yaml is not valid
│   └── InputFileError     a file in the folder inputs of the home is not valid
├── ServiceError           a cloud can't be read
├── StorageError           the home or a file in it can't be used
│   ├── HomeLockedError    another run is at work in the home
│   └── DamagedFileError   a file is not what was written
├── PublicationError       the audits forbid the draft, or parts of it are stale
├── EvidenceError          a pack of evidence can't be written or verified
└── AlertError             the webhook did not accept a message
"""

from pipelines.text import printable


class WarehouseError(Exception):
    """Something the user can fix. `str()` is one line: the message, then the hint."""

    def __init__(self, message: str, hint: str, *, transient: bool = False) -> None:
        """Keep `message` (what is wrong) and `hint` (what to do) on one line, whatever was quoted in them.

        `transient` says that the error may go away by itself: trying again later makes sense.
        """
        self.message = printable(" ".join(message.split())).rstrip(".")
        self.hint = printable(" ".join(hint.split()))
        self.transient = transient
        super().__init__(f"{self.message}. {self.hint}")


class ConfigurationError(WarehouseError):
    """A setting, an argument or clouds.yaml is wrong."""


class PolicyError(ConfigurationError):
    """policy.yaml or waivers.yaml is not valid."""


class InputFileError(ConfigurationError):
    """A file in the folder inputs of the home is not valid."""


class ServiceError(WarehouseError):
    """A cloud can't be read."""


class StorageError(WarehouseError):
    """The home or a file in it can't be used."""


class HomeLockedError(StorageError):
    """Another run is at work in the home."""


class DamagedFileError(StorageError):
    """A file is not what was written."""


class PublicationError(WarehouseError):
    """The audits forbid the draft, or parts of what was published are stale."""


class EvidenceError(WarehouseError):
    """A pack of evidence can't be written or verified."""


class AlertError(WarehouseError):
    """The webhook did not accept a message."""
