"""manifest.json of a pack: the hashes of its files and results, and a link to the previous pack.

Because every manifest contains the hash of the one before, a pack can't be changed or removed without a trace.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipelines.landing.manifest import Part
from pipelines.storage.files import sha256_of
from pipelines.storage.home import Home
from pipelines.storage.manifests import read_manifest

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class PackedSnapshot:
    """One snapshot that the results are about."""

    scope: str
    snapshot_id: str
    as_of: datetime
    listed: int
    rows: dict[str, int]  # by table
    rejects: dict[str, int]  # by table
    landed: dict[str, Part]  # by file name


@dataclass(frozen=True, slots=True)
class PreviousPack:
    """The pack that was made before, by the name of its folder."""

    pack: str
    manifest_sha256: str
    result_sha256: str


@dataclass(frozen=True, slots=True)
class PackManifest:
    """The content of manifest.json."""

    made_at: datetime
    tool_version: str
    snapshots: list[PackedSnapshot]
    results: int
    result_sha256: str
    compared_with: str  # what the recomputed results were compared with
    previous: PreviousPack | None
    input_files: dict[str, datetime]  # name of a file in home/inputs -> when it was modified, which a copy may lose
    files: dict[str, str]  # path in the pack -> SHA-256


def read_pack_manifest(folder: Path, hint: str) -> PackManifest | None:
    """Return the manifest of a pack, or None if `folder` has none. Raise DamagedFileError if it can't be read."""
    return read_manifest(folder / MANIFEST, PackManifest, hint)


def previous_pack(home: Home) -> PreviousPack | None:
    """Return the newest pack of `home`, or None if there is none."""
    hint = "Restore it from a copy, or move its folder away: the next pack then refers to the one before."
    manifests = {path.parent: read_pack_manifest(path.parent, hint) for path in home.evidence.glob(f"*/{MANIFEST}")}
    packs = [(manifest.made_at, folder, manifest) for folder, manifest in manifests.items() if manifest]
    if not packs:
        return None
    _, folder, manifest = max(packs, key=lambda pack: pack[:2])
    return PreviousPack(folder.name, sha256_of(folder / MANIFEST), manifest.result_sha256)
