"""The memory: round trips, queries, transactions, several threads, versions of the file."""

from __future__ import annotations

import sqlite3
import threading
import uuid
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.errors import LocalPlatformError
from reconciler.localplatform.database import _MIGRATIONS, SCHEMA_VERSION, Database
from reconciler.localplatform.store import Entity, Query, Span, Store
from reconciler.localplatform.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    with closing(Database(tmp_path / "f.sqlite3")) as database:
        yield Store(database)


def thing(identifier: str, **members: Any) -> Entity:
    """An object of a made-up platform."""
    return Entity(
        **{"platform": "p", "kind": "K", "scope": "s", "id": identifier, "name": identifier, "body": {}, **members}
    )


@given(body=st.dictionaries(st.text(), JSON))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bodies_come_back_as_they_were(store: Store, body: dict[str, Any]) -> None:
    """Any JSON object, lone surrogates and big numbers included."""
    entity = thing(uuid.uuid4().hex, body=body, version="v", owner="o", created=1.5, updated=2.5)
    store.insert(entity)
    assert store.get("p", "K", entity.id) == entity


def found(store: Store, **criteria: Any) -> list[str]:
    """Ids of the matches, in order."""
    return [entity.id for entity in store.find(Query("p", "K", **criteria)).entities]


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        ({}, ["a", "b", "c"]),
        ({"descending": True}, ["c", "b", "a"]),
        ({"scopes": ("t",)}, ["c"]),
        ({"scopes": ()}, []),
        ({"ids": ("c", "a", "z")}, ["a", "c"]),
        ({"name": "Alpha"}, ["a"]),
        ({"name": "alpha"}, []),
        ({"name_part": "AL"}, ["a", "c"]),
        ({"name_part": "%"}, []),
        ({"version": "2"}, ["b"]),
        ({"owner": "me"}, ["a", "b"]),
        ({"created": Span(2, None)}, ["b", "c"]),
        ({"created": Span(2, 2)}, ["b"]),
        ({"updated": Span(None, 8)}, ["b", "c"]),
        ({"members": {"labels": ("x", "z")}}, ["a", "b"]),
        ({"members": {"none": ("x",)}}, []),
        ({"texts": {"deep.text": "ELL"}}, ["b"]),
        ({"equals": {"deep.text": "Hello"}}, ["b"]),
        ({"equals": {"deep.text": "hello"}}, []),
        ({"sort": "name"}, ["a", "b", "c"]),
        ({"sort": "updated"}, ["c", "b", "a"]),
        ({"limit": 1, "offset": 1}, ["b"]),
        ({"states": ("running",)}, []),
    ],
    ids=str,
)
def test_queries(store: Store, criteria: dict[str, Any], expected: list[str]) -> None:
    """Each criterion lets through what it says; wildcards are ordinary text."""
    store.insert(thing("a", name="Alpha", owner="me", created=1, updated=9, body={"labels": ["x", "y"]}))
    store.insert(
        thing(
            "b",
            name="Beta",
            version="2",
            owner="me",
            created=2,
            updated=8,
            body={"labels": ["z"], "deep": {"text": "Hello"}},
        )
    )
    store.insert(thing("c", name="Gammal", scope="t", created=3, updated=7))
    store.insert(thing("other", kind="L"))
    assert found(store, **criteria) == expected


def test_pages_count_everything(store: Store) -> None:
    """`count` is of all pages, and pages do not overlap even when times are equal."""
    store.insert_many(tuple(thing(f"{number:02}", created=1.0) for number in range(25)))
    pages = [store.find(Query("p", "K", limit=10, offset=offset)) for offset in (0, 10, 20)]
    assert [page.count for page in pages] == [25] * 3
    assert [entity.id for page in pages for entity in page.entities] == [f"{number:02}" for number in range(25)]


def test_as_of(store: Store) -> None:
    """The past shows what was there then: not what came later, but what has gone since."""
    store.insert(thing("old", created=10))
    store.insert(thing("new", created=20))
    assert store.delete(thing("old"), 30)
    assert found(store) == ["new"]
    assert found(store, as_of=15.0) == ["old"]
    assert found(store, as_of=25.0) == ["old", "new"]
    assert found(store, as_of=35.0) == ["new"]
    store.insert(thing("old", created=40))
    assert found(store) == ["new", "old"]


def test_deleted_rows_do_not_pile_up(store: Store) -> None:
    """What has long been deleted is dropped for good."""
    store.insert(thing("a"))
    store.insert(thing("b"))
    store.delete(thing("a"), 0)
    store.delete(thing("b"), 10_000)
    assert found(store, as_of=-1.0) == []
    row = store.database.row("SELECT COUNT(*) AS n FROM objects")
    assert row is not None
    assert row["n"] == 1


def test_an_id_is_used_once(store: Store) -> None:
    """Two live objects never share an id; several go in all or not at all."""
    store.insert(thing("a"))
    with pytest.raises(sqlite3.IntegrityError):
        store.insert_many((thing("b"), thing("a")))
    assert found(store) == ["a"]


def test_links(store: Store) -> None:
    """Who uses what, replaced as a whole, gone with the user."""
    user, used = thing("u"), thing("x", kind="L")
    store.insert(user)
    store.link(user, (("L", "x"), ("L", "x"), ("L", "y")))
    assert store.users_of(used) == (("K", "u"),)
    store.link(user, (("L", "y"),))
    assert store.users_of(used) == ()
    store.delete(user, 1)
    assert store.users_of(thing("y", kind="L")) == ()


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    """Nested ones included: all or nothing."""

    def fail() -> None:
        with store.database.transaction():
            store.insert(thing("a"))
            with store.database.transaction():
                store.insert(thing("b"))
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        fail()
    assert found(store) == []
    store.insert(thing("c"))
    assert found(store) == ["c"]


def test_threads_take_turns(store: Store) -> None:
    """A check and an insert in one transaction let one of many through."""
    made: list[int] = []

    def attempt(number: int) -> None:
        for _ in range(5):
            with store.database.transaction():
                if store.first(Query("p", "K", name="once")) is None:
                    store.insert(thing(str(number), name="once"))
                    made.append(number)

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_it_outlives_the_process(tmp_path: Path) -> None:
    """What was committed is there when the file is opened again, closed properly or not."""
    first = Database(tmp_path / "f")
    Store(first).insert(thing("a"))
    with closing(Database(tmp_path / "f")) as second:
        assert found(Store(second)) == ["a"]
    first.close()
    first.close()


@pytest.mark.parametrize("content", [b"this is no database at all, but long enough to be looked at" * 30, b"short"])
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """With a sentence, not a traceback."""
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(LocalPlatformError, match="cannot use"):
        Database(tmp_path / "f")


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    """A release that knows less must not guess."""
    Database(tmp_path / "f").close()
    with closing(sqlite3.connect(tmp_path / "f")) as raw:
        raw.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(LocalPlatformError, match="newer release") as caught:
        Database(tmp_path / "f")
    assert "upgrade" in caught.value.hint


def test_an_older_file_is_brought_up(tmp_path: Path) -> None:
    """What it holds is kept, and what a later release needs is there."""
    with closing(sqlite3.connect(tmp_path / "platform.sqlite3")) as raw:
        raw.executescript(f"{_MIGRATIONS[0]} INSERT INTO settings VALUES ('kept', '1'); PRAGMA user_version = 1;")  # noqa: S608 - our own tables
    database = Database(tmp_path / "platform.sqlite3")
    assert Store(database).setting("kept") == 1
    assert database.rows("SELECT * FROM accounts") == []
    database.close()


def test_no_folder_no_file(tmp_path: Path) -> None:
    """A file that cannot be made is a LocalPlatformError too."""
    with pytest.raises(LocalPlatformError, match="cannot open"):
        Database(tmp_path / "none" / "f")


def test_tokens_expire(store: Store) -> None:
    """A token stands for its account until its time is over, and is forgotten then."""
    store.save_token("t", "me", now=0, expires=10)
    assert (store.account_of_token("t", 9), store.account_of_token("t", 10)) == ("me", "")
    store.save_token("u", "me", now=20, expires=30)
    assert store.account_of_token("t", 9) == ""


def test_switches(store: Store) -> None:
    """Known names and the right type only; they outlive the object."""
    switches = Switches(store, {"a": True, "n": 3, "s": "x"})
    switches.turn({"a": False, "s": "y"})
    assert Switches(store, {"a": True, "n": 3, "s": "x"}).all() == {"a": False, "n": 3, "s": "y"}
    for bad in ({"none": 1}, {"a": 1}, {"n": True}, {"s": None}):
        with pytest.raises(ValueError, match="switch"):
            switches.turn({"n": 4, **bad})
    assert switches["n"] == 3


def test_wipe_keeps_settings(store: Store) -> None:
    """Objects and tokens go, settings stay."""
    store.insert(thing("a"))
    store.save_setting("k", [1])
    store.wipe()
    assert (found(store), store.setting("k"), store.counts()) == ([], [1], {})
