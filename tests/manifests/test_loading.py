from __future__ import annotations

import os
import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.manifests.loading import load
from reconciler.model.address import Address
from reconciler.model.codes import CODES
from reconciler.model.diagnostic import Severity
from reconciler.model.project import Environment
from reconciler.model.target import Target
from tests.manifests.declared import DEV, brief, catalogue, load_text, only, project

if TYPE_CHECKING:
    from pathlib import Path

APP = """\
apiVersion: ai4s/v1
kind: App
metadata: {name: align}
spec: {version: '1', image: lab/align:1, commands: [align]}
"""
NATIVE = "app: {name: align, version: '1', image: lab/align:1, commands: [align]}\n"


def test_an_envelope(tmp_path: Path) -> None:
    """Name from the metadata, version from the spec, scope from the target."""
    manifest = only(load_text(tmp_path, APP))
    assert manifest.address == Address("ai4s", "App", "demo", "align@1")
    assert manifest.platform == "ai4s"
    assert manifest.spec == {"name": "align", "version": "1", "image": "lab/align:1", "commands": ["align"]}
    assert str(manifest.source) == "m.yaml:1:1"
    assert manifest.pointers == {"": "/spec", "/name": "/metadata/name"}
    assert manifest.labels == {}


def test_both_forms_mean_the_same(tmp_path: Path) -> None:
    """Which form a team writes changes neither address nor spec."""
    one, other = only(load_text(tmp_path, APP)), only(load_text(tmp_path, NATIVE))
    assert (one.address, one.spec, one.lifecycle) == (other.address, other.spec, other.lifecycle)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("{name: align, version: '1', image: lab/align:1, commands: [a]}", None),
        ("{name: other, version: '1', image: lab/align:1, commands: [a]}", ("4:14", "manifest.identity")),
    ],
)
def test_the_name_said_twice(tmp_path: Path, spec: str, expected: tuple[str, str] | None) -> None:
    """In the metadata and in the spec: alike it is fine, otherwise it is a contradiction."""
    found = load_text(tmp_path, APP.split("spec:", maxsplit=1)[0] + f"spec: {spec}\n")
    if expected is None:
        assert only(found).address.name == "align@1"
    else:
        assert brief(found.diagnostics) == [(f"m.yaml:{expected[0]}", expected[1])]


@pytest.mark.parametrize(
    ("text", "place", "code", "hint"),
    [
        ("- a\n", "1:1", "manifest.not-a-mapping", "begin with"),
        ("just text\n", "1:1", "manifest.not-a-mapping", "begin with"),
        ("42\n", "1:1", "manifest.not-a-mapping", "begin with"),
        (APP.replace("ai4s/v1", "ai4z/v1"), "1:13", "manifest.unknown-platform", "did you mean `ai4s`?"),
        (APP.replace("ai4s/v1", "apps/v1"), "1:13", "manifest.unknown-platform", "choose from `ai4s`"),
        (APP.replace("ai4s/v1", "ai4s"), "1:13", "manifest.unknown-version", "write ai4s/v1"),
        (APP.replace("ai4s/v1", "ai4s/v2"), "1:13", "manifest.unknown-version", "write ai4s/v1"),
        (APP.replace("apiVersion: ai4s/v1\n", ""), "1:1", "manifest.unknown-kind", "apiVersion: ai4s/v1"),
        (APP.replace("kind: App\n", ""), "1:1", "manifest.unknown-kind", "kind: "),
        (APP.replace("kind: App", "kind: 5"), "2:1", "manifest.unknown-kind", "kind: "),
        (APP.replace("kind: App", "kind: app"), "2:7", "manifest.unknown-kind", "did you mean `App`?"),
        (APP.replace("kind: App", "kind: Zeppelin"), "2:7", "manifest.unknown-kind", "`Job`"),
        ("apiVersion: reconciler/v1\nkind: Project\n", "1:13", "manifest.unknown-kind", "reconciler.yaml"),
        ("apiVersoin: ai4s/v1\nknd: App\n", "1:1", "manifest.unrecognised", "did you mean `apiVersion`?"),
        ("jobs: {}\n", "1:1", "manifest.unrecognised", "did you mean `job`?"),
        ("services: {web: {image: nginx}}\n", "1:1", "manifest.unrecognised", "under `manifests`"),
        ("{}\n", "1:1", "manifest.unrecognised", "under `manifests`"),
        ("app: {}\nworkflow: {}\n", "2:1", "manifest.several-kinds", "---"),
    ],
)
def test_what_is_no_manifest(tmp_path: Path, text: str, place: str, code: str, hint: str) -> None:
    """A document that cannot be recognised is an error, since a forgotten manifest looks like a removal."""
    found = load_text(tmp_path, text)
    assert found.manifests == ()
    assert brief(found.diagnostics) == [(f"m.yaml:{place}", code)]
    assert hint in found.diagnostics[0].hint
    assert code in CODES


TWO = Environment(
    "two",
    {
        "east": Target("east", "ai4s", region="east", scope="lab"),
        "west": Target("west", "ai4s", region="west"),
        "other": Target("other", "elsewhere"),
    },
)


@pytest.mark.parametrize(
    ("metadata", "environment", "expected"),
    [
        ("{target: east}", TWO, "east/App/lab/align@1"),
        ("{target: west}", TWO, "west/App/-/align@1"),
        ("{target: west, scope: s}", TWO, "west/App/s/align@1"),
        ("{target: ai4s}", DEV, "ai4s/App/demo/align@1"),
        ("{scope: mine}", DEV, "ai4s/App/mine/align@1"),
        ("", DEV, "ai4s/App/demo/align@1"),
    ],
)
def test_where_a_manifest_goes(tmp_path: Path, metadata: str, environment: Environment, expected: str) -> None:
    """To the target it names or to the only one of its platform; to its own scope, else the target's, else none."""
    found = load_text(tmp_path, f"{NATIVE}metadata: {metadata}\n", environment=environment)
    assert str(only(found).address) == expected


@pytest.mark.parametrize(
    ("metadata", "environment", "place", "words"),
    [
        ("", TWO, "1:1", "several targets of platform ai4s: `east` and `west`"),
        ("{target: eest}", TWO, "2:20", "no target `eest`"),
        ("{target: other}", TWO, "2:20", "is of platform elsewhere"),
        ("", replace(DEV, targets={}), "1:1", "has no target of platform ai4s"),
    ],
)
def test_where_it_is_unclear(tmp_path: Path, metadata: str, environment: Environment, place: str, words: str) -> None:
    """Nothing is guessed: the finding names the choices."""
    found = load_text(tmp_path, f"{NATIVE}metadata: {metadata}\n", environment=environment)
    assert brief(found.diagnostics) == [(f"m.yaml:{place}", "manifest.target")]
    assert words in found.diagnostics[0].message
    assert found.diagnostics[0].hint


def test_every_problem_of_every_file_in_one_pass(tmp_path: Path) -> None:
    """Broken YAML, wrong values and foreign files are told together, in file order, beside what is right."""
    (tmp_path / "a.yaml").write_text("a: [\n---\n" + NATIVE)
    (tmp_path / "b.yaml").write_text(APP.replace("lab/align:1", "x") + "---\n" + APP.replace("align", "b"))
    (tmp_path / "c.yaml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "d.yml").write_text("services: {}\n")
    found = load(project(tmp_path), DEV, catalogue(), base=tmp_path)
    assert [str(m.address) for m in found.manifests] == ["ai4s/App/demo/align@1", "ai4s/App/demo/b@1"]
    assert brief(found.diagnostics) == [
        ("a.yaml:2:1", "yaml.syntax"),
        ("b.yaml:4:29", "schema.length"),
        ("c.yaml:1:1", "file.not-utf8"),
        ("d.yml:1:1", "manifest.unrecognised"),
    ]
    assert found.files == 4


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_files_and_documents_means_nothing(tmp_path: Path, seed: int) -> None:
    """However manifests are spread over files, the same addresses and specs come out, in the same order."""
    documents = [NATIVE.replace("align", f"app-{n}", 1) for n in range(12)]
    expected = [(m.address, m.spec) for m in load_text(tmp_path, "---\n".join(documents)).manifests]
    shuffled = random.Random(seed)  # noqa: S311 - a shuffle, no secret
    shuffled.shuffle(documents)
    folder = tmp_path / "spread"
    for n, document in enumerate(documents):
        place = folder / "abc"[shuffled.randrange(3)] / f"{shuffled.randrange(4)}.yaml"
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("a") as file:
            file.write(f"# {n}\n---\n{document}")
    paths = [folder / part for part in "abc" if (folder / part).exists()]
    shuffled.shuffle(paths)
    found = load(project(folder), DEV, catalogue(), paths=paths, base=folder)
    assert found.diagnostics == ()
    assert [(m.address, m.spec) for m in found.manifests] == expected
    assert len(expected) == 12


def test_key_order_and_comments_mean_nothing(tmp_path: Path) -> None:
    """The same declaration in another order is the same value."""
    other = (
        "# words\nspec:\n  commands: [align]   # more\n  image: lab/align:1\n  version: '1'\n"
        "metadata:\n  name: align\nkind: App\napiVersion: ai4s/v1\n"
    )
    one, two = only(load_text(tmp_path, APP)), only(load_text(tmp_path, other))
    assert replace(one, source=two.source) == two


def test_labels_are_kept_for_selection(tmp_path: Path) -> None:
    """They are the author's and are not part of the spec."""
    found = only(load_text(tmp_path, f"{NATIVE}metadata: {{labels: {{team: imaging}}}}\n"))
    assert found.labels == {"team": "imaging"}
    assert "labels" not in found.spec


def test_a_whole_number_of_accelerators_is_text(tmp_path: Path) -> None:
    """The platform wants text; `gpu: 4` loses nothing by becoming it, and quoting changes nothing."""
    for written in ("4", "'4'"):
        text = NATIVE.replace("}", f", resources: {{gpu: {written}}}}}")
        assert only(load_text(tmp_path, text)).spec["resources"] == {"gpu": "4"}


def test_an_unreadable_file(tmp_path: Path) -> None:
    """A file that vanishes or cannot be opened is one finding, and the others are read."""
    (tmp_path / "good.yaml").write_text(NATIVE)
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nowhere.yaml")
    found = load(project(tmp_path), DEV, catalogue(), base=tmp_path)
    assert brief(found.diagnostics) == [("gone.yaml", "file.unreadable")]
    assert len(found.manifests) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    """It is said, and so is a folder that cannot be listed."""
    (tmp_path / "secret.yaml").write_text(NATIVE)
    (tmp_path / "secret.yaml").chmod(0)
    (tmp_path / "closed").mkdir(mode=0)
    found = load(project(tmp_path), DEV, catalogue(), base=tmp_path)
    assert brief(found.diagnostics) == [("closed", "file.unreadable"), ("secret.yaml", "file.unreadable")]


def test_a_file_beyond_the_limit_is_not_read_to_its_end(tmp_path: Path) -> None:
    """A sparse file of a terabyte costs nothing."""
    with (tmp_path / "huge.yaml").open("wb") as file:
        file.truncate(2**40)
    found = load(project(tmp_path), DEV, catalogue(), base=tmp_path)
    assert brief(found.diagnostics) == [("huge.yaml", "file.too-large")]
    assert f"{2**40:,}" in found.diagnostics[0].message


def test_native_keys_of_several_platforms(tmp_path: Path) -> None:
    """Where two platforms use one word, the environment or the named target decides, and else the author must."""
    known = catalogue()
    twin = replace(known.kinds["ai4s", "App"], platform="twin")
    both = replace(
        known,
        kinds={**known.kinds, ("twin", "App"): twin},
        schemas={**known.schemas, ("twin", "App"): known.schemas["ai4s", "App"]},
        integer_texts={**known.integer_texts, ("twin", "App"): ()},
        _compiled={},
    )
    mixed = Environment("mixed", {"ai4s": DEV.targets["ai4s"], "twin": Target("twin", "twin")})
    alone = Environment("alone", {"twin": Target("twin", "twin")})
    assert only(load_text(tmp_path, NATIVE, known=both)).platform == "ai4s"
    assert only(load_text(tmp_path, NATIVE, known=both, environment=alone)).platform == "twin"
    named = NATIVE + "metadata: {target: twin}\n"
    assert only(load_text(tmp_path, named, known=both, environment=mixed)).platform == "twin"
    found = load_text(tmp_path, NATIVE, known=both, environment=mixed)
    assert brief(found.diagnostics) == [("m.yaml:1:1", "manifest.ambiguous")]


@pytest.mark.parametrize(
    ("text", "how"),
    [("", "is empty"), (" \n\n", "is empty"), ("# later\n---\n# more\n", "holds nothing but comments")],
)
def test_a_file_that_declares_nothing(tmp_path: Path, text: str, how: str) -> None:
    """Silence would look like a file that was checked: a note names it, and nothing else is said."""
    (tmp_path / "good.yaml").write_text(NATIVE)
    (tmp_path / "later.yaml").write_text(text)
    found = load(project(tmp_path), DEV, catalogue(), base=tmp_path)
    assert brief(found.diagnostics) == [("later.yaml:1:1", "file.empty")]
    assert (found.diagnostics[0].severity, how in found.diagnostics[0].message) == (Severity.NOTE, True)
    assert len(found.manifests) == 1


def test_an_empty_document_beside_others(tmp_path: Path) -> None:
    """An empty document at the end of a file is how people write YAML."""
    assert load_text(tmp_path, f"{NATIVE}---\n").diagnostics == ()


def test_a_project_that_declares_nothing(tmp_path: Path) -> None:
    """Each of its files is noted."""
    (tmp_path / "a.yaml").write_text("# later\n")
    (tmp_path / "b.yaml").write_text("")
    found = load(project(tmp_path), DEV, catalogue(), base=tmp_path)
    assert brief(found.diagnostics) == [("a.yaml:1:1", "file.empty"), ("b.yaml:1:1", "file.empty")]
