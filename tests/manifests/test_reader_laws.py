from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.manifests.events import PythonParser
from reconciler.manifests.positions import locate
from reconciler.manifests.reader import Reader
from reconciler.manifests.scalars import resolve
from reconciler.model.codes import CODES

YAMLISH = st.lists(
    st.sampled_from(
        [
            *(
                "a",
                "b: ",
                "- ",
                "? ",
                ": ",
                "\n",
                "\n  ",
                "\n    ",
                "\t",
                "[",
                "]",
                "{",
                "}",
                ",",
                "'",
                '"',
                "#",
                "|",
                ">",
            ),
            *(
                "&x ",
                "*x",
                "!!str ",
                "!y ",
                "<<: ",
                "---\n",
                "...\n",
                "%YAML 1.2\n",
                "\r\n",
                "\r",
                "\\",
                "~",
                "1",
                ".5",
            ),
            *(".nan", "010", "@", "`", "\ufeff", "\x00", "\u2028", "é", "空", "😀", "$[[ vars.x ]]", "1e400"),
        ]
    ),
    max_size=40,
).map("".join)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False, width=32).filter(lambda x: "e" not in repr(x))
    | st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=12)
    | st.sampled_from(["yes", "010", "1e3", "2024-01-01", "null", "~", "true", ".inf", "a: b", "- x", "#", "<<", "*a"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6).filter(str.isprintable), inner, max_size=4)
    ),
    max_leaves=20,
)


def check(data: bytes) -> None:
    """What must hold for any content."""
    read = Reader().read(data, "f")
    for found in read.diagnostics:
        assert found.code in CODES
        assert found.message
        assert found.source is not None
        assert found.source.file == "f"
    for document in read.documents:
        assert document.value is not None
        json.dumps(document.value, allow_nan=False)
        assert locate(document.chunk).value("").line == document.source.line


@settings(deadline=None)
@given(st.binary(max_size=200))
@example(b"\xff\xfe")
@example(b"--- ---\n---")
@example(b"!<tag:yaml.org,2002:x> a")
def test_any_bytes(data: bytes) -> None:
    """Whatever a file holds, reading answers with values and findings, and never raises."""
    check(data)


@settings(max_examples=300, deadline=None)
@given(YAMLISH)
def test_anything_like_yaml(text: str) -> None:
    """The same for texts made of YAML's own signs, which reach further into the parser."""
    check(text.encode())


@settings(max_examples=150, deadline=None)
@given(YAMLISH)
def test_both_parsers_agree_on_what_they_both_accept(text: str) -> None:
    """A checkout without the C library reads the same values."""
    one, other = Reader().read(text.encode(), "f"), Reader(PythonParser).read(text.encode(), "f")
    if not one.diagnostics and not other.diagnostics:
        assert [d.value for d in one.documents] == [d.value for d in other.documents]


@settings(deadline=None)
@given(JSON)
def test_json_reads_as_itself(value: Any) -> None:
    """YAML written as JSON, as plain YAML and as a stream gives the value back, with its types."""
    for text in (json.dumps(value, ensure_ascii=False), json.dumps(value, ensure_ascii=False, indent=1)):
        read = Reader().read(text.encode(), "f")
        found = [d.value for d in read.documents]
        assert not read.diagnostics
        assert json.dumps(found, sort_keys=True) == json.dumps([] if value is None else [value], sort_keys=True)


@settings(deadline=None)
@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), st.text("019.eE+-:_xo", max_size=8), max_size=5))
def test_what_a_library_quotes_reads_as_text(value: dict[str, str]) -> None:
    """Text that looks like a number stays text when a YAML 1.1 writer has quoted or not quoted it."""
    text = yaml.safe_dump(value, sort_keys=False)
    read = Reader().read(text.encode(), "f")
    for document in read.documents:
        for key, found in document.value.items():
            assert str(found) == value[key] or found == yaml.safe_load(value[key])


@settings(deadline=None)
@given(st.text(max_size=12).filter(str.isprintable))
def test_a_scalar_is_never_guessed(text: str) -> None:
    """What is typed can be written back as JSON would write it; all else is the text itself."""
    found = resolve(text) if text else None
    if isinstance(found, bool) or found is None:
        assert text in {"true", "false", "null", "~", ""}
    elif isinstance(found, int):
        assert str(found) == text or text == "-0"
    elif isinstance(found, float):
        assert json.loads(text) == found
    else:
        assert found in {text, "not-finite", "too-large"}
