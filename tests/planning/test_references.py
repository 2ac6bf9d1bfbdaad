"""Edges between manifests, and what can be wrong with them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Severity, Source
from reconciler.model.expression import parse
from reconciler.model.kind import FieldRule, Life, Reference
from reconciler.model.manifest import Manifest
from reconciler.planning.edges import Known, Via, locate, mentions
from reconciler.planning.references import Edges, check
from reconciler.planning.rules import rules_of
from tests.planning.samples import FORM, KINDS, PLATFORM, RUN, TARGET, at, flow, manifest, run, tool, with_kind


def _check(*manifests: Manifest) -> tuple[Edges, tuple[Diagnostic, ...]]:
    return check(manifests, KINDS)


def test_a_form_makes_an_edge() -> None:
    """A name in the platform's own text, its scope left out or not."""
    edges, findings = _check(tool("qc@1"), flow("wf@1", "qc::1", "qc::1::lab"))
    assert findings == ()
    assert edges.dependencies(at("Flow", "wf@1")) == (at("Tool", "qc@1"),)
    assert [edge.mention.pointer for edge in edges.of[at("Flow", "wf@1")]] == ["/tasks/0/tool", "/tasks/1/tool"]


def test_a_bare_name_makes_an_edge_when_it_is_declared() -> None:
    """Without a form a text may be an id; only a declared name is taken for one."""
    bare = manifest("Flow", "child@1", {"tasks": [], "base": "wf@1"})
    edges, findings = _check(flow("wf@1"), bare, manifest("Flow", "other@1", {"tasks": [], "base": "8a1c"}))
    assert findings == ()
    assert edges.dependencies(bare.address) == (at("Flow", "wf@1"),)
    assert at("Flow", "other@1") not in edges.of


def test_an_expression_makes_an_edge_wherever_it_stands() -> None:
    """Also in the middle of a text, with or without an output."""
    user = run("r1", flow="8a1c", env=["x $[[ ref.Tool/qc@1.0.0 ]] y"], a={"b/~": "$[[ref.Tool/qc@1.0.0.url]]"})
    edges, findings = _check(tool("qc@1.0.0"), user)
    assert findings == ()
    found = [(e.mention.pointer, e.mention.output, e.mention.tidy) for e in edges.of[user.address]]
    assert found == [
        ("/env/0", "", "$[[ ref.Tool/qc@1.0.0 ]]"),
        ("/a/b~1~0", "url", "$[[ ref.Tool/qc@1.0.0.url ]]"),
    ]


@pytest.mark.parametrize("name", ["demo/qc@1", "registry/demo/qc@1", "a/b/c/qc@1"])
def test_a_name_with_slashes_may_be_referred_to(name: str) -> None:
    """As images have: by kind and name as they are declared, as the hints say, and by the address."""
    short, full = f"$[[ ref.Tool/{name}.url ]]", f"$[[ ref.{at('Tool', name)} ]]"
    user = run("r1", flow="8a1c", env=[short, full])
    edges, findings = _check(tool(name), user)
    assert findings == ()
    assert [edge.dependency for edge in edges.of[user.address]] == [at("Tool", name)] * 2
    (wrong,) = _check(tool(name), run("r1", flow="8a1c", env=[f"$[[ ref.Tool/{name}2 ]]"]))[1]
    assert wrong.hint == f"did you mean $[[ ref.Tool/{name} ]]?"


def test_an_expression_in_a_reference_field_is_one_edge() -> None:
    """It is not read as a name too."""
    edges, findings = _check(tool("qc@1"), flow("wf@1", "$[[ ref.Tool/qc@1 ]]"))
    assert findings == ()
    (edge,) = edges.of[at("Flow", "wf@1")]
    assert edge.mention.via is Via.EXPRESSION
    assert edge.mention.reference is not None


def test_the_own_scope_comes_first_and_then_the_only_one() -> None:
    """Of several other scopes, none is taken."""
    here, there, third = (manifest("Tool", "qc@1", scope=scope) for scope in ("lab", "other", "third"))
    user = run("r1", flow="x", a="$[[ ref.Tool/qc@1 ]]")
    assert _check(here, there, user)[0].dependencies(user.address) == (here.address,)
    assert _check(there, user)[0].dependencies(user.address) == (there.address,)
    edges, (finding,) = _check(there, third, user)
    assert edges.dependencies(user.address) == ()
    assert (finding.code, finding.severity) == ("references.ambiguous", Severity.ERROR)
    assert "$[[ ref.prod/Tool/other/qc@1 ]] or $[[ ref.prod/Tool/third/qc@1 ]]" in finding.hint


def test_a_full_address_reaches_another_target() -> None:
    """Where a short name does not; parts are quoted as in any address."""
    elsewhere = manifest("Tool", "q/c@1", target="dev")
    user = run("r1", flow="x", a="$[[ ref.dev/Tool/lab/q%2Fc@1.url ]]")
    edges, findings = _check(elsewhere, user)
    assert findings == ()
    (edge,) = edges.of[user.address]
    assert (edge.dependency, edge.mention.output) == (elsewhere.address, "url")
    assert [f.code for f in _check(elsewhere, run("r1", flow="x", a="$[[ ref.Tool/qc@1 ]]"))[1]] == [
        "references.unknown"
    ]


@pytest.mark.parametrize("name", ["Tool", "a/b/c", "a//b/c", "a/b/c/d/e", "prod/Tool/lab/none@1"])
def test_names_that_cannot_be_found(name: str) -> None:
    """Neither `Kind/name` nor a full address of something."""
    known = Known.of([at("Tool", "qc@1")])
    assert locate(parse(f"$[[ ref.{name} ]]")[0], at("Run", "r1"), known) == ((), "")


def test_malformed_expressions_are_left_to_those_who_read_the_files() -> None:
    """They make no edge and no second finding."""
    assert _check(run("r1", flow="x", a="$[[ nonsense ]]", b="$[[ vars.x ]]")) == (Edges(), ())


def test_an_unknown_reference_is_an_error_with_a_suggestion() -> None:
    """With the pointer of the field, the place being found later."""
    _, (finding,) = _check(tool("fastqc@1.0.0"), run("r1", flow="x", env=["$[[ ref.Tool/fastq@1.0.0 ]]"]))
    assert (finding.code, finding.severity, finding.pointer) == ("references.unknown", Severity.ERROR, "/env/0")
    assert finding.address == at("Run", "r1")
    assert finding.source is None
    assert finding.hint == "did you mean $[[ ref.Tool/fastqc@1.0.0 ]]?"


def test_an_unknown_reference_that_resembles_nothing() -> None:
    """The hint tells the two ways to write one."""
    _, (finding,) = _check(tool(), run("r1", flow="x", a="$[[ ref.Nothing/zzz ]]"))
    assert "target/Kind/scope/name" in finding.hint


def test_an_undeclared_name_of_the_own_scope_is_a_warning() -> None:
    """It may exist on the platform; a resembling one is suggested as it would be written."""
    edges, (finding,) = _check(tool("fastqc@1"), flow("wf@1", "fastcq::1"))
    assert (finding.code, finding.severity, finding.pointer) == (
        "references.undeclared",
        Severity.WARNING,
        "/tasks/0/tool",
    )
    assert finding.hint == "did you mean fastqc::1::lab?"
    assert [edge.dependency for edge in edges.dangling] == [at("Tool", "fastcq@1")]


def test_suggestions_are_of_the_same_place() -> None:
    """A name of another scope or target would not be found from here; one without a form is told as it is."""
    others = [manifest("Tool", "fastqc@1", scope="other"), manifest("Tool", "fastqc@1", target="dev"), tool("fastqd-1")]
    _, (finding,) = _check(*others, flow("wf@1", "fastqd::1"))
    assert finding.hint == "did you mean fastqd-1?"
    _, (finding,) = _check(*others[:2], flow("wf@1", "fastqd::1"))
    assert "did you mean" not in finding.hint
    elsewhere = manifest("Tool", "fastqc@1", target="dev")
    _, (finding,) = _check(elsewhere, run("r1", flow="x", a="$[[ ref.Tool/fastqd@1 ]]"))
    assert "did you mean" not in finding.hint


def test_an_undeclared_name_that_resembles_nothing() -> None:
    """Then the hint says what to do."""
    _, (finding,) = _check(flow("wf@1", "fastqc::1"))
    assert "exists on the platform" in finding.hint


def test_names_of_other_scopes_are_not_our_business() -> None:
    """They are not declared here, and nothing is known of them."""
    edges, findings = _check(flow("wf@1", "qc::1::elsewhere"))
    assert findings == ()
    assert len(edges.dangling) == 1


def test_ids_are_never_looked_for() -> None:
    """A text that is no full name is an id."""
    assert _check(flow("wf@1", "8a1c-22-ff")) == (Edges(), ())


def test_suggestions_end_somewhere() -> None:
    """Each costs a pass over all names; nobody reads hundreds."""
    _, findings = _check(tool("fastqc@1"), flow("wf@1", *[f"fastq{n}::1" for n in range(30)]))
    assert sum(finding.hint.startswith("did you mean") for finding in findings) == 20
    assert len(findings) == 30


def test_duplicates_name_both_places() -> None:
    """In whatever order they come; the first place is the first by file and line."""
    one = replace(tool(), source=Source("b.yaml", 3, 1))
    two = replace(tool(), source=Source("a.yaml", 7, 1))
    for manifests in ((one, two), (two, one)):
        _, (finding,) = check(manifests, KINDS)
        assert (finding.code, finding.severity) == ("references.duplicate", Severity.ERROR)
        assert finding.source == one.source
        assert "at a.yaml:7:1 and at b.yaml:3:1" in finding.message


def test_a_cycle_is_shown_with_the_whole_way_round() -> None:
    """Each step with the field and the file that makes it."""
    one = manifest("Flow", "a@1", {"tasks": [], "base": "b@1"}, file="a.yaml")
    two = manifest("Flow", "b@1", {"tasks": [], "x": "$[[ ref.Flow/a@1 ]]"}, file="b.yaml")
    _, (finding,) = _check(one, two)
    assert (finding.code, finding.severity, finding.pointer) == ("references.cycle", Severity.ERROR, "/base")
    assert finding.message == (
        "prod/Flow/lab/a@1 is part of a cycle: prod/Flow/lab/a@1 (by /base at a.yaml:1:1) -> "
        "prod/Flow/lab/b@1 (by /x at b.yaml:1:1) -> prod/Flow/lab/a@1"
    )


def test_a_cycle_is_told_by_the_references_that_make_it() -> None:
    """Not by others of the same resources."""
    one = manifest(
        "Flow", "a@1", {"tasks": [{"task": "t", "tool": "qc::1"}], "x": "$[[ ref.Flow/b@1 ]]"}, file="a.yaml"
    )
    two = manifest("Flow", "b@1", {"tasks": [{"task": "t", "tool": "qc::1"}], "base": "a@1"}, file="b.yaml")
    _, (finding,) = _check(tool("qc@1"), one, two)
    assert finding.pointer == "/x"
    assert "(by /x at a.yaml:1:1)" in finding.message
    assert "(by /base at b.yaml:1:1)" in finding.message


def test_a_resource_may_not_refer_to_itself() -> None:
    """The shortest cycle there is."""
    _, (finding,) = _check(manifest("Flow", "a@1", {"tasks": [], "base": "a@1"}))
    assert finding.message.startswith("prod/Flow/lab/a@1 refers to itself: ")
    assert finding.pointer == "/base"


def test_manifests_of_unknown_kinds_have_no_edges() -> None:
    """Validation tells about the kind."""
    odd = Manifest(Address(TARGET, "Odd", "lab", "x"), PLATFORM, {"a": "$[[ ref.Tool/none ]]"}, Source("x.yaml"))
    assert _check(odd) == (Edges(), ())


def test_order_does_not_matter() -> None:
    """The same edges and findings, whatever comes first."""
    manifests = [tool("a@1"), flow("w@1", "a::1", "b::1"), run("r", flow="w::1", x="$[[ ref.Tool/zz ]]"), tool("a@1")]
    assert _check(*manifests) == _check(*manifests[::-1])


def test_references_in_maps_and_odd_shapes() -> None:
    """`*` is looked through; a reference field that holds something else is passed over."""
    kind = replace(
        KINDS[PLATFORM, "Run"],
        rules=(FieldRule("uses.*", "", refers_to=Reference("Tool", "{name}::{version}::{scope}")),),
    )
    user = run("r1", uses={"a/b": "qc::1", "n": 5, "l": ["qc::1", ["qc::1"]], "o": {"x": "qc::1"}})
    found = mentions(user, rules_of(kind), Known.of([]))
    assert [m.pointer for m in found] == ["/uses/a~1b", "/uses/l/0", "/uses/l/1/0"]
    assert kind.life is Life.RUN
    assert check([user], with_kind(kind))[0].dangling != ()


def test_a_field_may_name_one_of_several_kinds() -> None:
    """What is declared tells which; nothing is said to be missing that is there."""
    either = Reference("Flow", FORM, ("Tool",))
    kind = replace(RUN, rules=(FieldRule("flow", "one or the other", refers_to=either),))
    kinds = with_kind(kind)
    for declared, text in ((tool("qc@1"), "qc::1"), (flow("wf@1"), "wf::1")):
        edges, found = check([declared, run(flow=text)], kinds)
        assert edges.dependencies(run().address) == (declared.address,)
        assert found == ()
    assert [f.code for f in check([run(flow="none::1")], kinds)[1]] == ["references.undeclared"]


def test_another_field_may_tell_which_kind_is_meant() -> None:
    """Two of one name are not taken for each other; where that field says nothing, what is declared tells."""
    either = Reference("Flow", FORM, ("Tool",), by="type", means=(("flow", "Flow"), ("tool", "Tool")))
    kinds = with_kind(replace(RUN, rules=(FieldRule("flow", "the type says which", refers_to=either),)))
    both = [tool("qc@1"), flow("qc@1")]
    for word, meant in (("tool", both[0]), ("flow", both[1]), ("else", both[1])):
        edges, found = check([*both, run(flow="qc::1", type=word)], kinds)
        assert edges.dependencies(run().address) == (meant.address,)
        assert found == ()
    missing = check([both[1], run(flow="qc::1", type="tool")], kinds)[1]
    assert [f.code for f in missing] == ["references.undeclared"]
