"""Points in time. The platform writes them without a zone, so one must be told which it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timezone

from reconciler.errors import UsageError


@dataclass(frozen=True, slots=True)
class Clock:
    """The zone of the platform's times; None when nobody has said."""

    zone: timezone | None = None

    @classmethod
    def at(cls, target: str, offset: str) -> Clock:
        """From a setting such as `+08:00`; "" is an unknown zone. Raises UsageError."""
        if not offset:
            return cls()
        try:
            moment = datetime.fromisoformat(f"2000-01-01T00:00:00{offset}")
        except ValueError:
            moment = None
        if moment is None or not isinstance(moment.tzinfo, timezone):
            msg = f"target {target}: utc_offset: {offset!r} is no distance from UTC"
            raise UsageError(msg, hint="write it as +08:00, in quotes")
        return cls(moment.tzinfo)

    def utc(self, text: object) -> str:
        """`text` as UTC ISO 8601 with a `Z`; "" when it is none or the zone is not known."""
        try:
            moment = datetime.fromisoformat(str(text))
        except ValueError:
            return ""
        if moment.tzinfo is None:
            if self.zone is None:
                return ""
            moment = moment.replace(tzinfo=self.zone)
        return moment.astimezone(UTC).isoformat(timespec="auto").replace("+00:00", "Z")
