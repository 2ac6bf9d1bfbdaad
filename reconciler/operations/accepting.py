"""Taking into the manifests what moved on the platforms: the smallest edit for each field, or an honest refusal."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.operations.apply import leased, record_all
from reconciler.operations.drift import drift
from reconciler.operations.outfile import write_file
from reconciler.operations.validate import declare, read_again
from reconciler.operations.wiring import open_store
from reconciler.planning.drift import Happened, Whose, index_of, steps
from reconciler.planning.rules import rules_of

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model.address import Address
    from reconciler.model.manifest import Manifest
    from reconciler.operations.selection import Selection
    from reconciler.operations.validate import Declared
    from reconciler.operations.workspace import Say, Workspace
    from reconciler.planning.drift import Drift, MovedField
    from reconciler.planning.rules import Rules


@dataclass(slots=True)
class Accepted:
    """The fields that were written, by file; those that were not, each with the reason; and the defaults that count
    as they are now.
    """

    drift: Drift
    written: dict[Path, list[tuple[Address, str]]] = field(default_factory=dict)
    refused: list[tuple[Address, str, str]] = field(default_factory=list)
    noted: list[tuple[Address, str]] = field(default_factory=list)


def accept(workspace: Workspace, selection: Selection, say: Say) -> Accepted:
    """Edits the files so that they declare what is live now. Memory follows with the next apply, which sends nothing.

    A default of the platform that nobody declares is not written into a file: where no plan would touch it, it is noted
    as it is now, so that it is drift no more. Every file is read again before it is kept; what does not read back as it
    is live is undone and refused. Raises StateLocked when there is something to note and somebody else is writing.
    """
    declared = declare(workspace).required()
    found = drift(workspace, selection, say, declared)
    manifests = {manifest.address: manifest for manifest in declared.manifests}
    done = Accepted(found)
    for moved in found.moved:
        manifest = manifests.get(moved.address)
        if manifest is None or moved.happened is not Happened.CHANGED:
            why = "nothing declares it" if manifest is None else f"the object is {moved.happened}, which no field tells"
            done.refused.append((moved.address, "", why))
            continue
        rules = rules_of(workspace.kinds[moved.platform, moved.address.kind])
        done.noted += [(moved.address, each.path) for each in moved.fields if each.noted]
        for each in moved.fields:
            if each.noted:
                continue
            written = _write(workspace, declared, manifest, each, rules)
            if isinstance(written, str):
                done.refused.append((moved.address, each.path, written))
            else:
                declared = written
                file = workspace.call.start / manifest.source.file
                done.written.setdefault(file, []).append((moved.address, each.path))
    _note(workspace, done)
    return done


def _note(workspace: Workspace, done: Accepted) -> None:
    from reconciler.execution.noting import Notes

    store, environment = open_store(workspace), workspace.environment.name
    meant = {address for address, _ in done.noted}
    if not meant:
        return
    with leased(workspace, store) as lease:
        state = store.read(environment)
        notes = Notes(workspace.kinds, state.key)
        seen = [(state.resources[each.address], each.live) for each in done.drift.moved if each.address in meant]
        found = [notes.of(recorded, live, time.time()) for recorded, live in seen if live is not None]
        record_all(store, environment, [note for note in found if note is not None], lease)


class _Refused(Exception):
    """Why a field is not written. Never leaves this module."""


def _write(
    workspace: Workspace, declared: Declared, manifest: Manifest, change: MovedField, rules: Rules
) -> Declared | str:
    """Writes one field: what is declared then, or why it could not be written."""
    from reconciler.manifests.editing import CannotEdit

    file = workspace.call.start / manifest.source.file
    if change.secret:
        return "it is a secret"
    if change.whose is Whose.DEFAULT:
        return "nobody declares it; declare it to keep the platform's value"
    try:
        before = file.read_bytes()
        write_file(file, _edited(before, manifest, change, rules))
    except (CannotEdit, _Refused) as error:
        return str(error)
    except OSError as error:
        return f"cannot read {file}: {error.strerror}"
    after = read_again(workspace, declared, manifest.source.file)
    if _reads_back(after, manifest.address, change, rules):
        return after
    write_file(file, before)
    return "the edited file would not say the same; edit it by hand"


def _edited(data: bytes, manifest: Manifest, change: MovedField, rules: Rules) -> bytes:
    """The file with the live value in it. Raises CannotEdit and _Refused."""
    from reconciler.manifests import documents
    from reconciler.manifests.editing import edited
    from reconciler.manifests.positions import author_pointer

    path = _plain(manifest.spec, change.path, rules)
    text = documents.decode(data, manifest.source.file)
    if path is None or not isinstance(text, str):
        raise _Refused("the item is not in the file")
    chunks = [chunk.text for chunk in documents.split(text, manifest.source.file)]
    pointer = author_pointer("".join(f"/{_escaped(step)}" for step in path), manifest.pointers)
    number = manifest.source.document
    chunks[number] = edited(chunks[number], steps(pointer), change.live)
    mark = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
    return mark + "".join(chunks).encode()


def _reads_back(declared: Declared, address: Address, change: MovedField, rules: Rules) -> bool:
    """Whether what is declared at `address` is what is live now, by the rules of its kind."""
    from reconciler.model.change import ABSENT
    from reconciler.model.diagnostic import errors
    from reconciler.planning.drift import at
    from reconciler.planning.normalise import Place, normalise_by, same

    manifest = next((m for m in declared.manifests if m.address == address), None)
    if errors(declared.diagnostics) or manifest is None:
        return False
    spec = normalise_by(rules, manifest.spec, Place(manifest.address.scope))
    found = at(spec, change.path, rules)
    return found is change.live if change.live is ABSENT else same(found, change.live)


def _plain(spec: object, path: str, rules: Rules) -> list[str] | None:
    """`path` with indices in place of keys, as the author's own list has them."""
    plain: list[str] = []
    for step in steps(path):
        if isinstance(spec, list):
            index = index_of(spec, step, rules.rule.list_key)
            if index is None:
                return None
            plain.append(str(index))
            spec, rules = spec[index], rules.items
        else:
            plain.append(step)
            spec, rules = spec.get(step) if isinstance(spec, dict) else None, rules.at(step)
    return plain


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
