"""Who may write, as bytes: the lease file of every durable backend."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from reconciler.errors import StateLocked
from reconciler.model.canonical import canonical_json
from reconciler.state.encoding import VERSION, Fields, check_version, load_json
from reconciler.state.protocol import Holder


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant of the lease. `holder` is "" when it was given back: the number stays, since it must only rise.
    `machine` tells whether a holder's death can be seen from here. Times are UNIX seconds.
    """

    fencing: int
    holder: str
    machine: str
    since: float
    expires: float

    def as_holder(self) -> Holder | None:
        """For people; None when nobody holds it."""
        return Holder(self.holder, self.since, self.expires, self.fencing) if self.holder else None


FREE = Grant(fencing=0, holder="", machine="", since=0.0, expires=0.0)


def grant_to_bytes(grant: Grant) -> bytes:
    """The lease file."""
    body = {
        "version": VERSION,
        "fencing": grant.fencing,
        "holder": grant.holder,
        "machine": grant.machine,
        "since": grant.since,
        "expires": grant.expires,
    }
    return (canonical_json(body) + "\n").encode("utf-8", "surrogatepass")


def grant_from_bytes(data: bytes, where: str) -> Grant:
    """The inverse. Raises StateUnreadable."""
    fields = Fields(load_json(data, where), where)
    check_version(fields.text("version"), where)
    grant = Grant(
        fencing=fields.whole("fencing"),
        holder=fields.text("holder"),
        machine=fields.text("machine"),
        since=fields.number("since"),
        expires=fields.number("expires"),
    )
    fields.end()
    return grant


def refusal(environment: str, grant: Grant) -> StateLocked:
    """Somebody else has it."""
    since = datetime.fromtimestamp(grant.since, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    return StateLocked(
        f"{environment} is being applied by {grant.holder} since {since}",
        hint=f"Wait for it to end. If it is gone for good: reconciler state unlock --environment {environment}",
    )


def superseded(environment: str, grant: Grant) -> StateLocked:
    """We had it, and lost it."""
    who = f"taken over by {grant.holder}" if grant.holder else "taken away"
    return StateLocked(
        f"the lease of {environment} was {who}; nothing more is written",
        hint="Apply again: what was done is in the journal or will be found by its mark.",
    )
