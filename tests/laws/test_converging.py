"""Anybody edits anything, people and platforms do as they please, processes die: an apply still gets there.

Made up as it goes by hypothesis: edits of manifests, live drift, faults at any boundary. After fair weather the plan is
empty, no run was submitted twice, and nothing of ours is active and forgotten.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from reconciler.model.kind import Life
from reconciler.model.resource import Phase
from reconciler.state.memory import MemoryStore
from tests.laws.story import manifest
from tests.support.applying import ENVIRONMENT, Bench
from tests.support.crashing import Fault, Faults, Killed
from tests.support.memory_platform import KINDS, PLATFORM, MemoryPlatform, Thing
from tests.support.time import ManualClock

if TYPE_CHECKING:
    from reconciler.model.manifest import Manifest

RUNS = st.sampled_from(["SearchJob", "ActiveJob", "TokenJob", "BlindJob"])
NAMES = st.sampled_from(["a", "b", "c"])
NUMBERS = st.integers(1, 3)
WEATHER = st.dictionaries(st.integers(0, 25), st.sampled_from(list(Fault)), max_size=3)
STOPPABLE = {"SearchJob", "ActiveJob", "TokenJob"}


class Project(RuleBasedStateMachine):
    """What is declared, and the world it is applied to."""

    @initialize(lag=st.sampled_from([0.0, 5.0, 45.0]), parallelism=st.sampled_from([1, 1, 4]))
    def begin(self, lag: float, parallelism: int) -> None:
        """A platform whose lists are late by `lag`, and nothing declared."""
        clock = ManualClock()
        platform = MemoryPlatform(clock, lag=lag)
        self.bench = Bench(MemoryStore(clock), clock, platform, Faults(), parallelism=parallelism)
        self.declared: dict[tuple[str, str], Manifest] = {("Thing", "base"): manifest("Thing", "base", size=1)}
        self.released: set[tuple[str, str]] = set()
        """What was deleted by hand: it may be submitted again."""

    @rule(name=NAMES, size=NUMBERS, shape=NUMBERS, late=st.sampled_from([{}, {"late": 1}]))
    def declare_a_thing(self, name: str, size: int, shape: int, late: dict[str, Any]) -> None:
        """New, or edited: another size is an update, another shape a replacement, and `late` takes a second call when
        it is made. Without the tag it might look like another one renamed, which is refused.
        """
        self.declared["Thing", name] = manifest("Thing", name, size=size, shape=shape, tag=name, **late)

    @rule(kind=RUNS, name=NAMES, n=NUMBERS, refers=st.booleans())
    def declare_a_run(self, kind: str, name: str, n: int, refers: bool) -> None:
        """New, or edited while it may be active. One that cannot be stopped stays as it is."""
        if kind in STOPPABLE or (kind, name) not in self.declared:
            more: dict[str, Any] = {"base": "$[[ ref.Thing/base ]]"} if refers else {}
            self.declared[kind, name] = manifest(kind, name, n=n, tag=name, **more)

    @rule(data=st.data())
    def declare_no_more(self, data: st.DataObject) -> None:
        """A file goes away. When it comes back, its run is the one that was submitted, as late as lists may be."""
        removable = sorted(key for key in self.declared if key != ("Thing", "base") and key[0] != "BlindJob")
        if removable:
            del self.declared[data.draw(st.sampled_from(removable))]

    @rule(data=st.data(), phase=st.sampled_from([Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED]))
    def a_run_ends(self, data: st.DataObject, phase: Phase) -> None:
        """By itself, or by somebody's hand."""
        if active := [t for t in self._there(Life.RUN) if t.phase.active]:
            self.bench.platform.end(data.draw(st.sampled_from(active)).remote_id, phase)

    @rule(data=st.data())
    def somebody_deletes(self, data: st.DataObject) -> None:
        """Anything but a run that is active: nobody could know that it is gone before lists tell."""
        if gone := [t for t in self._there() if not t.phase.active]:
            thing = data.draw(st.sampled_from(gone))
            self.released.add((thing.kind, thing.name))
            self.bench.platform.things[thing.remote_id] = replace(thing, gone=self.bench.clock())

    @rule(data=st.data(), size=st.integers(7, 9))
    def somebody_edits(self, data: st.DataObject, size: int) -> None:
        """A standing thing, on the platform."""
        if things := self._there(Life.STANDING):
            thing = data.draw(st.sampled_from(things))
            self.bench.platform.things[thing.remote_id] = replace(thing, spec={**thing.spec, "size": size})

    @rule(seconds=st.sampled_from([1.0, 30.0, 600.0, 200_000.0]))
    def time_goes_by(self, seconds: float) -> None:
        """Seconds, or days."""
        self.bench.clock.advance(seconds)

    @rule(weather=WEATHER)
    def apply_in_any_weather(self, weather: dict[int, Fault]) -> None:
        """One life of a process, which may be its last."""
        faults = self.bench.faults = Faults(weather)
        self.bench.platform.wire = faults.cross
        try:
            self.bench.pursue(list(self.declared.values()))
        except Killed:
            self.bench.die()
        self._check_keys()

    @precondition(lambda self: self.declared)
    @rule()
    def apply_in_fair_weather(self) -> None:
        """It gets there, and the second plan is empty."""
        self.bench.faults = Faults()
        self.bench.platform.wire = self.bench.faults.cross
        self.bench.clock.advance(60.0)  # what was deleted or made by hand a moment ago shows by now
        self.bench.reach(list(self.declared.values()))
        assert self.bench.pursue(list(self.declared.values()))
        self._check()

    def teardown(self) -> None:
        """However it went, it ends well."""
        if hasattr(self, "bench"):
            self.apply_in_fair_weather()

    def _there(self, life: Life | None = None) -> list[Thing]:
        return [t for t in self.bench.platform.there() if life in {None, KINDS[PLATFORM, t.kind].life}]

    def _check_keys(self) -> None:
        """At most one active run carries a submission key; at most one ever did, unless somebody let go of it. At most
        one standing thing of a name is there.
        """
        things = self.bench.platform.things.values()
        there = [str(t.mark) for t in things if t.gone is None and not t.phase.ended]
        ever = [str(t.mark) for t in things if t.kind != "Thing" and (t.kind, t.name) not in self.released]
        assert len(there) == len(set(there)), f"active more than once: {there}"
        assert len(ever) == len(set(ever)), f"submitted more than once: {ever}"

    def _check(self) -> None:
        self._check_keys()
        resources = self.bench.store.read(ENVIRONMENT).resources
        assert {(a.kind, a.name) for a in resources} == set(self.declared)
        known = {i for each in resources.values() for i in (each.remote_id, *each.history)}
        left = [t for t in self._there() if t.remote_id not in known and not t.phase.ended]
        assert not left, f"active, or standing, and forgotten: {left}"
        for (kind, name), wanted in self.declared.items():
            if kind == "Thing":
                found = [dict(t.spec) for t in self._there() if (t.kind, t.name) == (kind, name)]
                assert found == [dict(wanted.spec)]


@pytest.mark.parametrize(
    ("examples", "steps"),
    [(80, 20), pytest.param(1200, 40, marks=[pytest.mark.long, pytest.mark.timeout(600)])],
    ids=["some", "many"],
)
def test_whatever_happens_it_converges(examples: int, steps: int) -> None:
    """Any sequence of edits, drift, deaths and lost answers."""
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    run_state_machine_as_test(Project, settings=chosen)  # type: ignore[no-untyped-call]
