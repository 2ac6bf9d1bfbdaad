"""What the YAML parser says, in people's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.model.diagnostic import Diagnostic, Severity

if TYPE_CHECKING:
    import yaml

    from reconciler.manifests.documents import Chunk

_QUOTE = "put the text in quotes, or check the indentation of this line and the one above"
_INDENT = "line it up with the lines above it; spaces count, and tabs are not allowed"

_WORDS: Final[tuple[tuple[str, str, str], ...]] = (
    ("mapping values are not allowed", "a colon stands where no `key: value` can begin", _QUOTE),
    ("could not find expected ':'", "this line is no `key: value`", "add the colon, or check the indentation"),
    ("did not find expected key", "the line fits neither the mapping above it nor the one around it", _INDENT),
    ("expected <block end>", "the line fits neither the block above it nor the one around it", _INDENT),
    ("did not find expected '-' indicator", "the line is no item of the list above it", _INDENT),
    ("block sequence entries are not allowed", "a list item stands where no list can begin", _INDENT),
    ("sequence entries are not allowed", "a list item stands where no list can begin", _INDENT),
    ("found unexpected end of stream", "a quote is opened here and never closed", "close the quote"),
    (
        "found unexpected document indicator",
        "a quote is opened here and the document ends inside it",
        "close the quote",
    ),
    ("did not find expected ',' or ']'", "a `[` list is not closed", "close it with `]`, or put a comma between items"),
    ("expected ',' or ']'", "a `[` list is not closed", "close it with `]`, or put a comma between items"),
    ("did not find expected ',' or '}'", "a `{` mapping is not closed", "close it with `}`, or put a comma between"),
    ("expected ',' or '}'", "a `{` mapping is not closed", "close it with `}`, or put a comma between entries"),
    ("did not find expected node content", "a value is missing here", "write one, or remove the bracket or comma"),
    ("unknown escape character", "this backslash sequence means nothing in double quotes", "use single quotes"),
    ("invalid Unicode character escape", "this escape sequence is half a character", "write the character itself"),
    ("did not find expected hexdecimal", "the digits after the backslash are incomplete", "use single quotes"),
    ("expected escape sequence of", "the digits after the backslash are incomplete", "use single quotes"),
    ("found incompatible YAML document", "the file asks for another version of YAML", "remove the %YAML line"),
    ("found undefined tag handle", "a tag is used here", "remove it; put quotes around what is meant as text"),
    ("found a tab character", "a tab is used for indentation", "indent with spaces"),
    ("did not find expected <document start>", "text follows the end of the document", "begin it with a line `---`"),
    ("expected '<document start>'", "text follows the end of the document", "begin it with a line `---`"),
)


def explain(error: yaml.YAMLError, chunk: Chunk) -> Diagnostic:
    """The finding for a document that is no YAML, placed where the parser gave up or where the open quote began."""
    problem = str(getattr(error, "problem", None) or error)
    mark = getattr(error, "problem_mark", None)
    context_mark = getattr(error, "context_mark", None)
    if context_mark is not None and ("end of stream" in problem or "document indicator" in problem):
        mark = context_mark
    line, column = (mark.line, mark.column) if mark is not None else (0, 0)
    message, hint = _words(problem, _character_at(chunk.text, line, column))
    return Diagnostic(Severity.ERROR, "yaml.syntax", message, chunk.source(line, column), hint=hint)


def _words(problem: str, character: str) -> tuple[str, str]:
    if "cannot start any token" in problem:
        return _bad_start(character)
    for found, message, hint in _WORDS:
        if found in problem:
            return message, hint
    return f"this is not valid YAML: {problem}", "check the indentation and the quotes around this place"


def _bad_start(character: str) -> tuple[str, str]:
    if character == "\t":
        return "a tab stands where only spaces are allowed", "indent with spaces"
    return f"text cannot begin with {character!r}", "put the text in quotes"


def _character_at(text: str, line: int, column: int) -> str:
    lines = text.splitlines()
    return lines[line][column : column + 1] if line < len(lines) else ""
