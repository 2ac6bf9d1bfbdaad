"""The catalogue: every kind that can be declared, with its schema and the facts about its fields."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reconciler.manifests.bundling import bundle, definition
from reconciler.manifests.editors import accepting_expressions
from reconciler.manifests.rules import field_rules, fields
from reconciler.model.kind import Kind, Life

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jsonschema.protocols import Validator

_PACKAGE: Final = Path(__file__).resolve().parent.parent
_SUFFIX: Final = ".schema.json"
LANGUAGE_VERSION: Final = "v1"
"""What `apiVersion` names after the platform, for kinds whose schema says nothing else."""

Schema = dict[str, Any]
KindKey = tuple[str, str]


class Form(StrEnum):
    """How a manifest is written. The value is the name of the definition in the kind's schema."""

    ENVELOPE = "envelope"
    NATIVE = "native"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Kinds by (platform, kind name). Validators are compiled at first use and once."""

    kinds: Mapping[KindKey, Kind]
    schemas: Mapping[KindKey, Schema]
    """Document schemas, self-contained and strict: for values, after expressions were filled in."""
    project: Schema
    """The schema of the project file, self-contained."""
    integer_texts: Mapping[KindKey, tuple[str, ...]]
    """Dotted paths of text fields in which an unquoted whole number is taken as that text."""
    _compiled: dict[tuple[KindKey, Form], Validator] = field(default_factory=dict, repr=False, compare=False)

    def schema(self, platform: str, kind: str) -> Schema:
        """The schema of a whole document of this kind, for editors: self-contained, and with expressions allowed.

        Raises KeyError for an unknown kind.
        """
        return accepting_expressions(self.schemas[platform, kind])

    def validator(self, platform: str, kind: str, form: Form = Form.ENVELOPE) -> Validator:
        """The compiled validator of a document in this form. Raises KeyError for an unknown kind or form."""
        key = ((platform, kind), form)
        if key not in self._compiled:
            from reconciler.manifests.validation import compiled

            self._compiled[key] = compiled(definition(self.schemas[platform, kind], form.value))
        return self._compiled[key]

    def platforms(self) -> tuple[str, ...]:
        """Every platform with at least one kind, sorted."""
        return tuple(sorted({platform for platform, _ in self.kinds}))

    def native_kinds(self, key: str) -> tuple[Kind, ...]:
        """The kinds whose own file format is known by this top-level key."""
        kinds = (kind for kind in self.kinds.values() if kind.native_key)
        return tuple(kind for kind in kinds if key in {kind.native_key, *kind.native_also})


def schema_folder() -> Path:
    """Where the schemas are: inside the package in a wheel, beside it in a checkout."""
    packaged = _PACKAGE / "_schemas"
    return packaged if packaged.is_dir() else _PACKAGE.parent / "schemas"


def load_catalogue(extra_folders: Iterable[Path] = ()) -> Catalogue:
    """Reads the schemas of this program and of `extra_folders` (those of plug-ins).

    Raises ValueError, naming the file, for a schema that cannot be read or breaks the rules of meta.schema.json; this
    program's own ones are checked by its tests.
    """
    own = schema_folder()
    files = _read_folder(own)
    extra = {path: schema for folder in extra_folders for path, schema in _read_folder(Path(folder)).items()}
    if extra:
        _check(extra, files[own / f"meta{_SUFFIX}"])
    library = {schema["$id"]: schema for schema in (*files.values(), *extra.values())}
    kinds: dict[KindKey, Kind] = {}
    schemas: dict[KindKey, Schema] = {}
    for path, schema in (*files.items(), *extra.items()):
        if "x-kind" not in schema:
            continue
        key = (schema["x-platform"], schema["x-kind"])
        if key in kinds:
            msg = f"{path}: kind {key[1]} of {key[0]} is defined twice"
            raise ValueError(msg)
        schemas[key] = bundle(schema, library)
        kinds[key] = _kind(schemas[key])
    texts = {key: _integer_texts(schema) for key, schema in schemas.items()}
    return Catalogue(kinds, schemas, bundle(files[own / f"project{_SUFFIX}"], library), texts)


def load_project_schema() -> Schema:
    """The schema of the project file."""
    schema: Schema = json.loads((schema_folder() / f"project{_SUFFIX}").read_text("utf-8"))
    return schema


def _read_folder(folder: Path) -> dict[Path, Schema]:
    found = {}
    for path in sorted(folder.rglob(f"*{_SUFFIX}")):
        try:
            schema = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            msg = f"{path}: not a readable schema: {error}"
            raise ValueError(msg) from error
        if not isinstance(schema, dict) or not isinstance(schema.get("$id"), str):
            msg = f"{path}: a schema is an object with an $id"
            raise ValueError(msg)  # noqa: TRY004 - the file is wrong, not the call
        found[path] = schema
    return found


def _check(schemas: Mapping[Path, Schema], meta: Schema) -> None:
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(meta)
    for path, schema in schemas.items():
        for error in validator.iter_errors(schema):
            msg = f"{path}: {error.json_path}: {error.message}"
            raise ValueError(msg)


def _kind(schema: Schema) -> Kind:
    return Kind(
        platform=schema["x-platform"],
        name=schema["x-kind"],
        life=Life(schema["x-life"]),
        schema_id=schema["$id"],
        identity=tuple(schema["x-identity"]),
        rules=field_rules(definition(schema, "spec"), Life(schema["x-life"])),
        native_key=schema.get("x-native-key", ""),
        native_also=tuple(schema.get("x-native-also", {}).get("keys", ())),
        native_whole="x-native-whole" in schema,
        api_version=schema.get("x-api-version", LANGUAGE_VERSION),
        written=schema.get("x-written-kind", ""),
        account_wide="x-account-wide" in schema,
        is_scope="x-is-scope" in schema,
    )


def _integer_texts(schema: Schema) -> tuple[str, ...]:
    return tuple(path for path, part in fields(definition(schema, "spec")) if "x-integer-as-text" in part)
