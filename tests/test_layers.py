"""The order of imports: a package imports only what stands above it."""

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "pipelines"
# From what knows nothing to what knows all. Packages in one line may not import each other.
LAYERS = (
    {"text"},
    {"errors"},
    {"clock", "config", "contract"},
    {"storage"},
    {"landing", "sandbox"},
    {"tables"},
    {"policy"},
    {"models"},
    {"history"},
    {"extract", "normalize"},
    {"warehouse"},
    {"flow"},
    {"reports", "alerts"},
    {"evidence"},
    {"cli", "orchestration", "definitions"},
)
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
# The command line runs the same Dagster job; neither is below the other.
ALLOWED = {("cli", "orchestration"), ("definitions", "orchestration"), ("definitions", "config")}


def _imports() -> list[tuple[str, str, str]]:
    """Every import of one package by another: importer, imported, file."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        importer = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "pipelines":
                parts = node.module.split(".")
                names = [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]
                found += [(importer, name, str(path.relative_to(PACKAGE))) for name in names if name != importer]
    return found


def test_every_module_and_package_at_the_root_has_its_layer() -> None:
    names = {
        path.name.removesuffix(".py") for path in PACKAGE.iterdir() if path.suffix == ".py" or any(path.glob("*.py"))
    }
    names.discard("__init__")
    assert names == RANK.keys()


def test_imports_go_one_way() -> None:
    upward = [
        f"{file} imports {name}"
        for importer, name, file in _imports()
        if importer in RANK and (importer, name) not in ALLOWED and RANK[name] >= RANK[importer]
    ]
    assert upward == []


def test_only_orchestration_imports_dagster() -> None:
    importers = {
        path.relative_to(PACKAGE).parts[0]
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names])
        if name.split(".")[0] == "dagster"
    }
    assert importers <= {"orchestration", "definitions.py"}


@pytest.mark.parametrize("module", ["pipelines", "pipelines.flow.build", "pipelines.cli"])
def test_an_import_changes_nothing(module: str) -> None:
    assert importlib.util.find_spec(module)
    check = f"""
import logging, os
before = os.umask(0o22), logging.root.level, dict(os.environ), sorted(os.listdir('.'))
os.umask(before[0])
import {module}
after = os.umask(0o22), logging.root.level, dict(os.environ), sorted(os.listdir('.'))
assert before == after, (before, after)
"""
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
