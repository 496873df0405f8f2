"""The report of a published file: a page and a workbook, in a folder of the day that they are about.

Belongs here: where they lie, and that nobody sees half of them. Does not belong here: what they say (content.py) or how
they look (html.py, workbook.py).
"""

import os
import shutil
import time
import uuid
from pathlib import Path

from pipelines.clock import snapshot_id
from pipelines.reports.content import read_content
from pipelines.reports.html import page
from pipelines.reports.workbook import write_workbook
from pipelines.storage.connection import read_published
from pipelines.storage.files import create_private, disk_errors, make_private_folder
from pipelines.storage.home import Home

PAGE, WORKBOOK, LATEST = "compliance.html", "compliance.xlsx", "latest"
_DRAFT, _OLD = ".draft", ".old"
_ABANDONED = 3600.0  # seconds: no report takes as long


def write_report(home: Home) -> Path:
    """Write the report of the published file and return its page. `latest` points at the newest."""
    with disk_errors(home.path), read_published(home.warehouse) as connection:
        content = read_content(connection)
        newest = max((scope["as_of"] for scope in content.scopes if scope["as_of"]), default=None)
        _sweep(home.reports)
        folder = home.reports / (snapshot_id(newest) if newest else "nothing-complete")
        draft = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}{_DRAFT}")  # two may be made at the same time
        make_private_folder(draft)
        try:
            with os.fdopen(create_private(draft / PAGE), "w", encoding="utf-8") as file:
                file.write(page(content, home.warehouse))
            os.close(create_private(draft / WORKBOOK))  # whose mode stays
            write_workbook(connection, draft / WORKBOOK)
            _replace(folder, draft)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        _point(home.reports / LATEST, folder.name)
    return folder / PAGE


def _sweep(reports: Path) -> None:
    """Remove what killed reports left, and give back the one that was to be replaced."""
    for left in reports.glob(".*"):
        if time.time() - left.lstat().st_ctime < _ABANDONED:
            continue  # somebody may be making it now
        folder = reports / left.name.split(".")[1]
        if left.suffix == _OLD and not folder.exists():
            left.rename(folder)
        elif left.is_symlink():
            left.unlink(missing_ok=True)
        elif left.suffix in (_DRAFT, _OLD):
            shutil.rmtree(left, ignore_errors=True)


def _replace(folder: Path, draft: Path) -> None:
    """Let `folder` be `draft`; where that fails, it is what it was."""
    old = draft.with_suffix(_OLD)
    if folder.exists():
        folder.rename(old)
    try:
        draft.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _point(link: Path, name: str) -> None:
    """Let `latest` be `name`, in one step."""
    draft = link.with_name(f".{link.name}.{uuid.uuid4().hex}")
    draft.symlink_to(name)
    if link.is_dir() and not link.is_symlink():
        shutil.rmtree(link)  # a home that was copied has a folder in its place
    draft.replace(link)
