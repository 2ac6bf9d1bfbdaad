from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given as drawn
from hypothesis import strategies as st

from reconciler.model.codes import CODES
from tests.providers.ai4s_meaning.declared import ALIGN, READS, findings, job, manifest, task, workflow

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "t", "trim::1.0.0", "${t.clean}", "lab:/a"])
)
KEYS = st.sampled_from(
    [
        "name",
        "task_name",
        "app_id",
        "inputs",
        "outputs",
        "values",
        "tasks",
        "resources",
        "tool_id",
        "enum",
        "type",
        "commands",
        "gpu",
    ]
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=30
)
SPECS = st.dictionaries(KEYS, JSON, max_size=8)


@drawn(SPECS, SPECS, SPECS)
def test_no_shape_of_spec_breaks_the_checks(app: dict[str, Any], flow: dict[str, Any], run: dict[str, Any]) -> None:
    """Manifests that the schema has refused may come along: whatever they hold, the checks end and point into them."""
    run["tool_id"] = "flow::1.0.0"
    manifests = [
        manifest("App", "trim@1.0.0", app),
        manifest("Workflow", "flow@1.0.0", flow),
        manifest("Job", "r", run),
    ]
    specs = {m.address: m.spec for m in manifests}
    for finding in findings(*manifests):
        assert finding.address is not None
        assert _resolves(specs[finding.address], finding.pointer), finding


def _resolves(value: Any, pointer: str) -> bool:
    for part in pointer.split("/")[1:]:
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except (KeyError, IndexError, TypeError, ValueError):
            return False
    return True


def test_the_order_of_files_does_not_matter() -> None:
    """The same findings, whichever way round the manifests are read."""
    wrong = [READS, ALIGN, workflow(task("t", "trim::1.0.0", inputs={"reeds": ["x"]}), task("t")), job(task("q"))]
    told = {tuple(sorted(d.sort_key for d in findings(*some))) for some in itertools.permutations(wrong)}
    assert len(told) == 1


def test_every_finding_is_documented() -> None:
    """Each code has its meaning and advice in the one list of codes."""
    wrong = [
        READS,
        ALIGN,
        workflow(task("t", "trim::1.0.0", inputs={"reeds": ["x"], "reads": ["${t.x}", "1"]}), task("t")),
        job(task("q", io_acc_type="SFS"), io_acc_id="x"),
    ]
    codes = {d.code for d in findings(*wrong)}
    assert len(codes) > 5
    assert codes <= set(CODES)
