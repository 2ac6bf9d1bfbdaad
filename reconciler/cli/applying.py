"""What `apply` and `destroy` share: show the plan, ask, carry it out, wait, report."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.cli.exit_codes import ExitCode, exit_code
from reconciler.cli.options import Shape
from reconciler.cli.progress import progress
from reconciler.cli.readers import plan_text
from reconciler.cli.signals import graceful
from reconciler.model.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.cli.streams import Streams
    from reconciler.execution.settle import Settlement
    from reconciler.execution.waiting import Waited
    from reconciler.model.outcome import Report
    from reconciler.operations.apply import Doing
    from reconciler.operations.plan import Look, Wish
    from reconciler.operations.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Manner:
    """How the person wants it done."""

    yes: bool
    wait: bool
    form: Shape
    question: str
    command: str


def plan_and_carry_out(streams: "Streams", opened: "Workspace", wish: "Wish", manner: Manner) -> int:
    """Settles what was left, plans, shows, asks, and does it."""
    from reconciler.execution.context import Silence
    from reconciler.operations.apply import Doing, refuse_blocked, settle_first
    from reconciler.operations.plan import look

    with graceful(streams.say) as stop:
        left = settle_first(opened, Doing(Silence(), stop, streams.say))
    seen = look(opened, wish, streams.say)
    if manner.form is Shape.TEXT or not manner.yes:
        text = plan_text(streams, opened, seen.plan, now=seen.read_at)
        (streams.show if manner.form is Shape.TEXT else streams.say)(text)
    if seen.plan.is_blocked:
        if manner.form is Shape.JSON:
            refuse_blocked(seen.plan)
        return exit_code(seen.plan)
    if seen.plan.steps and not manner.yes:
        instead = f"Say `{manner.command} --yes`, or make a plan with -o, review it, and apply that."
        if not streams.confirm(manner.question, instead=instead):
            streams.say("nothing was done")
            return ExitCode.ERROR
    return carry_out(streams, opened, seen.plan, manner, seen=seen, left=left)


def settle_only(streams: "Streams", opened: "Workspace") -> int:
    """Settles what an earlier apply left, and begins nothing."""
    from reconciler.execution.context import Silence
    from reconciler.operations.apply import Doing, settle_first
    from reconciler.rendering.words import printable

    with graceful(streams.say) as stop:
        settlement = settle_first(opened, Doing(Silence(), stop, streams.say))
    for each in settlement.settled if settlement else ():
        found = f"done, id {each.remote_id}" if each.remote_id else "it had no effect"
        streams.show(printable(f"settled  {each.verb:<6}  {each.address}  {found}") + "\n")
    if settlement is None:
        streams.say("nothing is left to settle")
    elif doubt := settlement.doubt():
        raise doubt
    return ExitCode.FINE


def carry_out(
    streams: "Streams",
    opened: "Workspace",
    plan: Plan,
    manner: Manner,
    *,
    seen: "Look | None" = None,
    left: "Settlement | None" = None,
    carry: "Callable[[Workspace, Plan, Doing], Report] | None" = None,
) -> int:
    """Does what the plan says, waits when asked to, and reports. `seen`: the look that the plan was just made from;
    `left`: what could not be settled before it; `carry` does it, by default `apply`.
    """
    from reconciler.cli.waiting import advise
    from reconciler.operations.apply import Doing, apply
    from reconciler.operations.watching import awaited, watch

    waited = None
    with progress(streams, [step.address for step in plan.steps]) as listening, graceful(listening.say) as stop:
        doing = Doing(listening, stop, listening.say, left=left)
        if seen is not None:
            doing = Doing(listening, stop, listening.say, seen.read_at, seen.observed, left)
        report = (carry or apply)(opened, plan, doing)
        if manner.wait and not report.interrupted and not report.halted:
            waited = watch(opened, awaited(opened, plan), doing)
    _show(streams, plan, report, waited, manner)
    if waited is not None and manner.form is not Shape.JSON:
        advise(waited, streams, opened)
    if waited is not None and waited.interrupted:
        return ExitCode.INTERRUPTED
    code = exit_code(report, phases=[live.phase for live in waited.ended.values()] if waited else ())
    if code is ExitCode.FINE and plan.unread:
        return ExitCode.PARTLY_APPLIED if report.outcomes else exit_code(plan)
    return code


def _show(streams: "Streams", plan: Plan, report: "Report", waited: "Waited | None", manner: Manner) -> None:
    from reconciler.cli.waiting import render_ended, rows
    from reconciler.rendering.report import render_report, report_to_json

    if manner.form is Shape.JSON:
        streams.show(report_to_json(report, rows(waited) if waited else ()))
        return
    if plan.steps or report.unsettled:
        streams.show("\n" + render_report(report, width=streams.width, colour=streams.colour))
    if waited is not None:
        streams.show(render_ended(waited, colour=streams.colour))
