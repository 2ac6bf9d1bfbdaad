"""YAML for people, written so that this program, and every other reader, takes it as it was meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import yaml

from reconciler.manifests.scalars import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

_ENDLESS: Final = 1_000_000
_NUMBERLIKE: Final = re.compile(
    r"[-+]?(?:[0-9][0-9_,]*)?\.?[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?|[0-9]+(?::[0-9]+)+|0[xXoObB][0-9A-Fa-f_]+"
)
_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", ".nan"})
_LITERAL: Final = re.compile(r"[^\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]*")


class _Dumper(yaml.SafeDumper):
    """Lists are indented below their key, as people write them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - the library's signature
        """See the class."""
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401, ARG002 - the library's signature
        """Equal values are written out each time."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=_style(text))


def _style(text: str) -> str | None:
    """Quotes for what some reader takes for something else; a block for several lines."""
    if (
        "\n" in text.rstrip("\n")
        and not text.startswith((" ", "\n"))
        and _LITERAL.fullmatch(text)
        and not _trails(text)
    ):
        return "|"
    if resolve(text) != text or _NUMBERLIKE.fullmatch(text) or text.lower() in _WORDS:
        return "'" if text.isprintable() else '"'
    return None


def _trails(text: str) -> bool:
    return any(line != line.rstrip() for line in text.split("\n"))


_Dumper.add_representer(str, _text)


def dump(value: Mapping[str, Any]) -> str:
    """A document in block style, keys in the order of `value`, ending in a line break."""
    return str(yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_ENDLESS))


def dump_flow(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """One value on one line, as it may stand in brackets or after a key."""
    wrapped = str(
        yaml.dump([value], Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_ENDLESS, default_flow_style=True)
    )
    return wrapped.rstrip("\n")[1:-1]


def dump_scalar(value: Any) -> str:  # noqa: ANN401 - a text, number, truth or null
    """A scalar on one line, as it may stand after a key or a dash, outside of brackets."""
    text = dump({"k": value}).rstrip("\n").removeprefix("k:").removeprefix(" ")
    return dump_flow(value) if "\n" in text else text


def dump_block(value: Any, indent: int) -> str:  # noqa: ANN401 - any JSON value
    """A list or mapping as the lines below its key, each indented by `indent` spaces; no line break at the end."""
    text = str(yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_ENDLESS)).rstrip("\n")
    lines = text.split("\n")
    extra = len(lines[0]) - len(lines[0].lstrip(" "))
    return "\n".join(" " * indent + line[extra:] if line.strip() else line for line in lines)
