"""Changing single values in a file that people wrote, and nothing else of it.

The text is cut where the parser says that a value begins and ends, and only there something else is put in: comments,
order, quotes and blank lines of everything else stay byte for byte. What cannot be changed that way is refused, since
a file written anew would be another file (docs/decisions).
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Any, Final

import yaml

from reconciler.manifests.writing import dump_block, dump_flow, dump_scalar
from reconciler.model.change import ABSENT

_LINE_END: Final = re.compile(r"\r\n|\n|\r")


class CannotEdit(ValueError):
    """The value cannot be changed without touching what stands around it. Says why."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A value in its document: `parents` from the outermost, each with the node of the key where it is a mapping."""

    node: yaml.Node
    parents: tuple[tuple[yaml.CollectionNode, yaml.Node | None], ...]

    @property
    def in_flow(self) -> bool:
        return any(bool(parent.flow_style) for parent, _ in self.parents)


def edited(text: str, steps: list[str], value: Any) -> str:  # noqa: ANN401 - any JSON value, or ABSENT
    """`text`, one document, with `value` at the place that `steps` lead to (names, and indices of lists). `ABSENT`
    takes the value and its key away. Raises CannotEdit.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if root is None:
        raise CannotEdit("the document is empty")
    if "$[[" in str(value):
        raise CannotEdit("the live value looks like an expression")
    found, missing = _walk(root, steps)
    if missing:
        if len(missing) > 1 or value is ABSENT:
            raise CannotEdit("what it stands in is not in the file")
        _refuse_shared(root, found)
        return _added(text, found, missing[0], value)
    _refuse_shared(root, found)
    old = text[found.node.start_mark.index : found.node.end_mark.index]
    if "$[[" in old:
        raise CannotEdit("an expression stands there; change what it refers to")
    if value is ABSENT:
        return _removed(text, found)
    return _replaced(text, found, value)


def _walk(root: yaml.Node, steps: list[str]) -> tuple[_Found, list[str]]:
    """The value, or what is nearest to it and the steps that are missing from there."""
    node = root
    parents: list[tuple[yaml.CollectionNode, yaml.Node | None]] = []
    for position, step in enumerate(steps):
        key, below = _child(node, step)
        if below is None:
            return _Found(node, tuple(parents)), steps[position:]
        assert isinstance(node, yaml.CollectionNode)  # noqa: S101 - only those have children
        parents.append((node, key))
        node = below
    return _Found(node, tuple(parents)), []


def _child(node: yaml.Node, step: str) -> tuple[yaml.Node | None, yaml.Node | None]:
    if isinstance(node, yaml.MappingNode):
        return next(((key, below) for key, below in node.value if key.value == step), (None, None))
    if isinstance(node, yaml.SequenceNode) and step.isdigit() and int(step) < len(node.value):
        return None, node.value[int(step)]
    return None, None


def _refuse_shared(root: yaml.Node, found: _Found) -> None:
    """What an alias leads to, or stands in, is written once and means several places."""
    concerned = {id(found.node), *(id(parent) for parent, _ in found.parents)}
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            if id(node) in concerned:
                raise CannotEdit("an alias stands there; write the value out first")
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            waiting += [below for pair in node.value for below in pair]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value


def _replaced(text: str, found: _Found, value: Any) -> str:  # noqa: ANN401 - any JSON value
    node = found.node
    start, end = node.start_mark.index, node.end_mark.index
    block = isinstance(node, yaml.CollectionNode) and not node.flow_style
    if not block and isinstance(node, yaml.SequenceNode) and _same_shape(node, value):
        return _flow_items_replaced(text, node, value)
    if found.in_flow or not (block or _is_literal(node)):
        wanted = _scalar_like(node, value, in_flow=found.in_flow)
        if not found.in_flow and isinstance(value, dict | list) and value:
            wanted = dump_flow(value)
        return text[:start] + wanted + text[end:]
    if block and _are_plain_items(node, value):
        return _items_replaced(text, node, value)
    if isinstance(node, yaml.ScalarNode) and not isinstance(value, str | dict | list):
        return text[:start] + dump_flow(value) + text[_end(text, node) :]
    return _block_replaced(text, found, value)


def _same_shape(node: yaml.SequenceNode, value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """A list of as many scalars as there are."""
    return (
        isinstance(value, list)
        and len(value) == len(node.value)
        and not any(isinstance(item, dict | list) for item in value)
        and all(isinstance(item, yaml.ScalarNode) for item in node.value)
    )


def _flow_items_replaced(text: str, node: yaml.SequenceNode, value: list[Any]) -> str:
    """Items in brackets, each in the quotes it had; those that stay are not touched."""
    for item, wanted in reversed(list(zip(node.value, value, strict=True))):
        if item.value != wanted:
            shown = _scalar_like(item, wanted, in_flow=True)
            text = text[: item.start_mark.index] + shown + text[item.end_mark.index :]
    return text


def _scalar_like(node: yaml.Node, value: Any, *, in_flow: bool = False) -> str:  # noqa: ANN401 - any JSON value
    """`value` in the quotes that the author used, where they can hold it."""
    if isinstance(node, yaml.ScalarNode) and isinstance(value, str) and value.isprintable():
        if node.style == "'":
            return "'" + value.replace("'", "''") + "'"
        if node.style == '"' and not set(value) & {'"', "\\"}:
            return f'"{value}"'
    return dump_flow(value) if in_flow or isinstance(value, dict | list) else dump_scalar(value)


def _is_literal(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"}


def _are_plain_items(node: yaml.Node, value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """A block list of single-line scalars that stays one."""
    return (
        isinstance(node, yaml.SequenceNode)
        and bool(node.value)
        and isinstance(value, list)
        and bool(value)
        and not any(isinstance(item, dict | list) for item in value)
        and all(isinstance(n, yaml.ScalarNode) and n.start_mark.line == n.end_mark.line for n in node.value)
    )


def _items_replaced(text: str, node: yaml.Node, value: list[Any]) -> str:
    """Line by line: items that stay keep their lines, with the comments behind them."""
    lines = _lines(text)
    old = [item.value for item in node.value]
    new = [item if isinstance(item, str) else dump_flow(item) for item in value]
    indent = " " * node.start_mark.column
    places = [item.start_mark.line for item in node.value]
    newline = _newline(text)
    for tag, from_, to, new_from, new_to in reversed(
        difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    ):
        if tag == "equal":
            continue
        fresh = [f"{indent}- {_item(node, item)}{newline}" for item in value[new_from:new_to]]
        at = places[from_] if from_ < len(places) else places[-1] + 1
        if at == len(lines) and lines and not lines[-1].endswith(("\n", "\r")):
            lines[-1] += newline
        first, last = (places[from_], places[to - 1] + 1) if to > from_ else (at, at)
        if last - first != to - from_:
            raise CannotEdit("comments stand between the items that change")
        lines[first:last] = fresh
    return "".join(lines)


def _item(node: yaml.Node, item: Any) -> str:  # noqa: ANN401 - any JSON value
    return _scalar_like(node.value[0], item)


def _block_replaced(text: str, found: _Found, value: Any) -> str:  # noqa: ANN401 - any JSON value
    """A block value below its key, or a block of text, put in as a whole."""
    parent, key = found.parents[-1] if found.parents else (None, None)
    if key is None or parent is None:
        raise CannotEdit("a whole item of a list, or document, changes its shape")
    end = _end(text, found.node)
    if re.search(r"(?m)(?:^|\s)#", text[found.node.start_mark.index : end]) and not _is_literal(found.node):
        raise CannotEdit("comments stand inside of what changes")
    return text[: key.end_mark.index] + ":" + _after_key(value, key.start_mark.column, text) + text[end:]


def _after_key(value: Any, column: int, text: str) -> str:  # noqa: ANN401 - any JSON value
    """What follows `key:` in block style."""
    newline = _newline(text)
    if isinstance(value, str) and "\n" in value.rstrip("\n"):
        lines = dump_block({"k": value}, column).split("\n")
        return newline.join([lines[0].strip().removeprefix("k:"), *lines[1:]])
    if isinstance(value, dict | list) and value:
        return newline + dump_block(value, column + 2).replace("\n", newline)
    return " " + (dump_flow(value) if isinstance(value, dict | list) else dump_scalar(value))


def _added(text: str, found: _Found, name: str, value: Any) -> str:  # noqa: ANN401 - any JSON value
    node = found.node
    if not isinstance(node, yaml.MappingNode):
        raise CannotEdit("a list has another length there")
    if node.flow_style:
        at = node.end_mark.index - 1
        before = text[:at].rstrip()
        gap = text[len(before) : at]
        comma = ", " if node.value else " "
        return (
            before + comma + f"{dump_flow(name)}: {dump_flow(value)}" + (gap or ("" if node.value else " ")) + text[at:]
        )
    if not node.value:
        raise CannotEdit("what it stands in is empty")
    column = node.value[0][0].start_mark.column
    end = _end(text, node.value[-1][1], node.value[-1][0])
    line = f"{' ' * column}{dump_flow(name)}:{_after_key(value, column, text)}"
    return text[:end] + _newline(text) + line + text[end:]


def _removed(text: str, found: _Found) -> str:
    parent, key = found.parents[-1] if found.parents else (None, None)
    if key is None or parent is None or len(parent.value) == 1:
        raise CannotEdit("nothing would be left of what it stands in")
    if parent.flow_style:
        piece = text[key.start_mark.index : found.node.end_mark.index]
        cut = re.compile(rf"(?:,\s*{re.escape(piece)}|{re.escape(piece)}\s*,\s*)")
        start = parent.start_mark.index
        return text[:start] + cut.sub("", text[start : parent.end_mark.index], count=1) + text[parent.end_mark.index :]
    lines = _lines(text)
    last = text[: _end(text, found.node, key)].count("\n")
    del lines[key.start_mark.line : last + 1]
    return "".join(lines)


def _end(text: str, node: yaml.Node, key: yaml.Node | None = None) -> int:
    """Where the last line of a value ends, comments behind it included, before its line break."""
    last = node
    while isinstance(last, yaml.CollectionNode) and not last.flow_style and last.value:
        inner = last.value[-1]
        last = inner[1] if isinstance(inner, tuple) else inner
    index = last.end_mark.index
    if _is_literal(last):
        return len(text[:index].rstrip())
    if index <= (key.end_mark.index if key is not None else -1):
        index = key.end_mark.index if key is not None else index
    following = _LINE_END.search(text, index)
    return following.start() if following else len(text)


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True) if "\x0b" not in text and "\x0c" not in text else [*_split(text)]


def _split(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _newline(text: str) -> str:
    found = _LINE_END.search(text)
    return found.group() if found else "\n"
