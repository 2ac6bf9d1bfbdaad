from __future__ import annotations

import shlex
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.address import Address
from reconciler.model.codes import CODES
from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.model.manifest import Manifest
from reconciler.providers.facilities import Allowance, ClusterNode
from reconciler.providers.hai.capacity import foresee
from reconciler.providers.hai.meaning import check
from reconciler.providers.hai.shell import quoted, trouble
from tests.providers.hai.opened import spec

if TYPE_CHECKING:
    from collections.abc import Mapping

VALUES = [
    "plain",
    "",
    "two words",
    "'two words'",
    '"two words"',
    "a;b",
    "a&b",
    "a|b",
    "a<b",
    "a>b",
    "(a",
    "a)",
    "`ls`",
    "$(ls)",
    '"$(ls)"',
    '"`ls`"',
    "$HOME/x",
    '"$HOME x"',
    "it's",
    "'open",
    '"open',
    "back\\",
    "back\\ slash",
    "a#b",
    "#a",
    "tab\tx",
    "line\nbreak",
    "'line\nbreak'",
    "ünï",
    "-x",
    "=",
    "a=b",
    "~",
    "*",
    "'a'b\"c\"",
]


def manifest(given: Mapping[str, Any], *, scope: str = "-") -> Manifest:
    """A declared task."""
    return Manifest(Address("hai", "Task", scope, str(given["name"])), "hai", given, Source("t.yaml"))


def found(changes: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Severity, code and pointer of every finding about one task."""
    base = spec("t")
    base["spec"] = {"workspace": "/ws", "entrypoint": "x", **changes.get("spec", {})}
    merged = {**base, **{key: value for key, value in changes.items() if key != "spec"}}
    return [(d.severity.value, d.code, d.pointer) for d in check((manifest(merged),))]


def error(code: str, pointer: str) -> list[tuple[str, str, str]]:
    """One error."""
    return [("error", f"meaning.{code}", pointer)]


def service(**members: Any) -> dict[str, Any]:
    """A task with one service."""
    return {"services": [{"name": "a", "type": "http", "port": 80, **members}]}


GIVEN_VARIABLE = [("warning", "meaning.given-variable", "/spec/environments/MARSV2_X")]
CASES: list[tuple[dict[str, Any], list[tuple[str, str, str]]]] = [
    ({}, []),
    ({"spec": {"git_remote_repo": "https://g"}}, error("two-sources", "/spec/git_remote_repo")),
    ({"spec": {"workspace": ""}}, error("no-source", "/spec")),
    ({"spec": {"git_target_revision": "v1"}}, error("no-source", "/spec/git_target_revision")),
    (
        {"spec": {"workspace": "", "git_remote_repo": "https://g"}, "options": {"record_git_revision": True}},
        error("two-sources", "/options/record_git_revision"),
    ),
    ({"spec": {"parameters": "p" * 2047}}, error("command-length", "/spec/parameters")),
    ({"spec": {"environments": {"A": "two words"}}}, error("shell-value", "/spec/environments/A")),
    ({"spec": {"environments": {"A": "'two words'", "B": "$HOME", "C": "1"}}}, []),
    ({"spec": {"environments": {"A": "$[[ secrets.key ]] x"}}}, []),
    ({"spec": {"environments": {"RANK": "1"}}}, [("warning", "meaning.given-variable", "/spec/environments/RANK")]),
    (
        {"spec": {"environments": {"MARSV2_X": "1"}}},
        [("warning", "meaning.given-variable", "/spec/environments/MARSV2_X")],
    ),
    ({"spec": {"environments": {"D": "2026-01-31"}}}, [("note", "meaning.date-value", "/spec/environments/D")]),
    ({"resource": {"group": "a#b#c"}}, error("group-form", "/resource/group")),
    ({"resource": {"group": "#b"}}, error("group-form", "/resource/group")),
    ({"resource": {"group": "a.b#c", "image": "r/p/i:1"}}, []),
    ({"resource": {"image": "p/i:1"}}, error("image-form", "/resource/image")),
    ({"priority": 5}, [("note", "meaning.external-priority", "/priority")]),
    ({"options": {"py_venv": "202111"}}, []),
    ({"options": {"py_venv": "mine[alice]"}}, []),
    ({"options": {"py_venv": "202112"}}, [("warning", "meaning.unknown-venv", "/options/py_venv")]),
    (service(), []),
    (service(type="local"), error("service", "/services/0/port")),
    (service(rank=[1]), error("service", "/services/0/rank")),
    ({"services": [{"name": "a", "type": "tcp"}]}, error("service", "/services/0")),
    ({"services": [{"name": "a", "port": 1}]}, error("service", "/services/0")),
    ({"services": [{"name": "a", "type": "local", "rank": [0, 1]}, {"name": "ssh"}]}, []),
    ({"services": [{"name": "ssh", "port": 22}]}, error("service", "/services/0/port")),
    (
        {"services": [{"name": "a", "type": "http", "port": 1}, {"name": "a", "type": "tcp", "port": 1}]},
        [*error("service", "/services/1/name"), *error("service", "/services/1/port")],
    ),
]


@pytest.mark.parametrize(("changes", "expected"), CASES, ids=lambda value: str(value)[:60])
def test_findings(changes: dict[str, Any], expected: list[tuple[str, str, str]]) -> None:
    """Each rule, at its place, and nothing where nothing is wrong."""
    assert found(changes) == expected
    assert {code for _, code, _ in expected} <= set(CODES)


def test_one_name_on_one_account() -> None:
    """Scopes are no rooms of the platform: two manifests of one name collide, on two accounts they do not."""
    one, two = manifest(spec("t")), manifest(spec("t"), scope="other")
    assert [d.code for d in check((one, two))] == ["meaning.name-taken"]
    elsewhere = replace(two, address=replace(two.address, target="hai-2"))
    assert list(check((one, elsewhere))) == []


@pytest.mark.skipif(shutil.which("bash") is None, reason="no shell to compare with")
def test_trouble_is_what_a_shell_makes_of_it() -> None:
    """A value without trouble arrives as one word; one that merely runs or expands something is judged by sight."""
    script = "".join(f"unset A\nexport A={value}\nprintf '%s\\0' \"$A\"\n" for value in VALUES if not trouble(value))
    told = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, env={"HOME": "/h"})
    plain = [value for value in VALUES if not trouble(value)]
    arrived = told.stdout.split("\0")[:-1]
    assert len(arrived) == len(plain)
    for value, got in zip(plain, arrived, strict=True):
        wanted = shlex.split(value)[0] if value else ""
        assert got == wanted.replace("$HOME", "/h").replace("~", "/h"), value
    assert {v for v in VALUES if trouble(v)} == {
        "two words",
        "a;b",
        "a&b",
        "a|b",
        "a<b",
        "a>b",
        "(a",
        "a)",
        "`ls`",
        "$(ls)",
        '"$(ls)"',
        '"`ls`"',
        "it's",
        "'open",
        '"open',
        "back\\",
        "#a",
        "tab\tx",
        "line\nbreak",
    }


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20))
def test_what_is_suggested_works(value: str) -> None:
    """The hint, read as YAML, is a value without trouble that stands for what the author wrote."""
    suggested = yaml.safe_load(quoted(value))
    assert trouble(suggested) == ""
    assert shlex.split(suggested) == [value]


class Told:
    """A connection whose cluster says what it is told to."""

    def __init__(self, nodes: list[ClusterNode], limits: list[Allowance]) -> None:
        self._nodes, self._limits = nodes, limits

    @property
    def cluster(self) -> Told:
        """Itself."""
        return self

    def nodes(self) -> list[ClusterNode]:
        """The machines."""
        return self._nodes

    def quota(self) -> list[Allowance]:
        """The limits."""
        return self._limits


NODES = [ClusterNode(f"n{i}", "a.b", "Ready") for i in range(4)] + [ClusterNode("down", "a.b", "NotReady")]
LIMITS = [Allowance("a.b/HIGH", 2), Allowance("a.b/LOW", 3), Allowance("q-only/HIGH", 1)]


def foreseen(told: Told, **changes: Any) -> list[tuple[str, str]]:
    """Severity and code of what is foreseen for one task."""
    findings: list[Diagnostic] = list(foresee(told, (manifest(spec("t", **changes)),)))  # type: ignore[arg-type]
    return [(finding.severity.value, finding.code) for finding in findings]


@pytest.mark.parametrize(
    ("group", "count", "priority", "expected"),
    [
        ("default", 99, 30, []),
        ("a.b", 2, 30, []),
        ("a.b#zone", 2, 30, []),
        ("a", 3, -1, [("warning", "capacity.over-quota")]),
        ("a.b", 3, -1, []),
        ("a.b", 3, 30, [("warning", "capacity.over-quota")]),
        ("a.b", 1, 40, [("warning", "capacity.over-quota")]),
        ("a.b", 5, 30, [("warning", "capacity.too-few-nodes"), ("warning", "capacity.over-quota")]),
        ("q-only", 1, 30, [("warning", "capacity.too-few-nodes")]),
        ("c", 1, 30, [("error", "capacity.unknown-group")]),
        ("$[[ secrets.group ]]", 1, 30, []),
    ],
)
def test_capacity(group: str, count: int, priority: int, expected: list[tuple[str, str]]) -> None:
    """What would be accepted and wait for ever is said before it is sent."""
    resource = {"group": group, "node_count": count}
    assert foreseen(Told(NODES, LIMITS), resource=resource, priority=priority) == expected


def test_an_account_without_figures_is_not_judged() -> None:
    """External users see no quota, and perhaps no nodes."""
    assert foreseen(Told(NODES, []), resource={"group": "a.b", "node_count": 4}, priority=30) == []
    assert foreseen(Told([], []), resource={"group": "c", "node_count": 4}, priority=30) == []
