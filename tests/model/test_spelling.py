"""What was perhaps meant."""

from __future__ import annotations

import pytest

from reconciler.model.spelling import did_you_mean, which_was_meant

KNOWN = ("commands", "display_name", "Job/nightly")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("comands", "commands"),
        ("displayName", "display_name"),
        ("DISPLAY-NAME", "display_name"),
        ("job/nightyl", "Job/nightly"),
        ("zeppelin", ""),
        ("", ""),
    ],
)
def test_what_was_perhaps_meant(word: str, meant: str) -> None:
    """Something close in letters; case, hyphens and underscores count for nothing; what is like nothing is nothing."""
    assert did_you_mean(word, KNOWN) == meant


def test_nothing_is_known() -> None:
    """Where there is nothing to mean, nothing was meant."""
    assert did_you_mean("x", ()) == ""


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Job/nightyl", "Job/nightly"),
        ("Jbo/nightly", "Job/nightly"),
        ("App/bwa@2.0.0", "App/bwa@2.1.0"),
        ("App/bwa", "App/bwa@2.1.0"),
        ("bwaa@2.1", "App/bwa@2.1.0"),
        ("App/star@1.0.0", ""),
        ("App/x@1.0.0", ""),
        ("App/", ""),
    ],
)
def test_which_thing_was_perhaps_meant(written: str, meant: str) -> None:
    """The name decides, then the rest: things of one kind and version are not alike because of that."""
    assert which_was_meant(written, ["Job/nightly", "App/bwa@1.0.0", "App/bwa@2.1.0"]) == meant
