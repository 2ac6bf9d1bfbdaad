"""What can be declared, and the facts about its fields. Facts are data from schemas; behaviour is code elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Life(StrEnum):
    """A standing thing exists until removed; a run happens once per spec."""

    STANDING = "standing"
    RUN = "run"


class CreateClass(StrEnum):
    """How an unanswered create is settled (product.md section 6)."""

    TOKEN = "token"  # noqa: S105 - the platform takes an idempotency token; no password
    UNIQUE_NAME = "unique_name"
    UNIQUE_AMONG_ACTIVE = "unique_among_active"
    SEARCH_ONLY = "search_only"
    BLIND = "blind"


class Ability(StrEnum):
    """What a handler can do; read from the methods it has, before any connection."""

    CREATE = "create"
    READ = "read"
    LIST = "list"
    FIND = "find"
    UPDATE = "update"
    STOP = "stop"
    DELETE = "delete"
    LOGS = "logs"
    EVENTS = "events"
    RETRY = "retry"
    SUSPEND = "suspend"
    DESCRIBE = "describe"
    INSTANCES = "instances"
    METRICS = "metrics"
    CHECKS = "checks"
    LINKS = "links"
    PODS = "pods"
    LOAD = "load"
    RESULTS = "results"
    FILES = "files"


class OnFieldChange(StrEnum):
    """What a changed field forces, in rising severity. The highest of all changed fields wins."""

    NOTHING = "nothing"
    UPDATE = "update"
    REPLACE = "replace"
    NEW_RUN = "new_run"

    @property
    def severity(self) -> int:
        """Position in the rising order."""
        return list(OnFieldChange).index(self)


@dataclass(frozen=True, slots=True)
class Reference:
    """A field that names another resource. `form` is a template such as `{name}::{version}::{scope}` whose trailing
    parts may be left out; empty: the field holds the bare remote id or name. `others` are further kinds that it may
    name instead: which one is meant is told by what is declared, `kind` first. `text` puts the text of a field that is
    an object together from its members, or those of the root: `{name}::{version}::{space}`. `pattern`, with the groups
    `name` and `scope`, reads text that has no form; only what is declared is meant by it. `here`: what is named is in
    the own scope, and the scope in the text only says where it came from. `by` is a field at the root of the
    spec that tells which kind is meant, and `means` the kind for each of its values.
    """

    kind: str
    form: str = ""
    others: tuple[str, ...] = ()
    text: str = ""
    pattern: str = ""
    here: bool = False
    by: str = ""
    means: tuple[tuple[str, str], ...] = ()

    def among(self, spec: Mapping[str, Any]) -> Reference:
        """The reference as it stands in `spec`: to one kind alone where the spec tells which."""
        kind = dict(self.means).get(str(spec.get(self.by))) if self.by else None
        return replace(self, kind=kind, others=()) if kind else self

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every kind it may name, the usual one first."""
        return (self.kind, *self.others)


@dataclass(frozen=True, slots=True)
class FieldRule:
    """The facts about one field of a kind, from its schema, each with its reason.

    `path` is a dotted path into the spec, `[]` standing for any list item: `tasks[].resources.cpu`. The rule holds
    for everything below the path too, unless a longer path says otherwise; `list_key`, `unordered`, `empty_is_absent`
    and the server default hold at the path alone, a reference there and for the items of a list. `*` stands for any
    member of a map.
    `on_change` is None where the schema says nothing: a standing kind updates, a run kind starts a new run.
    `server_default` is meaningful only when `has_server_default`.
    `list_key` names the member by which items of the list at `path` are matched; "" compares by position;
    `unordered` compares as a set. `quantity` is a unit such as `C`: `1C` and `1.0C` are equal.
    `empty_is_absent`: `""`, `[]`, `{}` and null mean the same as leaving the field out.
    `content_digest`: the field is the path of a file of the project, and the member of this name beside it holds the
    SHA-256 of its content; "" for any other field.
    """

    path: str
    reason: str
    on_change: OnFieldChange | None = None
    has_server_default: bool = False
    server_default: Any = None
    write_only: bool = False
    computed: bool = False
    secret: bool = False
    cosmetic: bool = False
    list_key: str = ""
    unordered: bool = False
    quantity: str = ""
    empty_is_absent: bool = False
    refers_to: Reference | None = None
    content_digest: str = ""
    after_create: bool = False
    """No create brings it about: an update right after does. Of standing things, at the path alone."""
    made_with: bool = False
    """It says only how the thing came about. Write-only as well; at the path alone."""
    where: tuple[str, str] | None = None
    """`on_change` holds only where the object around says so: a dotted path below it, and the text that stands there.
    Elsewhere it is as if the schema said nothing."""
    because: str = ""
    """The part of `reason` that explains what a change forces; "" where nothing but the kind does."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of resource on a platform.

    `identity` lists the spec fields that make up `Address.name`, joined by `@`: `("name", "version")`.
    `can` is empty until a handler is known (offline commands need none).
    """

    platform: str
    name: str
    life: Life
    schema_id: str
    identity: tuple[str, ...]
    rules: tuple[FieldRule, ...] = ()
    can: frozenset[Ability] = frozenset()
    create_class: CreateClass = CreateClass.SEARCH_ONLY
    native_key: str = ""
    """Top-level key of the platform's own file format (`app`), or ""."""
    native_also: tuple[str, ...] = ()
    """Other top-level keys by which a file of that format is known: it may lack `native_key`."""
    native_whole: bool = False
    """The platform's own file is the definition itself, with `native_key` as one of its keys, not wrapped in it."""
    api_version: str = "v1"
    """Version of the platform's API that manifests of this kind name: `apiVersion: <platform>/<api_version>`."""
    written: str = ""
    """The word after `kind:` where two versions of an API share one; "" is `name`, which is unique in a platform."""

    account_wide: bool = False
    """It belongs to the account and stands in no scope."""
    is_scope: bool = False
    """Its name is a scope in which other resources stand."""

    @property
    def is_unseen(self) -> bool:
        """No platform call shows one, by id, in a list or by its mark: what was made is known from memory alone. False
        as long as no handler is known.
        """
        return bool(self.can) and not self.can & {Ability.READ, Ability.LIST, Ability.FIND}

    @property
    def is_unsearchable(self) -> bool:
        """Nothing looks for one without its id, so that a lost memory, or a lost answer, is lost for good."""
        return bool(self.can) and not self.can & {Ability.LIST, Ability.FIND} and self.create_class is CreateClass.BLIND

    @property
    def word(self) -> str:
        """What stands after `kind:` in a manifest."""
        return self.written or self.name
