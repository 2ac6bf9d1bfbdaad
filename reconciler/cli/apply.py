"""`reconciler apply`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.group import single
from reconciler.cli.options import (
    EnvironmentName,
    Except,
    Format,
    Labelled,
    OfKind,
    Only,
    Parallelism,
    ProjectFile,
    Shape,
    Since,
    Variables,
    Wait,
    Yes,
    call,
    selection,
)
from reconciler.cli.streams import streams_of
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.operations.selection import Selection

_QUESTION = "Apply this plan?"
_AS_IT_IS = "a saved plan is applied as it is: --only and the like, --var and --reviewed do not go with it"
_AS_A_WHOLE = "what was reviewed is applied as a whole: --only and the like do not go with --reviewed"
_AS_IT_WAS_BEGUN = "--resume finishes what was begun: --only and the like, --var and --reviewed do not go with it"
_APPROVED = "--approved is about a review that is looked up"


@single(
    (
        ("reconciler apply", "plan, ask, then do it"),
        ("reconciler apply --yes --wait", "in a script: exit 8 when a run failed"),
        ("reconciler plan -o p && reconciler apply p", "do exactly what was reviewed, or refuse"),
        ("reconciler apply p --resume", "finish it, when it was cut short"),
        ("reconciler apply --reviewed merged", "in CI, after a merge: what its review showed, or exit 4"),
        ("reconciler apply --only 'App/*'", "a part, with what it needs; never removes"),
    )
)
def app(
    context: typer.Context,
    *,
    plan: Annotated[Path | None, typer.Argument(metavar="[PLAN]", help="A plan saved by `plan -o`.")] = None,
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    var: Variables = None,
    only: Only = None,
    without: Except = None,
    kind: OfKind = None,
    label: Labelled = None,
    since: Since = "",
    yes: Yes = False,
    wait: Wait = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Finish what was cut short, of PLAN if given, and begin nothing else.")
    ] = False,
    reviewed: Annotated[
        str,
        typer.Option("--reviewed", metavar="ID", help="Do what this review showed, or nothing. merged: look it up."),
    ] = "",
    approved: Annotated[
        bool, typer.Option("--approved", help="With `--reviewed merged`: only what somebody else approved.")
    ] = False,
    parallelism: Parallelism = None,
    form: Format = Shape.TEXT,
) -> int:
    """Make the live platforms what the manifests say.

    Without PLAN it plans, shows the plan, asks, and does it. With PLAN it does what the plan says, or writes nothing
    and says why (exit code 4). Killed at any moment, the next apply settles what was left and goes on: nothing is
    submitted twice. A saved plan is good for one apply; --resume PLAN does what that one apply has not done, --resume
    alone only settles.
    """
    from reconciler.cli.applying import Manner, carry_out, plan_and_carry_out, settle_only
    from reconciler.operations.plan import Wish
    from reconciler.operations.resume import finish
    from reconciler.operations.saved import load_to_apply
    from reconciler.operations.wiring import open_workspace

    streams = streams_of(context)
    manner = Manner(yes, wait, form, _QUESTION, "reconciler apply")
    meant = selection(only, without, kind=kind, label=label, since=since)
    whole = _AS_IT_IS if plan is not None else _AS_IT_WAS_BEGUN if resume else ""
    _refuse_mixtures(whole, meant, var, reviewed, approved=approved)
    if plan is not None:
        saved = load_to_apply(plan)
        opened = open_workspace(call(streams, project, environment or saved.base.environment, var, parallelism))
        return carry_out(streams, opened, saved, manner, carry=finish if resume else None)
    opened = open_workspace(call(streams, project, environment, var, parallelism))
    if resume:
        return settle_only(streams, opened)
    if reviewed:
        from reconciler.cli.applying_reviewed import carry_out_reviewed, reviewed_of

        found = reviewed_of(streams, opened, reviewed, approvals=approved)
        return carry_out_reviewed(streams, opened, Wish(), manner, found)
    return plan_and_carry_out(streams, opened, Wish(meant), manner)


def _refuse_mixtures(whole: str, meant: "Selection", var: list[str] | None, reviewed: str, *, approved: bool) -> None:
    """Raises UsageError for options that do not go together; `whole`: why nothing can be chosen, "" where it can."""
    if approved and reviewed != "merged":
        raise UsageError(_APPROVED, hint="Say --reviewed merged --approved.")
    if whole and (not meant.is_everything or var or reviewed):
        raise UsageError(whole)
    if reviewed and not meant.is_everything:
        raise UsageError(_AS_A_WHOLE)
