"""The same jobs as squeue, accounting and slurmrestd told them: recorded answers of Slurm 22.05, no cluster needed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.localplatform.engines.slurm.chain import key_of_comment, key_of_name
from reconciler.localplatform.engines.slurm.mapping import ending_of, taken
from reconciler.localplatform.engines.slurm.reading import Row, elements, read_history, read_queue
from reconciler.localplatform.engines.slurm.rest import Jobs, errors_of, jobs_path, read_jobs
from reconciler.localplatform.work import Cause

RECORDED = Path(__file__).parent / "recorded"
QUEUE = read_queue((RECORDED / "squeue-22.05.txt").read_text())
PAST = read_history((RECORDED / "sacct-22.05.txt").read_text())
ANSWER: dict[str, Any] = json.loads((RECORDED / "jobs-v0.0.38.json").read_text())
CAUSES = {
    "completed": Cause.NONE,
    "failed": Cause.LAUNCH,
    "killed": Cause.LAUNCH,
    "oom": Cause.OUT_OF_MEMORY,
    "timeout": Cause.TIMEOUT,
    "cancelled": Cause.CANCELLED,
    "never": Cause.CANCELLED,
    "needless": Cause.CANCELLED,
    "requeued": Cause.NONE,
    "preempted": Cause.LOST,
    "urgent": Cause.NONE,
    "nodefail": Cause.LOST,
}


def by_place(rows: tuple[Row, ...]) -> dict[tuple[str, int], Row]:
    """Rows by job and element."""
    return {(row.id, row.element): row for row in rows}


def test_the_queue_and_slurmrestd_tell_the_same() -> None:
    """To the last member: state, element, restarts, exit code, reason and comment."""
    jobs = read_jobs(ANSWER, 0)
    assert jobs is not None
    assert not jobs.cut
    assert by_place(jobs.rows) == by_place(QUEUE)
    assert len(jobs.rows) == len(QUEUE)


def test_accounting_tells_how_the_same_jobs_are() -> None:
    """The state of every one; the exit code of those that ended by themselves; the key at the end of the name."""
    queue, past = by_place(QUEUE), by_place(PAST)
    assert queue.keys() == past.keys()
    assert {place: row.state for place, row in past.items()} == {place: row.state for place, row in queue.items()}
    for place, row in past.items():
        assert key_of_name(row.key) == key_of_comment(queue[place].key, "e1")
        if row.state in {"COMPLETED", "FAILED", "OUT_OF_MEMORY", "NODE_FAIL"}:
            assert row.exit_code == queue[place].exit_code, place
    assert {row.exit_code for row in PAST if row.state == "FAILED"} == {3, 4, 137}


@pytest.mark.parametrize("rows", [QUEUE, PAST], ids=["queue", "accounting"])
def test_what_became_of_them(rows: tuple[Row, ...]) -> None:
    """Each ending that Slurm knows has the cause it has on the platforms."""
    names = {row.id: key_of_name_alone(row.key) for row in PAST}
    seen = {names[row.id]: ending_of(row).cause for row in rows if names[row.id] in CAUSES}
    assert seen == CAUSES
    last = by_place(rows).values()
    assert {names[row.id] for row in last if row.waiting} == {"yielded", "taken", "sweeping", "held"}
    assert {names[row.id] for row in rows if row.suspended} == {"suspended"}


def key_of_name_alone(name: str) -> str:
    """What a job of the recording was to show."""
    return name.partition("~")[0].removeprefix("run.")


def test_why_a_run_was_not_the_last_one() -> None:
    """Accounting keeps every run of a job; the queue tells of the last alone."""
    last = by_place(PAST)
    told = {key_of_name_alone(row.key): taken(row) for row in PAST if row is not last[row.id, row.element]}
    assert told == {
        "requeued": "begun again, because somebody requeued it: Slurm says REQUEUED",
        "yielded": "begun again, because its node was taken for another job: Slurm says PREEMPTED",
        "taken": "begun again, because its node failed: Slurm says NODE_FAIL",
    }


def test_an_element_that_was_cancelled_while_it_waited_is_in_no_record() -> None:
    """So it is: the others of its array are there."""
    for rows in (QUEUE, PAST):
        assert {row.element for row in rows if row.id == "11"} == {0, 1, 2, 4, 5}
        assert {row.element for row in rows if row.id == "21"} == {0, 1, 2, 3, 5, 6, 7, 8, 9}


def newer(job: dict[str, Any]) -> dict[str, Any]:
    """A job as v0.0.40 and later write it."""
    status = job["exit_code"]
    signal = status & 0x7F
    said = {"set": True, "infinite": False}
    return {
        **job,
        **{
            name: {**said, "set": job[name] is not None, "number": job[name] or 0}
            for name in ("array_job_id", "array_task_id")
        },
        "job_state": [job["job_state"]],
        "exit_code": {
            "status": ["SIGNALED" if signal else "ERROR" if status else "SUCCESS"],
            "return_code": {**said, "set": not signal, "number": status >> 8},
            "signal": {"id": {**said, "set": bool(signal), "number": signal}, "name": ""},
        },
    }


def between(job: dict[str, Any]) -> dict[str, Any]:
    """A job as v0.0.39 writes it: numbers are objects, the rest is as it was."""
    told = newer(job)
    code = {"set": True, "infinite": False, "number": job["exit_code"]}
    return {**told, "job_state": job["job_state"], "exit_code": code}


@pytest.mark.parametrize("shape", [between, newer])
def test_newer_versions_say_the_same_in_other_shapes(shape: Any) -> None:
    """Numbers as objects, states as lists, exit codes taken apart."""
    assert read_jobs({**ANSWER, "jobs": [shape(job) for job in ANSWER["jobs"]]}, 0) == read_jobs(ANSWER, 0)


@pytest.mark.parametrize(
    ("told", "state"),
    [
        (["RUNNING", "COMPLETING"], "COMPLETING"),
        (["FAILED", "COMPLETING"], "COMPLETING"),
        (["PENDING", "REQUEUE_HOLD"], "REQUEUE_HOLD"),
        (["RUNNING", "POWER_UP_NODE"], "RUNNING"),
        (["TIMEOUT", "A_FLAG_OF_TOMORROW"], "TIMEOUT"),
        (["OUT_OF_MEMORY"], "OUT_OF_MEMORY"),
        ([], ""),
        (None, ""),
    ],
)
def test_a_flag_stands_for_the_state_where_it_does_in_squeue(told: object, state: str) -> None:
    """The base state comes first; flags that squeue shows instead win."""
    jobs = read_jobs({"jobs": [{"job_id": 1, "user_id": 0, "job_state": told}]}, 0)
    assert jobs is not None
    assert [row.state for row in jobs.rows] == [state]


def test_jobs_of_others_are_left_out() -> None:
    """By the number of the user; a list that was cut short among them does not matter."""
    others = {**ANSWER["jobs"][0], "user_id": 4, "job_id": 99, "array_job_id": 99, "array_task_string": "1,3,5,..."}
    assert read_jobs({**ANSWER, "jobs": [*ANSWER["jobs"], others]}, 0) == read_jobs(ANSWER, 0)


def test_a_list_that_was_cut_short_is_noticed() -> None:
    """Some elements are not told then."""
    ours = {**ANSWER["jobs"][0], "array_job_id": 7, "array_task_string": "4,6,...%2"}
    jobs = read_jobs({"jobs": [ours]}, 0)
    assert isinstance(jobs, Jobs)
    assert jobs.cut


@pytest.mark.parametrize(
    ("text", "which"),
    [
        ("3", (3,)),
        ("0-3", (0, 1, 2, 3)),
        ("1-2,4-5%1", (1, 2, 4, 5)),
        ("0-8:4,9", (0, 4, 8, 9)),
        ("", ()),
        ("4,...", (4,)),
    ],
)
def test_elements_of_an_array(text: str, which: tuple[int, ...]) -> None:
    """Ranges with and without steps; how many may run at once is nothing to us."""
    assert elements(text) == which


@pytest.mark.parametrize("answer", [None, [], "jobs", {}, {"jobs": None}, {"jobs": {}}, {"jobs": ["1"]}])
def test_what_tells_no_jobs_is_not_taken_for_none(answer: object) -> None:
    """An empty list of jobs is an answer, all of these are not."""
    assert read_jobs(answer, 0) is None
    assert read_jobs({"jobs": []}, 0) == Jobs(())


def test_the_version_that_is_asked() -> None:
    """The newest we know; the oldest there is where all are newer; none where there are none."""
    recorded = json.loads((RECORDED / "openapi-22.05.json").read_text())
    assert jobs_path(recorded) == "/slurm/v0.0.38/jobs"
    assert jobs_path({"paths": {"/slurm/v0.0.44/jobs/": {}, "/slurm/v0.0.45/jobs/": {}}}) == "/slurm/v0.0.44/jobs/"
    assert jobs_path({"paths": {"/slurm/v0.0.91/jobs/": {}, "/slurm/v0.0.90/jobs/": {}}}) == "/slurm/v0.0.90/jobs/"
    assert jobs_path({"paths": {"/slurmdb/v0.0.38/jobs": {}, "/slurm/v0.0.38/job/{job_id}": {}}}) == ""


def test_what_went_wrong_in_slurms_words() -> None:
    """As the controller's absence was told by slurmrestd 22.05."""
    error = {
        "description": "Failed while looking for jobs", "error_number": -1, "error": "Unspecified error",
        "source": "slurm_load_jobs",
    }  # fmt: skip
    assert errors_of({"errors": [error]}) == "slurm_load_jobs: Failed while looking for jobs: Unspecified error"
    assert errors_of({"errors": []}) == errors_of({}) == errors_of([]) == ""
