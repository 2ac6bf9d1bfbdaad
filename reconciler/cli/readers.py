"""Who can read what a command prints: the team, or everybody."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from reconciler.cli.streams import Streams
    from reconciler.model.plan import Plan
    from reconciler.operations.workspace import Workspace
    from reconciler.rendering.sides import Profile


class Readers(StrEnum):
    """How much is shown."""

    AUTO = "auto"
    FULL = "full"
    REDACTED = "redacted"


ForReaders = Annotated[
    Readers,
    typer.Option("--profile", help="How much is shown. auto: no values where the public can read CI's logs."),
]


def profile_of(streams: Streams, readers: Readers) -> Profile:
    """The profile to show things in. Outside of CI everything is shown."""
    from reconciler.rendering.sides import Profile

    if readers is not Readers.AUTO:
        return Profile(readers.value)
    if not streams.settings.ci:
        return Profile.FULL
    from reconciler.operations.hosting import host_of

    return host_of(streams.settings).profile


def for_readers(plan: Plan, profile: Profile) -> Plan:
    """The plan as it may be shown."""
    from reconciler.rendering.review import redacted
    from reconciler.rendering.sides import Profile

    return redacted(plan) if profile is Profile.REDACTED else plan


def plan_text(streams: Streams, opened: Workspace, plan: Plan, *, now: float | None = None) -> str:
    """The plan for a terminal or a log, as whoever reads that may see it, and without a credential."""
    from reconciler.operations.wiring import redactor
    from reconciler.rendering.text import render_plan

    shown = for_readers(plan, profile_of(streams, Readers.AUTO))
    return redactor(opened).redact(render_plan(shown, width=streams.width, colour=streams.colour, now=now))
