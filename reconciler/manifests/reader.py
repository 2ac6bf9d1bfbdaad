"""The strict YAML reader: the text of a file to plain values, or to findings that say where and what to do.

One rule for unquoted scalars: **a scalar is typed only where every YAML reader agrees on it; everything else is the
text the author wrote.** Where that text then stands in a field that wants a number, the schema refuses it and says so.

    written                                     read as
    true  false                                 boolean
    null  ~  (nothing)                          null
    0  -7  1440                                 integer, up to 2^53-1; larger ones are refused: quote them
    0.5  -1.25                                  float; quote 1.10 where the text matters
    yes no on off y n  True FALSE Null          text
    010  0o10  0x1F  +1  1_000  .5  1.  1e3     text
    12:30:45  2024-01-01  1.2.3  ==  <          text
    "true"  '1.0'  | and > blocks               text
    .inf  -.inf  .nan                           refused: quote it, or write a number
    !!str 1  !!python/...  !anything            refused: no tags; quote what is meant as text
    << : *base                                  refused: write the keys out ("<<" in quotes is a key)
    &name, *name                                the alias becomes a copy; at most 10,000 copied values a document
    key: 1, key: 2                              refused: a key given twice
    1: x   true: x   ~: x   [a]: x   *a : x     refused: keys are text; quote them

Also refused: files that are no UTF-8 or too large, control characters, a byte order mark inside the file, nesting
deeper than 64. Documents without content are skipped. A document that fails does not hide its neighbours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from reconciler.manifests import documents, syntax
from reconciler.manifests.building import Builder, Problem, Stopped
from reconciler.manifests.events import open_parser
from reconciler.manifests.positions import locate
from reconciler.manifests.scalars import PlainScalars
from reconciler.model.diagnostic import Diagnostic, Severity, Source
from reconciler.model.expression import strings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.manifests.documents import Chunk
    from reconciler.manifests.events import OpenParser


_NUL = re.compile(r"\\(?:0|x00|u0000|U00000000)")


@dataclass(frozen=True, slots=True)
class Document:
    """One document as plain values: dict with text keys, list, str, int, float, bool, None. `source` is its first
    character that is no comment. `chunk` is kept to look at it again when something is wrong.
    """

    value: Any
    source: Source
    chunk: Chunk

    @property
    def may_hold_expressions(self) -> bool:
        """False only when no `$[[` can be in it, not even as an escape sequence."""
        return "$[[" in self.chunk.text or "\\" in self.chunk.text

    @property
    def may_hold_marks(self) -> bool:
        """The same for marks of ours, which an expression may bring in, too."""
        return "rc-" in self.chunk.text or self.may_hold_expressions


@dataclass(frozen=True, slots=True)
class Read:
    """What one file holds."""

    documents: tuple[Document, ...]
    diagnostics: tuple[Diagnostic, ...]


class Reader:
    """Reads files one after another and remembers scalars between them. Not for several threads at once."""

    def __init__(self, parser: OpenParser = open_parser) -> None:
        self._open = parser
        self._scalars = PlainScalars()

    def read(self, data: bytes, file: str) -> Read:
        """The documents of a file whose name, for messages, is `file`. Never raises for what stands in it."""
        text = documents.decode(data, file)
        if isinstance(text, Diagnostic):
            return Read((), (text,))
        chunks = documents.split(text, file)
        if len(chunks) > documents.MOST_DOCUMENTS:
            return Read((), (_too_many(file, len(chunks)),))
        found: list[Document] = []
        diagnostics: list[Diagnostic] = []
        for chunk in chunks:
            document, problems = self.read_chunk(chunk)
            diagnostics += problems
            if document is not None:
                found.append(document)
        return Read(tuple(found), tuple(diagnostics))

    def read_chunk(self, chunk: Chunk) -> tuple[Document | None, tuple[Diagnostic, ...]]:
        """One document, or None when it is empty or wrong."""
        if problems := tuple(documents.forbidden(chunk)):
            return None, problems
        builder, parser = Builder(self._scalars), self._open(chunk.text)
        try:
            builder.feed(parser)
        except Stopped:
            pass
        except yaml.YAMLError as error:
            return None, (*_placed(builder.problems, chunk), syntax.explain(error, chunk))
        finally:
            parser.dispose()
        if builder.problems:
            return None, _placed(builder.problems, chunk)
        if builder.root is None or builder.start is None:
            return None, ()
        if problems := tuple(_nul_characters(builder.root, chunk)):
            return None, problems
        return Document(builder.root, chunk.source(*builder.start), chunk), ()


def _nul_characters(value: object, chunk: Chunk) -> Iterator[Diagnostic]:
    """No command line, path or file of any platform can hold a NUL, so an escape sequence may not bring one in."""
    if not _NUL.search(chunk.text):
        return
    for pointer, text in strings(value):
        if "\0" in text:
            hint = "remove the escape sequence, or put the text in single quotes if the backslash is meant"
            source = locate(chunk).value(pointer)
            yield Diagnostic(Severity.ERROR, "yaml.character", "the text holds a NUL character", source, pointer, hint)


def _placed(problems: list[Problem], chunk: Chunk) -> tuple[Diagnostic, ...]:
    return tuple(
        Diagnostic(
            Severity.ERROR,
            problem.code,
            problem.message,
            chunk.source(problem.line, problem.column),
            pointer=problem.pointer,
            hint=problem.hint,
        )
        for problem in problems
    )


def _too_many(file: str, count: int) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        "file.too-many-documents",
        f"the file holds {count:,} documents; at most {documents.MOST_DOCUMENTS:,} are read",
        Source(file),
        hint="split the file",
    )
