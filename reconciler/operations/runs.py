"""Looking at runs, with the same words on every platform."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from reconciler.errors import NotFound, UsageError
from reconciler.model.address import NO_SCOPE, Address
from reconciler.model.kind import Life
from reconciler.operations.selection import matches, no_such_address, no_such_kind
from reconciler.operations.wiring import connected, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.model.kind import Kind
    from reconciler.model.mark import Mark
    from reconciler.model.resource import Live, Reading, Recorded
    from reconciler.operations.workspace import Say, Workspace
    from reconciler.providers.facilities import HealthCheck, Link, Series
    from reconciler.providers.protocol import Event, LogLine, Part, RunSummary


@dataclass(frozen=True, slots=True)
class Row:
    """One line of `status`: the memory of an address and, when it could be read, what is live there."""

    recorded: Recorded
    live: Live | None
    unreadable: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A run on a platform: one of ours, or any other that is named by its id."""

    address: Address
    platform: str
    remote_id: str
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One line of `get`. `address` is that of ours, None for a stranger's run."""

    target: str
    kind: str
    scope: str
    summary: RunSummary
    address: Address | None = None


def ours(workspace: Workspace, globs: Sequence[str] = ()) -> tuple[Recorded, ...]:
    """What is recorded at the addresses that `globs` mean, by address; all of it without globs.

    Raises UsageError for a glob that means nothing.
    """
    recorded = open_store(workspace).read(workspace.environment.name).resources
    for glob in globs:
        if not recorded:
            msg = f"nothing matches {glob!r}: nothing was applied in environment {workspace.environment.name} yet"
            raise UsageError(msg, hint="`reconciler apply` makes what the manifests declare.")
        if not any(matches(address, glob) for address in recorded):
            hint = "`reconciler status` lists what was applied in this environment."
            raise no_such_address(glob, recorded, "nothing that was applied matches", hint)
    chosen = [a for a in sorted(recorded) if not globs or any(matches(a, glob) for glob in globs)]
    return tuple(recorded[address] for address in chosen)


def is_run(workspace: Workspace, thing: Recorded | Run) -> bool:
    """Whether it is a run. What is of a kind that is not known here is taken for none."""
    kind = workspace.kinds.get((thing.platform, thing.address.kind))
    return kind is not None and kind.life is Life.RUN


def one_run(workspace: Workspace, name: str, remote_id: str = "", *, standing: bool = False, scope: str = "") -> Run:
    """The one recorded run that `name` (an address, or what is clear of it) means; with `standing` anything, a run
    before what stands under the same name.

    With `remote_id` any run: `name` is then its kind, or `target/kind` where several targets have that kind, and
    `scope` where it is when that is not the target's own. Raises UsageError when that means none, or several.
    """
    if remote_id:
        return _any_run(workspace, name, remote_id, None if standing else Life.RUN, scope)
    found = ours(workspace, [name])
    runs = [each for each in found if is_run(workspace, each)]
    runs = list(found) if standing and len(runs) != 1 else runs
    if not runs:
        _require_known(workspace, found[0])
        raise _no_run(name, found[0].address)
    if len(runs) > 1:
        msg = f"{len(runs)} {'resources' if standing else 'runs'} match: {name!r}"
        raise UsageError(msg, hint="One of: " + ", ".join(str(run.address) for run in runs[:9]))
    _require_known(workspace, runs[0])
    return Run(runs[0].address, runs[0].platform, runs[0].remote_id, runs[0].mark)


def our_runs(workspace: Workspace, globs: Sequence[str] = ()) -> tuple[Recorded, ...]:
    """The runs among what is recorded at the addresses that `globs` mean; all of them without globs.

    Raises UsageError for a glob that means nothing, or nothing but what stands.
    """
    found = ours(workspace, globs)
    runs = tuple(each for each in found if is_run(workspace, each))
    for glob in globs:
        if not any(matches(run.address, glob) for run in runs):
            raise _no_run(glob, next(each.address for each in found if matches(each.address, glob)))
    return runs


def _no_run(name: str, address: Address) -> UsageError:
    hint = f"Runs are jobs, trainings, tasks; `reconciler describe {address}` prints what stands there."
    return UsageError(f"what matches is no run: {name!r}", hint=hint)


def _require_known(workspace: Workspace, recorded: Recorded) -> None:
    if (recorded.platform, recorded.address.kind) not in workspace.kinds:
        msg = f"{recorded.address} is of a kind that is not known here"
        raise UsageError(msg, hint="Use the release, or install the package, that knows it; or forget it.")


def _any_run(workspace: Workspace, name: str, remote_id: str, life: Life | None, scope: str) -> Run:
    """That with this id; at our own address when it is recorded."""
    target, _, kind = name.rpartition("/")
    found = [place for place in _places(workspace, kind, life) if target in {"", place[0]}] if kind else []
    if len(found) != 1:
        _known_kind(workspace, kind, life)
        what = "one kind of run" if life else "one kind"
        msg = f"with an id, {name!r} must be {what}" if not found else f"several targets have {name!r}"
        raise UsageError(msg, hint="Write KIND --id ID, or TARGET/KIND --id ID.")
    place, platform = found[0], workspace.platforms[found[0][0]]
    wide = workspace.kinds[platform, place[1]].account_wide
    named = NO_SCOPE if wide else scope or workspace.environment.targets[place[0]].scope
    for each in ours(workspace):
        address = each.address
        if (address.target, address.kind, each.remote_id) == (*place, remote_id) and scope in {"", address.scope}:
            return Run(address, each.platform, remote_id, each.mark)
    return Run(Address(place[0], place[1], named or NO_SCOPE, remote_id), platform, remote_id)


def _known_kind(workspace: Workspace, kind: str, life: Life | None) -> None:
    """Raises UsageError for a misspelt kind; one of the wrong life is none."""
    if kind and not _places(workspace, kind, None):
        known = {name for _, name in _places(workspace, "", life)}
        raise no_such_kind(kind, known, f" on the targets of environment {workspace.environment.name}")


def status(workspace: Workspace, globs: Sequence[str], say: Say) -> tuple[Row, ...]:
    """Memory and platform side by side."""
    recorded = ours(workspace, globs)
    reading = read(workspace, [Run(r.address, r.platform, r.remote_id, r.mark) for r in recorded], say)
    return tuple(
        Row(each, reading.live.get(each.address), reading.unreadable.get(each.address) or _unseen(workspace, each))
        for each in recorded
    )


def _unseen(workspace: Workspace, recorded: Recorded) -> str:
    """Why nothing is live at an address of a kind that no platform call shows, "" for all other kinds."""
    kind = workspace.kinds.get((recorded.platform, recorded.address.kind))
    if kind is None or not kind.is_unseen:
        return ""
    return "this platform shows nothing of it: as it was when it was applied"


def outputs(workspace: Workspace, row: Row) -> dict[str, str]:
    """What other manifests may refer to; a path on the local platform with where it lies on this machine."""
    from reconciler.operations.local import folder_of, place_of

    address = row.recorded.address
    told = dict(row.live.outputs if row.live else row.recorded.outputs)
    target = workspace.environment.targets.get(address.target)
    if target is None or not target.is_local:
        return told
    folder = folder_of(workspace.root, None)
    paths = {name: place_of(folder, address.scope, text) for name, text in told.items() if text.startswith("/")}
    return {name: f"{text}   ({paths[name]})" if paths.get(name) else text for name, text in told.items()}


def read(workspace: Workspace, runs: Sequence[Run], say: Say) -> Reading:
    """What is live now, by address."""
    from reconciler.execution.refresh import refresh
    from reconciler.planning.wants import Want

    wanted = [Want(run.address, run.platform, run.remote_id, run.mark) for run in runs]
    with connected(workspace, {want.address.target for want in wanted}, say) as connections:
        parallelism = workspace.call.settings.parallelism
        return refresh(wanted, connections, workspace.kinds, parallelism=parallelism, owner=workspace.owner)


def parts(workspace: Workspace, run: Run, say: Say) -> tuple[Part, ...]:
    """The task instances of a run; none where the platform does not tell."""
    from reconciler.providers.protocol import Inspects

    with open_handler(workspace, run, say) as handler:
        return handler.parts(run.address, run.remote_id) if isinstance(handler, Inspects) else ()


@contextmanager
def logs(workspace: Workspace, run: Run, task: str, index: int | None, say: Say) -> Iterator[Iterator[LogLine]]:
    """The output of a run as it is now."""
    from reconciler.providers.protocol import Logs

    with open_handler(workspace, run, say) as handler:
        if not isinstance(handler, Logs):
            raise unable(run, "logs")
        yield handler.logs(run.address, run.remote_id, task=task, index=index)


@contextmanager
def events(workspace: Workspace, run: Run, task: str, say: Say) -> Iterator[Iterator[Event]]:
    """What happened to a run."""
    from reconciler.providers.protocol import Events

    with open_handler(workspace, run, say) as handler:
        if not isinstance(handler, Events):
            raise unable(run, "events")
        yield handler.events(run.address, run.remote_id, task=task)


def metrics(workspace: Workspace, run: Run, name: str, minutes: int, say: Say) -> tuple[Series, ...]:
    """What a run used in the last `minutes`: the measurement `name`, or the usual ones."""
    from reconciler.providers.facilities import Measures

    with open_handler(workspace, run, say) as handler:
        if not isinstance(handler, Measures):
            raise unable(run, "metrics")
        return handler.metrics(run.address, run.remote_id, name=name, minutes=minutes)


def checks(workspace: Workspace, run: Run, say: Say, *, number: int = 0, name: str = "") -> tuple[HealthCheck, ...]:
    """How the machines of a run were checked: every round or the one called `number`, every check or only `name`."""
    from reconciler.providers.facilities import ChecksHealth

    with open_handler(workspace, run, say) as handler:
        if not isinstance(handler, ChecksHealth):
            raise unable(run, "checks")
        return handler.checks(run.address, run.remote_id, number=number, name=name)


def links(workspace: Workspace, run: Run, say: Say, *, shared: bool = False) -> tuple[Link, ...]:
    """Ways in for a person; `shared` ones need no login."""
    from reconciler.providers.facilities import Links

    with open_handler(workspace, run, say) as handler:
        if not isinstance(handler, Links):
            raise unable(run, "links")
        return handler.links(run.address, run.remote_id, shared=shared)


@dataclass(frozen=True, slots=True)
class Wish:
    """Which rows `browse` is to give: `limit` of them for each target and kind, after the first `offset`. `scope` ""
    is the target's own; `filters` are those of the kind.
    """

    filters: Mapping[str, str]
    limit: int
    offset: int = 0
    scope: str = ""


def browse(workspace: Workspace, kind: str, wish: Wish, say: Say) -> tuple[Found, ...]:
    """What the platforms of this environment have of a kind, ours or not; of every kind of run when `kind` is "".

    Runs come newest first per target and are filtered by the platform; standing things whose kind has no filters of
    its own by `name`, a glob, and by every column. Without `kind`, kinds that lack a filter are left out.

    Raises UsageError for a filter that no kind has, or `kind` has not, and where nothing meant can be listed.
    """
    owned = {(r.address.target, r.remote_id): r.address for r in ours(workspace)}
    _known_kind(workspace, kind, None)
    places = _places(workspace, kind, None if kind else Life.RUN)
    found: list[Found] = []
    unfit: list[UsageError] = []
    with connected(workspace, {target for target, _ in places}, say) as connections:
        listed = [place for place in places if _can_be_listed(connections[place[0]].handler(place[1]))]
        if places and not listed:
            msg = f"no platform here can list {kind or 'what it runs'}"
            raise UsageError(msg, hint="`reconciler status` shows what was applied in this environment.")
        for target, name in listed:
            scope = wish.scope or workspace.environment.targets[target].scope
            facts = workspace.kinds[workspace.platforms[target], name]
            scope = NO_SCOPE if facts.account_wide else scope
            try:
                rows = _rows(connections[target].handler(name), scope, wish, _fields(workspace, facts))
                shown = list(islice(rows, wish.limit))
            except UsageError as error:
                unfit.append(error)
                continue
            found += [Found(target, name, scope, row, owned.get((target, row.remote_id))) for row in shown]
    if unfit and (kind or len(unfit) == len(listed)):
        raise unfit[0]
    return tuple(found)


def _fields(workspace: Workspace, kind: Kind) -> list[str]:
    """The fields that things of a kind can show beside their name."""
    spec = workspace.catalogue.schema(kind.platform, kind.name).get("$defs", {}).get("spec", {})
    return [name for name in spec.get("properties", {}) if name not in kind.identity]


def _can_be_listed(handler: object) -> bool:
    from reconciler.providers.protocol import Browses, Lists

    return isinstance(handler, Browses | Lists)


def _rows(handler: object, scope: str, wish: Wish, fields: Sequence[str]) -> Iterator[RunSummary]:
    """The rows from the first one wanted on: those before it are left out by the platform where it can."""
    from reconciler.providers.protocol import Browses, BrowsesFrom, Lists
    from reconciler.providers.rows import column, filtered, of_listed

    rows: Iterator[RunSummary] = iter(())
    if wish.offset and isinstance(handler, BrowsesFrom):
        return handler.browse_from(scope, wish.filters, wish.limit, wish.offset)
    if isinstance(handler, Browses):
        rows = handler.browse(scope, wish.filters, wish.offset + wish.limit)
    elif isinstance(handler, Lists):
        rows = filtered((of_listed(row, fields) for row in handler.list(scope)), wish.filters, map(column, fields))
    return islice(rows, wish.offset, None)


def _places(workspace: Workspace, kind: str, life: Life | None) -> list[tuple[str, str]]:
    """(target, kind) of every kind called `kind` (all when "") and of that life (any when None)."""
    return [
        (target, name)
        for target, platform in sorted(workspace.platforms.items())
        for (of, name), facts in sorted(workspace.kinds.items())
        if of == platform and life in {None, facts.life} and kind in {"", name}
    ]


@contextmanager
def open_handler(workspace: Workspace, run: Run, say: Say) -> Iterator[Any]:
    """The handler of a run's kind, open. Raises UsageError when its target is not in the environment any more."""
    with connected(workspace, {run.address.target}, say) as connections:
        if run.address.target not in connections:
            msg = f"the target {run.address.target!r} is not in the project file any more"
            raise UsageError(msg, hint=f"Add it to the environment {workspace.environment.name!r} again.")
        try:
            yield connections[run.address.target].handler(run.address.kind)
        except NotFound as error:
            error.hint = error.hint or "The platform may have forgotten it: runs are kept for a limited time."
            raise


def unable(run: Run, word: str) -> UsageError:
    """The error of asking a kind for what it has not."""
    msg = f"{run.address.kind} on this platform has no {word}"
    return UsageError(msg, hint="`reconciler kinds` lists what each kind can do.")
