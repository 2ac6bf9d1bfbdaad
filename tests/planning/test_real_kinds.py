"""Planning over the kinds and examples that are shipped: what a platform makes of a manifest is no difference."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.manifests.loading import load
from reconciler.manifests.project import read_project
from reconciler.manifests.schemas import load_catalogue
from reconciler.model.change import Action
from reconciler.model.expression import Space, substitute
from reconciler.model.kind import FieldRule, Kind, Life
from reconciler.model.project import Policy
from reconciler.model.resource import Live, Phase, Reading, Recorded
from reconciler.planning.edges import Known, locate
from reconciler.planning.forms import form_of
from reconciler.planning.normalise import normalise
from reconciler.planning.planner import PlanInputs, make_plan
from reconciler.planning.references import check
from reconciler.planning.rules import rules_of
from reconciler.providers.discovery import providers
from tests.planning.samples import BASE, OWNER

if TYPE_CHECKING:
    from reconciler.model.address import Address
    from reconciler.model.expression import Expression
    from reconciler.model.manifest import Manifest
    from reconciler.model.plan import Plan, Step
    from reconciler.planning.rules import Rules

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PROJECTS = sorted(str(file.parent.relative_to(EXAMPLES)) for file in EXAMPLES.rglob("reconciler.yaml"))
KINDS = dict(load_catalogue().kinds)


@lru_cache
def _declared(name: str) -> tuple[Manifest, ...]:
    """The manifests of an example project, which has no errors."""
    known = providers()
    project, findings = read_project(
        EXAMPLES / name / "reconciler.yaml",
        start=EXAMPLES,
        scope_keys={platform: provider.scope_key for platform, provider in known.items()},
        settings={platform: frozenset(provider.settings) for platform, provider in known.items()},
    )
    assert project is not None, findings
    environment = project.environments[project.default_environment]
    loaded = load(project, environment, load_catalogue())
    assert not [finding for finding in loaded.diagnostics if finding.severity == "error"]
    return loaded.manifests


def _plan(manifests: tuple[Manifest, ...], memory: dict[Address, Recorded], live: dict[Address, Live]) -> Plan:
    platforms = {m.address.target: m.platform for m in manifests}
    return make_plan(PlanInputs(BASE, OWNER, manifests, KINDS, platforms, memory, Reading(live), Policy()))


def _noisy(value: Any, rules: Rules) -> Any:
    """`value` as a platform might show it: defaults told, empties for what is absent, quantities in another spelling,
    what has no order turned round.
    """
    if isinstance(value, dict):
        shown = {name: _noisy(item, rules.at(name)) for name, item in value.items()}
        for name, child in rules.fields.items():
            if name not in shown and name not in {"[]", "*"}:
                if child.rule.has_server_default:
                    shown[name] = child.rule.server_default
                elif child.rule.empty_is_absent:
                    shown[name] = [] if child.rule.list_key or child.rule.unordered else ""
        return shown
    if isinstance(value, list):
        items = [_noisy(item, rules.items) for item in value]
        return items[::-1] if rules.rule.list_key or rules.rule.unordered else items
    if isinstance(value, str) and rules.rule.quantity and value[:-1].isdigit():
        return f"{value[:-1]}.0{value[-1]}"
    return value


class _Platform:
    """Applies creates, giving ids, and shows everything noisily."""

    def __init__(self) -> None:
        self.ids: dict[Address, str] = {}
        self.memory: dict[Address, Recorded] = {}
        self.live: dict[Address, Live] = {}

    def create(self, step: Step) -> None:
        kind = KINDS[step.platform, step.address.kind]
        assert step.desired is not None
        assert step.mark is not None
        self.ids[step.address] = f"id-{len(self.ids)}"
        known = Known.of(step.depends_on)

        def value(found: Expression) -> str:
            if found.space is Space.SECRETS:
                return "not-a-real-secret"
            (address,), output = locate(found, step.address, known)
            return f"{output} of {self.ids[address]}" if output else self.ids[address]

        shown = _noisy(substitute(dict(step.desired), value), rules_of(kind))
        phase = Phase.RUNNING if kind.life is Life.RUN else Phase.READY
        outputs = {name: f"{name} of {self.ids[step.address]}" for name in ("output_dir", "url")}
        self.live[step.address] = Live(
            step.address,
            self.ids[step.address],
            self._by_id(shown, rules_of(kind), step),
            phase,
            step.mark,
            outputs=outputs,
        )
        self.memory[step.address] = Recorded(
            step.address, step.platform, self.ids[step.address], step.desired, step.digest, step.mark,
            attempt=step.attempt, depends_on=step.depends_on, lifecycle=step.lifecycle or Recorded.lifecycle,
        )  # fmt: skip

    def _by_id(self, value: Any, rules: Rules, step: Step) -> Any:
        """References as the ids that they resolve to."""
        if isinstance(value, dict):
            return {name: self._by_id(item, rules.at(name), step) for name, item in value.items()}
        if isinstance(value, list):
            return [self._by_id(item, rules.items, step) for item in value]
        reference = rules.rule.refers_to
        form = form_of(reference.form) if reference and isinstance(value, str) else None
        if reference and form:
            address = form.read(value, step.address.target, reference.kind, step.address.scope)
            return self.ids.get(address, value) if address else value
        return value


@pytest.mark.parametrize("name", PROJECTS)
def test_what_a_platform_makes_of_a_manifest_is_no_difference(name: str) -> None:
    """Every example, created and shown again with all the noise that its schema knows of."""
    manifests = _declared(name)
    platform = _Platform()
    first = _plan(manifests, {}, {})
    assert {change.action for change in first.changes} == {Action.CREATE}
    for step in first.steps:
        platform.create(step)
    again = _plan(manifests, platform.memory, platform.live)
    assert again.is_empty, [(c.address, c.why, c.fields) for c in again.changes if c.action is not Action.NO_OP]
    lost = _plan(manifests, {}, platform.live)
    assert {change.action for change in lost.changes} == {Action.ADOPT}


@pytest.mark.parametrize("name", PROJECTS)
def test_normal_forms_of_examples_are_their_own(name: str) -> None:
    """Normalising twice is normalising once."""
    for manifest in _declared(name):
        kind = KINDS[manifest.platform, manifest.address.kind]
        once = normalise(kind, manifest.spec, scope=manifest.address.scope)
        assert normalise(kind, once, scope=manifest.address.scope) == once


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: f"{kind.platform} {kind.name}")
def test_the_rules_of_every_kind_are_sound(kind: Kind) -> None:
    """Reasons are given, forms can be read, defaults are in normal form already, identities exist once."""
    tree = rules_of(kind)
    assert len({rule.path for rule in kind.rules}) == len(kind.rules)
    assert all(rule.reason for rule in kind.rules)
    assert kind.identity
    for _, rule in tree.references():
        assert rule.refers_to is not None
        form_of(rule.refers_to.form)
    for rule in kind.rules:
        assert _is_normal(rule, kind)


def _is_normal(rule: FieldRule, kind: Kind) -> bool:
    if not rule.has_server_default or "[]" in rule.path:
        return True
    spec: Any = rule.server_default
    for name in reversed(rule.path.split(".")):
        spec = {name: spec}
    found: Any = normalise(kind, spec, scope="-")
    for name in rule.path.split("."):
        found = found[name]
    return bool(found == rule.server_default)


def test_edges_of_the_examples() -> None:
    """Every example has at least one reference that is understood."""
    for name in PROJECTS:
        edges, findings = check(_declared(name), KINDS)
        assert edges.of, name
        assert not [finding for finding in findings if finding.severity == "error"]
