"""What a refresh must read, and what it saw."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.address import Address
from reconciler.model.diagnostic import Source
from reconciler.model.manifest import Lifecycle, Manifest
from reconciler.model.mark import Mark
from reconciler.model.resource import Phase
from reconciler.planning.fingerprint import fingerprint
from reconciler.planning.references import check
from reconciler.planning.rules import rules_of
from reconciler.planning.wants import Want, wanted_of, wants
from tests.planning.samples import (
    KINDS,
    OTHER,
    OWNER,
    PLATFORM,
    TARGET,
    at,
    flow,
    live,
    manifest,
    plan,
    recorded,
    run,
    tool,
)


def test_what_is_recorded_is_read_by_its_id_and_mark() -> None:
    """Declared or not."""
    memory = recorded(run(), attempt=3)
    wanted = Want(memory.address, PLATFORM, "id-r1", memory.mark)
    assert wants([run(flow="edited::1")], {memory.address: memory}, KINDS, OWNER) == (wanted,)
    assert wants([], {memory.address: memory}, KINDS, OWNER) == (wanted,)


def test_what_is_only_declared_is_looked_for_by_the_mark_it_would_carry() -> None:
    """That of the submission for a run, that of the address for a standing thing."""
    manifests = [run("r1", Lifecycle(attempt=2)), tool(), flow("wf@1")]
    found = wants(manifests, {}, KINDS, OWNER)
    assert [want.address for want in found] == [at("Flow", "wf@1"), at("Run", "r1"), at("Tool", "align@1")]
    steps = {step.address: step for step in plan(manifests).steps}
    assert {want.address: want.mark for want in found} == {address: step.mark for address, step in steps.items()}
    assert all(want.remote_id == "" for want in found)


def test_the_mark_knows_both_spellings_of_a_reference() -> None:
    """Else a lost memory would submit again."""
    (one, _), (other, _) = (
        wants([run(flow=text), flow("wf@1")], {}, KINDS, OWNER)[::-1] for text in ("wf::1", "$[[ ref.Flow/wf@1 ]]")
    )
    assert one.mark == other.mark


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("$[[ref.Tool/qc@1]]", "qc::1::lab"),
        (" $[[ ref.prod/Tool/lab/qc@1 ]] ", "qc::1::lab"),
        ("$[[ ref.Tool/qc@1.url ]]", "$[[ ref.Tool/qc@1.url ]]"),
        ("x $[[ ref.Tool/qc@1 ]]", "x $[[ ref.Tool/qc@1 ]]"),
        ("$[[ ref.Flow/base@1 ]]", "$[[ ref.Flow/base@1 ]]"),
        ("$[[ ref.dev/Tool/lab/qc@1 ]]", "$[[ ref.dev/Tool/lab/qc@1 ]]"),
        ("qc::1", "qc::1::lab"),
    ],
)
def test_an_expression_becomes_a_name_where_it_means_one(written: str, normal: str) -> None:
    """The whole of a field, of the kind that the field names, at the same target, without an output."""
    user = flow("wf@1", written, base="$[[ ref.Flow/base@1 ]]")
    others = [tool("qc@1"), manifest("Tool", "qc@1", {"image": "x"}, target="dev"), flow("base@1")]
    edges = check([user, *others], KINDS)[0]
    kind = KINDS[PLATFORM, "Flow"]
    spec = wanted_of(user, kind, rules_of(kind), edges.of[user.address]).spec
    assert spec["tasks"][0]["tool"] == normal
    assert spec["base"] == "$[[ ref.Flow/base@1 ]]"


def test_kinds_that_are_not_known_are_left_out() -> None:
    """Nothing could read them."""
    odd = Manifest(Address(TARGET, "Odd", "lab", "y"), PLATFORM, {}, Source("y.yaml"))
    old = replace(recorded(tool()), address=at("Old", "x"))
    assert wants([odd], {old.address: old}, KINDS, OWNER) == ()
    assert wants([], {}, KINDS, OWNER) == ()


# -- fingerprints ------------------------------------------------------------------------------------------------------


def test_nothing_has_no_fingerprint() -> None:
    """It is the empty text."""
    assert fingerprint(None) == ""


def test_what_moves_by_itself_does_not_count() -> None:
    """The platform's words, outputs, and how far an active run has come."""
    seen = live(recorded(run()), phase=Phase.PENDING)
    later = replace(seen, phase=Phase.RUNNING, status="Running", detail="node 7", outputs={"url": "x"})
    assert fingerprint(seen) == fingerprint(later)
    ended = replace(seen, phase=Phase.SUCCEEDED)
    assert fingerprint(ended) == fingerprint(replace(seen, phase=Phase.FAILED))


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
    assert fingerprint(seen) != fingerprint(replace(seen, **change))  # type: ignore[arg-type] # test data
