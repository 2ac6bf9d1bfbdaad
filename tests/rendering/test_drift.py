"""Drift for people and for programs."""

from __future__ import annotations

import json

import pytest

from reconciler.model.address import Address
from reconciler.planning.drift import Drift, Happened, Moved, MovedField, Untold, Whose
from reconciler.rendering.drift import drift_to_json, render_drift


def _drift(recorded: object, live: object, *, secret: bool) -> Drift:
    field = MovedField("/token", Whose.DECLARED, recorded, live, secret=secret)
    return Drift((Moved(Address("t", "App", "s", "n"), "p", Happened.CHANGED, "id-1", fields=(field,)),), looked_at=1)


@pytest.mark.parametrize(
    ("side", "text"),
    [
        ("$[[ secrets.a ]]", '"$[[ secrets.a ]]"'),
        ("$[[ secrets.a ]] and-a-plain-tail", "(secret)"),
        ("plain", "(secret)"),
        (None, "(secret)"),
        (Untold.TEXT, "(another text)"),
    ],
)
def test_of_a_secret_only_a_reference_is_shown(side: object, text: str) -> None:
    """By the rule of every other rendering: what stands beside a reference may be part of the secret."""
    found = _drift(side, "live-plain", secret=True)
    assert f"/token  {text} -> (secret)   (recorded -> live)" in render_drift(found)
    assert "plain" not in render_drift(found) + drift_to_json(found)


def test_other_fields_are_shown() -> None:
    """As values are everywhere."""
    found = _drift("a", 2, secret=False)
    assert "/token  a -> 2   (recorded -> live)" in render_drift(found)
    (field,) = json.loads(drift_to_json(found))["moved"][0]["fields"]
    assert (field["recorded"], field["live"]) == ("a", 2)
