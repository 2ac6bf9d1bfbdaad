"""Where the handler stands: one account, its calls, and the reading of its answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reconciler.errors import NotFound, Refused, Unanswered, Unauthenticated
from reconciler.model.secret import Redactor
from reconciler.providers.exchange import Call, Effect
from reconciler.providers.hai.times import Clock

if TYPE_CHECKING:
    from reconciler.providers.exchange import Query
    from reconciler.providers.session import Session

FINE = 200
"""Status of an answer, also of one that says no."""


@dataclass(frozen=True, slots=True)
class Place:
    """One target as its handler sees it. `redactor` knows the token: the platform gives it to every task, which may
    print it.
    """

    target: str
    session: Session
    clock: Clock = field(default_factory=Clock)
    redactor: Redactor = field(default_factory=Redactor)

    def call(self, call: Call) -> dict[str, Any]:
        """The answer to a call, a JSON object that says `success`. Raises PlatformError."""
        answer = self.session.call(call)
        if isinstance(answer, dict) and "success" in answer:
            return answer
        msg = f"{self.target}: {call.operation}: the answer is not one of this platform"
        raise Unanswered(msg, hint="is the endpoint right?")

    def ask(self, operation: str, path: str, query: Query | None = None) -> dict[str, Any]:
        """A call that only reads, which here is a POST like every other."""
        return self.call(Call(operation, "POST", path, query=query or {}, effect=Effect.READ))

    def task(self, operation: str, selector: Query) -> dict[str, Any]:
        """The row of the one task that `selector` names. Raises NotFound when there is none."""
        try:
            answer = self.ask(operation, "/query/task", selector)
        except Refused as error:
            # The one rule this call can break is that nothing matches.
            if type(error) is Refused and error.status == FINE:
                raise NotFound(error.message, hint=error.hint, status=error.status) from None
            raise
        row = part(answer, "result", "task")
        chain = selector.get("chain_id")
        if not isinstance(row, dict) or not row.get("chain_id") or (chain and row["chain_id"] != chain):
            msg = f"{self.target}: {operation}: the answer is not the task that was asked for"
            raise Unanswered(msg, hint="is the endpoint right?")
        return row

    def operate(self, operation: str, path: str, chain_id: str, query: Query | None = None) -> dict[str, Any]:
        """A harmless repeatable change of one task. Raises NotFound where the platform says 401 for "no such task"."""
        call = Call(operation, "POST", path, query={"chain_id": chain_id, **(query or {})}, effect=Effect.REPEATABLE)
        try:
            return self.call(call)
        except Unauthenticated:
            self.task(operation, {"chain_id": chain_id})
            raise


def part(answer: Any, *path: str) -> Any:  # noqa: ANN401 - any JSON value
    """What stands at `path` in an answer, None when nothing does."""
    for step in path:
        if not isinstance(answer, dict):
            return None
        answer = answer.get(step)
    return answer


def rows_of(answer: dict[str, Any], target: str, operation: str, *path: str) -> list[dict[str, Any]]:
    """A list of objects in an answer. Raises Unanswered when there is none: what cannot be read must not pass for an
    empty list.
    """
    found = part(answer, *path)
    if isinstance(found, list) and all(isinstance(each, dict) for each in found):
        return found
    msg = f"{target}: {operation}: the answer holds no list"
    raise Unanswered(msg, hint="is the endpoint right?")
