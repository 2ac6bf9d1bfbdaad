"""What a plan saw, told in one line, and to nobody who may not know."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.model.mark import Mark
from reconciler.model.resource import Live, Phase
from reconciler.planning.fingerprint import Sight, fingerprint, unmoved
from tests.planning.samples import OTHER, RULES, SCOPE, at, live, plan, reading, recorded, run, saw, tool

KEY, ANOTHER = "a1" * 32, "b2" * 32
RUNS, TOOLS = RULES["acme", "Run"], RULES["acme", "Tool"]
TOKEN = "$[[ secrets.TOKEN ]]"


def of_run(seen: Live, key: str = KEY) -> str:
    """The fingerprint of a run about which only the platform is asked."""
    return fingerprint(seen, Sight(RUNS, SCOPE, (), key))


def of_tool(asked: dict[str, Any], shown: dict[str, Any], key: str = KEY) -> str:
    """The fingerprint of a tool that shows some fields beside those that are asked for."""
    manifest = tool(**asked)
    return fingerprint(live(recorded(manifest), {**manifest.spec, **shown}), Sight(TOOLS, SCOPE, (manifest.spec,), key))


def test_nothing_has_no_fingerprint() -> None:
    """It is the empty text."""
    assert fingerprint(None, Sight(RUNS, SCOPE, (), KEY)) == ""


@pytest.mark.parametrize("key", [KEY, ""])
def test_what_moves_by_itself_does_not_count(key: str) -> None:
    """The platform's words, outputs, and how far an active run has come."""
    seen = live(recorded(run()), phase=Phase.PENDING)
    later = replace(seen, phase=Phase.RUNNING, status="Running", detail="node 7", outputs={"url": "x"})
    assert of_run(seen, key) == of_run(later, key)
    ended = replace(seen, phase=Phase.SUCCEEDED)
    assert of_run(ended, key) == of_run(replace(seen, phase=Phase.FAILED), key)


@pytest.mark.parametrize(
    "change",
    [
        {"remote_id": "id-other"},
        {"spec": {"flow": "other"}},
        {"mark": None},
        {"mark": Mark.of_standing(OTHER, at("Run", "r1"))},
        {"phase": Phase.SUCCEEDED},
        {"phase": Phase.DELETING},
        {"phase": Phase.READY},
    ],
)
def test_what_a_decision_depends_on_counts(change: dict[str, object]) -> None:
    """Each of them."""
    seen = live(recorded(run()), phase=Phase.RUNNING)
    assert of_run(seen) != of_run(replace(seen, **change))  # type: ignore[arg-type] # test data


def test_the_order_of_what_has_no_order_does_not_count() -> None:
    """A platform may answer otherwise each time."""
    assert of_tool({}, {"nodes": ["a", "b"]}) == of_tool({}, {"nodes": ["b", "a"]})


def test_without_the_key_no_guess_can_be_tried() -> None:
    """Another memory makes another fingerprint of the same object."""
    seen = live(recorded(run()), {"env": "a guessable value"})
    assert of_run(seen) == of_run(seen)
    assert len({of_run(seen), of_run(seen, ANOTHER), of_run(seen, "")}) == 3


@pytest.mark.parametrize("value", ["hunter2", "another"])
def test_before_there_is_a_key_no_text_counts_that_no_author_wrote(value: str) -> None:
    """Who has only the plan could try guesses."""
    plain = of_tool({"image": "busybox"}, {"note": "hunter2", "deep": {"list": ["hunter2"]}}, key="")
    assert of_tool({"image": "busybox"}, {"note": value, "deep": {"list": [value]}}, key="") == plain


def test_before_there_is_a_key_what_authors_wrote_counts_all_the_same() -> None:
    """Another text in its place, one less, another number: it moved."""
    asked = {"image": "busybox", "summary": "one", "timeout": 5}
    whole = of_tool(asked, {}, key="")
    changes: list[dict[str, Any]] = [{"image": "one"}, {"image": "other"}, {"timeout": 6}, {"note": "x"}]
    assert whole not in {of_tool(asked, change, key="") for change in changes}


@pytest.mark.parametrize("key", [KEY, ""])
@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({"password": TOKEN}, {"password": "%"}),
        ({}, {"password": "%"}),
        ({"env": {"A": TOKEN, "B": "plain"}}, {"env": {"A": "%", "B": "plain"}}),
        ({"env": {"A": TOKEN}}, {"env": {"B": "%"}}),
        ({"env": {"A": TOKEN}}, {"env": {"A": {"shown": ["%"]}}}),
        ({"command": ["run", f"--token={TOKEN}"]}, {"command": ["run", "--token=%"]}),
        ({"command": ["run", f"--token={TOKEN}"]}, {"command": ["--token=%", "run"]}),
        ({"url": f"https://{TOKEN}@host"}, {"url": "https://%@host"}),
        ({"inputs": [{"name": "a", "token": TOKEN}]}, {"inputs": [{"name": "a", "token": "%"}]}),
        ({"inputs": [{"name": "a", "env": TOKEN}]}, {"inputs": [{"name": "b"}, {"name": "a", "env": "%"}]}),
    ],
)
def test_what_may_be_a_secret_never_counts(asked: dict[str, Any], shown: dict[str, Any], key: str) -> None:
    """Even who can read the key of the memory, as everybody can of a public repository, learns nothing of it."""

    def with_value(value: Any, text: str) -> Any:
        if isinstance(value, dict):
            return {name: with_value(item, text) for name, item in value.items()}
        if isinstance(value, list):
            return [with_value(item, text) for item in value]
        return value.replace("%", text)

    first, second = (of_tool(asked, with_value(shown, text), key) for text in ("hunter2", "correct horse"))
    assert first == second


def test_a_reference_that_was_recorded_hides_as_well_as_one_that_is_asked_for() -> None:
    """The platform still shows what was sent then."""
    seen, now, then = (tool(env={"A": value}) for value in ("hunter2", "plain", TOKEN))
    other = live(recorded(tool(env={"A": "correct horse"})))
    sight = Sight(TOOLS, SCOPE, (now.spec, then.spec), KEY)
    assert fingerprint(live(recorded(seen)), sight) == fingerprint(other, sight)


def test_a_plan_from_before_there_was_a_key_can_be_carried_out() -> None:
    """The first lease makes the key; what the plan saw is still what it saw."""
    manifest = tool(image="busybox")
    seen, other = live(recorded(manifest)), live(recorded(tool(image="other")))
    sight = Sight(TOOLS, SCOPE, (manifest.spec,), "")
    assert unmoved(fingerprint(seen, sight), seen, replace(sight, key=KEY))
    assert not unmoved(fingerprint(seen, sight), other, replace(sight, key=KEY))
    assert not unmoved(fingerprint(seen, replace(sight, key=KEY)), seen, replace(sight, key=ANOTHER))


def test_planner_and_applier_see_alike() -> None:
    """What the plan of an update saw is what is compared before it is sent, key and secrets included."""
    memory = recorded(tool(env={"A": TOKEN}))
    seen = live(memory, {**memory.spec, "env": {"A": "hunter2"}})
    (step,) = plan([tool(env={"A": TOKEN}, nodes=["a"])], [memory], reading(seen), key=KEY).steps
    assert step.seen.startswith("k1:")
    assert saw(step, seen, memory, KEY)
    assert not saw(step, replace(seen, spec={**seen.spec, "image": "other"}), memory, KEY)
