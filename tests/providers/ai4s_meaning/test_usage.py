from __future__ import annotations

from reconciler.model.address import Address
from reconciler.providers.ai4s.meaning.usage import gpu_hours
from tests.providers.ai4s_meaning.declared import ALIGN, READS, job, task, workflow

FLOW = workflow(
    task("t", "trim::1.0.0"),
    task("a", "align::1.0.0", inputs={"reads": ["${t.clean}"], "seed": ["1", "2", "3"]}),
)
RUN = Address("dev", "Job", "lab", "run")


def test_accelerators_times_instances_times_the_time_limit() -> None:
    """Two accelerators in each of three instances for ninety minutes are nine hours."""
    assert gpu_hours((READS, ALIGN, FLOW, job(timeout=90))) == {RUN: 9.0}


def test_the_job_decides_last() -> None:
    """Resources and values of the job count, and without a limit the platform's one day."""
    run = job(task("a", inputs={"seed": ["1"]}, resources={"gpu": "4"}))
    assert gpu_hours((READS, ALIGN, FLOW, run)) == {RUN: 96.0}


def test_no_accelerators_are_zero_hours() -> None:
    """Known to be nothing is not unknown."""
    assert gpu_hours((READS, workflow(task("t", "trim::1.0.0")), job())) == {RUN: 0.0}


def test_what_nobody_can_tell_is_missing() -> None:
    """An undeclared workflow, or an undeclared app, makes no number up."""
    assert gpu_hours((READS, job(runs="other::1.0.0"))) == {}
    assert gpu_hours((READS, FLOW, job())) == {}
    assert gpu_hours((workflow(task("t", "gone::1.0.0", resources={"gpu": "2"})), job())) == {}


def test_an_unknown_app_without_accelerators_is_known() -> None:
    """A workflow that says none for a task needs no app to tell."""
    assert gpu_hours((workflow(task("t", "gone::1.0.0", resources={"gpu": "0"})), job())) == {RUN: 0.0}
