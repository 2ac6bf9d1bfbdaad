from __future__ import annotations

from hypothesis import given as drawn
from hypothesis import strategies as st

from reconciler.providers.ai4s.meaning.interface import Declared
from reconciler.providers.ai4s.meaning.merging import RESOURCE_DEFAULTS, effective_resources, merged_tasks
from tests.providers.ai4s_meaning.declared import ALIGN, READS, job, task, workflow

SIDE = st.dictionaries(st.sampled_from(sorted(RESOURCE_DEFAULTS)), st.sampled_from([None, "", "1", "8", "GPU"]))


def test_the_job_wins_over_the_workflow_over_the_app() -> None:
    """Field by field: a given value replaces, an absent or empty one inherits, and the platform fills the rest."""
    app = {"cpu": "2C", "memory": "4G", "gpu_type": "GPU", "gpu": "1"}
    merged = effective_resources(app, {"cpu": "8C", "memory": ""}, {"gpu": "2", "gpu_type": None})
    assert merged == {"cpu_type": "X86", "cpu": "8C", "memory": "4G", "gpu_type": "GPU", "gpu": "2"}


def test_an_unknown_app_is_not_filled_with_defaults() -> None:
    """What the platform would inherit from an app nobody knows here is not invented."""
    assert effective_resources(None, {"cpu": "8C"}) == {"cpu": "8C"}


def test_numbers_without_quotes_are_text() -> None:
    """`gpu: 0` and `gpu: "0"` are the same; zero is a value, not an absence."""
    assert effective_resources({"gpu": 4}, {"gpu": 0})["gpu"] == "0"


@drawn(SIDE, SIDE, SIDE)
def test_every_field_comes_from_the_last_side_that_says_it(app: dict, workflow_side: dict, job_side: dict) -> None:
    """The law of the merge, for every combination."""
    merged = effective_resources(app, workflow_side, job_side)
    for field, default in RESOURCE_DEFAULTS.items():
        said = [side[field] for side in (job_side, workflow_side, app) if side.get(field)]
        assert merged[field] == (said[0] if said else default)


@drawn(SIDE, SIDE)
def test_merging_in_steps_is_merging_at_once(first: dict, second: dict) -> None:
    """Laying a job over a merged workflow is the same as laying all over the app."""
    assert effective_resources(effective_resources({}, first), second) == effective_resources({}, first, second)


def test_a_run_as_it_would_be() -> None:
    """Instances are the product of the concurrent values; resources and inputs are the winning ones."""
    flow = workflow(
        task("t", "trim::1.0.0", inputs={"reads": ["lab:/a"]}),
        task("a", "align::1.0.0", inputs={"reads": ["${t.clean}"], "seed": ["1"]}, resources={"memory": "8G"}),
        task("x", "gone::1.0.0", resources={"gpu": "1"}),
    )
    run = job(task("a", inputs={"seed": ["1", "2", "3"]}, resources={"gpu": "8"}))
    first, second, third = merged_tasks(run, Declared((READS, ALIGN, flow, run)))
    assert (first.name, first.instances, first.resources["cpu"], first.inputs) == ("t", 1, "1C", {"reads": ("lab:/a",)})
    assert (second.instances, second.resources["gpu"], second.resources["memory"]) == (3, "8", "8G")
    assert second.inputs == {"mode": ("fast",), "reads": ("${t.clean}",), "seed": ("1", "2", "3")}
    assert (third.app, third.instances, dict(third.resources)) == (None, 1, {"gpu": "1"})


def test_a_run_of_an_undeclared_workflow_is_unknown() -> None:
    """Nothing is made up about a workflow that lives on the platform only."""
    assert merged_tasks(job(runs="other::1.0.0"), Declared((READS,))) == ()


def test_of_two_overrides_the_first_counts() -> None:
    """As everywhere in the checks; that there are two is an error of its own."""
    flow = workflow(task("t", "trim::1.0.0"))
    run = job(task("t", resources={"cpu": "2C"}), task("t", resources={"cpu": "4C"}))
    assert [merged.resources["cpu"] for merged in merged_tasks(run, Declared((READS, flow)))] == ["2C"]
