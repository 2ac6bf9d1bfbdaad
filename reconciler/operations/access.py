"""Whether the targets can be used, and what is wrong when they cannot: each thing with what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Any

from reconciler.errors import (
    CredentialsMissing,
    Forbidden,
    LocalPlatformError,
    NotFound,
    PlatformError,
    Unanswered,
    Unauthenticated,
    Unreachable,
    UsageError,
)
from reconciler.model.kind import Life
from reconciler.model.spelling import did_you_mean
from reconciler.operations.credentials import find
from reconciler.operations.selection import no_such_target
from reconciler.operations.wiring import connected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.target import Target
    from reconciler.operations.workspace import Say, Workspace
    from reconciler.providers.facilities import Identity, Reach

_TOLERATED, _TOO_MUCH = 300.0, 900.0
"""Seconds: what a clock may be off before a person should know, and where platforms begin to refuse signatures."""
_DAY, _HOUR, _MINUTE = 86400, 3600, 60


class Verdict(StrEnum):
    """How one thing stands."""

    FINE = "fine"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at on one target; `remedy` says what to do, "" when there is nothing to do."""

    target: str
    subject: str
    verdict: Verdict
    said: str
    remedy: str = ""


def examine(workspace: Workspace, target: str, say: Say) -> tuple[Check, ...]:
    """Everything that can be found out about the access to `target`, or to each target when "". Only reads.

    Raises UsageError for a target that is not there.
    """
    known = workspace.environment.targets
    if target and target not in known:
        raise no_such_target(target, workspace.environment)
    return tuple(
        check for name in ([target] if target else sorted(known)) for check in _target(workspace, known[name], say)
    )


def _target(workspace: Workspace, target: Target, say: Say) -> Iterator[Check]:
    yield from _credentials(workspace, target)
    try:
        with connected(workspace, [target.name], say) as connections:
            yield from _open(workspace, target, connections[target.name])
    except PlatformError as error:
        yield _of_error(target, error, None)
    except (UsageError, LocalPlatformError) as error:
        said = error.message.removeprefix("target ").removeprefix(f"{target.name}: ")
        yield Check(target.name, "settings", Verdict.WRONG, said, error.hint)


def _credentials(workspace: Workspace, target: Target) -> Iterator[Check]:
    """Where the credentials come from; whether there are any is for the platform to say."""
    if target.is_local:
        yield Check(target.name, "credentials", Verdict.FINE, "the local platform's own")
        return
    found = find(workspace.call.settings, workspace.providers[target.platform])
    if found.sources:
        yield Check(target.name, "credentials", Verdict.FINE, "; ".join(found.sources))
    for note in found.notes:
        yield Check(target.name, "credentials", Verdict.WARNING, note, "set the environment variables instead")


def _open(workspace: Workspace, target: Target, connection: Any) -> Iterator[Check]:  # noqa: ANN401 - asked for what it can
    from reconciler.providers.facilities import Examines, Identifies

    try:
        identity = connection.whoami() if isinstance(connection, Identifies) else None
        seen = _look(workspace, target, connection) if identity is None or identity.scopes is None else ""
    except PlatformError as error:
        finding = connection.diagnose(error) if isinstance(connection, Examines) else None
        if finding is not None:
            yield Check(target.name, finding.subject, Verdict.WRONG, finding.said, finding.remedy)
        else:
            yield _of_error(target, error, _skew(connection))
        return
    yield Check(target.name, "sign-in", Verdict.FINE, f"as {identity.user}" if identity else seen)
    yield from _clock(target, _skew(connection))
    if isinstance(connection, Examines):
        for finding in connection.examine():
            verdict = Verdict.WRONG if finding.remedy else Verdict.FINE
            yield Check(target.name, finding.subject, verdict, finding.said, finding.remedy)
    if identity is not None and identity.scopes is not None:
        yield _scope(workspace, target, identity)


def _look(workspace: Workspace, target: Target, connection: Any) -> str:  # noqa: ANN401 - as above
    """Lists one thing, for platforms that do not say who we are. Raises PlatformError."""
    from reconciler.providers.protocol import Browses, Lists

    for (platform, name), kind in sorted(workspace.kinds.items(), key=lambda item: item[1].life is not Life.RUN):
        if platform != target.platform:
            continue
        handler = connection.handler(name)
        if isinstance(handler, Browses):
            list(islice(handler.browse(target.scope, {}, 1), 1))
        elif isinstance(handler, Lists):
            list(islice(handler.list(target.scope), 1))
        else:
            continue
        return f"accepted: {kind.name} can be listed"
    return "nothing here can be listed"


def _skew(connection: object) -> float | None:
    from reconciler.providers.facilities import TellsTime

    return connection.clock_skew() if isinstance(connection, TellsTime) else None


def _clock(target: Target, skew: float | None) -> Iterator[Check]:
    if skew is None:
        return
    if abs(skew) < _TOLERATED:
        yield Check(target.name, "clock", Verdict.FINE, "agrees with the platform's")
        return
    verdict = Verdict.WRONG if abs(skew) >= _TOO_MUCH else Verdict.WARNING
    yield Check(target.name, "clock", verdict, _off(skew), "set the clock of this machine, best by NTP")


def _off(skew: float) -> str:
    """How far the clock of this machine is off, in words."""
    seconds = abs(round(skew))
    units = ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min"))
    told = next((f"{seconds // size} {name}" for size, name in units if seconds >= size), f"{seconds} s")
    return f"this machine's clock is {told} {'behind' if skew > 0 else 'ahead of'} the platform's"


def _scope(workspace: Workspace, target: Target, identity: Identity) -> Check:
    """Whether the scope of the target is one that we can see, and may write to."""
    word = workspace.providers[target.platform].scope_key
    reaches: dict[str, Reach] = {reach.scope: reach for reach in identity.scopes or ()}
    listed = ", ".join(f"{reach.scope} ({reach.role})" if reach.role else reach.scope for reach in reaches.values())
    if not target.scope:
        return Check(target.name, word, Verdict.WARNING, f"none is named; there are: {listed or 'none'}", _named(word))
    reach = reaches.get(target.scope)
    if reach is None:
        near = did_you_mean(target.scope, reaches)
        remedy = f"did you mean {near!r}? " if near else ""
        said = f"{target.scope!r} is none that this account can see; those are: {listed or 'none'}"
        return Check(target.name, word, Verdict.WRONG, said, f"{remedy}ask its owner to make you a member")
    if not reach.writes:
        said = f"{reach.scope}: as {reach.role} you can look, and not apply"
        return Check(target.name, word, Verdict.WARNING, said, "ask its owner for another role")
    return Check(target.name, word, Verdict.FINE, f"{reach.scope}, as {reach.role}" if reach.role else reach.scope)


def _named(word: str) -> str:
    return f"write `{word}:` in the target, so that a manifest means the same wherever it is applied from"


def _of_error(target: Target, error: PlatformError, skew: float | None) -> Check:
    """What an error says about the access: the class tells what kind of thing is wrong."""
    if isinstance(error, Unauthenticated) and skew is not None and abs(skew) >= _TOO_MUCH:
        remedy = "set the clock of this machine, best by NTP: signatures with another time are refused"
        return Check(target.name, "clock", Verdict.WRONG, _off(skew), remedy)
    subjects: tuple[tuple[type[PlatformError], str, str], ...] = (
        (CredentialsMissing, "credentials", ""),
        (Unauthenticated, "sign-in", "the key or the password is wrong, inactive, or of another account"),
        (Forbidden, "permission", ""),
        (Unreachable, "network", "check endpoint, region, proxy and network"),
        (Unanswered, "platform", "run it again; the platform's own status page may say more"),
        (NotFound, "settings", ""),
    )
    subject, remedy = next(((word, what) for kind, word, what in subjects if isinstance(error, kind)), ("settings", ""))
    remedies = [text for text in (remedy, error.hint) if text]
    said = error.message.removeprefix("target ").removeprefix(f"{target.name}: ")
    return Check(target.name, subject, Verdict.WRONG, said, "; ".join(remedies))
