from __future__ import annotations

import pytest

from tests.providers.ai4s_meaning.declared import READS, app, findings, found, given, job, task, workflow

FILE_FIRST = app("trim", inputs=[given("reads", "FILE"), given("reads", "STRING")])
"""Of its two inputs called `reads` the first one wants data."""


def test_of_two_apps_at_one_address_the_first_counts() -> None:
    """That there are two is told elsewhere; nothing is told about the second one's inputs."""
    second = app("trim", inputs=[given("other")])
    flow = workflow(task("t", "trim::1.0.0", inputs={"reads": ["lab:/a"]}))
    assert found(READS, second, flow) == []
    assert [code for code, *_ in found(second, READS, flow)] == ["meaning.unknown-input"]


def test_of_two_parameters_the_first_counts() -> None:
    """Values are held against the first of two inputs with one name."""
    flow = workflow(task("t", "trim::1.0.0", inputs={"reads": ["plain text"]}))
    assert ("meaning.value-type", "Workflow", "/tasks/0/inputs/0/values/0") in found(FILE_FIRST, flow)


def test_of_two_tasks_of_a_workflow_the_first_counts() -> None:
    """A job sees the first of two tasks with one name, its app and its values."""
    other = app("other", inputs=[given("x", required=True)])
    flow = workflow(task("t", "trim::1.0.0", inputs={"reads": ["lab:/a"]}), task("t", "other::1.0.0"))
    assert found(READS, other, flow, job()) == [("meaning.duplicate-task", "Workflow", "/tasks/1/task_name")]
    flipped = workflow(task("t", "other::1.0.0"), task("t", "trim::1.0.0", inputs={"reads": ["lab:/a"]}))
    assert [code for code, *_ in found(READS, other, flipped, job())] == [
        "meaning.duplicate-task",
        "meaning.required-input",
    ]


def test_of_two_tasks_of_a_job_the_first_counts() -> None:
    """The first of two overrides is the one that gives values."""
    flow = workflow(task("t", "trim::1.0.0"))
    filled, empty = task("t", inputs={"reads": ["lab:/a"]}), task("t")
    assert [code for code, *_ in found(READS, flow, job(filled, empty))] == ["meaning.duplicate-task"]
    codes = [code for code, *_ in found(READS, flow, job(empty, filled))]
    assert codes == ["meaning.duplicate-task", "meaning.required-input"]


@pytest.mark.parametrize("side", ["inputs", "outputs"])
def test_an_app_that_is_half_readable_is_incomplete(side: str) -> None:
    """One unreadable entry on either side is enough to call no name unknown."""
    broken = app("trim", **{"inputs": [], "outputs": [], side: [{"type": "FILE"}]})
    assert found(broken, workflow(task("t", "trim::1.0.0", inputs={"any": ["1"]}))) == []


def test_what_is_no_text_is_no_value() -> None:
    """Nulls, booleans, lists and mappings among the values were told by the schema."""
    flow = workflow(task("t", "trim::1.0.0", inputs={"reads": [None, True, ["x"], {"y": 1}, "lab:/a"]}))
    assert found(READS, flow) == []


def test_long_lists_of_names_are_cut() -> None:
    """A hint names at most eight of many names, and all of eight."""
    flow = workflow(task("t", "many::1.0.0", inputs={"zzz": ["1"]}))
    for count, ending in ((8, "n6, n7"), (9, "n6, n7 and 1 more")):
        many = app("many", inputs=[given(f"n{i}") for i in range(count)])
        (finding,) = findings(many, flow)
        assert finding.hint.endswith(ending)
