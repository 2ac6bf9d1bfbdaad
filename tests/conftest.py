"""Options of the whole suite."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest import FixtureRequest, Parser  # noqa: PT013 - for types only

    from reconciler.localplatform.assembly import Platform
    from reconciler.localplatform.clock import Clock


def pytest_addoption(parser: Parser) -> None:
    """`--update-golden` rewrites what golden tests compare with; look at the difference before you commit it.

    `--slurm` lets tests use a cluster (`make test-slurm` starts one); without it they are not there.
    """
    parser.addoption("--update-golden", action="store_true", help="rewrite golden files instead of comparing")
    parser.addoption("--slurm", metavar="CONF", default="", help="slurm.conf of a cluster the slurm engine may use")
    parser.addoption("--slurm-rest", metavar="ADDRESS", default="", help="slurmrestd that is asked about jobs")
    parser.addoption("--slurm-token", metavar="FILE", default="", help="the token for it")
    parser.addoption(
        "--fan-out", metavar="N", default="1000", help="elements of the fan-out that is timed on a cluster"
    )


@pytest.fixture
def clock() -> Clock:
    """The time of the local platform, which stands still until it is moved."""
    from reconciler.localplatform.clock import Clock

    made = Clock()
    made.freeze()
    return made


@pytest.fixture
def platform(tmp_path: Path, clock: Clock) -> Iterator[Platform]:
    """A local platform in this process, whose work is over at once unless it says otherwise."""
    from tests.support.local_platform import local_platform

    with local_platform(tmp_path, clock=clock) as made:
        yield made


@pytest.fixture
def update_golden(request: FixtureRequest) -> bool:
    """Whether golden files are to be rewritten."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture
def golden(update_golden: bool) -> Callable[[str, str], None]:
    """Compares a text with the golden rendering of that name, or rewrites it."""
    folder = Path(__file__).parent / "rendering" / "golden"

    def compare(name: str, text: str) -> None:
        if update_golden:
            (folder / name).write_text(text, encoding="utf-8")
        assert (folder / name).read_text(encoding="utf-8") == text, f"{name}: look, then pytest --update-golden"

    return compare
