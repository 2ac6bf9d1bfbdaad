"""One wrong document is one wrong document: no finding anywhere follows from it, and none is kept back elsewhere.

Into each example project schema errors are put, one at a time, wherever they can stand. The examples have no errors, so
every finding that comes up with one is either about the schema of that document, or false.
"""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.manifests.reader import Reader
from reconciler.model.diagnostic import Severity
from reconciler.operations.settings import Settings
from reconciler.operations.validate import declare
from reconciler.operations.wiring import open_workspace
from reconciler.operations.workspace import Call
from tests.invariants.world import EXAMPLES, PROJECTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.diagnostic import Diagnostic
    from reconciler.operations.workspace import Workspace

WRONG = (None, True, 7, -1.5, "", "?", "$[[ vars.nowhere ]]", "$[[", [], {}, ["?"], {"?": "?"})
OF_ONE_DOCUMENT = ("schema.", "manifest.", "expression.", "native.")
"""What can be wrong with a document by itself; everything else compares it with something."""
TRIES = 200


@dataclass(frozen=True)
class Case:
    """A copy of an example, what its files hold, and what is found in it as it is."""

    workspace: Workspace = field(repr=False)
    files: dict[str, list[Any]] = field(repr=False)
    found: frozenset[tuple[str, str, str]] = field(repr=False)

    def with_broken(self, file: str, index: int, document: Any) -> tuple[Diagnostic, ...]:
        """The findings when one document is another one."""
        path = Path(self.workspace.root, file)
        whole = path.read_text(encoding="utf-8")
        documents = [*self.files[file][:index], document, *self.files[file][index + 1 :]]
        try:
            path.write_text("\n---\n".join(map(json.dumps, documents)), encoding="utf-8")
            return declare(self.workspace).diagnostics
        finally:
            path.write_text(whole, encoding="utf-8")


def _key(found: Diagnostic) -> tuple[str, str, str]:
    return found.code, found.message, str(found.address)


@pytest.fixture(scope="module", params=PROJECTS)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Each example project, the files of its manifests named from its folder."""
    root = tmp_path_factory.mktemp("law") / "project"
    shutil.copytree(EXAMPLES / request.param, root, ignore=shutil.ignore_patterns(".reconciler"))
    workspace = open_workspace(Call(root, Settings()))
    declared = declare(workspace)
    names = sorted({str(Path(manifest.source.file).resolve().relative_to(root)) for manifest in declared.manifests})
    reader = Reader()
    files = {name: [d.value for d in reader.read((root / name).read_bytes(), name).documents] for name in names}
    return Case(workspace, files, frozenset(map(_key, declared.diagnostics)))


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value below the root."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from _places(item, (*path, key))


def _broken(chance: random.Random, document: Any) -> Any:
    """The document with one thing wrong: a value of another kind, a key too many, misspelt, or missing."""
    copied = json.loads(json.dumps(document))
    *way, last = chance.choice(list(_places(copied)))
    holder = copied
    for step in way:
        holder = holder[step]
    match chance.choice(["value", "value", "missing", "misspelt", "unknown"]):
        case "value":
            # Of another type: an empty mapping for a full one would take away what need not be there as well.
            holder[last] = chance.choice([wrong for wrong in WRONG if type(wrong) is not type(holder[last])])
        case "missing":
            del holder[last]
        case "misspelt" if isinstance(holder, dict):
            holder[f"{last}x"] = holder.pop(last)
        case _ if isinstance(holder, dict):
            holder["unknown"] = chance.choice(WRONG)
        case _:
            holder.append(chance.choice(WRONG))
    return copied


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_an_error_in_a_document_is_about_that_document(case: Case, seed: int) -> None:
    """Nothing is said of any other document, and of the broken one nothing but what is wrong with it by itself."""
    chance = random.Random(seed)  # noqa: S311 - chooses what to break
    file = chance.choice(sorted(case.files))
    index = chance.randrange(len(case.files[file]))
    for _ in range(TRIES):
        found = case.with_broken(file, index, document := _broken(chance, case.files[file][index]))
        if any(d.severity is Severity.ERROR and d.code.startswith(OF_ONE_DOCUMENT) for d in found):
            break
    else:
        pytest.fail("nothing that was done to the document is an error")
    new = [d for d in found if _key(d) not in case.found]
    elsewhere = [
        d for d in new if d.source is None or (Path(d.source.file).name, d.source.document) != (Path(file).name, index)
    ]
    follow = [d for d in new if not d.code.startswith(OF_ONE_DOCUMENT)]
    assert (elsewhere, follow) == ([], []), json.dumps(document, indent=1)
