"""Everything the local platform remembers about objects, tokens and its own settings. Runs are in `history`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3

    from reconciler.localplatform.database import Database

Body = Mapping[str, Any]
"""A JSON object. Treated as immutable."""

KEEP_DELETED = 3600.0
"""Seconds a deleted row is kept, so that a stale list can still show it."""


@dataclass(frozen=True, slots=True)
class Entity:
    """One object of one platform: `body` is in that platform's own words, the rest is what every platform needs.

    `owner` is the user who made it, times are UNIX seconds. `run` is the state of its run, "" for standing objects.
    """

    platform: str
    kind: str
    scope: str
    id: str
    name: str
    body: Body
    version: str = ""
    owner: str = ""
    created: float = 0.0
    updated: float = 0.0
    run: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` to `end`, both included, either open. UNIX seconds."""

    start: float | None = None
    end: float | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """Which objects, in which order. Every criterion left at its default lets everything through.

    `members` asks of a list in the body that it holds at least one of some texts; `texts` that a text in the body
    contains another, whatever the case; `equals` that it is exactly that. Their keys are dotted paths in the body.
    `sort` is one of `SORTS`. `as_of` shows the world as it was then, which is how a stale list is made.
    """

    platform: str
    kind: str
    scopes: tuple[str, ...] | None = None
    ids: tuple[str, ...] | None = None
    name: str = ""
    name_part: str = ""
    version: str = ""
    owner: str = ""
    states: tuple[str, ...] = ()
    created: Span = Span()
    updated: Span = Span()
    finished: Span = Span()
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    equals: Mapping[str, str] = field(default_factory=dict)
    sort: str = "created"
    descending: bool = False
    limit: int | None = None
    offset: int = 0
    as_of: float | None = None


SORTS: Mapping[str, str] = {
    "created": "o.created",
    "updated": "o.updated",
    "name": "o.name",
    "state": "COALESCE(r.state, '')",
    "started": "r.started",
    "finished": "r.finished",
}


@dataclass(frozen=True, slots=True)
class Page:
    """One page of what a query found; `count` is the number of matches on all pages."""

    entities: tuple[Entity, ...]
    count: int


class Store:
    """The objects of every platform. Thread safe; a method is one short transaction, joined to an outer one."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def insert(self, entity: Entity) -> None:
        """Adds a new object. Whether its name may be used twice is for the platform to decide."""
        self.insert_many((entity,))

    def insert_many(self, entities: tuple[Entity, ...]) -> None:
        """Adds new objects, all or none."""
        rows = [
            (e.platform, e.kind, e.scope, e.id, e.name, e.version, e.owner, _text(e.body), e.created, e.updated)
            for e in entities
        ]
        self.database.execute_many(
            "INSERT INTO objects (platform, kind, scope, id, name, version, owner, body, created, updated)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )

    def get(self, platform: str, kind: str, identifier: str) -> Entity | None:
        """The object with that id, or None."""
        return self.first(Query(platform, kind, ids=(identifier,)))

    def first(self, query: Query) -> Entity | None:
        """The first match, or None."""
        page = self.find(replace(query, limit=1))
        return page.entities[0] if page.entities else None

    def find(self, query: Query) -> Page:
        """One page of matches, and how many there are in all."""
        where, values = _conditions(query)
        table = "FROM objects o LEFT JOIN runs r ON r.id = o.id AND r.platform = o.platform"
        direction = "DESC" if query.descending else "ASC"
        order = f"ORDER BY {SORTS[query.sort]} {direction}, o.seq {direction}"
        bounds = "" if query.limit is None else f" LIMIT {int(query.limit)} OFFSET {int(query.offset)}"
        with self.database.transaction():
            rows = self.database.rows(
                f"SELECT o.*, COALESCE(r.state, '') AS run {table} WHERE {where} {order}{bounds}",
                values,
            )
            if query.limit is None:
                return Page(tuple(map(_entity, rows)), len(rows))
            counted = self.database.row(f"SELECT COUNT(*) AS n {table} WHERE {where}", values)
        return Page(tuple(map(_entity, rows)), int(counted["n"]) if counted else 0)

    def update(self, entity: Entity) -> None:
        """Replaces name, version, body and time of update of the object with this id."""
        self.database.execute(
            "UPDATE objects SET name = ?, version = ?, body = ?, updated = ?"
            " WHERE platform = ? AND kind = ? AND id = ? AND deleted IS NULL",
            (
                entity.name,
                entity.version,
                _text(entity.body),
                entity.updated,
                entity.platform,
                entity.kind,
                entity.id,
            ),
        )

    def delete(self, entity: Entity, now: float) -> bool:
        """Removes an object and its links. False when it was gone already."""
        with self.database.transaction():
            self.link(entity, ())
            self.database.execute("DELETE FROM objects WHERE deleted < ?", (now - KEEP_DELETED,))
            touched = self.database.execute(
                "UPDATE objects SET deleted = ? WHERE platform = ? AND kind = ? AND id = ? AND deleted IS NULL",
                (now, entity.platform, entity.kind, entity.id),
            )
        return touched > 0

    def link(self, entity: Entity, targets: tuple[tuple[str, str], ...]) -> None:
        """Says which objects (kind, id) `entity` uses, in place of what was said before."""
        with self.database.transaction():
            self.database.execute(
                "DELETE FROM links WHERE platform = ? AND kind = ? AND id = ?",
                (entity.platform, entity.kind, entity.id),
            )
            rows = [(entity.platform, entity.kind, entity.id, kind, target) for kind, target in sorted(set(targets))]
            self.database.execute_many("INSERT INTO links VALUES (?, ?, ?, ?, ?)", rows)

    def users_of(self, entity: Entity) -> tuple[tuple[str, str], ...]:
        """The objects (kind, id) that said they use `entity`."""
        rows = self.database.rows(
            "SELECT kind, id FROM links WHERE platform = ? AND to_kind = ? AND to_id = ? ORDER BY kind, id",
            (entity.platform, entity.kind, entity.id),
        )
        return tuple((row["kind"], row["id"]) for row in rows)

    def counts(self) -> dict[str, int]:
        """How many objects there are of each `platform/kind`."""
        rows = self.database.rows(
            "SELECT platform || '/' || kind AS what, COUNT(*) AS n FROM objects WHERE deleted IS NULL"
            " GROUP BY what ORDER BY what"
        )
        return {row["what"]: row["n"] for row in rows}

    def save_token(self, token: str, account: str, *, now: float, expires: float) -> None:
        """Remembers a hash of a token until it expires, and forgets those that have. UNIX seconds."""
        with self.database.transaction():
            self.database.execute("DELETE FROM tokens WHERE expires < ?", (now,))
            self.database.execute("INSERT INTO tokens VALUES (?, ?, ?)", (_hash(token), account, expires))

    def account_of_token(self, token: str, now: float) -> str:
        """The account a token stands for, or "" when it is unknown or has expired."""
        row = self.database.row("SELECT account FROM tokens WHERE token = ? AND expires > ?", (_hash(token), now))
        return str(row["account"]) if row else ""

    def setting(self, key: str) -> Any:  # noqa: ANN401 - any JSON value
        """A setting of the platform itself, or None."""
        row = self.database.row("SELECT value FROM settings WHERE key = ?", (key,))
        return json.loads(row["value"]) if row else None

    def save_setting(self, key: str, value: Any) -> None:  # noqa: ANN401 - any JSON value
        """Remembers a setting of the platform itself."""
        self.database.execute(
            "INSERT INTO settings VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, json.dumps(value)),
        )

    def wipe(self) -> None:
        """Forgets every object, run and token. Settings stay."""
        with self.database.transaction():
            for table in ("objects", "links", "runs", "events", "samples", "tokens"):
                self.database.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own tables


def _hash(token: str) -> str:
    """Tokens are long and random, so a plain hash tells nothing about them."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _text(body: Body) -> str:
    # ASCII: a lone surrogate in a text is legal JSON but no legal UTF-8.
    return json.dumps(body, ensure_ascii=True)


def _entity(row: sqlite3.Row) -> Entity:
    return Entity(
        platform=row["platform"],
        kind=row["kind"],
        scope=row["scope"],
        id=row["id"],
        name=row["name"],
        version=row["version"],
        owner=row["owner"],
        body=json.loads(row["body"]),
        created=row["created"],
        updated=row["updated"],
        run=row["run"],
    )


def _conditions(query: Query) -> tuple[str, list[Any]]:
    clauses = ["o.platform = ?", "o.kind = ?"]
    values: list[Any] = [query.platform, query.kind]
    for column, wanted in (("o.scope", query.scopes), ("o.id", query.ids), ("r.state", query.states or None)):
        if wanted is not None:
            clauses.append(f"{column} IN ({', '.join('?' * len(wanted))})")
            values += wanted
    for column, text in (("o.name", query.name), ("o.version", query.version), ("o.owner", query.owner)):
        if text:
            clauses.append(f"{column} = ?")
            values.append(text)
    if query.name_part:
        clauses.append("INSTR(LOWER(o.name), LOWER(?)) > 0")
        values.append(query.name_part)
    for column, span in (("o.created", query.created), ("o.updated", query.updated), ("r.finished", query.finished)):
        for comparison, bound in ((">=", span.start), ("<=", span.end)):
            if bound is not None:
                clauses.append(f"{column} {comparison} ?")
                values.append(bound)
    _body_conditions(query, clauses, values)
    if query.as_of is None:
        clauses.append("o.deleted IS NULL")
    else:
        clauses.append("o.created <= ? AND (o.deleted IS NULL OR o.deleted > ?)")
        values += (query.as_of, query.as_of)
    return " AND ".join(clauses), values


def _body_conditions(query: Query, clauses: list[str], values: list[Any]) -> None:
    for path, members in query.members.items():
        marks = ", ".join("?" * len(members))
        clauses.append(f"EXISTS (SELECT 1 FROM json_each(o.body, ?) WHERE value IN ({marks}))")  # noqa: S608
        values += (f"$.{path}", *members)
    for path, text in query.texts.items():
        clauses.append("INSTR(LOWER(json_extract(o.body, ?)), LOWER(?)) > 0")
        values += (f"$.{path}", text)
    for path, text in query.equals.items():
        clauses.append("json_extract(o.body, ?) = ?")
        values += (f"$.{path}", text)
