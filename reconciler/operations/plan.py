"""What would change: files, memory and platforms read, nothing written."""

from __future__ import annotations

import gc
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from reconciler.model.canonical import digest
from reconciler.model.plan import Base
from reconciler.operations.foresight import Notices, foresee
from reconciler.operations.recalling import with_words
from reconciler.operations.selection import EVERYTHING, Selection
from reconciler.operations.since import chosen
from reconciler.operations.usage import at_risk, gpu_hours
from reconciler.operations.validate import declare, rooted
from reconciler.operations.wiring import connected, open_store
from reconciler.planning.moves import moved
from reconciler.planning.planner import PlanInputs, make_plan
from reconciler.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.model.address import Address
    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.plan import Plan
    from reconciler.model.project import Project
    from reconciler.model.resource import Reading
    from reconciler.operations.validate import Declared
    from reconciler.operations.workspace import Say, Workspace
    from reconciler.planning.wants import Want
    from reconciler.providers.protocol import Connection
    from reconciler.state.journal import Record
    from reconciler.state.protocol import State, StateReader


EMPTY_FOLDER = "file.empty-folder"
NOBODY: Mapping[str, Connection] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Wish:
    """What a plan is asked for: which addresses, and whether to build up or to take down. `adopt` are live objects
    that may be taken over besides those of the project file, each with its remote id, "" where it is not known: a run
    that carries no mark of ours is found by nothing else.
    """

    selection: Selection = EVERYTHING
    destroy: bool = False
    adopt: Mapping[Address, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Look:
    """A plan and the look at the world it came from.

    `read_at` is when that look ended (UNIX time); `observed` is what it saw of runs that memory does not have yet;
    `declared` is what the files declare, named as the person would.
    """

    plan: Plan
    read_at: float
    observed: tuple[Record, ...]
    declared: Declared


def look(workspace: Workspace, wish: Wish, say: Say, declared: Declared | None = None) -> Look:
    """Reads files, memory and platforms, and plans. Writes nothing. `declared` is what the files declare where the
    caller has read them already. Raises ManifestsInvalid and PlatformError.
    """
    from reconciler.execution.noting import unnoted
    from reconciler.execution.waiting import observed

    with without_collection():
        declared = (declared or declare(workspace)).required()
        seen = rooted(declared, workspace.call.start, workspace.root)
        state = _read(open_store(workspace), workspace)
        wanted = wants_of(workspace, seen, state, wish)
        notices = Notices()
        with connected(workspace, {want.address.target for want in wanted}, say, heard=notices.add) as connections:
            reading = with_words(read_live(workspace, wanted, connections), wish.adopt, seen, workspace.kinds)
            read_at = time.time()
            made = make_plan(inputs_of(workspace, seen, state, wish, reading, connections))
            foreseen = foresee(workspace, declared, made, connections, notices)
        plan = replace(made, diagnostics=merged((*seen.diagnostics, *foreseen), made.diagnostics))
        seen_now = (*observed(state.resources, reading, read_at), *unnoted(state, reading, read_at, workspace.kinds))
        return Look(plan, read_at, seen_now, declared)


def merged(declared: Sequence[Diagnostic], planned: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """What the files and the planning have to say, each finding once: both check references."""
    placed = {(d.code, d.message, d.address) for d in declared}
    return (*declared, *(d for d in planned if (d.code, d.message, d.address) not in placed))


def _read(reader: StateReader, workspace: Workspace) -> State:
    """The memory, through a reader: planning has no way to write it."""
    return reader.read(workspace.environment.name)


def wants_of(workspace: Workspace, declared: Declared, state: State, wish: Wish) -> tuple[Want, ...]:
    """What a refresh must read."""
    from reconciler.planning.wants import wants

    manifests = () if wish.destroy else declared.manifests
    memory = moved(state.resources, workspace.project.moves, {manifest.address for manifest in manifests})
    wanted = wants(manifests, memory.recorded, workspace.kinds, workspace.owner, state.former)
    return tuple(replace(want, remote_id=want.remote_id or wish.adopt.get(want.address, "")) for want in wanted)


def read_live(workspace: Workspace, wanted: Sequence[Want], connections: Mapping[str, Connection]) -> Reading:
    """What the platforms have now."""
    from reconciler.execution.refresh import refresh

    return refresh(
        wanted,
        connections,
        workspace.kinds,
        parallelism=workspace.call.settings.parallelism,
        owner=workspace.owner,
    )


def inputs_of(
    workspace: Workspace,
    declared: Declared,
    state: State,
    wish: Wish,
    reading: Reading,
    connections: Mapping[str, Connection] = NOBODY,
) -> PlanInputs:
    """The three sides, and the rules to decide by. Of `connections` it is asked what their machines have."""
    return PlanInputs(
        base=base_of(workspace, state),
        owner=workspace.owner,
        manifests=() if wish.destroy else declared.manifests,
        kinds=workspace.kinds,
        platforms=workspace.platforms,
        recorded=state.resources,
        reading=reading,
        policy=workspace.project.policy,
        destroy=wish.destroy,
        selected=selected(workspace, declared, state, wish),
        gpu_hours=gpu_hours(workspace, declared.manifests, connections),
        at_risk=at_risk(workspace, state, connections),
        adopt=workspace.project.adopt | wish.adopt.keys(),
        moves=workspace.project.moves,
        ignore=workspace.project.ignore,
        allow=workspace.project.allow,
        today=today(),
        former=state.former,
        key=state.key,
    )


def today() -> str:
    """The date by which allowances expire (UTC)."""
    return datetime.now(UTC).date().isoformat()


def selected(workspace: Workspace, declared: Declared, state: State, wish: Wish) -> frozenset[Address] | None:
    """The addresses the plan is limited to, None for all.

    An empty manifest folder is more often a mistake than a wish: then the plan is limited to what is declared, since
    a selection never removes.
    """
    meant = chosen(workspace, wish.selection, declared, state.resources, workspace.root)
    if meant is None and not wish.destroy and any(d.code == EMPTY_FOLDER for d in declared.diagnostics):
        return frozenset(manifest.address for manifest in declared.manifests)
    return meant


def base_of(workspace: Workspace, state: State) -> Base:
    """What a plan is bound to."""
    from reconciler.repository.checkout import find_checkout

    checkout = find_checkout(workspace.root)
    return Base(
        project=workspace.project.name,
        environment=workspace.environment.name,
        tool_version=__version__,
        commit=checkout.commit if checkout else "",
        lineage=state.lineage,
        serial=state.serial,
        policy_digest=digest(_rules(workspace.project)),
        journal=state.journal,
    )


def _rules(project: Project) -> dict[str, Any]:
    """Everything in the project file that a plan was checked against; of allowances those that hold today."""
    policy, now = project.policy, today()
    rules: dict[str, Any] = {
        "max_deletes": policy.max_deletes,
        "max_delete_percent": policy.max_delete_percent,
        "max_gpu_hours": policy.max_gpu_hours,
    }
    exceptions = {
        "moved": [[str(move.former), str(move.address)] for move in project.moves],
        "ignore": [[rule.path, rule.kind, rule.address] for rule in project.ignore],
        "allow": [[each.what.value, *sorted(map(str, each.addresses))] for each in project.allow if each.holds(now)],
        "adopt": sorted(map(str, project.adopt)),
    }
    return rules | {name: entries for name, entries in exceptions.items() if entries}


@contextmanager
def without_collection() -> Iterator[None]:
    """A plan holds many small values to its end, and none in cycles: looking for cycles costs a third of its time."""
    collected = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collected:
            gc.enable()
