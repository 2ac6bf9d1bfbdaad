"""Finding platforms: those beside us, and those that other packages bring along."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.model.kind import Ability, CreateClass
from reconciler.providers.discovery import providers
from reconciler.providers.protocol import Creates, abilities

ROOT = Path(__file__).parents[2]
SHOW = "from reconciler.providers.discovery import providers; print(*providers())"
GOOD = """
from reconciler.model.kind import CreateClass
from reconciler.providers.protocol import Provider
PLATFORM = Provider("{name}", None, {{}}, {{}}, ())
"""


def run(code: str, path: Path | None = None) -> tuple[str, str]:
    """Output and last line of errors of `code` in a process of its own, with `path` among its packages."""
    folders = f"import sys; sys.path[:0] = {[str(ROOT), *([str(path)] if path else [])]!r}; "
    done = subprocess.run([sys.executable, "-c", folders + code], capture_output=True, text=True, check=False)
    return done.stdout.strip(), (done.stderr.strip().splitlines() or [""])[-1]


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """An installed package that says it brings a platform."""
    info = tmp_path / "outside-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: outside\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[reconciler.providers]\nx = outside_platform:PLATFORM\n")
    return tmp_path


def test_every_built_in_kind_can_be_created_and_says_how() -> None:
    """Each kind has a create class, abilities, and lives in a provider of its own name."""
    for name, provider in providers().items():
        assert provider.name == name
        assert set(provider.create_class) == set(provider.kinds)
        assert set(provider.outputs) <= set(provider.kinds)
        for kind, handler in provider.kinds.items():
            assert issubclass(handler, Creates)
            # What no call shows is settled by a person, or by sending again what may be sent twice.
            unseen = provider.create_class[kind] in {CreateClass.BLIND, CreateClass.TOKEN}
            assert Ability.READ in abilities(handler) or unseen


def test_ai4s_abilities() -> None:
    """What a plan may count on, seen without a connection."""
    kinds = providers()["ai4s"].kinds
    standing = {"create", "read", "list", "find", "update", "delete"}
    assert abilities(kinds["App"]) == abilities(kinds["Workflow"]) == standing
    run = {"create", "read", "find", "stop", "delete", "logs", "events", "retry", "instances"}
    assert abilities(kinds["Job"]) == run


def test_hai_abilities() -> None:
    """A task can be suspended and described, and not deleted: the platform has no deletion."""
    can = abilities(providers()["hai"].kinds["Task"])
    assert can == {"create", "read", "find", "update", "stop", "logs", "retry", "suspend", "describe"}


def test_finding_platforms_loads_no_http_library() -> None:
    """Offline commands need to know the platforms and must not pay for a connection."""
    heavy = "; import sys; print(sorted({'requests', 'urllib3', 'yaml', 'jsonschema'} & set(sys.modules)))"
    assert run(SHOW + heavy) == (f"{' '.join(providers())}\n[]", "")


def test_outside_platform_is_found(outside: Path) -> None:
    """An entry point of another package is a platform like any other."""
    (outside / "outside_platform.py").write_text(GOOD.format(name="beyond"))
    assert run(SHOW, outside) == (" ".join(sorted([*providers(), "beyond"])), "")


BOX = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://beyond.example/box.schema.json",
    "title": "Box",
    "description": "A box.",
    "x-platform": "beyond",
    "x-kind": "Box",
    "x-life": "standing",
    "x-identity": ["name"],
    "$defs": {
        "envelope": {
            "type": "object",
            "properties": {"apiVersion": {}, "kind": {}, "metadata": {}, "spec": {"$ref": "#/$defs/spec"}},
            "additionalProperties": False,
        },
        "spec": {"type": "object", "properties": {"size": {"type": "integer"}}, "additionalProperties": False},
    },
}
CALL = "import os, sys; os.chdir({folder!r}); from reconciler.cli.app import run; print(run({words!r}))"


def test_what_an_outside_platform_brings_can_be_declared(outside: Path) -> None:
    """Its schemas are read beside ours: its kinds are listed, completed in editors, and checked."""
    module = GOOD.replace('"{name}", None', '"beyond", None').replace(
        "()", "(), schemas=Path(__file__).parent / 'shapes'"
    )
    (outside / "outside_platform.py").write_text("from pathlib import Path\n" + module.replace("{{}}", "{}"))
    (outside / "shapes").mkdir()
    (outside / "shapes" / "box.schema.json").write_text(json.dumps(BOX))
    folder = outside / "project"
    folder.mkdir()
    (folder / "reconciler.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Project\nname: p\nmanifests: [m]\nenvironments: { dev: { beyond: {} } }\n"
    )
    (folder / "m").mkdir()
    manifest = "apiVersion: beyond/v1\nkind: Box\nmetadata: { name: b }\nspec: { size: 1 }\n"
    (folder / "m" / "a.yaml").write_text(manifest)
    assert "beyond/v1" in run(CALL.format(folder=str(folder), words=["kinds"]), outside)[0]
    assert '"title": "Box"' in run(CALL.format(folder=str(folder), words=["schema", "Box"]), outside)[0]
    assert run(CALL.format(folder=str(folder), words=["validate"]), outside) == ("0", "1 manifest in 1 file: fine")
    (folder / "m" / "a.yaml").write_text(manifest.replace("size: 1", "size: x"))
    assert "schema.type" in run(CALL.format(folder=str(folder), words=["validate"]), outside)[0]
    (outside / "shapes" / "box.schema.json").write_text(json.dumps({**BOX, "x-life": "eternal"}))
    assert run(CALL.format(folder=str(folder), words=["validate"]), outside) == (
        "1",
        "hint: It is part of another package: update or uninstall that.",
    )


@pytest.mark.parametrize(
    ("module", "says"),
    [
        (GOOD.format(name="ai4s"), "brings the platform 'ai4s', which is there already"),
        ("PLATFORM = 1", "is not a provider"),
        ("", "cannot be loaded"),
        ("import no_such_module_anywhere", "cannot be loaded"),
    ],
)
def test_outside_platform_that_cannot_be_used(outside: Path, module: str, says: str) -> None:
    """A broken one is told by the name of its package, not left out in silence."""
    (outside / "outside_platform.py").write_text(module)
    output, error = run(SHOW, outside)
    assert output == ""
    assert error.startswith("reconciler.errors.ReconcilerError: ")
    assert "outside (outside_platform:PLATFORM)" in error
    assert says in error
