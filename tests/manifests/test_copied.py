"""What a platform shows of ours is not to be declared again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.manifests.declared import load_text

if TYPE_CHECKING:
    from pathlib import Path

MARK = "rc-0123abcd-0123456789abcdef0123"
JOB = "job:\n  name: j\n  workflow_id: w::1.0.0\n  %s\n"


@pytest.mark.parametrize(
    "written",
    [
        f"labels: [mine, {MARK}]",
        f'description: "nightly [{MARK}]"',
        f'description: "[{MARK} after 12]"',
        f'labels: ["rc\\x2d{MARK[3:]}"]',
    ],
)
def test_a_mark_that_was_copied_is_told(tmp_path: Path, written: str) -> None:
    """At its place, in a native file as well: with two marks on it a run could not be told from another."""
    loaded = load_text(tmp_path, JOB % written)
    (finding,) = loaded.diagnostics
    assert (finding.code, finding.source and finding.source.line) == ("manifest.mark", 4)
    assert loaded.manifests == ()


@pytest.mark.parametrize("written", ["labels: [rc-1, rc-0123abcd]", f"description: see {MARK}x and {MARK[:-1]}"])
def test_what_only_looks_like_one_is_the_authors(tmp_path: Path, written: str) -> None:
    """A label of theirs may begin as they like."""
    assert load_text(tmp_path, JOB % written).diagnostics == ()
