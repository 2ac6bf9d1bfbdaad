"""At most one live task per submission key on the real wire, whatever dies or gets lost, at any request of an apply."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.localplatform.store import Query
from tests.providers.hai.opened import OWNER, at, opened, spec
from tests.support.crashing import Fault
from tests.support.submitting import Submission, check

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform


def _chains(platform: Platform) -> list[tuple[str, list[str]]]:
    chains = platform.services.store.find(Query("hai", "Chain")).entities
    return [(chain.id, chain.body["tags"]) for chain in chains]


SUBMISSION = Submission(at("t"), spec("t"), OWNER, opened, _chains)


@pytest.mark.parametrize("fault", [Fault.KILL, Fault.LOST, Fault.THROTTLED, Fault.UNREACHABLE])
def test_one_fault_anywhere_makes_one_task(tmp_path: Path, fault: Fault) -> None:
    """Every request and every durable write of an undisturbed apply is hit in turn."""
    crossings = check(SUBMISSION, tmp_path / "calm", {})
    assert crossings > 6
    for crossing in range(crossings):
        check(SUBMISSION, tmp_path / f"at-{crossing}", {crossing: fault})


def test_a_lost_answer_and_a_death_after_it_make_one_task(tmp_path: Path) -> None:
    """Two misfortunes in a row, at every pair of boundaries around the create."""
    crossings = check(SUBMISSION, tmp_path / "calm", {})
    for first in range(crossings):
        check(SUBMISSION, tmp_path / f"pair-{first}", {first: Fault.LOST, first + 1: Fault.KILL, first + 3: Fault.LOST})
