"""Bodies as bytes -> Structs, or the word that a body does not fit the contract.

A key that the contract does not know does not make a body unfit: it is added to the Structs from there on.
"""

import re
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from pipelines.normalize.structs import BACKUP, Decode, ObjectType, UnknownKey, decoders

NO_JSON = (b"", b"null")  # raw JSON of a key that is lacking, and of a null
MOST_UNKNOWN = 32  # keys a block; each makes a new set of Structs
_UNKNOWN_KEY = re.compile(r"Object contains unknown field `(.*?)`(?: - at `\$(.*)`)?", re.DOTALL)


class BodyDecoder:
    """Decodes the bodies of one block. The unknown keys that it met are forgotten with it.

    So a block gives the same rows in the same order, whatever was read before it and in whichever process.
    """

    def __init__(self, *, items: bool = False) -> None:
        """Decode answers of ShowBackup, or `items` of list pages."""
        self.items = items
        self._unknown: tuple[UnknownKey, ...] = ()
        self.structs = decoders()

    def decode(self, body: Any) -> Any:
        """Return the backup in a body as a Struct, or None if it does not fit."""
        if self.items:
            return self._decode(BACKUP, body)
        line = self._decode(None, body)
        return line and line.backup

    def decode_objects(self, kind: ObjectType, values: Iterable[Any]) -> list[Struct | None]:
        """Return raw JSON as Structs, null as an object without keys. None stands for what does not fit."""
        empty = self.structs.empty[kind]
        return [empty if bytes(value) in NO_JSON else self._decode(kind, value) for value in values]

    def _decode(self, kind: ObjectType | None, body: Any) -> Any:
        while True:
            try:
                return self._decoder(kind)(body)
            except msgspec.ValidationError as error:
                if not self._add_unknown(kind, str(error)):
                    return None
            except (ValueError, RecursionError):
                return None

    def _decoder(self, kind: ObjectType | None) -> Decode:
        """Return the decoder of an object; of a line where there is no kind."""
        if kind is None:
            return self.structs.line
        return self.structs.item if kind is BACKUP else self.structs.json_objects[kind]

    def _add_unknown(self, kind: ObjectType | None, error: str) -> bool:
        """Add the key that a decoder of `kind` refused, if it refused one; tell whether to try again."""
        refused = _UNKNOWN_KEY.fullmatch(error)
        if refused is None or len(self._unknown) == MOST_UNKNOWN:
            return False
        key, path = refused.groups()
        keys = re.sub(r"\[\d+\]", "", path or "").split(".")[1:]
        owner = kind or BACKUP
        for step in keys if kind else keys[1:]:
            inner = owner.objects.get(step) or owner.records.get(step)
            if inner is None:
                return False
            owner = inner
        unknown = UnknownKey(owner, key)
        if unknown in self._unknown:
            return False
        try:
            self.structs = decoders((*self._unknown, unknown))
        except ValueError:  # msgspec takes no key that JSON escapes
            return False
        self._unknown = (*self._unknown, unknown)
        return True
