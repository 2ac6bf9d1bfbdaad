"""A secret at every place where a manifest takes one, through plan, death, settling, apply, drift and removal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from reconciler.errors import ManifestsInvalid
from reconciler.operations.validate import declare
from tests.crash.lives import VARIABLES
from tests.invariants.test_secrets import CANARY, _leaks
from tests.invariants.world import World, world_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.crash.lives import Life, Nursery

SECRET = "$[[ secrets.canary ]]"
CALM = {**VARIABLES, "RECONCILER_SECRET_CANARY": CANARY, "RECONCILER_TRACE": "1"}


OTHERS = [pytest.param(name, marks=pytest.mark.long) for name in ("pai-dlc", "hai", "modelarts", "aihub", "ai4s")]


@pytest.fixture(params=["quickstart", *OTHERS])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """An example project with a secret wherever its files may hold one."""
    with world_of(tmp_path, request.param) as found:
        found.variables = CALM
        places = 0
        for file in found.manifests():
            documents = list(yaml.safe_load_all(file.read_text(encoding="utf-8")))
            for pointer in list(_texts(documents)):
                places += _holds(found, file, documents, pointer)
        assert places > 20
        yield found


def _texts(value: Any, *pointer: Any) -> Iterator[tuple[Any, ...]]:
    """Where the texts are."""
    if isinstance(value, str):
        yield pointer
    elif isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(item, *pointer, key)


def _holds(world: World, file: Path, documents: list[Any], pointer: tuple[Any, ...]) -> bool:
    """Puts the secret there, and takes it out again when the manifests are wrong with it."""
    *path, last = pointer
    place: Any = documents
    for key in path:
        place = place[key]
    before, place[last] = place[last], f"{place[last]} {SECRET}" if path[-1:] == ["commands"] else SECRET
    _write(file, documents)
    try:
        declare(world.workspace()).required()
    except ManifestsInvalid:
        place[last] = before
        _write(file, documents)
        return False
    return True


def _write(file: Path, documents: list[Any]) -> None:
    file.write_text("\n---\n".join(json.dumps(document) for document in documents), encoding="utf-8")


def test_no_canary_sings(world: World, cradle: Nursery) -> None:
    """Not on a stream, not in a plan, the memory, a journal that was cut short, or what the trace tells."""
    lives: list[Life] = []

    def live(*words: str, **order: Any) -> Life:
        lives.append(cradle.live(world.root, *words, variables=CALM, **order))
        assert _leaks(world, *(text for life in lives for text in (life.out, life.err))) == [], words
        return lives[-1]

    live("validate")
    assert live("plan", "-o", "p.plan", "--format", "json").code == 0
    assert live("apply", "p.plan", at=2, match="after POST").signal
    assert live("state", "list").code == 0
    live("apply", "--yes")
    assert any(CANARY in json.dumps(entry) for entry in world.requests("POST"))
    for command in ("status", "plan", "show p.plan", "get", "state list --format json", "graph"):
        live(*command.split())
    for name in [str(address) for address in world.recorded()]:
        live("state", "show", name)
        live("show", name)
    live("destroy", "--yes")
