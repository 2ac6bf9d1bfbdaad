"""What a shell makes of a value that is pasted behind `export NAME=` without quotes (contract, trap 11)."""

from __future__ import annotations

import re
import shlex

_WORD = re.compile(
    r"""(?: '[^']*'                               # nothing means anything in these
          | "(?: [^"\\`$] | \\. | \$(?!\() )*"     # a variable may stand in these, a command may not
          | \\.                                    # a sign taken as it is
          | \$(?!\()                                # a variable: that may be meant
          | [^\s;&|<>()`'"\\$] )*""",
    re.VERBOSE | re.DOTALL,
)
_ENDS = {
    " ": "a space ends it there",
    "\t": "a tab ends it there",
    "\n": "a line break ends it there",
    ";": "`;` ends the command there",
    "&": "`&` ends the command there",
    "|": "`|` starts another command",
    "<": "`<` reads a file",
    ">": "`>` writes a file",
    "(": "`(` is no part of a word",
    ")": "`)` is no part of a word",
    "`": "a backquote runs a command",
    "$": "`$(` runs a command",
    "'": "the quote ' is never closed",
    '"': 'the quote " is never closed, or a command is run inside it',
    "\\": "it ends in a backslash",
}


def trouble(value: str) -> str:
    """Why `value` does not arrive as one word, "" when it does. `$NAME` is left to the shell."""
    if value.startswith("#"):
        return "`#` begins a comment"
    word = _WORD.match(value)
    end = word.end() if word else 0
    return "" if end == len(value) else _ENDS.get(value[end], "white space ends it there")


def quoted(value: str) -> str:
    """How to write `value` in a manifest so that it arrives as it stands: quotes for the shell inside those of YAML."""
    inner = shlex.quote(value)
    return '"' + inner.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'
