"""Foreign text in Markdown that cannot act: no markup, no mention, no link, no command of the host.

Three forms, and nothing foreign stands outside of them: a code span, a fenced block whose fence is longer than any run
of its characters inside, and bare words of an alphabet that means nothing anywhere. Every line of a block begins with
a character of ours, so that no line of a comment is ever foreign from its first character: what a host or we ourselves
look for at the start of a line (commands, markers) cannot be forged.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from reconciler.rendering.words import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.rendering.sides import Line

_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ,;.()'%/+-]*")
_ACTIVE: Final = re.compile(
    r"www\.|GH-\d|\b[0-9a-f]{7,40}\b|https?|ftp|mailto|xmpp|\w!\d|[A-Z][A-Z0-9]+-\d", re.IGNORECASE
)
_RUNS: Final = re.compile(r"`+")


def code(text: str) -> str:
    """A code span that holds `text`, printable, and nothing else. `text` may be empty: then the span holds a space."""
    inner = printable(text).replace("\u00a0", " ") or " "
    fence = "`" * (max((len(run) for run in _RUNS.findall(inner)), default=0) + 1)
    pad = " " if inner[0] in "` " or inner[-1] in "` " else ""
    return f"{fence}{pad}{inner}{pad}{fence}"


def prose(text: str) -> str:
    """`text` as it is when it is plain words, else a code span. "" stays empty."""
    if not text:
        return ""
    return text if _PLAIN.fullmatch(text) and not _ACTIVE.search(text) else code(text)


def fenced(lines: Sequence[Line], language: str = "diff") -> str:
    """A fenced block of lines of a difference; ends in a line break."""
    body = [f"@@ {line.text} @@" if line.sign == "@" else f"{line.sign} {line.text}" for line in lines]
    longest = max((len(run) for line in body for run in _RUNS.findall(line)), default=0)
    fence = "`" * max(longest + 1, 3)
    return "\n".join([f"{fence}{language}", *body, fence]) + "\n"


def folded(summary: str, body: str, *, open_: bool = False) -> str:
    """A part that unfolds. `summary` is ours, plain words and numbers; `body` is Markdown."""
    return f"<details{' open' if open_ else ''}><summary>{summary}</summary>\n\n{body.rstrip()}\n\n</details>\n"
