"""Plans in files: written whole or not at all, read strictly, refused when they are not of this moment."""

from __future__ import annotations

import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import PlanStale, PlanUnreadable, ReconcilerError, UsageError
from reconciler.rendering.json import plan_from_json, plan_to_json

if TYPE_CHECKING:
    from reconciler.model.plan import Base, Plan

_MOST_BYTES = 256 * 1024 * 1024
_READABLE_BY_ALL = stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP | stat.S_IROTH


def save(plan: Plan, file: Path) -> None:
    """Writes the plan beside its place and moves it there. Raises ReconcilerError when it cannot be written."""
    try:
        with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False, encoding="utf-8") as made:
            made.write(plan_to_json(plan))
        Path(made.name).chmod(_READABLE_BY_ALL)
        Path(made.name).replace(file)
    except OSError as error:
        msg = f"cannot save the plan to {file}: {error.strerror}"
        raise ReconcilerError(msg) from error


def load(file: Path) -> Plan:
    """The plan in a file. Raises UsageError when there is none, PlanUnreadable when it is not whole or not ours."""
    try:
        if file.stat().st_size > _MOST_BYTES:
            msg = f"{file} is too large to be a plan"
            raise PlanUnreadable(msg)
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        msg = f"{file} is not a saved plan: it is no text"
        raise PlanUnreadable(msg) from error
    except OSError as error:
        msg = f"cannot read the plan {file}: {error.strerror}"
        raise UsageError(msg, hint="Make one with `reconciler plan -o FILE`.") from error
    return plan_from_json(text)


def refuse_stale(planned: Base, now: Base) -> None:
    """Raises PlanStale, naming what moved, when a plan is not of this project, commit, policy, version and memory."""
    moved = [
        (planned.project != now.project, f"it is of project {planned.project!r}, this is {now.project!r}"),
        (
            planned.environment != now.environment,
            f"it is of environment {planned.environment!r}, this is {now.environment!r}",
        ),
        (
            planned.tool_version != now.tool_version,
            f"it was made by version {planned.tool_version}, this is {now.tool_version}",
        ),
        (
            planned.commit != now.commit,
            f"it was made at commit {planned.commit or 'none'}, now it is {now.commit or 'none'}",
        ),
        (planned.policy_digest != now.policy_digest, "the project's policy was changed"),
        (planned.lineage != now.lineage, "it was made from another memory"),
        (planned.serial != now.serial, f"something was applied since: state {planned.serial}, now {now.serial}"),
    ]
    reasons = [reason for wrong, reason in moved if wrong]
    if reasons:
        msg = f"the saved plan is stale: {'; '.join(reasons)}"
        raise PlanStale(msg, hint="Nothing was written. Plan again, review, then apply.")
