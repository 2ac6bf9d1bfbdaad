"""Every limit of the platform contract at its edge: what is just allowed, and what is just too much."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from reconciler.manifests.schemas import Form, load_catalogue

CATALOGUE = load_catalogue()

APP = {"name": "align", "version": "1.0.0", "image": "lab/align:2", "commands": ["align ${reads}"]}
INPUT = {"name": "reads", "type": "FILE", "required": True}
OUTPUT = {"name": "report", "type": "FILE", "required": True}
TASK = {"task_name": "t", "app_id": "align::1.0.0"}
WORKFLOW = {"name": "map", "version": "1.0.0", "tasks": [TASK]}
JOB = {"name": "first", "tool_id": "map::1.0.0", "tool_type": "workflow"}
BASES = {"App": APP, "Workflow": WORKFLOW, "Job": JOB}

ABSENT: Any = ...


def changed(kind: str, path: str, value: Any) -> dict[str, Any]:
    """The smallest spec of a kind with `value` at `path`; list items and objects on the way are made."""
    spec: dict[str, Any] = copy.deepcopy(BASES[kind])
    holder: Any = spec
    steps = path.split(".")
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        name, is_list = step.removesuffix("[]"), step.endswith("[]")
        if following is None and not is_list:
            if value is ABSENT:
                holder.pop(name, None)
            else:
                holder[name] = value
        elif is_list:
            item = {"inputs": INPUT, "outputs": OUTPUT, "tasks": TASK}.get(name, {})
            if kind != "App" and name in {"inputs", "outputs"}:
                item = {"name": "reads"}
            if kind == "Job" and name == "tasks":
                item = {"task_name": "t"}
            holder.setdefault(name, [dict(item)])
            if following is None:
                holder[name] = [value]
            holder = holder[name][0]
        else:
            holder = holder.setdefault(name, {})
    return spec


def envelope(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    """A document in the envelope."""
    return {"apiVersion": "ai4s/v1", "kind": kind, "metadata": {"name": spec.get("name", "align")}, "spec": spec}


def native(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    """The same in the platform's own form."""
    return {CATALOGUE.kinds["ai4s", kind].native_key: spec}


def is_valid(kind: str, spec: dict[str, Any], form: Form = Form.ENVELOPE) -> bool:
    """Whether the schema accepts it."""
    document = envelope(kind, spec) if form is Form.ENVELOPE else native(kind, spec)
    return CATALOGUE.validator("ai4s", kind, form).is_valid(document)


def texts(low: int, high: int, sample: str = "a") -> tuple[list[str], list[str]]:
    """Texts at the edges of a length, and beyond."""
    return [sample * low, sample * high], ([sample * (low - 1)] if low else []) + [sample * (high + 1)]


NAME_OK = ["a", "A", "a1", "a-b", "A--9", "a" * 56, "a" + "-" * 54 + "9"]
NAME_BAD = ["", "1a", "-a", "a-", "a_b", "a.b", "a b", "a" * 57, "é", "空", "a\n", " a", 1, None, ["a"]]
VERSION_OK = ["1", "1.0.0", "a", "v1-beta.2", "1" * 24, "1" + "." * 22 + "0"]
VERSION_BAD = ["", ".1", "1.", "-1", "1-", "1_0", "1 0", "1" * 25, "1\n", "١", 1, 1.0, None]
LABEL_OK = ["a", "空间", "a b", "A_b-9", "-", "_", "龥", "a" * 32, "a  b"]
LABEL_BAD = ["", " a", "a ", " ", "a.b", "a" * 33, "a\n", "é", "a:b", 1, None]
NODE_LABEL_OK = ["a", "9", "a_b-c.d", "a" * 56]
NODE_LABEL_BAD = ["", "_a", "a_", ".a", "a.", "-a", "a-", "a b", "a" * 57, "é", "a\n", 1]
PARAMETER_OK = ["a", "a1", "a-b", "a" * 32]
PARAMETER_BAD = ["", "A", "1a", "-a", "a-", "a_b", "a.b", "aB", "a" * 33, "a\n", None, 1]
TASK_NAME_OK = ["a", "A1", "a_b-c", "a" * 32]
TASK_NAME_BAD = ["", "1a", "_a", "a_", "a-", "a.b", "a b", "a" * 33, "a\n", None]
JOB_NAME_OK = ["a", "1", "a-", "A-9", "a" * 63]
JOB_NAME_BAD = ["", "-a", "a_b", "a.b", "a b", "a" * 64, "空", "a\n", None]
CPU_OK = ["0.1C", "0.9C", "1C", "1.0C", "9.9C", "10C", "99.9C", "100C", "119.9C", "127.9C", "128C", "128.0C", "", None]
CPU_BAD = [
    *("0C", "0.0C", "128.1C", "129C", "200C", "1000C", "1.55C", "0.10C", "01C", "1", "1c", "C", "1G", "1 C", " 1C"),
    *("-1C", "+1C", "1e1C", ".5C", "1.C", "1C\n", "١C", 1, 0.5, True, []),
]
MEMORY_OK = [
    "0.1G",
    "1G",
    "1.0G",
    "99.9G",
    "512G",
    "999.9G",
    "1000G",
    "2999.9G",
    "3000G",
    "3069.9G",
    "3071.9G",
    "3072G",
]
MEMORY_OK += ["3072.0G", "3060G", "", None]
MEMORY_BAD = ["0G", "0.0G", "3072.1G", "3073G", "3080G", "3100G", "4000G", "10000G", "1.55G", "01G", "1", "1g", "1GB"]
MEMORY_BAD += ["1M", "1C", "1G\n", "-1G", 1, 4.0, []]
GPU_OK = ["0", "1", "9", "10", "16", 0, 1, 16, "", None]
GPU_BAD = ["17", "-1", "01", "1.0", "1.5", "16\n", "٣", "a", 17, -1, 1.0, 0.5, True, []]
DIRECTORY_OK = ["/a", "/a/b", "/a.b/c-d", "/空/a b", "/a-", "/_", "/" + "a" * 100, "", None]
DIRECTORY_BAD = [
    "a",
    "/",
    "/a/",
    "//a",
    "/a//b",
    "/-a",
    "/a/-b",
    "/.a",
    "/a.",
    "/a./b",
    "/ a",
    "/a /b",
    "/a ",
    "/a/..",
    1,
]
DIRECTORY_BAD += [f"/a{sign}b" for sign in '\\:;*?<">|'] + ["/a\n", "/a\tb"]
REFERENCE_OK = ["5", "1467490-2-hfddff", "a::1.0.0", "a::1.0.0::space", "a" * 135, "$[[ ref.App/a@1.0.0 ]]"]
REFERENCE_BAD = ["", "空::1.0.0", "a" * 136, 5, None]
TIMEOUT_OK, TIMEOUT_BAD = [1, 1440, 144000, None], [0, -1, 144001, "1440", 1440.0, 1.5, True]

SHARED: list[tuple[str, str, list[Any], list[Any]]] = [
    ("App", "name", NAME_OK, NAME_BAD),
    ("Workflow", "name", NAME_OK, NAME_BAD),
    ("App", "version", VERSION_OK, VERSION_BAD),
    ("Workflow", "version", VERSION_OK, VERSION_BAD),
    *(
        entry
        for kind in ("App", "Workflow")
        for entry in (
            (kind, "summary", ["", "a" * 128, "空" * 128, None], ["a" * 129, 1]),
            (kind, "description", ["", "a" * 65535, "# text\n空", None], ["a" * 65536, 1, []]),
        )
    ),
    *(
        entry
        for kind in ("App", "Workflow", "Job")
        for entry in (
            (kind, "labels", [[], ["a"] * 5, None], [["a"] * 6, "a", {}]),
            (kind, "labels[]", LABEL_OK, LABEL_BAD),
        )
    ),
    (
        "App",
        "image",
        ["aaaaa", "a" * 255, "lab/x:1", "[AssetMarket]/x:1"],
        ["aaaa", "a" * 256, "空aaaa", "", None, 12345],
    ),
    ("App", "commands", [["a"], ["a"] * 300], [[], ["a"] * 301, "a", None]),
    ("App", "commands[]", ["", "a" * 256, "echo ${in} $(date)\n", "é"], ["a" * 257, "回", None, 1]),
    ("App", "node_labels", [[], ["a"], None], [["a", "b"], "a"]),
    ("App", "node_labels[]", NODE_LABEL_OK, NODE_LABEL_BAD),
    ("Job", "node_labels", [[], ["a"], None], [["a", "b"], "a"]),
    ("Job", "node_labels[]", NODE_LABEL_OK, NODE_LABEL_BAD),
    *(
        entry
        for kind, where in (("App", ""), ("Workflow", "tasks[]."), ("Job", "tasks[]."))
        for entry in (
            (kind, f"{where}resources", [{}, None], ["1C", []]),
            (kind, f"{where}resources.cpu", CPU_OK, CPU_BAD),
            (kind, f"{where}resources.memory", MEMORY_OK, MEMORY_BAD),
            (kind, f"{where}resources.cpu_type", ["X86", "ARM", "", None], ["x86", "RISC", 86]),
            (kind, f"{where}resources.gpu_type", ["", " ", "GPU", "Snt9", None], ["gpu", "D910", "  ", 1]),
            (kind, f"{where}resources.gpu", GPU_OK, GPU_BAD),
            (kind, f"{where}resources.disk", [], ["1G"]),
        )
    ),
    *(
        entry
        for field in ("inputs", "outputs")
        for entry in (
            ("App", field, [[], None], [{}, "a"]),
            ("App", f"{field}[].name", PARAMETER_OK, PARAMETER_BAD),
            ("App", f"{field}[].required", [True, False], [ABSENT, "true", "yes", 1, None]),
            ("App", f"{field}[].pattern", ["", "a" * 64, None], ["a" * 65, 1]),
            ("App", f"{field}[].description", ["", "a" * 255, None], ["a" * 256, 1]),
            ("App", f"{field}[].enum", [["a"], ["a"] * 20, [], None], [["a"] * 21, "a"]),
            ("App", f"{field}[].enum[]", ["", "a" * 128], ["a" * 129, 1, None]),
            ("App", f"{field}[].values", [[], ["a"], None], [["a", "b"], "a"]),
            ("App", f"{field}[].values[]", ["", "a" * 2048, "空:/a"], ["a" * 2049, 1, None]),
            ("App", f"{field}[].default", [], ["a"]),
        )
    ),
    ("App", "inputs[].type", ["STRING", "FILE", "DIRECTORY"], ["ENUM", "file", "INT", "", None, ABSENT]),
    ("App", "outputs[].type", ["FILE", "DIRECTORY"], ["STRING", "ENUM", "", None, ABSENT]),
    ("App", "inputs[].concurrent", ["vars_iter", "", None], ["yes", True, "VARS_ITER"]),
    ("App", "outputs[].concurrent", [], ["vars_iter"]),
    ("App", "icon", ["", None, "data:image/png;base64,iVBORw0KGgo="], ["logo.png", 1]),
    ("App", "image", [], [ABSENT]),
    ("App", "commands", [], [ABSENT]),
    ("App", "version", [], [ABSENT]),
    ("App", "timeout", [], [1]),
    ("Workflow", "timeout", TIMEOUT_OK, TIMEOUT_BAD),
    ("Job", "timeout", TIMEOUT_OK, TIMEOUT_BAD),
    ("Workflow", "output_dir", [*DIRECTORY_OK, "/" + "a" * 2000], DIRECTORY_BAD),
    ("Workflow", "tasks[].output_dir", DIRECTORY_OK, DIRECTORY_BAD),
    ("Job", "output_dir", [*DIRECTORY_OK, "/" + "a" * 127], [*DIRECTORY_BAD, "/" + "a" * 128]),
    ("Job", "tasks[].output_dir", [*DIRECTORY_OK, "/" + "a" * 127], [*DIRECTORY_BAD, "/" + "a" * 128]),
    ("Workflow", "tasks", [[TASK], [TASK] * 128], [[], [TASK] * 129, None, ABSENT]),
    ("Job", "tasks", [[], [{"task_name": "t"}] * 128, None, ABSENT], [[{"task_name": "t"}] * 129]),
    ("Workflow", "tasks[].task_name", TASK_NAME_OK, [*TASK_NAME_BAD, ABSENT]),
    ("Job", "tasks[].task_name", TASK_NAME_OK, [*TASK_NAME_BAD, ABSENT]),
    ("Workflow", "tasks[].app_id", REFERENCE_OK, [*REFERENCE_BAD, ABSENT]),
    ("Job", "tool_id", REFERENCE_OK, [*REFERENCE_BAD, ABSENT]),
    ("Job", "tool_type", ["workflow", "app"], ["Workflow", "", None, ABSENT]),
    ("Workflow", "tasks[].display_name", ["", "a" * 64, "步骤1", None], ["a" * 65, 1]),
    ("Job", "tasks[].display_name", [], ["a"]),
    *(
        entry
        for kind in ("Workflow", "Job")
        for field in ("inputs", "outputs")
        for entry in (
            (kind, f"tasks[].{field}", [[], [{"name": "a"}] * 128, None], [[{"name": "a"}] * 129, [{}]]),
            (kind, f"tasks[].{field}[].name", PARAMETER_OK, PARAMETER_BAD),
            (kind, f"tasks[].{field}[].values", [[], ["a"] * 128, None], [["a"] * 129, "a"]),
            (kind, f"tasks[].{field}[].values[]", ["", "a" * 2048, "${t.report}"], ["a" * 2049, 1, None]),
            (kind, f"tasks[].{field}[].source", ["MANUAL", "", None], [1]),
        )
    ),
    ("Workflow", "tasks[].location", [{}, {"x": 1, "y": -2.5}, None], [{"x": "1"}, {"z": 1}, []]),
    ("Job", "name", JOB_NAME_OK, JOB_NAME_BAD),
    ("Job", "description", ["", "a" * 255, None], ["a" * 256, 1]),
    ("Job", "priority", [0, 9, None], [-1, 10, "1", 1.0, True]),
    ("Job", "io_acc_id", ["", "auto_schedule", "local_disk", "35673038-d57b", "a" * 128, None], ["a b", "a" * 129, 1]),
    ("Job", "io_acc_expected_usage", [0, 100, None], [-1, "100", 1.5]),
    ("Job", "tasks[].io_acc_type", ["", "SFS", "EVS", None], ["sfs", "NFS", 1]),
    ("Workflow", "tasks[].io_acc_type", [], ["SFS"]),
    ("Workflow", "priority", [], [1]),
]


def _cases(index: int) -> list[Any]:
    return [
        pytest.param(kind, path, entry[index], id=f"{kind}.{path}={str(entry[index])[:24]!r}:{number}")
        for number, (kind, path, good, bad) in enumerate(SHARED)
        for entry in ([(value, value) for value in (good, bad)[index]])
    ]


@pytest.mark.parametrize(("kind", "path", "value"), _cases(0))
def test_just_allowed(kind: str, path: str, value: Any) -> None:
    """The value at the edge is accepted, in the envelope and in the native form."""
    spec = changed(kind, path, value)
    assert is_valid(kind, spec)
    assert is_valid(kind, spec, Form.NATIVE)


@pytest.mark.parametrize(("kind", "path", "value"), _cases(1))
def test_just_too_much(kind: str, path: str, value: Any) -> None:
    """The value beyond the edge is refused in the envelope."""
    assert not is_valid(kind, changed(kind, path, value))


def _said_by_workflow_id(case: Any) -> bool:
    _, path, value = case.values
    return path in {"tool_id", "tool_type"} and (value in ("", None) or value is ABSENT)


@pytest.mark.parametrize(("kind", "path", "value"), [case for case in _cases(1) if not _said_by_workflow_id(case)])
def test_just_too_much_in_the_native_form(kind: str, path: str, value: Any) -> None:
    """And in the native form, where only `tool_id` and `tool_type` may be empty or left out: `workflow_id` says it."""
    assert not is_valid(kind, changed(kind, path, value), Form.NATIVE)


@pytest.mark.parametrize("where", ["App", "Workflow", "Job"])
@pytest.mark.parametrize(
    ("count", "allowed"),
    [("0", True), ("1", True), ("2", True), ("4", True), ("8", True), (4, True), ("", True), (None, True)]
    + [(count, False) for count in ("3", "5", "6", "7", "9", "16", 3, 16)],
)
def test_snt9_comes_in_certain_amounts(where: str, count: Any, allowed: bool) -> None:
    """0, 1, 2, 4 or 8; a GPU comes in any amount up to 16."""
    prefix = "" if where == "App" else "tasks[]."
    snt9 = changed(where, f"{prefix}resources", {"gpu_type": "Snt9", "gpu": count})
    gpu = changed(where, f"{prefix}resources", {"gpu_type": "GPU", "gpu": count})
    assert is_valid(where, snt9) is is_valid(where, snt9, Form.NATIVE) is allowed
    assert is_valid(where, gpu)


def test_an_enum_needs_choices() -> None:
    """Type ENUM goes with at least one choice; other types may carry choices, as older files do."""
    for enum, allowed in ((["a"], True), ([], False), (None, False)):
        spec = {**APP, "inputs": [{**INPUT, "type": "ENUM", "enum": enum}]}
        assert is_valid("App", spec) is allowed
    assert not is_valid("App", {**APP, "inputs": [{**INPUT, "type": "ENUM"}]})
    assert is_valid("App", {**APP, "inputs": [{**INPUT, "type": "FILE", "enum": ["a"]}]})


@pytest.mark.parametrize(
    ("job", "allowed"),
    [
        ({"workflow_id": "a::1"}, True),
        ({"tool_id": "a::1"}, True),
        ({"tool_id": "a::1", "tool_type": "app"}, True),
        ({"workflow_id": "a::1", "tool_id": "a::1", "tool_type": "workflow"}, True),
        ({"workflow_id": "a::1", "tool_id": None, "tool_type": ""}, True),
        ({}, False),
        ({"tool_type": "workflow"}, False),
        ({"workflow_id": "a" * 136}, False),
        ({"workflow_id": "空::1"}, False),
        ({"workflow_id": 5}, False),
    ],
)
def test_what_a_native_job_runs(job: dict[str, Any], allowed: bool) -> None:
    """`workflow_id`, or `tool_id` with `tool_type`, or both."""
    assert is_valid("Job", {"name": "j", **job}, Form.NATIVE) is allowed


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("App", {"id": "", "license": ""}),
        ("App", {"id": "f165b7a6-5bc9", "license": "BSD"}),
        ("App", {"id": None, "license": None}),
        ("Workflow", {"id": "", "license": "BSD", "tasks": [{**TASK, "name": ""}]}),
        ("Workflow", {"tasks": [{**TASK, "name": None}]}),
        ("Workflow", {"tasks": [{**TASK, "name": "a" * 64}]}),
        ("Job", {"id": "000c6057"}),
    ],
)
def test_words_of_native_files_only(kind: str, words: dict[str, Any]) -> None:
    """They are accepted in native files and unknown in the envelope, which has the API's words."""
    spec = {**BASES[kind], **words}
    assert is_valid(kind, spec, Form.NATIVE)
    assert not is_valid(kind, spec)


LIFECYCLES: list[tuple[Any, bool]] = [
    (None, True),
    ({}, True),
    ({"onFailure": "hold", "onChange": "refuseIfRunning", "onRemove": "keep", "protect": False, "attempt": 1}, True),
    ({"onFailure": "retry", "onChange": "replace", "onRemove": "cancel", "protect": True, "attempt": 99}, True),
    ({"onChange": "queue", "onRemove": "delete"}, True),
    ({"onChange": "parallel"}, True),
    ({"attempt": 0}, False),
    ({"attempt": -1}, False),
    ({"attempt": "2"}, False),
    ({"attempt": 2.0}, False),
    ({"attempt": True}, False),
    ({"protect": "yes"}, False),
    ({"onFailure": "again"}, False),
    ({"onChange": "Replace"}, False),
    ({"onRemove": None}, False),
    ({"onremove": "keep"}, False),
    ([], False),
]


@pytest.mark.parametrize("kind", ["App", "Workflow", "Job"])
@pytest.mark.parametrize(("lifecycle", "allowed"), LIFECYCLES)
def test_the_run_policy_is_the_same_everywhere(kind: str, lifecycle: Any, allowed: bool) -> None:
    """One definition for every kind and both forms."""
    for form, document in (
        (Form.ENVELOPE, envelope(kind, BASES[kind])),
        (Form.NATIVE, native(kind, BASES[kind])),
    ):
        document["lifecycle"] = lifecycle
        assert CATALOGUE.validator("ai4s", kind, form).is_valid(document) is allowed


METADATA: list[tuple[Any, bool, bool]] = [
    # metadata, allowed in the envelope, allowed beside a native body
    (None, False, True),
    ({}, False, True),
    ({"name": "align"}, True, False),
    ({"name": "align", "scope": "lab", "target": "ai4s", "labels": {"a": "b"}}, True, False),
    ({"scope": "lab", "target": "ai4s", "labels": {"a": "b"}}, False, True),
    ({"name": "align", "labels": None}, True, False),
    ({"name": "align", "labels": {"a": 1}}, False, False),
    ({"name": "align", "scope": ""}, False, False),
    ({"name": "align", "version": "1"}, False, False),
    ({"name": "-"}, False, False),
    ({"name": 5}, False, False),
]


@pytest.mark.parametrize(("metadata", "in_envelope", "in_native"), METADATA)
def test_metadata(metadata: Any, in_envelope: bool, in_native: bool) -> None:
    """The envelope wants a name there; a native body has it."""
    document = {**envelope("App", APP), "metadata": metadata}
    assert CATALOGUE.validator("ai4s", "App", Form.ENVELOPE).is_valid(document) is in_envelope
    document = {**native("App", APP), "metadata": metadata}
    assert CATALOGUE.validator("ai4s", "App", Form.NATIVE).is_valid(document) is in_native


@pytest.mark.parametrize("extra", ["apiVersion", "kind", "spec", "status", "app"])
def test_nothing_else_stands_at_the_top(extra: str) -> None:
    """Neither form takes keys of the other or of its own invention."""
    document = {**native("Job", {**JOB, "name": "j"}), extra: "x"}
    assert not CATALOGUE.validator("ai4s", "Job", Form.NATIVE).is_valid(document)
    document = {**envelope("Workflow", WORKFLOW), "status": {}}
    assert not CATALOGUE.validator("ai4s", "Workflow", Form.ENVELOPE).is_valid(document)


@pytest.mark.parametrize(("field", "value"), [("apiVersion", "ai4s/v2"), ("apiVersion", "hai/v1"), ("kind", "Apps")])
def test_the_envelope_names_its_kind(field: str, value: str) -> None:
    """A document of another kind or version is not checked by accident."""
    assert not CATALOGUE.validator("ai4s", "App", Form.ENVELOPE).is_valid({**envelope("App", APP), field: value})


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        *(("storage_quota", value, True) for value in (-1, 1 << 30, 11_258_999_068_426_240, None)),
        *(("storage_quota", value, False) for value in (-2, 0, (1 << 30) - 1, 11_258_999_068_426_241, "1", 1.5)),
        *(("status", value, True) for value in ("ACTIVE", "INACTIVE", None)),
        *(("status", value, False) for value in ("active", "", 1)),
    ],
)
def test_what_only_an_update_of_a_space_takes(field: str, value: Any, allowed: bool) -> None:
    """The edges of both; left out they are left to the console, and null is the same."""
    assert is_valid("Space", {"name": "lab", field: value}) is allowed
