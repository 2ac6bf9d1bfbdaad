"""Where things stand. Files are read without positions; only a document that has a finding is looked at again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from reconciler.manifests import documents, pointers
from reconciler.manifests.events import iterate, position

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.manifests.documents import Chunk
    from reconciler.model.address import Address
    from reconciler.model.diagnostic import Diagnostic, Source
    from reconciler.model.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands, and its key when it has one; lines and columns count from 0 within the document's text.
    `text` is a scalar as the author wrote it, without quotes; None for lists, mappings and aliases.
    """

    line: int
    column: int
    key_line: int
    key_column: int
    text: str | None = None
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Places:
    """Every value of one document by JSON pointer."""

    chunk: Chunk
    found: Mapping[str, Place]

    def value(self, pointer: str) -> Source:
        """Where the value at `pointer` stands; where its key stands when it is empty. Falls back to what is around."""
        place = self._nearest(pointer)
        if place is None:
            return self.chunk.source(0, 0)
        if place.plain and place.text == "":
            return self.chunk.source(place.key_line, place.key_column)
        return self.chunk.source(place.line, place.column)

    def key(self, pointer: str) -> Source:
        """Where the key of `pointer` stands; for a list item and the document itself, the value."""
        place = self._nearest(pointer)
        return self.chunk.source(0, 0) if place is None else self.chunk.source(place.key_line, place.key_column)

    def text(self, pointer: str) -> str | None:
        """The scalar at `pointer` as the author wrote it."""
        place = self.found.get(pointer)
        return place.text if place else None

    def _nearest(self, pointer: str) -> Place | None:
        while pointer and pointer not in self.found:
            pointer = pointers.parent(pointer)
        return self.found.get(pointer)


def locate(chunk: Chunk) -> Places:
    """The places of a document that was read before. Of a key given twice, the first counts."""
    walk = _Walk()
    try:
        for event in iterate(chunk.text):
            walk.take(event)
    except yaml.YAMLError:
        pass  # what stands before the error has its place already
    return Places(chunk, walk.found)


class _Walk:
    """Follows the events of one document and notes where each value stands."""

    def __init__(self) -> None:
        self.found: dict[str, Place] = {}
        self._stack: list[_Level] = []

    def take(self, event: yaml.Event) -> None:
        """The next event."""
        if isinstance(event, yaml.CollectionEndEvent):
            self._stack.pop()
            return
        if not isinstance(event, yaml.NodeEvent):
            return
        level = self._stack[-1] if self._stack else None
        if level is not None and level.wants_key and isinstance(event, yaml.ScalarEvent):
            level.key, level.key_place = event.value, position(event)
            return
        pointer = self._note(event, level)
        if isinstance(event, yaml.CollectionStartEvent):
            self._stack.append(_Level(pointer, is_mapping=isinstance(event, yaml.MappingStartEvent)))

    def _note(self, event: yaml.NodeEvent, level: _Level | None) -> str:
        here = position(event)
        pointer, key = ("", here) if level is None else level.next(here)
        scalar = event if isinstance(event, yaml.ScalarEvent) else None
        text, plain = (scalar.value, bool(scalar.implicit[0])) if scalar else (None, False)
        self.found.setdefault(pointer, Place(*here, *key, text, plain))
        return pointer


class _Level:
    """One open list or mapping."""

    def __init__(self, pointer: str, *, is_mapping: bool) -> None:
        self.pointer = pointer
        self.is_mapping = is_mapping
        self.index = 0
        self.key: str | None = None
        self.key_place = (0, 0)

    @property
    def wants_key(self) -> bool:
        """Whether the next scalar is a key."""
        return self.is_mapping and self.key is None

    def next(self, here: tuple[int, int]) -> tuple[str, tuple[int, int]]:
        """Pointer of the value that begins `here`, and where its key stands."""
        if self.is_mapping:
            part, key = self.key or "", self.key_place
            self.key = None
        else:
            part, key = str(self.index), here
            self.index += 1
        return self.pointer + pointers.join([part]), key


def place(
    diagnostics: Iterable[Diagnostic], manifests: Sequence[Manifest], *, base: Path | None = None
) -> tuple[Diagnostic, ...]:
    """Gives every finding that carries an address and a pointer into the spec its place in the author's file, and the
    pointer in the author's words. Reads only the files concerned, and each document of them once.

    `base` is the folder that the file names in manifests are relative to: the one `load` got. A finding that has a
    place, or whose address nobody declares, stays as it is; one whose file can no longer be read gets the place of its
    document.
    """
    by_address = {manifest.address: manifest for manifest in manifests}
    files = _Files(base or Path())
    return tuple(_place(diagnostic, by_address, files) for diagnostic in diagnostics)


def _place(diagnostic: Diagnostic, by_address: Mapping[Address, Manifest], files: _Files) -> Diagnostic:
    manifest = by_address.get(diagnostic.address) if diagnostic.address else None
    if manifest is None or diagnostic.source is not None:
        return diagnostic
    pointer = author_pointer(diagnostic.pointer, manifest.pointers)
    places = files.places(manifest.source)
    source = manifest.source if places is None or not diagnostic.pointer else places.value(pointer)
    return replace(diagnostic, source=source, pointer=pointer)


def author_pointer(pointer: str, table: Mapping[str, str]) -> str:
    """`pointer` into a spec, in the author's words: the longest prefix that `table` knows is replaced."""
    prefix = pointer
    while prefix and prefix not in table:
        prefix = pointers.parent(prefix)
    return table.get(prefix, prefix) + pointer[len(prefix) :]


class _Files:
    """Documents looked at again, each once."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._chunks: dict[str, list[Chunk]] = {}
        self._places: dict[tuple[str, int], Places] = {}

    def places(self, source: Source) -> Places | None:
        """The places of the document at `source`, or None when it is not there any more."""
        key = (source.file, source.document)
        if key not in self._places:
            chunks = self._read(source.file)
            if source.document >= len(chunks):
                return None
            self._places[key] = locate(chunks[source.document])
        return self._places[key]

    def _read(self, file: str) -> list[Chunk]:
        if file not in self._chunks:
            try:
                text = documents.decode((self._base / file).read_bytes(), file)
            except OSError:
                text = None
            self._chunks[file] = documents.split(text, file) if isinstance(text, str) else []
        return self._chunks[file]
