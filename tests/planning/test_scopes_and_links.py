"""Edges that are not written as one text: standing in a declared scope, objects that name others, things that came from
another scope.
"""

from __future__ import annotations

from typing import Any

from reconciler.model.address import NO_SCOPE, Address
from reconciler.model.diagnostic import Source
from reconciler.model.kind import Ability, FieldRule, Kind, Life, Reference
from reconciler.model.manifest import Manifest
from reconciler.planning.edges import Via
from reconciler.planning.references import check
from tests.planning.samples import FORM, PLATFORM, TARGET

ROOM = Kind(
    PLATFORM, "Room", Life.STANDING, "room", ("name",), can=frozenset(Ability), account_wide=True, is_scope=True
)
TOOL = Kind(
    PLATFORM,
    "Tool",
    Life.STANDING,
    "tool",
    ("name", "version"),
    (
        FieldRule("from", "made there first", refers_to=Reference("Tool", FORM, text="{name}::{version}::{room}")),
        FieldRule("from.uses", "made before", refers_to=Reference("Tool", FORM, here=True)),
        FieldRule("base", "on it", refers_to=Reference("Disk", pattern=r"(?P<scope>[^/]+)/(?P<name>[^:]+)(?::.+)?")),
        FieldRule("needs", "beside it", refers_to=Reference("Tool", FORM, here=True)),
    ),
)
DISK = Kind(PLATFORM, "Disk", Life.STANDING, "disk", ("name",))
KINDS = {(kind.platform, kind.name): kind for kind in (ROOM, TOOL, DISK)}


def tool(name: str, scope: str = "lab", **spec: Any) -> Manifest:
    """A declared tool."""
    plain, _, version = name.partition("@")
    address = Address(TARGET, "Tool", scope, name)
    return Manifest(address, PLATFORM, {"name": plain, "version": version, **spec}, Source("x.yaml"))


def thing(kind: str, name: str, scope: str = "lab") -> Manifest:
    """Something else that is declared."""
    return Manifest(Address(TARGET, kind, scope, name), PLATFORM, {"name": name}, Source("x.yaml"))


def needs(*manifests: Manifest) -> dict[str, list[str]]:
    """What the first one depends on, and what was found wrong."""
    edges, findings = check(manifests, KINDS)
    depends = [str(address).removeprefix(f"{TARGET}/") for address in edges.dependencies(manifests[0].address)]
    return {"needs": depends, "wrong": [finding.code for finding in findings]}


def test_what_stands_in_a_declared_scope_needs_it() -> None:
    """And nothing where the scope is not declared, or for what stands in none."""
    room = thing("Room", "lab", NO_SCOPE)
    assert needs(tool("a@1"), room) == {"needs": ["Room/-/lab"], "wrong": []}
    assert needs(tool("a@1", "elsewhere"), room) == {"needs": [], "wrong": []}
    assert needs(room, thing("Room", "-", NO_SCOPE)) == {"needs": [], "wrong": []}
    edges, _ = check((tool("a@1"), room), KINDS)
    (edge,) = edges.of[tool("a@1").address]
    assert (edge.mention.via, edge.mention.text) == (Via.SCOPE, "lab")


def test_an_object_names_another() -> None:
    """By its members; what it leaves out is taken from the root of the spec."""
    original = tool("a@1", "far")
    assert needs(tool("a@1", **{"from": {"room": "far"}}), original)["needs"] == ["Tool/far/a@1"]
    renamed = tool("b@2", **{"from": {"room": "far", "name": "a", "version": "1"}})
    assert needs(renamed, original)["needs"] == ["Tool/far/a@1"]
    assert needs(tool("a@2", **{"from": {"room": "far"}}), original) == {"needs": [], "wrong": []}
    assert needs(tool("a@1", **{"from": {}}), original) == {"needs": [], "wrong": []}


def test_members_of_an_object_that_names_another_are_read_too() -> None:
    """An object is a reference, and so is what is in it."""
    whole = tool("b@1", **{"from": {"room": "far", "uses": ["a::1"]}})
    assert needs(whole, tool("a@1"), tool("b@1", "far"))["needs"] == ["Tool/far/b@1", "Tool/lab/a@1"]


def test_text_is_read_by_a_pattern() -> None:
    """Only what is declared is meant: nothing is missed, and nothing is said of what is not."""
    disk = thing("Disk", "image")
    assert needs(tool("a@1", base="lab/image:1.0"), disk)["needs"] == ["Disk/lab/image"]
    assert needs(tool("a@1", base="far/image:1.0"), disk) == {"needs": [], "wrong": []}
    assert needs(tool("a@1", base="just text"), disk) == {"needs": [], "wrong": []}


def test_what_came_from_another_scope_stands_in_the_own_one() -> None:
    """The scope in the text says where it came from; where nothing of the name stands here, it is that one."""
    here, there = tool("a@1"), tool("a@1", "far")
    user = tool("user@1", needs="a::1::far")
    assert needs(user, here, there)["needs"] == ["Tool/lab/a@1"]
    assert needs(user, there)["needs"] == ["Tool/far/a@1"]
    assert needs(tool("user@1", needs="a::1"), here, there)["needs"] == ["Tool/lab/a@1"]
    assert needs(tool("user@1", needs="b::1"), here) == {"needs": [], "wrong": ["references.undeclared"]}
