"""One spelling for one meaning, and the digest of it.

Nothing here may depend on the process: the same value gives the same bytes on every machine and every release
(tests/model/golden_digests.json guards it).
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

DIGEST_VERSION = "v1"


def canonical_json(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """JSON with sorted keys, no insignificant space, UTF-8 kept as it is. Raises ValueError on NaN and infinities."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """`v1:<64 hex>`: SHA-256 over the canonical JSON. Two values have one digest exactly when they mean the same."""
    return f"{DIGEST_VERSION}:{hashlib.sha256(canonical_json(value).encode('utf-8', 'surrogatepass')).hexdigest()}"


def short_digest(*parts: str, length: int) -> str:
    """`length` hex digits that stand for `parts`; the parts are length-prefixed, so no two lists collide by joining."""
    text = "".join(f"{len(part)}:{part}," for part in parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]
