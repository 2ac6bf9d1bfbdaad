"""Every diagnostic code this program can print, with what it means and what to do.

Codes are stable: once released, a code keeps its meaning for ever. docs/errors.md is generated from here, and a
test fails when code uses one that is not listed or lists one that nothing uses.
"""

from __future__ import annotations

from typing import Final

from reconciler.model.codes.acting import ACTING
from reconciler.model.codes.capacity import CAPACITY
from reconciler.model.codes.files import FILES
from reconciler.model.codes.lookups import LOOKUPS
from reconciler.model.codes.meaning import MEANING
from reconciler.model.codes.preflight import PREFLIGHT
from reconciler.model.codes.review import REVIEW

CODES: Final[dict[str, tuple[str, str]]] = ACTING | CAPACITY | FILES | LOOKUPS | MEANING | PREFLIGHT | REVIEW
