"""Which addresses a command is about."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.errors import UsageError
from reconciler.model.address import Address
from reconciler.model.diagnostic import Source
from reconciler.model.manifest import Manifest
from reconciler.operations.selection import EVERYTHING, Selection, matches, no_such_kind, select

APP = Address("prod", "App", "lab", "fastqc@1.0.0")
JOB = Address("prod", "Job", "lab", "night/ly")
OTHER = Address("dev", "App", "-", "fastqc@2.0.0")
ROOT = Path("/project")


def _manifest(address: Address, file: str) -> Manifest:
    return Manifest(address, "p", {}, Source(file, 1))


MANIFESTS = (_manifest(APP, "apps/fastqc.yaml"), _manifest(JOB, "jobs/nightly.yaml"))


@pytest.mark.parametrize(
    ("glob", "means"),
    [
        ("fastqc@1.0.0", {APP}),
        ("fastqc@*", {APP, OTHER}),
        ("App/*", {APP, OTHER}),
        ("App/lab/*", {APP}),
        ("*/App/*/*", {APP, OTHER}),
        ("prod/*/*/*", {APP, JOB}),
        ("night%2Fly", {JOB}),
        ("Job/night%2Fly", {JOB}),
        ("*", {APP, JOB, OTHER}),
        ("night/ly", set()),
        ("app/*", set()),
        ("*/*/*/*/*", set()),
    ],
)
def test_globs(glob: str, means: set[Address]) -> None:
    """A glob may leave out target and scope; each part of it means one part of the address; case counts."""
    assert {address for address in (APP, JOB, OTHER) if matches(address, glob)} == means


def test_everything() -> None:
    """No words, no limit."""
    assert EVERYTHING.is_everything
    assert select(EVERYTHING, MANIFESTS, [OTHER], ROOT) is None


def test_only_and_except() -> None:
    """`--only` takes, `--except` takes out of it; what is only recorded can be named too."""
    assert select(Selection(only=("App/*",)), MANIFESTS, [OTHER], ROOT) == {APP, OTHER}
    assert select(Selection(without=("App/*",)), MANIFESTS, [OTHER], ROOT) == {JOB}
    assert select(Selection(only=("App/*",), without=("*@2*",)), MANIFESTS, [OTHER], ROOT) == {APP}


@pytest.mark.parametrize("path", ["/project/apps", "/project/apps/fastqc.yaml", "/project/./jobs/../apps"])
def test_paths(path: str) -> None:
    """A file or a folder means what is declared in it."""
    assert select(Selection(paths=(Path(path),)), MANIFESTS, [OTHER], ROOT) == {APP}


@pytest.mark.parametrize(
    "selection",
    [Selection(only=("Ap/*",)), Selection(without=("nope",)), Selection(paths=(Path("/project/nope"),))],
)
def test_what_means_nothing_is_an_error(selection: Selection) -> None:
    """A typo must not look like success."""
    with pytest.raises(UsageError):
        select(selection, MANIFESTS, [OTHER], ROOT)


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("Jbo", "Did you mean Job?"),
        ("job", "Did you mean Job?"),
        ("Job/hello", "Did you mean Job? A kind alone stands here; `reconciler status Job/hello` tells of one"),
        ("Zeppelin", "One of: App, Job, Workflow."),
    ],
)
def test_a_kind_that_does_not_exist(word: str, hint: str) -> None:
    """What was perhaps meant, whatever its case; an address in its place is told from a typo."""
    error = no_such_kind(word, {"App", "Workflow", "Job"}, " here")
    assert (error.message, error.hint.startswith(hint)) == (f"there is no kind {word!r} here", True), error.hint


@pytest.mark.parametrize(
    "glob", ["\u591c\u95f4", "Label/\u591c*", "ai4s/Label/demo/\u591c\u95f4", "Label/%E5%A4%9C%E9%97%B4", "Label/%E5*"]
)
def test_a_name_in_any_alphabet_is_meant_as_it_is_typed(glob: str) -> None:
    """Addresses are written in ASCII, and people type what they have called things."""
    address = Address("ai4s", "Label", "demo", "\u591c\u95f4")
    assert matches(address, glob)
    assert not matches(address, "Label/\u767d*")
    assert not matches(Address("ai4s", "Label", "demo", "100%25"), "Label/100%")
