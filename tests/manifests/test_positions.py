from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.manifests.documents import Chunk, split
from reconciler.manifests.positions import author_pointer, locate, place
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Severity, Source
from tests.manifests.declared import load_text, only

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
# words
app:
  name: a
  "quoted": 'b'
  list:
  - one
  - {x: 1, y: [2, 3]}
  -
  block: |
    text
  empty:
  a/b~c: 1
  anchored: &k {z: 1}
  again: *k
"""

PLACES = [
    # pointer, value, key, text as written
    ("", "2:1", "2:1", None),
    ("/app", "3:3", "2:1", None),
    ("/app/name", "3:9", "3:3", "a"),
    ("/app/quoted", "4:13", "4:3", "b"),
    ("/app/list", "6:3", "5:3", None),
    ("/app/list/0", "6:5", "6:5", "one"),
    ("/app/list/1", "7:5", "7:5", None),
    ("/app/list/1/x", "7:9", "7:6", "1"),
    ("/app/list/1/y/1", "7:19", "7:19", "3"),
    ("/app/block", "9:10", "9:3", "text\n"),
    ("/app/empty", "11:3", "11:3", ""),
    ("/app/a~1b~0c", "12:10", "12:3", "1"),
    ("/app/anchored/z", "13:20", "13:17", "1"),
    ("/app/again", "14:10", "14:3", None),
    ("/app/again/z", "14:10", "14:3", None),
    ("/app/nothing/here", "3:3", "2:1", None),
    ("/other", "2:1", "2:1", None),
]


@pytest.mark.parametrize(("pointer", "value", "key", "text"), PLACES)
def test_where_things_stand(pointer: str, value: str, key: str, text: str | None) -> None:
    """Values, keys and the author's own spelling are found by pointer; what is not there falls back to its parent."""
    places = locate(Chunk("f", TEXT))
    assert str(places.value(pointer)) == f"f:{value}"
    assert str(places.key(pointer)) == f"f:{key}"
    assert places.text(pointer) == text


def test_the_second_document_of_a_file_counts_from_the_top() -> None:
    """Lines are those of the file, not of the document."""
    chunk = split("a: 1\n---\n# words\nb:\n  c: 2\n", "f")[1]
    assert locate(chunk).value("/b/c") == Source("f", 5, 6, 1)


def test_a_broken_document_has_places_up_to_its_error() -> None:
    """What was read before the error is found."""
    assert str(locate(Chunk("f", "a: 1\nb: [")).value("/a")) == "f:1:4"


def test_pointers_in_the_words_of_the_author() -> None:
    """The longest known beginning is replaced."""
    table = {"": "/job", "/tool_id": "/job/workflow_id", "/tasks/0/display_name": "/job/tasks/0/name"}
    assert author_pointer("", table) == "/job"
    assert author_pointer("/tool_id", table) == "/job/workflow_id"
    assert author_pointer("/tasks/0/display_name", table) == "/job/tasks/0/name"
    assert author_pointer("/tasks/0/inputs/1", table) == "/job/tasks/0/inputs/1"
    assert author_pointer("/tool_idx", table) == "/job/tool_idx"
    assert author_pointer("/a/b", {}) == "/a/b"


WORKFLOW = """\
# first
---
workflow:
  name: map
  version: '1'
  tasks:
  - task_name: t
    app_id: a::1
    name: First
    inputs:
    - name: in
      values: ['x', 'y']
"""


def found(address: Address | None, pointer: str, source: Source | None = None) -> Diagnostic:
    """A finding as a platform's own checks make it."""
    return Diagnostic(Severity.ERROR, "c", "m", source, pointer=pointer, address=address)


def test_findings_about_specs_are_placed(tmp_path: Path) -> None:
    """Address and pointer into the spec become file, line, column and the author's pointer."""
    manifest = only(load_text(tmp_path, WORKFLOW))
    address = manifest.address
    placed = place(
        [
            found(address, "/tasks/0/display_name"),
            found(address, "/tasks/0/inputs/0/values/1"),
            found(address, ""),
            found(address, "/nowhere"),
        ],
        [manifest],
        base=tmp_path,
    )
    assert [(str(d.source), d.pointer) for d in placed] == [
        ("m.yaml:9:11", "/workflow/tasks/0/name"),
        ("m.yaml:12:21", "/workflow/tasks/0/inputs/0/values/1"),
        ("m.yaml:3:1", "/workflow"),
        ("m.yaml:4:3", "/workflow/nowhere"),
    ]


def test_findings_that_cannot_be_placed_stay(tmp_path: Path) -> None:
    """Of no address, of an unknown one, or placed already; a file that went away gives the place of its document."""
    manifest = only(load_text(tmp_path, WORKFLOW))
    stranger = Address("t", "K", "s", "n")
    untouched = [found(None, "/a"), found(stranger, "/a"), found(manifest.address, "/a", Source("x", 1, 1))]
    assert place(untouched, [manifest], base=tmp_path) == tuple(untouched)
    (tmp_path / "m.yaml").unlink()
    (gone,) = place([found(manifest.address, "/version")], [manifest], base=tmp_path)
    assert gone.source == manifest.source
    assert gone.pointer == "/workflow/version"


def test_a_name_from_the_metadata_points_there(tmp_path: Path) -> None:
    """A finding about the name leads to where the author wrote it."""
    text = (
        "apiVersion: ai4s/v1\nkind: App\nmetadata:\n  name: align\n"
        "spec: {version: '1', image: lab/a:1, commands: [a]}\n"
    )
    manifest = only(load_text(tmp_path, text))
    (placed,) = place([found(manifest.address, "/name")], [manifest], base=tmp_path)
    assert str(placed.source) == "m.yaml:4:9"
    assert placed.pointer == "/metadata/name"
