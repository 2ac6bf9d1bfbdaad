"""At most one live task per submission key on the real wire, whatever dies or gets lost, at any request of an apply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.localplatform.store import Query
from tests.providers.hai.opened import OWNER, at, opened, spec
from tests.support.submitting import OneSubmission, Submission

if TYPE_CHECKING:
    from reconciler.localplatform.assembly import Platform


def _chains(platform: Platform) -> list[tuple[str, list[str]]]:
    chains = platform.services.store.find(Query("hai", "Chain")).entities
    return [(chain.id, chain.body["tags"]) for chain in chains]


class TestTask(OneSubmission):
    """By its tag, its name, and what was submitted."""

    submission = Submission(at("t"), spec("t"), OWNER, opened, _chains)
