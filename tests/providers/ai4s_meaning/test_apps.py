from __future__ import annotations

from typing import Any

import pytest

from tests.providers.ai4s_meaning.declared import app, findings, found, given

CLEAN: list[tuple[str, dict[str, Any]]] = [
    ("nothing but the required fields", {}),
    ("every type of input", {"inputs": [given(t.lower(), t) for t in ("STRING", "FILE", "DIRECTORY")]}),
    ("data as default of a file", {"inputs": [given("in", "FILE", values=["lab:/a/b.fq"])]}),
    ("data of another space", {"inputs": [given("in", "DIRECTORY", values=["other_lab-1:/"])]}),
    ("no default", {"inputs": [given("in", "FILE", values=[])]}),
    ("null where a list may stand", {"inputs": None, "outputs": None, "resources": None}),
    ("a default among the choices", {"inputs": [given("m", "ENUM", enum=["a", "b"], values=["b"])]}),
    ("a number among the choices", {"inputs": [given("k", "ENUM", enum=["8", "12"], values=[8])]}),
    ("an empty list of choices, as the platform prints it", {"inputs": [given("in", "STRING", enum=[])]}),
    ("a default that is an expression", {"inputs": [given("in", "FILE", values=["$[[ vars.reads ]]"])]}),
    ("text that looks like wiring", {"inputs": [given("t", values=["${a.b}"])]}),
    (
        "output paths, both spellings",
        {"outputs": [given("a", "FILE", values=["lab:/x"]), given("b", "FILE", values=["/x"])]},
    ),
    ("a parameter in a command", {"commands": ["run ${in-file}"], "inputs": [given("in-file", "FILE")]}),
    ("an output in a command", {"commands": ["run > ${out}"], "outputs": [given("out", "FILE")]}),
    ("a shell variable that resembles nothing", {"commands": ["echo ${HOME}"], "inputs": [given("reads", "FILE")]}),
    (
        "a shell variable set in another command",
        {"commands": ["reads1=x", "echo ${reads1}"], "inputs": [given("reads")]},
    ),
    ("a loop variable", {"commands": ["for reads1 in *; do cat ${reads1}; done"], "inputs": [given("reads")]}),
    ("a shell expansion", {"commands": ["echo ${read%.fq} ${#reads} $(date) $reeds"], "inputs": [given("reads")]}),
    ("eight Snt9", {"resources": {"gpu_type": "Snt9", "gpu": "8"}}),
    ("no Snt9", {"resources": {"gpu_type": "Snt9"}}),
    ("three GPUs", {"resources": {"gpu_type": "GPU", "gpu": "3"}}),
]


@pytest.mark.parametrize("spec", [s for _, s in CLEAN], ids=[name for name, _ in CLEAN])
def test_a_right_app_is_left_alone(spec: dict[str, Any]) -> None:
    """What works is no finding, not even a warning."""
    assert found(app(**spec)) == []


WRONG: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    (
        "two inputs of one name",
        {"inputs": [given("in"), given("other"), given("in")]},
        [("meaning.duplicate-parameter", "/inputs/2/name")],
    ),
    (
        "an input and an output of one name",
        {"inputs": [given("data", "FILE")], "outputs": [given("data", "FILE")]},
        [("meaning.duplicate-parameter", "/outputs/0/name")],
    ),
    (
        "three of one name: one finding each after the first",
        {"inputs": [given("in"), given("in"), given("in")]},
        [("meaning.duplicate-parameter", "/inputs/1/name"), ("meaning.duplicate-parameter", "/inputs/2/name")],
    ),
    (
        "choices that no type takes",
        {"inputs": [given("m", "STRING", enum=["a"])]},
        [("meaning.enum-ignored", "/inputs/0/enum")],
    ),
    (
        "a default beside the choices",
        {"inputs": [given("m", "ENUM", enum=["fast"], values=["fats"])]},
        [("meaning.value-not-in-enum", "/inputs/0/values/0")],
    ),
    (
        "a bare path",
        {"inputs": [given("in", "FILE", values=["/a.fq"])]},
        [("meaning.value-type", "/inputs/0/values/0")],
    ),
    ("a name", {"inputs": [given("in", "DIRECTORY", values=["a"])]}, [("meaning.value-type", "/inputs/0/values/0")]),
    ("an empty file", {"inputs": [given("in", "FILE", values=[""])]}, [("meaning.value-type", "/inputs/0/values/0")]),
    (
        "a task's output as default",
        {"inputs": [given("in", "FILE", values=["${a.b}"])]},
        [("meaning.value-type", "/inputs/0/values/0")],
    ),
    (
        "an output to nowhere",
        {"outputs": [given("o", "FILE", values=["x"])]},
        [("meaning.output-path", "/outputs/0/values/0")],
    ),
    (
        "a parameter spelt nearly right, in two commands",
        {"commands": ["a ${read}", "b", "c ${reads} ${read} ${read}"], "inputs": [given("reads", "FILE")]},
        [("meaning.unknown-parameter", "/commands/0"), ("meaning.unknown-parameter", "/commands/2")],
    ),
    (
        "underscore for hyphen",
        {"commands": ["a ${out_dir}"], "outputs": [given("out-dir", "DIRECTORY")]},
        [("meaning.unknown-parameter", "/commands/0")],
    ),
    (
        "everything at once",
        {
            "commands": ["x ${moed}"],
            "inputs": [given("mode", enum=["a"]), given("mode"), given("in", "FILE", values=["/x", "/y"])],
        },
        [
            ("meaning.duplicate-parameter", "/inputs/1/name"),
            ("meaning.enum-ignored", "/inputs/0/enum"),
            ("meaning.value-type", "/inputs/2/values/0"),
            ("meaning.value-type", "/inputs/2/values/1"),
        ],
    ),
]


@pytest.mark.parametrize(("spec", "expected"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_what_is_wrong_in_an_app(spec: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    """Each mistake is found once, at its place."""
    assert found(app(**spec)) == [(code, "App", pointer) for code, pointer in expected]


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
        ({"inputs": [given("m", "ENUM", enum=["fast", "exact"], values=["exakt"])]}, "did you mean 'exact'?"),
        ({"inputs": [given("m", "ENUM", enum=["fast", "exact"], values=["zzz"])]}, "there is fast, exact"),
        ({"inputs": [given("in", "FILE", values=["/a.fq"])]}, "name the space too: `lab:/a.fq`"),
        ({"inputs": [given("in", "FILE", values=["${trim}"])]}, "an output of a task is written `${task.output}`"),
        ({"inputs": [given("in", "FILE", values=["a.fq"])]}, "write `lab:/path` or `${task.output}`"),
        ({"commands": ["${redas}"], "inputs": [given("reads")]}, "did you mean `${reads}`?"),
    ],
)
def test_the_hint_says_what_to_write(spec: dict[str, Any], hint: str) -> None:
    """A finding helps to correct the file."""
    assert [d.hint for d in findings(app(**spec))] == [hint]
