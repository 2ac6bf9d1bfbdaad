"""The same law as in `test_converging`, of the real thing: YAML files, the product, HTTP, and a platform behind it.

Made up as it goes by hypothesis: files are edited, written in another dress, removed and brought back; people edit,
delete on the platform; answers get lost, lists are late, and processes die between an answer and the record of it.
In fair weather an apply gets there: the second plan is empty, and no submission key was ever used twice.
"""

from __future__ import annotations

import tempfile
import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from reconciler.errors import ReconcilerError
from reconciler.execution.context import Silence
from reconciler.localplatform.faults import FaultRule
from reconciler.localplatform.store import Entity, Query
from reconciler.operations.apply import Doing, apply, settle_first
from reconciler.operations.plan import Wish, look
from tests.crash.endings import ending
from tests.crash.lives import VARIABLES
from tests.invariants.world import World, served
from tests.support.crashing import Killed
from tests.support.local_platform import local_platform

PROJECT = """\
apiVersion: reconciler/v1
kind: Project
name: anything
manifests: [manifests]
default: dev
environments: {{ dev: {{ ai4s: {{ endpoint: '{url}', space: demo }} }} }}
policy: {{ max_deletes: 100, max_delete_percent: 100 }}
"""
LAG = 0.4
"""Seconds that lists may be late by."""
NAMES = st.sampled_from(["a", "b", "c"])
NUMBERS = st.integers(1, 3)
RULES = st.one_of(
    st.fixed_dictionaries({"fault": st.sampled_from(["lost", "truncate"]), "method": st.sampled_from(["POST", "PUT"])}),
    st.fixed_dictionaries(
        {
            "fault": st.sampled_from(["error", "reset"]),
            "when": st.sampled_from(["before", "after"]),
            "method": st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
        }
    ),
    st.fixed_dictionaries({"fault": st.just("throttle"), "retry_after": st.just(0)}),
    st.fixed_dictionaries({"fault": st.just("latency"), "seconds": st.just(0.02), "count": st.just(3)}),
    st.fixed_dictionaries({"fault": st.just("stale"), "seconds": st.just(LAG / 2), "count": st.just(3)}),
)
WEATHER = st.lists(st.tuples(RULES, st.integers(0, 12)), max_size=3)


class RealProject(RuleBasedStateMachine):
    """What is declared, and the platform it is applied to."""

    @initialize(engine=st.sampled_from(["simulated", "simulated", "simulated-per-read"]))
    def begin(self, engine: str) -> None:
        """A platform, and a project that declares next to nothing."""
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="law-")))
        (folder / "platform").mkdir()
        platform = self.stack.enter_context(local_platform(folder / "platform", engine=engine))
        url = self.stack.enter_context(served(platform))
        root = folder / "project"
        (root / "manifests").mkdir(parents=True)
        (root / "reconciler.yaml").write_text(PROJECT.format(url=url), encoding="utf-8")
        variables = {**VARIABLES, "RECONCILER_LIST_LAG": str(LAG), "RECONCILER_TRACE": "1"}
        self.world = World(root, platform, {**variables, "RECONCILER_PARALLELISM": "3"})
        self.declared: dict[tuple[str, str], dict[str, Any]] = {}
        self.declare_an_app("a", 1, 1)

    # -- people edit files -------------------------------------------------------------------------------------------

    @rule(name=NAMES, size=NUMBERS, words=NUMBERS)
    def declare_an_app(self, name: str, size: int, words: int) -> None:
        """New, or edited; the words are for people."""
        self.declared["app", name] = {
            "name": name,
            "version": "1.0.0",
            "image": "demo/busybox:1.36",
            "description": f"as of edition {words}",
            "commands": [f"echo this is {name} of size {size}"],
            "resources": {"cpu": "0.5C", "memory": f"{size}G"},
        }

    @rule(name=NAMES, edition=NUMBERS)
    def declare_a_workflow(self, name: str, edition: int) -> None:
        """One task of the app of that name."""
        if ("app", name) not in self.declared:
            self.declare_an_app(name, 1, 1)
        self.declared["workflow", name] = {
            "name": name,
            "version": "1.0.0",
            "description": f"of {name}, edition {edition}",
            "tasks": [{"task_name": "only", "app_id": f"{name}::1.0.0"}],
        }

    @rule(name=NAMES, timeout=NUMBERS, words=NUMBERS)
    def declare_a_job(self, name: str, timeout: int, words: int) -> None:
        """Another timeout is another run, other words are not."""
        if ("workflow", name) not in self.declared:
            self.declare_a_workflow(name, 1)
        self.declared["job", name] = {
            "name": f"job-{name}",
            "workflow_id": f"{name}::1.0.0",
            "description": f"edition {words}",
            "timeout": 60 + timeout,
            "output_dir": f"/results/{name}",
        }

    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        """What nothing else needs; something always stays."""
        order = ["app", "workflow", "job"]
        free = [
            (kind, name)
            for kind, name in self.declared
            if not any((later, name) in self.declared for later in order[order.index(kind) + 1 :])
        ]
        if len(self.declared) > 1 and free:
            del self.declared[data.draw(st.sampled_from(sorted(free)))]

    # -- people and platforms do as they please ----------------------------------------------------------------------

    @rule(data=st.data(), number=NUMBERS)
    def somebody_edits(self, data: st.DataObject, number: int) -> None:
        """An app or a workflow, in the console."""
        if found := [*self._there("App"), *self._there("Workflow")]:
            entity = data.draw(st.sampled_from(found))
            body = {**entity.body, "description": f"edited in the console {number}"}
            self.world.platform.services.store.update(replace(entity, body=body))

    @rule(data=st.data())
    def somebody_deletes_a_workflow(self, data: st.DataObject) -> None:
        """In the console, jobs or no jobs."""
        if found := self._there("Workflow"):
            entity = data.draw(st.sampled_from(found))
            self.world.platform.services.store.delete(entity, self.world.platform.services.clock.now())

    # -- lives of processes ------------------------------------------------------------------------------------------

    @rule(weather=WEATHER, dies_at=st.none() | st.integers(1, 40))
    def apply_in_any_weather(self, weather: list[tuple[dict[str, Any], int]], dies_at: int | None) -> None:
        """One life, which may end right after any answer."""
        rules = [FaultRule.parse({**each, "skip": skip}) for each, skip in weather]
        self.world.platform.faults.replace(rules)
        self._live(dies_at)
        self.world.platform.faults.replace([])

    @precondition(lambda self: hasattr(self, "world"))
    @rule()
    def apply_in_fair_weather(self) -> None:
        """It gets there, and the second plan is empty."""
        self.world.platform.faults.replace([])
        for _ in range(8):
            if self._live(None):
                break
        planned = self.world.plan()
        assert planned.is_empty, [(str(c.address), c.action, c.why) for c in planned.changes if c.action.writes]
        assert not planned.is_blocked, planned.diagnostics
        ending(self.world)
        assert len(self.world.recorded()) == len(self.declared)

    def teardown(self) -> None:
        """However it went, it ends well."""
        if hasattr(self, "world"):
            try:
                self.apply_in_fair_weather()
            finally:
                self.stack.close()

    def _live(self, dies_at: int | None) -> bool:
        """Settles, plans, applies as the command does. Whether there was nothing to do."""
        self._write()
        said = _Mortal(dies_at)
        try:
            workspace = self.world.workspace()
            left = settle_first(workspace, Doing(Silence(), threading.Event(), said))
            seen = look(workspace, Wish(), said)
            if not seen.plan.is_blocked:
                doing = Doing(Silence(), threading.Event(), said, seen.read_at, seen.observed, left)
                apply(workspace, seen.plan, doing)
        except (ReconcilerError, Killed):
            return False
        return seen.plan.is_empty and not seen.plan.is_blocked and not seen.plan.unread

    def _write(self) -> None:
        """The files as they are declared: apps each in one, the rest together."""
        folder = self.world.root / "manifests"
        for file in folder.iterdir():
            file.unlink()
        rest = []
        for (kind, name), body in sorted(self.declared.items()):
            if kind == "app":
                (folder / f"{name}.yaml").write_text(yaml.safe_dump({kind: body}, sort_keys=False), encoding="utf-8")
            else:
                rest.append({kind: body})
        (folder / "rest.yaml").write_text(yaml.safe_dump_all(rest, default_flow_style=True), encoding="utf-8")

    def _there(self, kind: str) -> list[Entity]:
        return list(self.world.platform.services.store.find(Query("ai4s", kind)).entities)


class _Mortal:
    """Hears what is said, one line for each exchange with the platform among it, and dies at a line."""

    def __init__(self, dies_at: int | None) -> None:
        self._left = dies_at
        self._dead = False

    def __call__(self, text: str) -> None:
        """See Say."""
        if self._left is None:
            return
        self._left -= 1
        if self._left <= 0 or self._dead:
            self._dead = True
            raise Killed


@pytest.mark.parametrize(
    ("examples", "steps"),
    [(6, 10), pytest.param(80, 25, marks=[pytest.mark.long, pytest.mark.timeout(840)])],
    ids=["some", "many"],
)
def test_whatever_happens_the_real_thing_converges(examples: int, steps: int) -> None:
    """Any sequence of edits, drift, deaths and faults on the wire."""
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=examples < 10,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    run_state_machine_as_test(RealProject, settings=chosen)  # type: ignore[no-untyped-call]
