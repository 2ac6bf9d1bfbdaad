"""What an edit of a file does to the plan: cosmetic ones nothing, any other exactly itself."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml

from reconciler.model.change import Action
from tests.invariants.world import World, shown, world_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def _reversed(value: Any) -> Any:
    """The same meaning with the keys of every mapping the other way round."""
    if isinstance(value, dict):
        return {key: _reversed(item) for key, item in reversed(value.items())}
    return [_reversed(item) for item in value] if isinstance(value, list) else value


class _Quoting(yaml.SafeDumper):
    """Writes every text in double quotes, so that no text turns into something else on the way."""


_Quoting.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


def _rewritten(text: str) -> str:
    """The same documents in another dress: keys turned round, block style, quotes, comments, empty lines."""
    documents = [_reversed(document) for document in yaml.load_all(text, yaml.CSafeLoader)]
    out = io.StringIO()
    yaml.dump_all(documents, out, _Quoting, sort_keys=False, explicit_start=True, width=60, indent=6)
    lines = [f"{line}   # comment" if line.endswith(":") else line for line in out.getvalue().splitlines()]
    return "\n".join(["# rewritten", "", *lines, "", "# the end", ""])


def test_comments_style_and_key_order_change_nothing(world: World) -> None:
    """Invariant 8: a file that means the same plans to nothing, before an apply as well as after."""
    first = world.plan()
    world.applied()
    for file in world.manifests():
        file.write_text(_rewritten(file.read_text(encoding="utf-8")), encoding="utf-8")
    planned = world.plan()
    assert planned.is_empty, [f"{c.address}: {[f.path for f in c.fields]}" for c in shown(planned)]
    assert [c.address for c in planned.changes] == [c.address for c in first.changes]


def test_moving_a_document_changes_nothing(world: World) -> None:
    """Which file a manifest stands in is no part of what it means."""
    world.applied()
    files = world.manifests()
    together = "\n---\n".join(file.read_text(encoding="utf-8") for file in files)
    for file in files:
        file.unlink()
    files[0].with_name("everything.yaml").write_text(together, encoding="utf-8")
    assert world.plan().is_empty


class Edit(NamedTuple):
    """`before` becomes `after` in `file`; then the plan shows `action` for `address` with the fields `paths`."""

    file: str
    before: str
    after: str
    address: str
    action: Action
    paths: list[str]


_QC = ("quickstart/apps/genbank-qc.yaml", "App/demo/genbank-qc@1.0.0")
_KMER = ("quickstart/apps/kmer-distances.yaml", "App/demo/kmer-distances@1.0.0")
_FLOW = ("quickstart/workflows/orchid-phylogeny.yaml", "Workflow/demo/orchid-phylogeny@1.0.0")
_JOB = ("quickstart/jobs/slipper-orchids.yaml", "Job/demo/slipper-orchids")
_NUMBERS = ("ai4s/manifests/diamond.yaml", "App/demo/numbers@1.0.0")
_WORDS = ("ai4s/manifests/native-app.yaml", "App/demo/word-count@2.1.0-beta")
_FOLD = ("ai4s/manifests/accelerators.yaml", "Workflow/demo/fold-and-dock@1.0.0")
_AGAIN = ("ai4s/manifests/second-attempt.yaml", "Job/demo/diamond-again")
_SIZES = "['6', '8', '10', '12']"


def _edit(where: tuple[str, str], before: str, after: str, action: Action, *paths: str) -> Edit:
    return Edit(where[0], before, after, f"ai4s/{where[1]}", action, list(paths))


EDITS = [
    _edit(_QC, "summary: Checks the", "summary: Looks at the", Action.UPDATE, "/summary"),
    _edit(_QC, "cpu: 0.5C", "cpu: 1.5C", Action.UPDATE, "/resources/cpu"),
    _edit(_KMER, "values: ['8']", "values: ['10']", Action.UPDATE, "/inputs/[k]/values"),
    _edit(_FLOW, "timeout: 60", "timeout: 90", Action.UPDATE, "/timeout"),
    _edit(_FLOW, "facts.json", "other.json", Action.UPDATE, "/tasks/[report]/inputs/[facts]/values"),
    _edit(_JOB, "priority: 5", "priority: 6", Action.CREATE, "/priority"),
    _edit(_JOB, _SIZES, "['6', '8', '10']", Action.CREATE, "/tasks/[distances]/inputs/[k]/values"),
    _edit(_JOB, "memory: 2G", "memory: 3G", Action.CREATE, "/tasks/[distances]/resources/memory"),
    _edit(_JOB, "/results/slipper-orchids", "/results/other", Action.CREATE, "/output_dir"),
    _edit(_NUMBERS, "seq 1 10", "seq 1 11", Action.UPDATE, "/commands"),
    _edit(_WORDS, "'例子', a label", "'例子'", Action.UPDATE, "/labels"),
    _edit(_FOLD, "gpu: '8'", "gpu: '4'", Action.UPDATE, "/tasks/[fold]/resources/gpu"),
    _edit(_AGAIN, "attempt: 2", "attempt: 3", Action.CREATE),
]


@pytest.fixture(params=["quickstart", "ai4s"])
def applied(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, World]]:
    """An example project with everything applied, and its name."""
    with world_of(tmp_path, request.param) as world:
        yield request.param, world.applied()


def test_an_edit_is_planned_exactly(applied: tuple[str, World]) -> None:
    """One field edited in one file: one address in the plan, and of it exactly that field. After an apply: nothing."""
    project, world = applied
    edits = [(edit.file.removeprefix(f"{project}/"), edit) for edit in EDITS if edit.file.startswith(f"{project}/")]
    for file, edit in edits:
        world.edit(file, edit.before, edit.after)
        found = [(str(c.address), c.action, [f.path for f in c.fields]) for c in shown(world.plan())]
        assert found == [(edit.address, edit.action, edit.paths)], edit
        world.edit(file, edit.after, edit.before)
    assert world.plan().is_empty
    for file, edit in edits:
        world.edit(file, edit.before, edit.after)
    assert {str(c.address) for c in shown(world.plan())} == {edit.address for _, edit in edits}
    assert world.applied().plan().is_empty


SAME = [
    ("jobs/slipper-orchids.yaml", "Are the genera", "Whether the genera"),
    ("jobs/slipper-orchids.yaml", "labels: [phylogeny]", "labels: [phylogeny, orchids]"),
    ("jobs/slipper-orchids.yaml", "resources: { memory: 2G }", "resources: { memory: 2.0G }"),
    ("jobs/slipper-orchids.yaml", "workflow_id: orchid-phylogeny::1.0.0", "workflow_id: orchid-phylogeny::1.0.0::demo"),
    ("apps/nj-trees.yaml", "memory: 1G", "memory: ''"),
    ("apps/nj-trees.yaml", "labels: [phylogeny]", "labels: [phylogeny]\n  node_labels: []"),
    ("workflows/orchid-phylogeny.yaml", "app_id: genbank-qc::1.0.0", "app_id: $[[ ref.App/genbank-qc@1.0.0 ]]"),
]


def test_an_edit_without_meaning_is_none(tmp_path: Path) -> None:
    """A run is not submitted again for its description, and two spellings of one thing are one thing."""
    with world_of(tmp_path, "quickstart") as world:
        world.applied()
        for file, before, after in SAME:
            world.edit(file, before, after)
            planned = world.plan()
            assert planned.is_empty, [f"{c.address}: {[f.path for f in c.fields]} {c.why}" for c in shown(planned)]
