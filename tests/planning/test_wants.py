"""What a refresh must read, and what it saw."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.address import Address
from reconciler.model.diagnostic import Source
from reconciler.model.manifest import Lifecycle, Manifest
from reconciler.model.mark import Mark
from reconciler.model.resource import Former
from reconciler.planning.references import check
from reconciler.planning.rules import rules_of
from reconciler.planning.wants import Want, wanted_of, wants
from tests.planning.samples import (
    KINDS,
    OWNER,
    PLATFORM,
    TARGET,
    at,
    flow,
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


def test_what_was_let_go_of_lately_is_looked_for_by_its_id() -> None:
    """Lists lag: a run that is declared again a moment after it was removed may not be in them yet."""
    job, thing = run("r1"), tool()
    marks = {want.address: want.mark for want in wants([job, thing], {}, KINDS, OWNER)}
    former = [Former(a, marks[a], f"{a.name}-{n}", float(n)) for n in (2, 1) for a in (job.address, thing.address)]  # type: ignore[arg-type] # marks of declared things
    stranger = Former(job.address, Mark.of_standing(OWNER, job.address), "another", 9.0)
    found = wants([job, thing], {}, KINDS, OWNER, [*former, stranger])
    assert [want.remote_id for want in found] == ["r1-2", "align@1-2"]
    assert all(want.remote_id == "" for want in wants([run("r1", n=2)], {}, KINDS, OWNER, former))
