"""From the bytes of a file to the texts of its documents, before any YAML is parsed.

Splitting first has two uses: an error in one document leaves its neighbours readable, and one failing document can be
looked at again without the rest of the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reconciler.model.diagnostic import Diagnostic, Severity, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST_FILE: Final = 8 * 1024 * 1024
"""Bytes. A manifest is a few kilobytes; megabytes are data that got into the wrong folder."""
MOST_DOCUMENTS: Final = 10_000
"""Documents in one file."""
_MOST_FORBIDDEN: Final = 10

_MARKER = re.compile(r"(?:\A|(?<=[\n\r]))---(?=[ \t\n\r]|\Z)")
_LINE_END = re.compile(r"\r\n|\n|\r")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_BOM = "\ufeff"
_OTHER_ENCODINGS: Final = (
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
)


@dataclass(frozen=True, slots=True)
class Chunk:
    """The text of one document of a file. `index` counts from 0, `line` is that of its first character, from 1."""

    file: str
    text: str
    index: int = 0
    line: int = 1

    def source(self, line: int, column: int) -> Source:
        """The place in the file of a place in this text; both count from 0, as the parser counts."""
        return Source(self.file, self.line + line, column + 1, self.index)


def decode(data: bytes, file: str) -> str | Diagnostic:
    """The text of a file, without a byte order mark in front; a finding when it is no UTF-8 text or too large."""
    if len(data) > LARGEST_FILE:
        return too_large(file, len(data))
    for mark, name in _OTHER_ENCODINGS:
        if data.startswith(mark):
            return _not_text(Source(file, 1, 1), f"the file is encoded in {name}")
    try:
        return data.decode("utf-8").removeprefix(_BOM)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8").removeprefix(_BOM)
        line, column = _end(before)
        found = f"byte 0x{data[error.start]:02x} is not part of UTF-8 text"
        return _not_text(Source(file, line, column), found)


def too_large(file: str, size: int) -> Diagnostic:
    """The finding for a file of `size` bytes beyond the limit."""
    return Diagnostic(
        Severity.ERROR,
        "file.too-large",
        f"the file has {size:,} bytes; at most {LARGEST_FILE:,} are read",
        Source(file),
        hint="keep data out of the manifest folders, or split the file",
    )


def _not_text(source: Source, found: str) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        "file.not-utf8",
        found,
        source,
        hint="save the file as UTF-8; if it is no manifest, keep it out of the manifest folders",
    )


def split(text: str, file: str) -> list[Chunk]:
    """The documents of a file, in order. What stands before the first `---` belongs to the first document when it is
    only comments and directives.
    """
    if "---" not in text:
        return [Chunk(file, text)]
    starts = [match.start() for match in _MARKER.finditer(text)]
    if not starts or not _is_preamble(text[: starts[0]]):
        starts.insert(0, 0)
    starts[0] = 0
    chunks, line = [], 1
    for index, (start, end) in enumerate(zip(starts, [*starts[1:], len(text)], strict=True)):
        piece = text[start:end]
        chunks.append(Chunk(file, piece, index, line))
        line += len(_LINE_END.findall(piece))
    return chunks


def _is_preamble(text: str) -> bool:
    return all(not line.strip() or line.startswith("%") or line.lstrip().startswith("#") for line in text.splitlines())


def forbidden(chunk: Chunk) -> Iterator[Diagnostic]:
    """Characters nobody can see and YAML readers treat differently: control characters, a byte order mark inside the
    file, the line breaks of other alphabets. Only the first few are reported.
    """
    for count, match in enumerate(_FORBIDDEN.finditer(chunk.text)):
        if count == _MOST_FORBIDDEN:
            return
        line, column = _end(chunk.text[: match.start()])
        yield _forbidden_character(match.group(), chunk.source(line - 1, column - 1))


def _forbidden_character(character: str, source: Source) -> Diagnostic:
    point = ord(character)
    if character == _BOM:
        message = "a byte order mark (U+FEFF) stands inside the file"
        hint = "delete the invisible character; it usually comes from joining files"
    elif point == 0:
        message, hint = "the file holds a NUL byte", "this is no text file; keep it out of the manifest folders"
    else:
        message = f"the invisible character U+{point:04X} stands here"
        hint = f'delete it, or write it as "\\u{point:04X}" inside double quotes'
    return Diagnostic(Severity.ERROR, "yaml.character", message, source, hint=hint)


def _end(text: str) -> tuple[int, int]:
    """Line and column, from 1, of the character that would follow `text`."""
    breaks = list(_LINE_END.finditer(text))
    return len(breaks) + 1, len(text) - (breaks[-1].end() if breaks else 0) + 1
