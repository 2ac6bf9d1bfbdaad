"""Small kinds of an invented platform, and short ways to write the three sides down."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.model.address import Address
from reconciler.model.diagnostic import Source
from reconciler.model.kind import Ability, CreateClass, FieldRule, Kind, Life, OnFieldChange, Reference
from reconciler.model.manifest import DEFAULT_LIFECYCLE, Lifecycle, Manifest
from reconciler.model.mark import Mark, Owner
from reconciler.model.plan import Base, Plan, Step
from reconciler.model.project import Policy
from reconciler.model.resource import Listed, Live, Phase, Reading, Recorded
from reconciler.planning.fingerprint import sight_of, unmoved
from reconciler.planning.planner import PlanInputs, make_plan
from reconciler.planning.references import Edges, check
from reconciler.planning.rules import rules_of
from reconciler.planning.wants import mark_of, wanted_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PLATFORM, TARGET, SCOPE = "acme", "prod", "lab"
OWNER = Owner("genomics", "prod")
OTHER = Owner("physics", "prod")
BASE = Base("genomics", "prod", "0.0.0")
EVERYTHING = frozenset(Ability)
FORM = "{name}::{version}::{scope}"

TOOL = Kind(
    PLATFORM,
    "Tool",
    Life.STANDING,
    "tool",
    ("name", "version"),
    (
        FieldRule("name", "part of the identity", OnFieldChange.REPLACE),
        FieldRule("version", "part of the identity", OnFieldChange.REPLACE),
        FieldRule("image", "baked in when created", OnFieldChange.REPLACE),
        FieldRule("summary", "for people", cosmetic=True, empty_is_absent=True),
        FieldRule("labels", "a set", cosmetic=True, unordered=True, empty_is_absent=True),
        FieldRule("nodes", "a set", unordered=True, empty_is_absent=True),
        FieldRule("resources", "may be left out", empty_is_absent=True),
        FieldRule("resources.cpu", "one core", has_server_default=True, server_default="1C", quantity="C"),
        FieldRule("resources.memory", "one gigabyte", has_server_default=True, server_default="1.0G", quantity="G"),
        FieldRule("timeout", "a day", has_server_default=True, server_default=1440, empty_is_absent=True),
        FieldRule("password", "never shown again", secret=True, write_only=True),
        FieldRule("seed", "taken, never shown", write_only=True),
        FieldRule("created", "the platform's clock", computed=True),
        FieldRule("inputs", "known by name", list_key="name", empty_is_absent=True),
        FieldRule("inputs[].hint", "for people", cosmetic=True, empty_is_absent=True),
        FieldRule("inputs[].token", "a key", secret=True),
    ),
    EVERYTHING,
)
FLOW = Kind(
    PLATFORM,
    "Flow",
    Life.STANDING,
    "flow",
    ("name", "version"),
    (
        FieldRule("tasks", "known by name", list_key="task"),
        FieldRule("tasks[].tool", "the platform resolves it", refers_to=Reference("Tool", FORM)),
        FieldRule("tasks[].title", "for people", cosmetic=True),
        FieldRule("base", "a bare id or a name", refers_to=Reference("Flow")),
    ),
    EVERYTHING,
)
RUN = Kind(
    PLATFORM,
    "Run",
    Life.RUN,
    "run",
    ("name",),
    (
        FieldRule("flow", "the platform resolves it", refers_to=Reference("Flow", FORM)),
        FieldRule("description", "for people", cosmetic=True, empty_is_absent=True),
        FieldRule("priority", "moves in the queue", OnFieldChange.UPDATE),
        FieldRule("timeout", "a day", has_server_default=True, server_default=1440),
    ),
    EVERYTHING,
)
KINDS = {(kind.platform, kind.name): kind for kind in (TOOL, FLOW, RUN)}
RULES = {name: rules_of(kind) for name, kind in KINDS.items()}


def with_kind(kind: Kind) -> dict[tuple[str, str], Kind]:
    """All kinds, `kind` in place of the one of its name."""
    return {**KINDS, (kind.platform, kind.name): kind}


def without(kind: Kind, *abilities: Ability) -> Kind:
    """`kind` on a platform that lacks some abilities."""
    return replace(kind, can=EVERYTHING - frozenset(abilities))


def of_class(kind: Kind, create_class: CreateClass) -> Kind:
    """`kind` on a platform that settles creates in another way."""
    return replace(kind, create_class=create_class)


def at(kind: str, name: str, scope: str = SCOPE, target: str = TARGET) -> Address:
    """An address at the usual target and scope."""
    return Address(target, kind, scope, name)


def manifest(
    kind: str, name: str, spec: Mapping[str, Any] | None = None, lifecycle: Lifecycle = DEFAULT_LIFECYCLE, **more: str
) -> Manifest:
    """A manifest with its identity filled in; `scope`, `target` and `file` may be told."""
    address = at(kind, name, more.get("scope", SCOPE), more.get("target", TARGET))
    identity = dict(zip(("name", "version"), name.split("@"), strict=False))
    file = more.get("file", f"{kind}-{name}.yaml".lower())
    return Manifest(address, PLATFORM, {**identity, **(spec or {})}, Source(file, 1, 1), lifecycle)


def tool(name: str = "align@1", lifecycle: Lifecycle = DEFAULT_LIFECYCLE, /, **spec: Any) -> Manifest:
    """A tool."""
    return manifest("Tool", name, {"image": "lab/align:1", **spec}, lifecycle)


def flow(name: str = "wf@1", *tools: str, **spec: Any) -> Manifest:
    """A flow of one task per tool, each a reference."""
    tasks = [{"task": f"t{number}", "tool": text} for number, text in enumerate(tools)]
    return manifest("Flow", name, {"tasks": tasks, **spec})


def run(name: str = "r1", lifecycle: Lifecycle = DEFAULT_LIFECYCLE, /, **spec: Any) -> Manifest:
    """A run."""
    return manifest("Run", name, {"flow": "wf::1", **spec}, lifecycle)


def recorded(
    declared: Manifest,
    *others: Manifest,
    remote_id: str = "",
    attempt: int = 1,
    phase: Phase = Phase.UNKNOWN,
    owner: Owner = OWNER,
) -> Recorded:
    """What memory holds after `declared` was applied. `others` are declared beside it."""
    edges = check([declared, *others], KINDS)[0]
    return replace(_recorded(declared, edges, owner, attempt), remote_id=remote_id or _id(declared), phase=phase)


def recorded_all(manifests: list[Manifest]) -> list[Recorded]:
    """What memory holds after all of `manifests` were applied."""
    edges = check(manifests, KINDS)[0]
    return [_recorded(declared, edges, OWNER, 1) for declared in manifests]


def _id(declared: Manifest) -> str:
    return f"id-{declared.address.name}"


def _recorded(declared: Manifest, edges: Edges, owner: Owner, attempt: int) -> Recorded:
    kind = KINDS[declared.platform, declared.address.kind]
    wanted = wanted_of(declared, kind, RULES[declared.platform, kind.name], edges.of.get(declared.address, ()))
    return Recorded(
        address=declared.address,
        platform=declared.platform,
        remote_id=_id(declared),
        spec=wanted.spec,
        digest=wanted.digest,
        mark=mark_of(owner, declared.address, kind.life, wanted.digest, attempt),
        attempt=attempt,
        depends_on=edges.dependencies(declared.address),
        lifecycle=declared.lifecycle,
    )


def shown(memory: Recorded, ended: Phase) -> Live:
    """What the platform shows of what memory holds, references as ids and more than was asked for; runs at `ended`."""
    is_run = KINDS[memory.platform, memory.address.kind].life is Life.RUN
    spec = {**memory.spec, "created": "now", "owner": "somebody"}
    if "after" in spec:
        spec["after"] = f"id-{spec['after'].removeprefix('$[[ ref.Flow/').removesuffix(' ]]')}"
    return live(replace(memory, spec=spec), phase=ended if is_run else Phase.READY)


def live(memory: Recorded, spec: Mapping[str, Any] | None = None, phase: Phase = Phase.READY, **more: Any) -> Live:
    """What the platform shows of what memory holds; `spec` is laid over it, `mark` and `remote_id` may be told.
    Fields set to `...` are not shown.
    """
    shown = {name: value for name, value in {**memory.spec, **(spec or {})}.items() if value is not ...}
    for hidden in ("password", "seed"):
        shown.pop(hidden, None)
    return Live(
        address=memory.address,
        remote_id=more.get("remote_id", memory.remote_id),
        spec=shown,
        phase=phase,
        mark=more.get("mark", memory.mark),
        outputs=more.get("outputs", {}),
    )


def foreign_mark(address: Address) -> Mark:
    """The mark of another owner."""
    return Mark.of_standing(OTHER, address)


def reading(*lives: Live, unreadable: Iterable[Address] = (), strangers: Iterable[Listed] = ()) -> Reading:
    """What a refresh saw."""
    return Reading(
        {found.address: found for found in lives}, dict.fromkeys(unreadable, "the platform is busy"), tuple(strangers)
    )


def inputs(
    manifests: Iterable[Manifest] = (),
    memory: Iterable[Recorded] = (),
    seen: Reading | None = None,
    policy: Policy | None = None,
    **more: Any,
) -> PlanInputs:
    """Inputs of a plan with everything usual filled in."""
    settings: dict[str, Any] = {
        "base": BASE,
        "owner": OWNER,
        "manifests": tuple(manifests),
        "kinds": KINDS,
        "platforms": {TARGET: PLATFORM},
        "recorded": {entry.address: entry for entry in memory},
        "reading": seen or Reading(),
        "policy": policy or Policy(),
    }
    return PlanInputs(**{**settings, **more})


def plan(
    manifests: Iterable[Manifest] = (),
    memory: Iterable[Recorded] = (),
    seen: Reading | None = None,
    policy: Policy | None = None,
    **more: Any,
) -> Plan:
    """The plan for it."""
    return make_plan(inputs(manifests, memory, seen, policy, **more))


def actions(made: Plan) -> dict[str, str]:
    """`Kind/name` to action."""
    return {f"{change.address.kind}/{change.address.name}": change.action.value for change in made.changes}


def steps(made: Plan) -> list[str]:
    """Each step as `verb Kind/name`, with what it needs."""
    return [
        f"{step.id} {step.verb.value} {step.address.kind}/{step.address.name}"
        + (f" after {', '.join(map(str, step.needs))}" if step.needs else "")
        for step in made.steps
    ]


def codes(made: Plan) -> list[str]:
    """The codes of all findings, in order."""
    return [finding.code for finding in made.diagnostics]


def saw(step: Step, seen: Live | None, memory: Recorded | None = None, key: str = "") -> bool:
    """Whether the plan of `step` saw that object."""
    return unmoved(step.seen, seen, sight_of(step, RULES[step.platform, step.address.kind], memory, key))
