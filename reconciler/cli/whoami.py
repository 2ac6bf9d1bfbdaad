"""`reconciler whoami`."""

from typing import TYPE_CHECKING, Any

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Format, ProjectFile, Shape, TargetName, workspace
from reconciler.cli.streams import streams_of

if TYPE_CHECKING:
    from reconciler.providers.facilities import Allowance, Identity


@single((("reconciler whoami", "on every target that tells"), ("reconciler quota", "what may be used at once")))
def app(
    context: typer.Context,
    *,
    target: TargetName = "",
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    form: Format = Shape.TEXT,
) -> int:
    """Show whom a platform takes us for, and how much may be used at once. Never the credential."""
    from reconciler.operations.cluster import whoami
    from reconciler.rendering.tables import render_facts, rows_to_json

    streams = streams_of(context)
    told = whoami(workspace(streams, project, environment), target, streams.say)
    if form is Shape.JSON:
        streams.show(rows_to_json("whoami", [_document(name, *each) for name, each in told.items()]))
        return ExitCode.FINE
    for number, (name, (identity, limits)) in enumerate(told.items()):
        facts = [("target", name), ("user", identity.user), ("role", identity.role)]
        facts += [("groups", ", ".join(identity.groups)), *identity.facts]
        facts += [(f"role in {reach.scope}", reach.role) for reach in identity.scopes or ()]
        facts += [(f"quota {limit.name}", _amount(limit)) for limit in limits]
        streams.show(("\n" if number else "") + render_facts([fact for fact in facts if fact[1]]))
    return ExitCode.FINE


def _amount(limit: "Allowance") -> str:
    return f"{limit.used or 0} of {'any number' if limit.limit is None else limit.limit} in use"


def _document(name: str, identity: "Identity", limits: "tuple[Allowance, ...]") -> dict[str, Any]:
    return {
        "target": name,
        "user": identity.user,
        "role": identity.role,
        "groups": list(identity.groups),
        "facts": dict(identity.facts),
        "scopes": [{"scope": r.scope, "role": r.role, "writes": r.writes} for r in identity.scopes or ()],
        "quota": [{"name": limit.name, "limit": limit.limit, "used": limit.used} for limit in limits],
    }
