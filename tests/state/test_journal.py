"""The codec of the journal: what is written is read, what is torn is left out, what is damaged is refused."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import StateUnreadable
from reconciler.model.canonical import canonical_json
from reconciler.state.journal import Failed, Reader, Record, decode, encode, whole_length
from tests.state.records import address_of, create, done, records

CREATE = create("align", spec={"text": "line\u2028\x85 ends, caf\u00e9", "nested": {"list": [1, None, True, 0.5]}})
JOURNAL = [CREATE, done(CREATE), Failed("1.2.p", address_of("b"), "no", "platform.refused", 3.0)]


def written(some: list[Record], fencing: int = 1) -> bytes:
    """A journal of one writer."""
    return b"".join(encode(record, fencing) for record in some)


def resealed(line: bytes, **changes: object) -> bytes:
    """The line with other members and the checksum that fits them; None takes a member out."""
    body = {k: v for k, v in (json.loads(line) | changes).items() if k != "sum" and v is not ...}
    checksum = hashlib.sha256(canonical_json(body).encode()).hexdigest()[:16]
    return (canonical_json(body | {"sum": checksum}) + "\n").encode()


@given(st.lists(records(), max_size=5))
@settings(max_examples=60)
def test_what_is_written_is_read(some: list[Record]) -> None:
    """Every record survives, whatever text it holds."""
    assert list(decode(written(some), "journal")) == some


def test_one_record_is_one_line() -> None:
    """No text inside a record ends its line."""
    assert written(JOURNAL).count(b"\n") == len(JOURNAL)


@pytest.mark.parametrize("cut", range(1, len(encode(JOURNAL[-1], 1)) + 1))
def test_a_torn_last_line_is_left_out(cut: int) -> None:
    """A write that stopped anywhere was never acknowledged; the lines before it stand."""
    assert list(decode(written(JOURNAL)[:-cut], "journal")) == JOURNAL[:-1]


@pytest.mark.parametrize("tail", [b"\0", b"\0" * 4096])
def test_a_tail_the_file_system_never_wrote_is_torn(tail: bytes) -> None:
    """A machine that lost power may leave a file longer than its contents."""
    data = written(JOURNAL) + tail
    assert list(decode(data, "journal")) == JOURNAL
    assert whole_length(data) == len(written(JOURNAL))


@given(st.data())
@settings(max_examples=200)
def test_damage_is_never_misread(data: st.DataObject) -> None:
    """One changed byte anywhere: refused, or the torn last line left out; never another record."""
    whole = bytearray(written(JOURNAL))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    try:
        found = list(decode(bytes(whole), "journal"))
    except StateUnreadable:
        return
    assert found == JOURNAL[:-1]
    assert place == len(whole) - 1


def test_damage_names_the_line() -> None:
    """A person must find it."""
    lines = [encode(record, 1) for record in JOURNAL]
    lines[1] = lines[1].replace(b"id-1", b"id-2")
    with pytest.raises(StateUnreadable, match=r"journal\.jsonl, line 2 is damaged"):
        decode(b"".join(lines), "journal.jsonl")


@pytest.mark.parametrize("version", ["2.0", "1.3", "0.9", 1, None])
def test_a_newer_version_is_refused(version: object) -> None:
    """What we do not know is not guessed at."""
    with pytest.raises(StateUnreadable, match="format version"):
        decode(resealed(encode(CREATE, 1), version=version), "journal")


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_line_of_an_older_minor_version_is_read(version: str) -> None:
    """It lacks only what was added since."""
    assert decode(resealed(encode(CREATE, 1), version=version), "journal") == (CREATE,)


def test_a_journal_that_grows_is_read_once() -> None:
    """Line by line as it grows; another one in its place is read anew, and damage is found wherever it is."""
    reader, first, second = Reader(), encode(CREATE, 1), encode(done(CREATE), 1)
    assert reader.read(first, "journal") == (CREATE,)
    assert reader.read(first + second[:-5], "journal") == (CREATE,)
    assert reader.read(first + second, "journal") == decode(first + second, "journal") == (CREATE, done(CREATE))
    later = first + encode(CREATE, 3)
    assert reader.read(later, "journal") == (CREATE, CREATE)
    assert reader.read(later + second, "journal") == (CREATE, CREATE)
    assert reader.read(second, "journal") == (done(CREATE),)
    with pytest.raises(StateUnreadable, match="journal, line 2"):
        reader.read(second + first.replace(b"memory", b"melody"), "journal")
    assert reader.read(first, "journal") == (CREATE,)


@pytest.mark.parametrize("spec", [{"sum": "0" * 16}, {"x": '"sum":"0123456789abcdef",'}, {"sum": {"sum": "a"}}])
def test_a_checksum_is_that_of_the_line_whatever_stands_in_it(spec: dict[str, object]) -> None:
    """A spec may have a member of that name, and a text may look like one."""
    record = replace(CREATE, spec=spec)
    line = encode(record, 1)
    assert decode(line, "journal") == (record,)
    body = json.loads(line)
    assert line == (canonical_json(body) + "\n").encode()
    for place in range(0, len(line) - 1, 7):
        other = line[:place] + (b"0" if line[place : place + 1] != b"0" else b"1") + line[place + 1 :]
        with pytest.raises(StateUnreadable):
            decode(other, "journal")


def test_an_unknown_field_is_refused_by_name() -> None:
    """Leaving it out would drop it at the next commit."""
    with pytest.raises(StateUnreadable, match=r"unknown field\(s\) budget") as caught:
        decode(resealed(encode(CREATE, 1), budget=5), "journal")
    assert "newer release" in caught.value.hint


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"record": "promise"}, "unknown record 'promise'"),
        ({"address": ...}, "'address' is missing"),
        ({"address": "only/three/parts"}, "not an address"),
        ({"step": "1"}, "'step' has the wrong type"),
        ({"step": True}, "'step' has the wrong type"),
        ({"verb": "explode"}, "'explode' is not a valid Verb"),
        ({"mark": "rc-short"}, "not a mark"),
        ({"depends_on": [1]}, "something of the wrong type"),
        ({"lifecycle": {"attempt": 1}}, "'on_failure' is missing"),
    ],
)
def test_a_record_that_makes_no_sense_is_refused(change: dict[str, object], complaint: str) -> None:
    """A checksum that fits proves nothing about the meaning."""
    with pytest.raises(StateUnreadable, match=complaint.replace("(", r"\(")):
        decode(resealed(encode(CREATE, 1), **change), "journal")


@pytest.mark.parametrize("line", [b"[]\n", b"7\n", b"nonsense\n", b"\xff\xfe\n", b"\n", b"[" * 100_000 + b"\n"])
def test_a_line_that_is_no_record_is_refused(line: bytes) -> None:
    """Not JSON, not an object, not even text."""
    with pytest.raises(StateUnreadable):
        decode(line, "journal")


def test_a_superseded_writer_is_not_believed() -> None:
    """Once a higher fencing number has written, a lower one had no right to."""
    late = done(CREATE)
    data = encode(CREATE, 1) + encode(JOURNAL[2], 2) + encode(late, 1) + encode(create("b"), 2)
    assert decode(data, "journal") == (CREATE, JOURNAL[2], create("b"))
