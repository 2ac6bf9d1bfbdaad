"""Single values change, and nothing else of a file."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.manifests.editing import CannotEdit, edited
from reconciler.manifests.reader import Reader
from reconciler.manifests.writing import dump, dump_block, dump_flow
from reconciler.model.change import ABSENT

TEXT = """\
# the app of the lab
app:
  name: fastqc          # do not rename
  summary: 'old words'
  cpu: "2C"   # enough
  labels: [qc, "two words"]   # for finding it
  resources: { memory: 4G, gpu: '0' }
  commands:
    - echo one     # first
    # then
    - echo two
    - echo three
  inputs:
    - name: reads
      required: true

  # the end
  script: |
    line one
    line two
  last: 1
"""


def _edit(path: str, value: Any, text: str = TEXT) -> str:
    return edited(text, path.split("/")[1:], value)


@pytest.mark.parametrize(
    ("path", "value", "before", "after"),
    [
        ("/app/summary", "new", "'old words'", "'new'"),
        ("/app/cpu", "4C", '"2C"   # enough', '"4C"   # enough'),
        ("/app/cpu", 4, '"2C"', "4"),
        ("/app/last", 2, "last: 1", "last: 2"),
        ("/app/last", "010", "last: 1", "last: '010'"),
        ("/app/labels", ["qc"], '[qc, "two words"]', "[qc]"),
        ("/app/labels/1", "three", '"two words"', '"three"'),
        ("/app/resources/memory", "8G", "memory: 4G", "memory: 8G"),
        ("/app/resources/cpu", "1C", "gpu: '0' }", "gpu: '0', cpu: 1C }"),
        ("/app/resources/gpu", ABSENT, "{ memory: 4G, gpu: '0' }", "{ memory: 4G }"),
        ("/app/inputs/0/required", False, "required: true", "required: false"),
        ("/app/inputs/0/type", "FILE", "required: true\n", "required: true\n      type: FILE\n"),
        ("/app/last", ABSENT, "  last: 1\n", ""),
        ("/app/image", "a:1", "  last: 1\n", "  last: 1\n  image: a:1\n"),
        ("/app/more", {"a": [1]}, "  last: 1\n", "  last: 1\n  more:\n    a:\n      - 1\n"),
        ("/app/commands", ["echo one", "echo 2", "echo three"], "    - echo two\n", "    - echo 2\n"),
        ("/app/commands", ["echo one", "echo two"], "    - echo three\n", ""),
        ("/app/commands", ["echo one", "echo two", "x", "echo three"], "echo two\n", "echo two\n    - x\n"),
        ("/app/script", "one\ntwo\n", "script: |\n    line one\n    line two\n", "script: |\n    one\n    two\n"),
        ("/app/script", "one", "script: |\n    line one\n    line two\n", "script: one\n"),
    ],
)
def test_only_what_changed_changes(path: str, value: Any, before: str, after: str) -> None:
    """Comments, order, quotes and blank lines of everything else stay."""
    assert TEXT.count(before) == 1
    found = _edit(path, value)
    assert found == TEXT.replace(before, after)
    here = yaml.safe_load(found)
    for step in path.split("/")[1:]:
        here = here[int(step)] if isinstance(here, list) else here.get(step, ABSENT)
    assert here == value


@pytest.mark.parametrize(
    ("text", "path", "value", "why"),
    [
        ("a: $[[ vars.x ]]\n", "/a", "y", "an expression stands there"),
        ("a: b\n", "/a", "$[[ vars.x ]]", "looks like an expression"),
        ("a: &x b\nc: *x\n", "/c", "y", "an alias"),
        ("a: {b: 1}\n", "/a/c/d", 1, "not in the file"),
        ("a: [1]\n", "/a/5", 1, "another length"),
        ("a:\n  - b: 1 # why\n  - b: 2\n", "/a", [{"b": 3}], "comments"),
        ("a: 1\n", "/a", ABSENT, "nothing would be left"),
        ("- - 1\n", "/0", {"a": 1}, "changes its shape"),
        ("", "/a", 1, "empty"),
    ],
)
def test_what_cannot_be_done_is_refused(text: str, path: str, value: Any, why: str) -> None:
    """A file is not written anew behind its author's back."""
    with pytest.raises(CannotEdit, match=why):
        _edit(path, value, text)


def test_line_ends_of_the_file_are_kept() -> None:
    """Windows files stay Windows files."""
    text = "a:\r\n  b: 1\r\n  c:\r\n    - x\r\n"
    assert _edit("/a/d", 2, text) == text + "  d: 2\r\n"[:-2] + "\r\n"
    assert _edit("/a/c", ["x", "yy"], text) == text + "    - yy\r\n"


SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8"))
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner), max_leaves=8
)


def _readable(value: Any) -> bool:
    """Without the characters that this program refuses in files."""
    return Reader().read(dump({"a": str(value)}).encode(), "f").diagnostics == ()


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine draws slowly
@given(st.dictionaries(st.text("abcdefg", min_size=1, max_size=5), VALUES))
def test_what_is_written_reads_back(value: dict[str, Any]) -> None:
    """Whatever the value: numbers stay numbers, texts that look like numbers stay texts."""
    read = Reader().read(dump(value).encode(), "f")
    if not read.diagnostics:
        assert [document.value for document in read.documents] == [value]
    else:
        assert {d.code for d in read.diagnostics} <= {"yaml.character", "yaml.key"}


@pytest.mark.parametrize(
    "text", ["no", "on", "1e3", "010", "2024-01-01", "1_000", "0x1f", "~", "null", "", " x", "a: b"]
)
def test_ambiguous_words_are_quoted(text: str) -> None:
    """Another reader would take them for something else."""
    assert dump({"k": text}) in {f"k: '{text}'\n", f'k: "{text}"\n'}
    assert yaml.safe_load(dump_flow(text)) == text


def test_plain_words_and_blocks_read_well() -> None:
    """Versions and sizes are bare, several lines stand below each other."""
    assert dump({"version": "1.0.0", "cpu": "2C", "run": "a\nb\n"}) == "version: 1.0.0\ncpu: 2C\nrun: |\n  a\n  b\n"
    assert dump_block(["a", {"b": 1}], 4) == "    - a\n    - b: 1"
