"""What a change of the files does, apart from what was there before: both revisions planned on one reading.

What decides where we look and what is allowed comes from the base: targets, state and limits. A pull request can
propose other ones; they count after the merge, and the review says so.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.errors import ManifestsInvalid, UsageError
from reconciler.model.diagnostic import Diagnostic, Severity, Source, errors
from reconciler.model.plan import Base, Plan
from reconciler.operations.foresight import Notices, foresee
from reconciler.operations.plan import Wish, base_of, inputs_of, merged, read_live, wants_of, without_collection
from reconciler.operations.revisions import opened_at
from reconciler.operations.validate import declare, rooted
from reconciler.operations.wiring import connected, open_store
from reconciler.planning.offline import declared_changes
from reconciler.planning.planner import make_plan
from reconciler.planning.review import Review, compare, seal
from reconciler.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.operations.validate import Declared
    from reconciler.operations.workspace import Call, Say, Workspace

_WISH = Wish()


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A review, and what was declared at the head: for drawing it. `workspace` is that of the head; `read_at` is when
    the platforms were read (UNIX time).
    """

    review: Review
    workspace: Workspace
    declared: Declared
    read_at: float


@dataclass(frozen=True, slots=True)
class _Side:
    """One revision: its project as it is planned with, and as it stands in its file; what its files declare, with
    files named as they can be opened and from the project's root.
    """

    commit: str
    workspace: Workspace
    own: Workspace
    raw: Declared
    declared: Declared


def review(call: Call, *, base: str, head: str, offline: bool, say: Say) -> Reviewed:
    """The review of `head` against the commit at which it parted from `base`. Writes nothing, and leaves the work tree,
    the index and HEAD alone.

    `offline` reads no memory and no platform, and needs no credentials. Raises ManifestsInvalid when the files of
    `head` are wrong, UsageError when git does not know a revision, PlatformError.
    """
    from reconciler.repository.snapshot import commit_id, parted

    commits = (parted(call.start, base, head), commit_id(call.start, head))
    with ExitStack() as stack, without_collection():
        ours = stack.enter_context(opened_at(call, commits[1]))
        theirs = stack.enter_context(_opened_leniently(call, commits[0]))
        if ours is None:
            msg = f"there is no project file at {head}"
            raise UsageError(msg)
        after = _side(commits[1], _bound(ours, theirs), ours)
        after.declared.required()
        before = _side(commits[0], theirs, theirs) if theirs else None
        if offline or before is None:
            return Reviewed(_offline(before, after, commits), ours, after.declared, time.time())
        return Reviewed(_planned(before, after, at_home(before.own, call), say), ours, after.declared, time.time())


def _side(commit: str, workspace: Workspace, own: Workspace) -> _Side:
    raw = declare(workspace)
    return _Side(commit, workspace, own, raw, rooted(raw, workspace.call.start, workspace.root))


@contextmanager
def _opened_leniently(call: Call, commit: str) -> Iterator[Workspace | None]:
    """The base; None where it has no project, a wrong one, or not this environment: then nothing is read for it."""
    with ExitStack() as stack:
        try:
            found = stack.enter_context(opened_at(call, commit))
        except (ManifestsInvalid, UsageError):
            found = None
        yield found


def _bound(ours: Workspace, theirs: Workspace | None) -> Workspace:
    """The head's files, with the base's targets, state and limits. Targets that are new are known, but not read."""
    if theirs is None:
        return ours
    targets = {**ours.environment.targets, **theirs.environment.targets}
    project = replace(ours.project, policy=theirs.project.policy, state=theirs.project.state)
    return replace(ours, project=project, environment=replace(ours.environment, targets=targets))


def _notes(before: _Side | None, after: _Side) -> Iterator[Diagnostic]:
    """What a reviewer has to know of the project file itself."""
    source = Source("reconciler.yaml")
    if before is None:
        text = "the base has no such project or environment: nothing is read before this is merged"
        yield Diagnostic(Severity.NOTE, "review.no-base", text, source)
        return
    if errors(before.declared.diagnostics):
        text = "the files of the base are not valid: whatever would happen anyway is shown as this change's"
        yield Diagnostic(Severity.WARNING, "review.base-invalid", text, source)
    if before.own.environment.targets != after.own.environment.targets:
        text = "the targets of this environment change: the platforms were read at those of the base"
        yield Diagnostic(Severity.WARNING, "review.targets-changed", text, source)
    ours, theirs = after.own.project, before.own.project
    if (ours.policy, ours.state) != (theirs.policy, theirs.state):
        text = "limits or state change: this was checked against those of the base"
        yield Diagnostic(Severity.WARNING, "review.policy-changed", text, source)
    if ours.allow != theirs.allow:
        text = "allowances change: what they allow is not blocked any more"
        yield Diagnostic(Severity.WARNING, "review.allowances-changed", text, source)
    if ours.name != theirs.name:
        text = "the project changes its name: nothing that it owned is its own any more"
        yield Diagnostic(Severity.WARNING, "review.renamed", text, source)


def _offline(before: _Side | None, after: _Side, commits: tuple[str, str]) -> Review:
    was = before.declared.manifests if before else ()
    changes = declared_changes(was, after.declared.manifests, after.workspace.kinds)
    found = (*after.declared.diagnostics, *_notes(before, after))
    old = before.declared.diagnostics if before else ()
    base = Base(after.own.project.name, after.own.environment.name, __version__, commits[1])
    plans = (Plan(base, (), (), old), Plan(base, changes, (), found))
    return compare(*plans, bound=None, commits=commits, offline=True)


def _planned(before: _Side, after: _Side, home: Workspace, say: Say) -> Review:
    """Both planned on one reading of all that either is about. `home` is the base where memory really is."""
    state = open_store(home).read(home.environment.name)
    sides = (before, after)
    wanted = {want.address: want for side in sides for want in wants_of(side.workspace, side.declared, state, _WISH)}
    readable = {a: want for a, want in wanted.items() if a.target in home.environment.targets}
    notices = Notices()
    with connected(home, {a.target for a in readable}, say, heard=notices.add) as connections:
        reading = read_live(home, tuple(readable.values()), connections)
        blind = dict.fromkeys(wanted.keys() - readable.keys(), "its target is not part of the base")
        reading = replace(reading, unreadable={**reading.unreadable, **blind})
        plans = [make_plan(inputs_of(s.workspace, s.declared, state, _WISH, reading, connections)) for s in sides]
        foreseen = foresee(after.workspace, after.raw, plans[1], connections, notices)
    was = plans[0] if not errors(before.declared.diagnostics) else Plan(plans[0].base, (), ())
    was = replace(was, diagnostics=merged(before.declared.diagnostics, was.diagnostics))
    told = (*after.declared.diagnostics, *foreseen, *_notes(before, after))
    bound = replace(base_of(after.own, state), commit=after.commit)
    now = replace(plans[1], base=bound, diagnostics=merged(told, plans[1].diagnostics))
    sealed = seal(now, after.own.environment.targets)
    return compare(was, now, bound=sealed, commits=(before.commit, after.commit))


def at_home(workspace: Workspace, call: Call) -> Workspace:
    """The project of a revision, with memory and local platform where they really are."""
    from reconciler.manifests.project import find_project

    file = call.project_file or find_project(call.start)
    root = str(file.resolve().parent) if file else str(call.start)
    return replace(workspace, project=replace(workspace.project, root=root))
