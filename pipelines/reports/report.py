"""Write the report of a published file, a page and a workbook, in one step, for `cbr-warehouse report`.

A report is a folder named after its newest snapshot. The link `latest` points at the newest report.
"""

import os
import shutil
import time
import uuid
from pathlib import Path

from pipelines.clock import snapshot_id
from pipelines.reports.html import render_page
from pipelines.reports.page_data import read_page_data
from pipelines.reports.workbook import write_workbook
from pipelines.storage.connection import read_published
from pipelines.storage.files import create_private, disk_errors, make_private_folder
from pipelines.storage.home import Home

PAGE, WORKBOOK, LATEST = "compliance.html", "compliance.xlsx", "latest"
_DRAFT, _OLD = ".draft", ".old"
_ABANDONED_SECONDS = 3600.0  # no report takes as long


def write_report(home: Home) -> Path:
    """Write the report of the published file of `home`, and return the path of the page.

    Raise StorageError if the file can't be read or the report can't be written.
    """
    with disk_errors(home.path), read_published(home.warehouse) as connection:
        data = read_page_data(connection)
        _clean_up(home.reports)
        folder = home.reports / (snapshot_id(data.newest_as_of) if data.newest_as_of else "nothing-complete")
        draft = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}{_DRAFT}")  # another run may write the same report
        make_private_folder(draft)
        try:
            with os.fdopen(create_private(draft / PAGE), "w", encoding="utf-8") as file:
                file.write(render_page(data, home.warehouse))
            os.close(create_private(draft / WORKBOOK))  # XlsxWriter keeps its mode
            write_workbook(connection, draft / WORKBOOK)
            _replace(folder, draft)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        _point_link(home.reports / LATEST, folder.name)
    return folder / PAGE


def _clean_up(reports: Path) -> None:
    """Remove leftovers of killed runs, and restore a report that one of them was replacing."""
    for leftover in reports.glob(".*"):
        if time.time() - leftover.lstat().st_ctime < _ABANDONED_SECONDS:
            continue  # another run may be writing it
        folder = reports / leftover.name.split(".")[1]
        if leftover.suffix == _OLD and not folder.exists():
            leftover.rename(folder)
        elif leftover.is_symlink():
            leftover.unlink(missing_ok=True)
        elif leftover.suffix in (_DRAFT, _OLD):
            shutil.rmtree(leftover, ignore_errors=True)


def _replace(folder: Path, draft: Path) -> None:
    """Replace `folder` by `draft`. If that fails, `folder` is unchanged."""
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


def _point_link(link: Path, target: str) -> None:
    """Point the symbolic link `link` at `target`, in one step."""
    draft = link.with_name(f".{link.name}.{uuid.uuid4().hex}")
    draft.symlink_to(target)
    if link.is_dir() and not link.is_symlink():
        shutil.rmtree(link)  # copying a home may turn the link into a folder
    draft.replace(link)
