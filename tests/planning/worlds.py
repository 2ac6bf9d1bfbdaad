"""Worlds for the laws of planning: invented manifests, and a platform that is a pure function."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from reconciler.model.expression import Expression, Space, substitute
from reconciler.model.kind import Life
from reconciler.model.manifest import Lifecycle, Manifest, OnChange, OnFailure, OnRemove
from reconciler.model.plan import Plan, Step, Verb
from reconciler.model.resource import Live, Phase, Reading, Recorded
from reconciler.planning.edges import Known, locate
from tests.planning.samples import KINDS, PLATFORM, flow, plan, run, tool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.address import Address

_WORDS = st.sampled_from(["a", "b", "c~/", "", "x y"])
_LEAVES = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0, -0.0]) | _WORDS
ANYTHING = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3), max_leaves=6
)
_QUANTITIES = st.sampled_from(["1C", "1.0C", "02C", "2C", "C", ""])


def maybe(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object of some of `fields`."""
    return st.fixed_dictionaries({}, optional=fields)


TOOL_SPECS = maybe(
    image=st.sampled_from(["lab/a:1", "lab/b:1"]),
    summary=_WORDS,
    labels=st.lists(_WORDS, max_size=3),
    nodes=st.lists(_WORDS, max_size=3),
    resources=maybe(cpu=_QUANTITIES, memory=st.sampled_from(["1G", "1.0G", "2G"]), other=_LEAVES),
    timeout=st.sampled_from([1440, 60, "", None]),
    password=st.sampled_from(["$[[ secrets.A ]]", "$[[secrets.B]]"]),
    seed=st.integers(0, 2),
    inputs=st.lists(
        st.fixed_dictionaries({"name": st.sampled_from("abc")}, optional={"hint": _WORDS, "type": _WORDS}),
        max_size=3,
        unique_by=lambda item: item["name"],
    ),
    commands=st.lists(st.sampled_from(["make", "export T=$[[ secrets.T ]]", "run"]), max_size=12),
    free=ANYTHING,
)
LIFECYCLES = st.builds(
    Lifecycle,
    on_failure=st.sampled_from(OnFailure),
    on_change=st.sampled_from(OnChange),
    on_remove=st.sampled_from([None, *OnRemove]),
    protect=st.booleans(),
    attempt=st.integers(1, 2),
)
PLAIN_LIFECYCLES = st.builds(Lifecycle, on_change=st.just(OnChange.REPLACE), on_failure=st.sampled_from(OnFailure))


@st.composite
def declared(draw: st.DrawFn, lifecycles: st.SearchStrategy[Lifecycle] = LIFECYCLES) -> list[Manifest]:
    """Manifests whose references make no circle: each refers to earlier ones only, by name or by expression."""
    tools = [
        tool(f"t{n}@1", draw(lifecycles), **draw(TOOL_SPECS)) for n in draw(st.sets(st.integers(0, 3), max_size=3))
    ]
    named = [m.address.name for m in tools]
    flows: list[Manifest] = []
    for number in sorted(draw(st.sets(st.integers(0, 2), max_size=2))):
        uses = draw(st.lists(st.sampled_from(named), max_size=2)) if named else []
        spelled = [f"$[[ ref.Tool/{name} ]]" if draw(st.booleans()) else name.replace("@", "::") for name in uses]
        more = {"note": f"by $[[ ref.Flow/{flows[0].address.name} ]]"} if flows and draw(st.booleans()) else {}
        flows.append(replace(flow(f"w{number}@1", *spelled, **more), lifecycle=draw(lifecycles)))
    runs = [
        run(
            f"r{number}",
            draw(lifecycles),
            flow=draw(st.sampled_from([m.address.name.replace("@", "::") for m in flows] or ["gone::1::other"])),
            **draw(maybe(description=_WORDS, priority=st.integers(0, 1), size=st.integers(0, 1))),
        )
        for number in draw(st.sets(st.integers(0, 2), max_size=2))
    ]
    return [*tools, *flows, *runs]


@dataclass
class World:
    """What memory holds and what the platform has, changed by applying plans and by time."""

    memory: dict[Address, Recorded] = field(default_factory=dict)
    platform: dict[Address, Live] = field(default_factory=dict)
    made: int = 0

    def plan(self, manifests: list[Manifest], **more: Any) -> Plan:
        """The plan for `manifests` here."""
        return plan(manifests, self.memory.values(), Reading(dict(self.platform)), **more)

    def apply(self, made: Plan) -> None:
        """Does every step of a plan that is not blocked, as the executor would."""
        for step in made.steps:
            self._do(step)

    def pass_time(self, phase: Phase) -> None:
        """Every run gets to `phase`."""
        self.platform = {
            address: replace(thing, phase=phase) if KINDS[PLATFORM, address.kind].life is Life.RUN else thing
            for address, thing in self.platform.items()
        }

    def _do(self, step: Step) -> None:
        match step.verb:
            case Verb.CREATE | Verb.UPDATE | Verb.ADOPT:
                self._write(step)
            case Verb.STOP:
                there = self.platform[step.address]
                self.platform[step.address] = replace(there, phase=Phase.CANCELLED)
            case Verb.DELETE:
                self.platform.pop(step.address)
                self.memory.pop(step.address, None)
            case Verb.FORGET:
                self.memory.pop(step.address)

    def _write(self, step: Step) -> None:
        assert step.desired is not None
        assert step.mark is not None
        assert step.lifecycle is not None
        is_run = KINDS[PLATFORM, step.address.kind].life is Life.RUN
        remote_id = step.remote_id
        if step.verb is Verb.CREATE:
            self.made += 1
            remote_id = f"id-{self.made}"
        if step.verb is not Verb.ADOPT:
            shown = self._answered(step)
            phase = Phase.RUNNING if is_run else Phase.READY
            before = self.platform.get(step.address)
            if step.verb is Verb.UPDATE and before is not None:
                phase = before.phase
            self.platform[step.address] = Live(step.address, remote_id, shown, phase, step.mark)
        self.memory[step.address] = Recorded(
            step.address, step.platform, remote_id, step.desired, step.digest, step.mark,
            attempt=step.attempt, depends_on=step.depends_on, lifecycle=step.lifecycle,
        )  # fmt: skip

    def _answered(self, step: Step) -> Mapping[str, Any]:
        """What the platform shows of what was sent: values for expressions, ids for names, more than was asked for."""
        known = Known.of(step.depends_on)

        def value(found: Expression) -> str:
            if found.space is Space.SECRETS:
                return f"not-a-real-secret-{found.name}"
            (address,), _ = locate(found, step.address, known)
            return self.platform[address].remote_id

        shown: dict[str, Any] = substitute(dict(step.desired or {}), value)
        for task in shown.get("tasks", []):
            parts = task["tool"].split("::")
            there = [a for a in self.platform if a.kind == "Tool" and a.name == "@".join(parts[:2])]
            if there and len(parts) > 1:
                task["tool"] = self.platform[there[0]].remote_id
        shown = {name: item for name, item in shown.items() if name not in {"password", "seed"}}
        return {"inputs": [], **shown, "created": self.made, "owner": {"name": "somebody"}}
