"""Everything this package raises, and what each one promises.

    ReconcilerError                 a message for people, a stable code, a hint
    ├── UsageError                  the command line asks for something that makes no sense
    ├── ManifestsInvalid            the files are wrong; carries every diagnostic at once
    ├── PlanBlocked                 policy, budget or a guard forbids the plan
    ├── PlanStale                   the world, or the review, is not what the plan saw
    ├── PlanUnreadable              a saved plan is damaged, edited, or of a version we do not know
    ├── StateLocked                 another apply holds the lease
    ├── StateUnreadable             the memory is damaged, or of a version we do not know
    ├── StateUnwritable             the memory cannot be written: a full disk, a read-only folder
    ├── SubmissionAmbiguous         a create may have happened and cannot be settled by machine
    ├── Interrupted                 a person or the system asked us to stop; the journal is written
    ├── LocalPlatformError          the embedded platform could not start, stop or be reached
    └── PlatformError               one exchange with a platform went wrong
        ├── CredentialsMissing      nothing was sent
        ├── Refused                 the platform answered no: the call had no effect
        │   ├── Unauthenticated     401: who are you
        │   ├── Forbidden           403: not you
        │   ├── NotFound            404
        │   │   └── NoSuchScope     what the object would stand in does not exist
        │   ├── Conflict            409, or the platform's own word for "exists already"
        │   ├── Busy                the object is on its way to another state: later, by itself
        │   └── Throttled           429: later; carries how long
        ├── Unreachable             no request reached the platform: the call had no effect
        └── Unanswered              sent, and no trustworthy answer: the call MAY have had its effect

The two halves of PlatformError matter more than anything else here: a create that ended in `Refused` or
`Unreachable` may be sent again, one that ended in `Unanswered` must be settled first (product.md section 6).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.diagnostic import Diagnostic


class ReconcilerError(Exception):
    """A failure that a person can act on. `code` is stable across releases, `message` is not."""

    code = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(ReconcilerError):
    """The command line asks for something that makes no sense."""

    code = "usage"


class ManifestsInvalid(ReconcilerError):
    """At least one file is wrong. Nothing was sent anywhere. `diagnostics` holds every finding."""

    code = "manifests.invalid"

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(f"{len(diagnostics)} problem(s) in the manifests")
        self.diagnostics = tuple(diagnostics)


class PlanBlocked(ReconcilerError):
    """Policy, budget or a guard forbids the plan. `diagnostics` says which and how to allow it."""

    code = "plan.blocked"

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(f"the plan is blocked by {len(diagnostics)} finding(s)")
        self.diagnostics = tuple(diagnostics)


class PlanStale(ReconcilerError):
    """The world, or the review, is no longer what the plan saw. Nothing was written."""

    code = "plan.stale"


class PlanUnreadable(ReconcilerError):
    """A saved plan is damaged, was edited, or comes from a version we do not know. Nothing was written."""

    code = "plan.unreadable"


class StateLocked(ReconcilerError):
    """Another apply holds the lease of this environment."""

    code = "state.locked"


class StateUnreadable(ReconcilerError):
    """The memory is damaged, or written by a version we do not know. Never guessed at."""

    code = "state.unreadable"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "Restore the memory from a copy; or `reconciler state rebuild` finds again what is there.",
    ) -> None:
        super().__init__(message, hint=hint)


class StateUnwritable(ReconcilerError):
    """The memory cannot be written. What was there before is whole."""

    code = "state.unwritable"


class SubmissionAmbiguous(ReconcilerError):
    """A create may have happened, and no search can tell. A person must settle it."""

    code = "submission.ambiguous"


class Interrupted(ReconcilerError):
    """Asked to stop. What was running has ended and is in the journal."""

    code = "interrupted"


class LocalPlatformError(ReconcilerError):
    """The embedded local platform could not be started, stopped or reached."""

    code = "local"


class PlatformError(ReconcilerError):
    """One exchange with a platform went wrong.

    `status` is the HTTP status or None, `platform_code` the platform's own error code or "",
    `request_id` what its support asks for or "".
    """

    code = "platform"

    def __init__(
        self, message: str, *, hint: str = "", status: int | None = None, platform_code: str = "", request_id: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.platform_code = platform_code
        self.request_id = request_id


class CredentialsMissing(PlatformError):
    """No usable credentials for a target. Nothing was sent."""

    code = "platform.credentials-missing"


class Refused(PlatformError):
    """The platform answered no. The call had no effect."""

    code = "platform.refused"


class Unauthenticated(Refused):
    """The platform does not accept the credentials."""

    code = "platform.unauthenticated"


class Forbidden(Refused):
    """The platform knows the caller and says no."""

    code = "platform.forbidden"


class NotFound(Refused):
    """The object, or the path to it, does not exist."""

    code = "platform.not-found"


class NoSuchScope(NotFound):
    """The scope in which the object is, or would be, does not exist."""

    code = "platform.no-such-scope"


class Conflict(Refused):
    """Something in the way: it exists already, or is in use."""

    code = "platform.conflict"


class Busy(Refused):
    """The object is on its way from one state to another; when it has arrived, the same call goes on. Raised by calls
    that may be repeated only.
    """

    code = "platform.busy"


class Throttled(Refused):
    """Too many calls. `retry_after` is in seconds, or None when the platform did not say."""

    code = "platform.throttled"

    def __init__(self, message: str, *, retry_after: float | None = None, status: int | None = 429) -> None:
        super().__init__(message, status=status)
        self.retry_after = retry_after


class Unreachable(PlatformError):
    """No request reached the platform (name, route, TLS, refused connection). The call had no effect."""

    code = "platform.unreachable"


class Unanswered(PlatformError):
    """Sent, and no trustworthy answer came back (time-out, reset, cut body, 5xx). The call may have had its effect."""

    code = "platform.unanswered"
