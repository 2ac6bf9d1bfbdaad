"""From expressions to values, at the last moment: what the steps before have made, and what is secret."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.errors import CredentialsMissing, ReconcilerError
from reconciler.model.expression import Expression, Space, substitute
from reconciler.model.resource import Phase
from reconciler.planning import edges

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.model.address import Address
    from reconciler.model.manifest import Spec


class Unresolved(ReconcilerError):
    """A reference or a secret has no value now. Nothing was sent."""

    code = "execution.unresolved"


@dataclass(frozen=True, slots=True)
class Made:
    """What a reference can ask of a resource. `phase` is the last one heard of, UNKNOWN for none."""

    remote_id: str
    outputs: Mapping[str, str] = field(default_factory=dict)
    phase: Phase = Phase.UNKNOWN


@dataclass(frozen=True, slots=True)
class Values:
    """Where values come from, seen from the resource at `here`: `made` by address, secrets by name (KeyError or
    CredentialsMissing).
    """

    here: Address
    depends_on: tuple[Address, ...]
    made: Callable[[Address], Made | None]
    secrets: Callable[[str], str]


def resolve(spec: Spec, values: Values) -> Spec:
    """`spec` with every reference and secret filled in, in one pass. Raises Unresolved."""
    known = edges.Known.of(values.depends_on)

    def value(expression: Expression) -> str:
        match expression.space:
            case Space.SECRETS:
                return _secret(expression.name, values)
            case Space.REF:
                return _reference(expression, known, values)
            case Space.VARS:
                msg = f"{expression.text} was not filled in when the manifest was read"
                raise Unresolved(msg)

    return dict(substitute(spec, value))


def _secret(name: str, values: Values) -> str:
    try:
        return values.secrets(name)
    except KeyError as error:
        msg = f"the secret {name} is not set"
        raise Unresolved(msg, hint=f"Provide {name} and apply again.") from error
    except CredentialsMissing as error:
        raise Unresolved(error.message, hint=error.hint) from error


def _reference(expression: Expression, known: edges.Known, values: Values) -> str:
    candidates, output = edges.locate(expression, values.here, known)
    made = values.made(candidates[0]) if len(candidates) == 1 else None
    if made is None or not made.remote_id:
        msg = f"{expression.text} refers to something that does not exist"
        raise Unresolved(msg, hint="Apply what it refers to first.")
    if not output:
        return made.remote_id
    if output not in made.outputs:
        msg = f"{expression.text}: {candidates[0]} has no output {output!r} now"
        raise Unresolved(msg, hint=f"It has: {', '.join(sorted(made.outputs)) or 'none'}.")
    return made.outputs[output]
