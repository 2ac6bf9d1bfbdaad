"""What `forget`, `move`, `adopt` and `import` share: show a plan that only changes the memory, ask, do it."""

from typing import TYPE_CHECKING

from reconciler.cli.applying import Manner, carry_out
from reconciler.cli.exit_codes import ExitCode, exit_code
from reconciler.cli.options import Shape
from reconciler.cli.readers import plan_text

if TYPE_CHECKING:
    from reconciler.cli.streams import Streams
    from reconciler.model.plan import Plan
    from reconciler.operations.plan import Look
    from reconciler.operations.workspace import Workspace


def remember(
    streams: "Streams",
    opened: "Workspace",
    plan: "Plan",
    question: str,
    *,
    yes: bool,
    form: Shape,
    seen: "Look | None" = None,
) -> int:
    """Shows the plan, asks unless told not to, and carries it out. Blocked plans are shown and not carried out."""
    text = plan_text(streams, opened, plan)
    if form is Shape.TEXT:
        streams.show(text)
    elif not yes:
        streams.say(text)
    if plan.is_blocked:
        return exit_code(plan)
    if plan.steps and not yes and not streams.confirm(question, instead="Say --yes."):
        streams.say("nothing was done")
        return ExitCode.ERROR
    manner = Manner(yes=True, wait=False, form=form, question="", command="")
    return carry_out(streams, opened, plan, manner, seen=seen)
