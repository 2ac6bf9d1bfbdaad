from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.manifests.assembling import Surroundings, assemble
from reconciler.manifests.documents import Chunk
from reconciler.manifests.positions import locate
from reconciler.manifests.reader import Reader
from reconciler.model.canonical import canonical_json
from reconciler.model.codes import CODES
from reconciler.model.diagnostic import Severity, errors
from tests.manifests.declared import DEV, catalogue

AROUND = Surroundings(catalogue(), DEV, {"n": "7", "name": "align"})

APP: dict[str, Any] = {
    "apiVersion": "ai4s/v1",
    "kind": "App",
    "metadata": {"name": "align", "labels": {"team": "a"}},
    "lifecycle": {"protect": True, "attempt": 2},
    "spec": {
        "version": "1",
        "image": "lab/align:1",
        "commands": ["align ${reads} $[[ vars.name ]]"],
        "labels": ["a"],
        "resources": {"cpu": "1C", "memory": "2G", "gpu_type": "Snt9", "gpu": 2},
        "inputs": [{"name": "reads", "type": "ENUM", "required": True, "enum": ["a"], "values": ["a"]}],
        "outputs": [{"name": "out", "type": "FILE", "required": False}],
    },
}
WORKFLOW: dict[str, Any] = {
    "workflow": {
        "id": "5",
        "name": "map",
        "version": "1",
        "timeout": "$[[ vars.n ]]",
        "tasks": [
            {
                "task_name": "t",
                "app_id": "align::1",
                "name": "First",
                "resources": {"gpu_type": " "},
                "inputs": [{"name": "reads", "values": ["$[[ secrets.X ]]"]}],
                "output_dir": None,
            }
        ],
        "license": "BSD",
    },
    "lifecycle": None,
}
JOB: dict[str, Any] = {
    "job": {
        "name": "first",
        "workflow_id": "map::1",
        "tool_id": "",
        "priority": 3,
        "tasks": [{"task_name": "t", "resources": {"cpu": "0.5C"}, "io_acc_type": ""}],
    },
    "metadata": {"scope": "lab"},
}
WORDS = sorted({word for kind in catalogue().schemas.values() for word in kind["$defs"]["spec"]["properties"]})
KEYS = st.sampled_from(
    [*WORDS, "apiVersion", "kind", "metadata", "spec", "app", "job", "workflow", "lifecycle", "gpu", ""]
)
PLAIN = [
    None,
    True,
    False,
    0,
    -1,
    2**53 - 1,
    1.5,
    "",
    " ",
    "a",
    "1",
    "a::1",
    "ai4s/v1",
    "App",
    "Job",
    "空",
    "\n",
    "x" * 300,
]
EXPRESSIONS = [
    *(
        "$[[ vars.n ]]",
        "$[[ vars.nobody ]]",
        "$[[ secrets.X ]]",
        "$[[ ref.App/a@1 ]]",
        "$[[ broken",
        "$[[ x ]]",
        "${a.b}",
    )
]
SCALARS = st.sampled_from([*PLAIN, *EXPRESSIONS])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value."""
    found = [way]
    if isinstance(value, dict):
        found += [inner for key, item in value.items() for inner in places(item, (*way, key))]
    if isinstance(value, list):
        found += [inner for index, item in enumerate(value) for inner in places(item, (*way, index))]
    return found


@st.composite
def spoilt(draw: st.DrawFn) -> Any:
    """A good document with a few random changes: values replaced, keys added, things removed."""
    document = copy.deepcopy(draw(st.sampled_from([APP, WORKFLOW, JOB])))
    for _ in range(draw(st.integers(0, 3))):
        way = draw(st.sampled_from(places(document)))
        if not way:
            document[draw(KEYS)] = draw(VALUES)
            continue
        holder = document
        for step in way[:-1]:
            holder = holder[step]
        match draw(st.integers(0, 2)):
            case 0:
                holder[way[-1]] = draw(VALUES)
            case 1 if isinstance(holder, dict):
                del holder[way[-1]]
            case _ if isinstance(holder, dict):
                holder[draw(KEYS)] = draw(VALUES)
            case _:
                holder.append(draw(VALUES))
    return document


@settings(max_examples=300, deadline=None)
@given(spoilt())
def test_any_document_ends_in_a_manifest_or_in_placed_findings(document: Any) -> None:
    """Never an exception, never neither; a manifest is plain JSON that the schema of its kind accepted."""
    chunk = Chunk("f", json.dumps(document, ensure_ascii=False, indent=1))
    read, problems = Reader().read_chunk(chunk)
    assert problems == ()
    assert read is not None
    manifest, found = assemble(read, AROUND)
    assert (manifest is None) == bool(errors(found))
    known = locate(chunk).found
    for finding in found:
        assert finding.code in CODES
        assert finding.message
        assert finding.source is not None
        assert finding.source.line >= 1
        nearest = finding.pointer
        while nearest not in known:
            nearest = nearest.rpartition("/")[0]
        assert finding.source in {locate(chunk).value(nearest), locate(chunk).key(nearest)}
    if manifest is not None:
        canonical_json(manifest.spec)
        assert manifest.address == type(manifest.address).parse(str(manifest.address))
        assert all(d.severity is Severity.NOTE for d in found)


@settings(deadline=None)
@given(st.sampled_from([APP, WORKFLOW, JOB]), st.randoms(use_true_random=False))
def test_key_order_means_nothing(document: dict[str, Any], shuffle: Any) -> None:
    """Two spellings of one document are one manifest."""

    def mixed(value: Any) -> Any:
        if isinstance(value, dict):
            keys = list(value)
            shuffle.shuffle(keys)
            return {key: mixed(value[key]) for key in keys}
        return [mixed(item) for item in value] if isinstance(value, list) else value

    found = []
    for spelling in (document, mixed(document)):
        read, _ = Reader().read_chunk(Chunk("f", json.dumps(spelling)))
        assert read is not None
        manifest, _ = assemble(read, AROUND)
        assert manifest is not None
        found.append((manifest.address, manifest.spec, manifest.lifecycle, manifest.labels))
    assert found[0] == found[1]
