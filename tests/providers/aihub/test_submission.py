"""The law of submission where almost nothing can be looked for: never two submissions for one key without a person's
word, whatever dies or gets lost, at any request of an apply. Versions of datasets can be looked for, and need no word.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import SubmissionAmbiguous
from reconciler.localplatform.store import Query
from reconciler.model.mark import Mark
from tests.providers.aihub.opened import OWNER, QUICK, SPECS, at, desired, opened
from tests.support.crashing import Fault, Killed
from tests.support.submitting import (
    SINGLE_FAULTS,
    Bench,
    Submission,
    bench_of,
    check_each_boundary,
    check_misfortunes_in_a_row,
    check_seeds,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform
    from reconciler.providers.aihub.connection import AihubConnection

BLIND = ("Search", "WorkflowRun", "Training", "QuotaTask", "Dataset")


def _objects(kind: str, shown: Callable[[dict[str, Any]], str]) -> Callable[[Platform], list[tuple[str, Any]]]:
    def found(platform: Platform) -> list[tuple[str, Any]]:
        entities = platform.services.store.find(Query("aihub", kind)).entities
        return [(shown(dict(e.body)), [str(Mark.find(e.body.get("description", "")))]) for e in entities]

    return found


def _blind(kind: str) -> Submission:
    spec = SPECS[kind]
    objects = _objects(kind, lambda body: str(body["id"]))
    return Submission(at(kind, spec["name"]), spec, OWNER, opened, objects, asks=True)


@contextmanager
def _with_dataset(platform: Platform, **more: Any) -> Iterator[AihubConnection]:
    """A connection to a platform that has the dataset, and a version of somebody else's."""
    if not platform.services.store.counts().get("aihub/Dataset"):
        with opened(platform) as quiet:
            quiet.handler("Dataset").create(desired("Dataset"))
            stranger = desired("DatasetVersion", "d@other", **_VERSION)
            quiet.handler("DatasetVersion").create(stranger)
    with opened(platform, **more) as connection:
        yield connection


_VERSION: dict[str, Any] = {"dataset_id": "1", "upload_type": 3, "upload_path": "/nothing"}
_KNOWN = _objects("DatasetVersion", lambda body: str(body["id"]))
VERSION = Submission(
    at("DatasetVersion", "d@one"),
    {"dataset_name": "d", "version": "one", **_VERSION},
    OWNER,
    _with_dataset,
    lambda platform: [each for each in _KNOWN(platform) if each[0] != "1"],
    bare=lambda remote_id: remote_id.partition("/")[0],
)


def _upload(root: Path) -> Submission:
    """A file whose digest is its key: however often it is sent, it lies in one place."""
    root.mkdir()
    (root / "data.bin").write_bytes(b"content")
    digest = hashlib.sha256(b"content").hexdigest()
    spec = {"name": "u", "bucket": "b", "file": {"path": "data.bin", "sha256": digest}}
    address = at("Upload", "u")

    def stored(platform: Platform) -> list[tuple[str, Any]]:
        paths = {entity.name for entity in platform.services.store.find(Query("aihub", "Upload")).entities}
        return [(path, [str(Mark.of_run(OWNER, address, "v1:digest", 1))]) for path in sorted(paths)]

    through = partial(opened, transport=replace(QUICK, root=str(root)))
    return Submission(address, spec, OWNER, through, stored, asks=True)


@pytest.mark.parametrize("fault", SINGLE_FAULTS)
def test_an_upload_lies_in_one_place(tmp_path: Path, fault: Fault) -> None:
    """Sending it again does no harm, so at first nobody is asked; long after, a person is."""
    check_each_boundary(_upload(tmp_path / "files"), tmp_path, fault)


@pytest.mark.parametrize("kind", BLIND)
@pytest.mark.parametrize("fault", SINGLE_FAULTS)
def test_one_fault_anywhere_and_a_persons_word_make_one(tmp_path: Path, kind: str, fault: Fault) -> None:
    """At every boundary of an undisturbed apply."""
    check_each_boundary(_blind(kind), tmp_path, fault)


@pytest.mark.parametrize("kind", ["Search", "Training"])
def test_schedules_of_several_faults_make_one(tmp_path: Path, kind: str) -> None:
    """Forty of them, from seeds."""
    check_misfortunes_in_a_row(_blind(kind), tmp_path)
    (tmp_path / "seeds").mkdir()
    check_seeds(_blind(kind), tmp_path / "seeds", range(40))


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.KILL])
def test_without_a_word_nothing_is_sent_again(tmp_path: Path, fault: Fault) -> None:
    """However often it is applied: once it is unclear whether a training was submitted, nothing more is sent there."""
    submission = _blind("Training")
    with bench_of(submission, tmp_path / "calm", {}) as calm:
        calm.converge()
        crossings = len(calm.faults.seen)
    unclear = 0
    for crossing in range(crossings):
        with bench_of(submission, tmp_path / f"at-{crossing}", {crossing: fault}) as bench:
            unclear += _stubborn(bench)
            assert len(submission.objects(bench.platform)) <= 1
    assert unclear


def _stubborn(bench: Bench) -> bool:
    """Applies six times, whatever it is told. Whether it was told that nobody can know."""
    told: list[SubmissionAmbiguous] = []
    for _ in range(6):
        try:
            bench.apply()
        except Killed:
            bench.faults.revive()
        except SubmissionAmbiguous as error:
            told.append(error)
        bench.clock.advance(700.0)
    assert all(str(bench.submission.mark) in each.message and "state settle" in each.hint for each in told)
    return bool(told)


@pytest.mark.parametrize("fault", SINGLE_FAULTS)
def test_a_version_is_found_again_by_its_mark(tmp_path: Path, fault: Fault) -> None:
    """Numbers are tried until its description is found: exactly one, and nobody has to be asked."""
    check_each_boundary(VERSION, tmp_path, fault)


def test_schedules_of_several_faults_make_one_version(tmp_path: Path) -> None:
    """Forty of them, from seeds."""
    check_seeds(VERSION, tmp_path, range(40))
