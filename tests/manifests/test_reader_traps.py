from __future__ import annotations

from typing import Any

import pytest

from reconciler.manifests import documents
from reconciler.manifests.building import DEEPEST, MOST_ALIASED
from reconciler.manifests.events import PythonParser, open_parser
from reconciler.manifests.reader import Reader
from reconciler.manifests.scalars import MOST_REMEMBERED, PlainScalars
from reconciler.model.codes import CODES
from tests.manifests.declared import brief, read, value

PARSERS = pytest.mark.parametrize("parser", [open_parser, PythonParser], ids=["c", "python"])

SCALARS: list[tuple[str, Any]] = [
    ("true", True),
    ("false", False),
    ("null", None),
    ("~", None),
    ("", None),
    ("0", 0),
    ("-7", -7),
    ("-0", 0),
    ("1440", 1440),
    ("9007199254740991", 2**53 - 1),
    ("-9007199254740991", -(2**53) + 1),
    ("0.5", 0.5),
    ("-1.25", -1.25),
    ("1.10", 1.1),
    *(
        (text, text)
        for text in (
            *("yes", "no", "on", "off", "y", "n", "Yes", "NO", "On", "True", "TRUE", "False", "Null", "NULL"),
            *("010", "00", "-01", "0o10", "0x1F", "0b1", "+1", "1_000", "1,000", ".5", "1.", "-.5"),
            *("1e3", "1E3", "1.5e3", "1e-3", "12:30:45", "1:30", "190:20:30"),
            *("2024-01-01", "2024-01-01T00:00:00Z", "2001-12-14 21:59:43.10 -5", "1.2.3", "1.0.0", "1-2"),
            *("inf", "nan", "NaN", "Infinity", "=", "<", "٣", "1٣", "--", "-x", "0.1C", "a b", "空间"),
        )
    ),
    ("'true'", "true"),
    ('"1.0"', "1.0"),
    ("'~'", "~"),
    ('""', ""),
    ('"a\\tb\\u00e9"', "a\tbé"),
    ('"\\U0001F600"', "😀"),
]


@PARSERS
@pytest.mark.parametrize(("text", "expected"), SCALARS, ids=[text or "(nothing)" for text, _ in SCALARS])
def test_scalars(parser: Any, text: str, expected: Any) -> None:
    """A scalar is typed only where every reader agrees; all else is the author's text, or a finding."""
    result = Reader(parser).read(f"a: {text}\n".encode(), "f")
    (document,) = result.documents
    assert document.value == {"a": expected}
    assert type(document.value["a"]) is type(expected)
    assert result.diagnostics == ()


@pytest.mark.parametrize("text", ["yes", "010", "1e3", "2024-01-01", "12:30:45", "true", "1.0", "null"])
def test_the_same_in_lists_flow_and_at_the_top(text: str) -> None:
    """One rule everywhere a scalar can stand."""
    expected = value(f"a: {text}")["a"]
    assert value(f"- {text}\n- x") == [expected, "x"]
    assert value(f"{{a: [{text}]}}") == {"a": [expected]}
    assert value(f"{text}\n" if expected is not None else "[]") == (expected if expected is not None else [])


BLOCKS = [
    ("a: |\n  x\n  y\n", "x\ny\n"),
    ("a: |-\n  x\n", "x"),
    ("a: >\n  x\n  y\n", "x y\n"),
    ("a: |2\n    x\n", "  x\n"),
    ("a: 'it''s'\n", "it's"),
    ('a: "x\n  y"\n', "x y"),
    ("a: x\n  y\n", "x y"),
    ("a: |\n  1440\n", "1440\n"),
]


@PARSERS
@pytest.mark.parametrize(("text", "expected"), BLOCKS)
def test_text_blocks(parser: Any, text: str, expected: str) -> None:
    """Quoted text and blocks are always text."""
    assert Reader(parser).read(text.encode(), "f").documents[0].value == {"a": expected}


REFUSED: list[tuple[str, str, str]] = [
    # text, place and code of the first finding
    ("a: 1\nb: 2\na: 3\n", "3:1", "yaml.duplicate-key"),
    ("a: {b: 1, b: 1}\n", "1:11", "yaml.duplicate-key"),
    ("a: 1\n'a': 3\n", "2:1", "yaml.duplicate-key"),
    ("x: &b {c: 1}\na:\n  <<: *b\n", "3:3", "yaml.merge-key"),
    ("1: x\n", "1:1", "yaml.key"),
    ("1.0: x\n", "1:1", "yaml.key"),
    ("true: x\n", "1:1", "yaml.key"),
    ("~: x\n", "1:1", "yaml.key"),
    ("a:\n  null: x\n", "2:3", "yaml.key"),
    ("? [a]\n: x\n", "1:3", "yaml.key"),
    ("? {a: b}\n: x\n", "1:3", "yaml.key"),
    ("a: &k x\n*k : y\n", "2:1", "yaml.key"),
    ("?\n: x\n", "1:2", "yaml.key"),
    (": x\n", "1:1", "yaml.syntax"),
    ("a: -\n", "1:4", "yaml.syntax"),
    ("a: *nobody\n", "1:4", "yaml.alias"),
    ("a: &a [*a]\n", "1:8", "yaml.alias"),
    ("a: &a {b: *a}\n", "1:11", "yaml.alias"),
    ("a: !!str 1\n", "1:4", "yaml.tag"),
    ("a: !!python/object/apply:os.system [ls]\n", "1:4", "yaml.tag"),
    ("a: !!python/name:os.system\n", "1:4", "yaml.tag"),
    ("a: !mine {b: c}\n", "1:4", "yaml.tag"),
    ("a: !!binary aGk=\n", "1:4", "yaml.tag"),
    ("!!map {a: b}\n", "1:1", "yaml.tag"),
    ("!k a: b\n", "1:1", "yaml.tag"),
    ("a: .inf\n", "1:4", "yaml.number"),
    ("a: -.inf\n", "1:4", "yaml.number"),
    ("a: [.nan]\n", "1:5", "yaml.number"),
    ("a: 9007199254740992\n", "1:4", "yaml.number"),
    ("a: -12345678901234567890\n", "1:4", "yaml.number"),
    (f"a: {'9' * 5000}\n", "1:4", "yaml.number"),
    (f"a: {'9' * 400}.0\n", "1:4", "yaml.number"),
    ("a:\n\t- b\n", "2:1", "yaml.syntax"),
    ("a:\n  b: 1\n\tc: 2\n", "3:1", "yaml.syntax"),
    ("a: b: c\n", "1:5", "yaml.syntax"),
    ("a: [1, 2\nb: 3\n", "2:2", "yaml.syntax"),
    ("a: {b: 1\n", "2:1", "yaml.syntax"),
    ('a: "never closed\n', "1:4", "yaml.syntax"),
    ("a: 'never closed\nb: 1\n", "1:4", "yaml.syntax"),
    ("a: 1\n b: 2\n", "2:3", "yaml.syntax"),
    ("a:\n    b: 1\n  c: 2\n", "3:3", "yaml.syntax"),
    ("a: @b\n", "1:4", "yaml.syntax"),
    ("a: `b`\n", "1:4", "yaml.syntax"),
    ("a: %b\n", "1:4", "yaml.syntax"),
    ('a: "\\q"\n', "1:5", "yaml.syntax"),
    ('a: "\\ud83d\\ude00"\n', "1:7", "yaml.syntax"),
    ('a: "\\U00110000"\n', "1:7", "yaml.syntax"),
    ('a:\n- "x\\0"\n', "2:3", "yaml.character"),
    ('a: "\\x00"\n', "1:4", "yaml.character"),
    ("a: 1\nb\nc: 2\n", "3:1", "yaml.syntax"),
    ("- a\nb: 1\n", "2:1", "yaml.syntax"),
    ("a: - b\n", "1:4", "yaml.syntax"),
    ("a: 1\n...\nb: 2\n", "3:1", "yaml.syntax"),
    ("%YAML 3.0\n---\na: 1\n", "1:1", "yaml.syntax"),
    ("a: 1\n\ufeffb: 2\n", "2:1", "yaml.character"),
    ("a: x\x00y\n", "1:5", "yaml.character"),
    ("a: x\x07y\n", "1:5", "yaml.character"),
    ("a: x\x85y\n", "1:5", "yaml.character"),
    ("a: x\u2028y\n", "1:5", "yaml.character"),
    ("a: x\ufffe\n", "1:5", "yaml.character"),
]


@pytest.mark.parametrize(("text", "place", "code"), REFUSED, ids=[repr(text)[:40] for text, _, _ in REFUSED])
def test_refused(text: str, place: str, code: str) -> None:
    """Every trap is a finding with file, line, column, a known code and advice; nothing is read from it."""
    result = read(text)
    assert result.documents == ()
    assert brief(result.diagnostics)[0] == (f"file.yaml:{place}", code)
    assert all(d.code in CODES and d.message and d.hint for d in result.diagnostics)


@pytest.mark.parametrize(("text", "place", "code"), REFUSED, ids=[repr(text)[:40] for text, _, _ in REFUSED])
def test_refused_without_the_c_library(text: str, place: str, code: str) -> None:
    """The pure Python parser refuses the same texts, on the same line or a neighbouring one."""
    result = Reader(PythonParser).read(text.encode(), "file.yaml")
    assert result.documents == ()
    assert result.diagnostics[0].code == code
    assert result.diagnostics[0].source is not None
    assert abs(result.diagnostics[0].source.line - int(place.split(":", maxsplit=1)[0])) <= 1


def test_every_problem_of_a_document_is_told() -> None:
    """One broken rule does not hide the next."""
    result = read("a: 1\na: 2\n1: x\nb: !t z\nd: .inf\nc: *x\n")
    codes = [code for _, code in brief(result.diagnostics)]
    assert codes == ["yaml.duplicate-key", "yaml.key", "yaml.tag", "yaml.number", "yaml.alias"]


def test_a_broken_document_hides_no_other() -> None:
    """Documents before and after it are read, and its own problems are placed in the file."""
    result = read("a: 1\n---\nb: [1\n---\nc: 3\n---\nd: 1\nd: 2\n---\ne: 5\n")
    assert [document.value for document in result.documents] == [{"a": 1}, {"c": 3}, {"e": 5}]
    assert brief(result.diagnostics) == [("file.yaml:4:1", "yaml.syntax"), ("file.yaml:8:1", "yaml.duplicate-key")]
    assert [document.source.line for document in result.documents] == [1, 5, 10]
    assert [document.source.document for document in result.documents] == [0, 2, 4]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "# only words\n",
        "---\n",
        "---\n---\n",
        "--- # nothing\n...\n",
        "~\n",
        "null\n",
        "\ufeff",
        "\ufeff# x\n",
    ],
)
def test_empty_documents_are_skipped(text: str) -> None:
    """A document without content says nothing, and that is no mistake."""
    result = read(text)
    assert result == read("")
    assert result.documents == ()
    assert result.diagnostics == ()


def test_comments_and_directives_before_the_first_document_belong_to_it() -> None:
    """A version directive is accepted, and lines are counted from the top of the file."""
    result = read("%YAML 1.2\n# words\n---\na: 1\n---\nb: 2\n")
    assert [(d.value, d.source.line, d.source.document) for d in result.documents] == [
        ({"a": 1}, 4, 0),
        ({"b": 2}, 6, 1),
    ]


def test_markers_inside_text_do_not_split() -> None:
    """Only a line that begins with `---` begins a document."""
    assert value("a: |\n  ---\n  b\nc: x --- y\nd: '---'\n") == {"a": "---\nb\n", "c": "x --- y", "d": "---"}
    assert value("---a: 1\n") == {"---a": 1}
    assert [d.value for d in read("--- {a: 1}\n--- |\n x\n").documents] == [{"a": 1}, "x\n"]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings(ending: str) -> None:
    """Files from every system are read alike and counted alike."""
    result = read("a: 1\n---\nb: 1\nb: 2\n".replace("\n", ending))
    assert [document.value for document in result.documents] == [{"a": 1}]
    assert brief(result.diagnostics) == [("file.yaml:4:1", "yaml.duplicate-key")]


def test_a_mark_in_front_is_dropped() -> None:
    """Some editors write a byte order mark; it is not part of the first key."""
    assert value("\ufeffa: 1") == {"a": 1}


@pytest.mark.parametrize(
    ("data", "place", "words"),
    [
        (b"\xff\xfea\x00:\x00", "1:1", "UTF-16"),
        (b"\xfe\xff\x00a", "1:1", "UTF-16"),
        (b"\x00\x00\xfe\xff", "1:1", "UTF-32"),
        (b"a: caf\xe9\n", "1:7", "0xe9"),
        (b"a: 1\nb: \x89PNG\r\n", "2:4", "0x89"),
        (b"\xef\xbb\xbfa: \xff", "1:4", "0xff"),
        ("a: 空\n".encode() + b"\xc0", "2:1", "0xc0"),
    ],
)
def test_files_that_are_no_utf8_text(data: bytes, place: str, words: str) -> None:
    """The finding names the encoding or the byte, at its line and column."""
    result = read(data)
    assert brief(result.diagnostics) == [(f"file.yaml:{place}", "file.not-utf8")]
    assert words in result.diagnostics[0].message


def test_size_limits() -> None:
    """A file at the limit is read; beyond it, and beyond the number of documents, one finding says so."""
    comment = b"#" * (documents.LARGEST_FILE - 1) + b"\n"
    assert read(comment).diagnostics == ()
    assert brief(read(comment + b"#").diagnostics) == [("file.yaml", "file.too-large")]
    assert read(b"---\n" * documents.MOST_DOCUMENTS).diagnostics == ()
    many = read(b"---\n" * (documents.MOST_DOCUMENTS + 1))
    assert brief(many.diagnostics) == [("file.yaml", "file.too-many-documents")]


@PARSERS
@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_refused_at_once(parser: Any, opening: str) -> None:
    """However deep a file is, neither the stack nor the clock suffers."""
    result = Reader(parser).read((opening * 20_000).encode(), "f")
    assert result.documents == ()
    assert result.diagnostics[-1].code in {"yaml.depth", "yaml.key"}


def test_nesting_up_to_the_limit() -> None:
    """The last level allowed is accepted."""
    assert read("[" * DEEPEST + "]" * DEEPEST).diagnostics == ()
    assert brief(read("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1)).diagnostics)[0][1] == "yaml.depth"


def test_aliases_become_values_of_their_own() -> None:
    """Anchors are a way to write, not a link: changing one copy leaves the other."""
    found = value("a: &x {b: [1]}\nc: *x\nd: &y t\ne: *y\n")
    assert found == {"a": {"b": [1]}, "c": {"b": [1]}, "d": "t", "e": "t"}
    found["c"]["b"].append(2)
    assert found["a"] == {"b": [1]}


def test_an_anchor_may_be_set_anew() -> None:
    """The last one above the alias counts, as YAML says."""
    assert value("a: &x 1\nb: *x\nc: &x 2\nd: *x\n") == {"a": 1, "b": 1, "c": 2, "d": 2}


@PARSERS
def test_a_bomb_of_aliases_does_not_go_off(parser: Any) -> None:
    """Nine levels of nine would be 400 million values; it is refused after ten thousand."""
    levels = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    result = Reader(parser).read("\n".join(levels).encode(), "f")
    assert result.documents == ()
    assert result.diagnostics[0].code == "yaml.alias"
    assert f"{MOST_ALIASED:,}" in result.diagnostics[0].message


def test_the_place_of_a_finding_as_a_pointer() -> None:
    """Programs find the value again by its pointer."""
    result = read("a:\n- b\n- {c/d: {e: 1, e: 2}}\n")
    assert [d.pointer for d in result.diagnostics] == ["/a/1/c~1d/e"]


def test_quoted_merge_key_is_a_key() -> None:
    """In quotes, `<<` is two characters."""
    assert value("'<<': 1") == {"<<": 1}


def test_a_second_document_after_an_end_marker() -> None:
    """A document begins with its marker, also after an end marker with a directive."""
    result = read("a: 1\n...\n%YAML 1.2\n---\nb: 2\n")
    assert brief(result.diagnostics)[0][1] == "yaml.syntax"


def test_very_many_problems_are_not_all_told() -> None:
    """A machine-made file with thousands of mistakes ends in a readable number of findings."""
    assert len(read("1: x\n" * 5000).diagnostics) == 50
    assert len(read("a: \x07\n" * 5000).diagnostics) == 10


def test_scalars_are_remembered_within_bounds() -> None:
    """A huge file of different scalars does not fill the memory with them."""
    scalars = PlainScalars()
    for number in range(MOST_REMEMBERED + 10):
        assert scalars[str(number)] == number
    assert len(scalars) == MOST_REMEMBERED
