"""Every status of both APIs is mapped, and what a later release may bring is shown and concludes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.model.resource import Phase
from reconciler.providers.modelarts.offers import Offers
from reconciler.providers.modelarts.phases import V1, V2, of_v1, of_v2
from reconciler.providers.modelarts.place import Place
from reconciler.providers.modelarts.training_job import TrainingJob
from reconciler.providers.modelarts.training_job_v2 import TrainingJobV2
from tests.providers.modelarts.opened import at

if TYPE_CHECKING:
    from reconciler.providers.exchange import Call

TABLE = {
    Phase.UNKNOWN: (0, 20),
    Phase.PENDING: (1, 2, 4, 7, 18),
    Phase.RUNNING: (8, 15, 19),
    Phase.STOPPING: (9,),
    Phase.SUCCEEDED: (10,),
    Phase.FAILED: (3, 5, 6, 11, 14, 16, 17, 21, 22),
    Phase.CANCELLED: (12, 13),
}
TERMINAL = {3, 5, 6, 10, 11, 12, 13, 14, 16, 17, 21, 22}


def test_the_table_has_every_number_once() -> None:
    """0 to 22, none left out."""
    assert sorted(number for numbers in TABLE.values() for number in numbers) == list(range(23)) == sorted(V1)


@pytest.mark.parametrize("number", range(23))
@pytest.mark.parametrize("write", [int, str])
def test_each_number(number: int, write: Any) -> None:
    """As a number or as a text it means the same phase, and whether it is an end is right."""
    phase, name = of_v1(write(number))
    assert number in TABLE[phase]
    assert phase.ended == (number in TERMINAL)
    assert name.isupper()


def test_each_word() -> None:
    """The eight phases of v2: four are ends."""
    assert {word for word, phase in V2.items() if phase.ended} == {"Completed", "Failed", "Terminated", "Abnormal"}
    assert {word: of_v2(word)[0] for word in V2} == dict(V2)
    assert of_v2("Terminating")[0] is Phase.STOPPING
    assert of_v2("Creating")[0] is of_v2("Pending")[0] is Phase.PENDING


@pytest.mark.parametrize(
    ("value", "shown"), [(23, "23"), (-1, "-1"), ("99", "99"), ("odd", "odd"), (None, ""), ([], "[]"), (1.5, "1.5")]
)
def test_what_nobody_knows(value: Any, shown: str) -> None:
    """An unknown status is unknown, treated as going on, and shown as it came."""
    assert of_v1(value) == (Phase.UNKNOWN, shown)
    assert of_v2(value) == (Phase.UNKNOWN, shown)
    assert Phase.UNKNOWN.active


class _Later:
    """A session to a platform of a later release: it shows statuses that nobody has heard of."""

    def call(self, call: Call) -> dict[str, Any]:
        """What both APIs show of a run and in a list."""
        version = {"job_id": 10, "version_id": 20, "status": 77, "job_name": "a", "worker_server_num": 2}
        job = {"metadata": {"id": "x", "name": "a"}, "status": {"phase": "Hibernating", "tasks": ["worker-0"]}}
        if call.path.endswith("-searches"):
            return {"count": 1, "items": [job]}
        if call.path.startswith("/v2/"):
            return {"tags": []} if call.path.endswith("/tags") else job
        return {"jobs": [version], "job_total_count": 1} if call.path.endswith("/training-jobs") else version


@pytest.mark.parametrize(
    ("kind", "remote_id", "word"), [("TrainingJob", "10/20", "77"), ("TrainingJobV2", "x", "Hibernating")]
)
def test_a_later_release_breaks_nothing(kind: str, remote_id: str, word: str) -> None:
    """Read, listed and told by machine: the status stands there as it came, and the run counts as going on."""
    place = Place("t", _Later(), lambda: "p")  # type: ignore[arg-type]
    handlers: dict[str, Any] = {"TrainingJob": TrainingJob(place, Offers(place)), "TrainingJobV2": TrainingJobV2(place)}
    handler, address = handlers[kind], at(kind, "a")
    live = handler.read(address, remote_id)
    assert (live.phase, live.status) == (Phase.UNKNOWN, word)
    assert {part.status for part in handler.parts(address, remote_id)} == {word}
    assert [row.status for row in handler.browse("-", {}, 9)] == [word]
