"""A kind is a schema, a handler, an example and a route of the local platform; this names what is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reconciler.manifests.schemas import load_catalogue
from reconciler.model.kind import Ability, Life
from reconciler.providers.discovery import providers
from reconciler.providers.protocol import abilities

ROOT = Path(__file__).resolve().parents[2]
KINDS = sorted(load_catalogue().kinds)


def test_schemas_and_handlers_agree() -> None:
    """Each kind with a schema has a handler, and the other way round."""
    handled = {(name, kind) for name, provider in providers().items() for kind in provider.kinds}
    assert handled == set(KINDS)


@pytest.mark.parametrize(("platform", "kind"), KINDS)
def test_a_kind_can_be_created_and_found_again(platform: str, kind: str) -> None:
    """Without a way to find or read it, exactly-once and drift are impossible. What a platform has no call for is
    admitted on its page, kind by kind, with the reason.
    """
    can = abilities(providers()[platform].kinds[kind])
    assert Ability.CREATE in can
    lacking = set() if can & {Ability.READ, Ability.LIST} else {Ability.READ}
    if load_catalogue().kinds[platform, kind].life is Life.RUN:
        lacking |= {Ability.STOP, Ability.LOGS} - can
    assert all(f"no {ability}" in _admitted(platform, kind) for ability in lacking), lacking
    assert kind in providers()[platform].create_class


def _admitted(platform: str, kind: str) -> str:
    """What the page of a platform says that a kind cannot do."""
    page = ROOT / "docs" / f"{platform}.md"
    lines = page.read_text(encoding="utf-8").splitlines() if page.is_file() else []
    return next((line for line in lines if line.startswith(f"| `{kind}` | no ")), "")


@pytest.mark.parametrize(("platform", "kind"), KINDS)
def test_a_kind_has_an_example(platform: str, kind: str) -> None:
    """Somebody who wants to write one can copy one, in the native form or in the envelope."""
    found = load_catalogue().kinds[platform, kind]
    heading = rf"^apiVersion: {platform}/{found.api_version}\nkind: {found.word}\b"
    pattern = re.compile(heading + (rf"|^{found.native_key}:" if found.native_key else ""), re.MULTILINE)
    files = [p for p in (ROOT / "examples").rglob("*") if p.suffix in {".yaml", ".yml", ".txt"}]
    assert any(pattern.search(p.read_text(encoding="utf-8")) for p in files)


@pytest.mark.parametrize("platform", sorted({platform for platform, _ in KINDS}))
def test_a_platform_has_a_local_face(platform: str) -> None:
    """Everything works with no account."""
    assert (ROOT / "reconciler/localplatform/platforms" / f"{platform.replace('-', '_')}.py").is_file()
