"""What must not be written where: names of platforms in the core, junk-drawer modules, paths of one machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLATFORMS = ("ai4s", "modelarts", "pai_dlc", "pai-dlc", "aihub", "eihealth", "huawei", "alibaba")
HOME_OF_PLATFORMS = ("providers/", "localplatform/platforms/", "manifests/native")
JUNK = {"utils", "helpers", "common", "base", "manager", "misc", "util", "helper"}


def _core() -> list[Path]:
    sources = sorted((ROOT / "reconciler").rglob("*.py"))
    return [p for p in sources if not str(p.relative_to(ROOT / "reconciler")).startswith(HOME_OF_PLATFORMS)]


def _tracked() -> list[str]:
    return subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.parametrize("path", _core(), ids=lambda p: str(p.relative_to(ROOT)))
def test_the_core_names_no_platform(path: Path) -> None:
    """A platform's name stands only in its own places, so that a new platform changes nothing in the core."""
    text = path.read_text(encoding="utf-8").lower()
    found = [name for name in PLATFORMS if re.search(rf"(?<![a-z]){re.escape(name)}(?![a-z])", text)]
    assert not found


def test_no_junk_drawers() -> None:
    """A module is named by the noun it defines or the verb it does."""
    assert not [p for p in (ROOT / "reconciler").rglob("*.py") if p.stem in JUNK]


def test_no_unfinished_work() -> None:
    """Unfinished work is an open question for the team, not a comment."""
    words = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError")
    found = [str(p) for p in (ROOT / "reconciler").rglob("*.py") if words.search(p.read_text(encoding="utf-8"))]
    assert not found


def test_no_path_of_one_machine() -> None:
    """Nothing in the tree points into somebody's home or work folder. What containers mount below /root is no home."""
    pattern = re.compile(r"(^|[^A-Za-z0-9_./-])/(work/|root/\.|home/[a-z]+/)[A-Za-z.]")
    found = []
    for name in _tracked():
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".yaml", ".yml", ".txt", ".json", ".sh", ""} and path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            found += [f"{name}:{i}" for i, line in enumerate(text.splitlines(), 1) if pattern.search(line)]
    assert not found
