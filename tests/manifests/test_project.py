from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.manifests.project import find_project, read_project
from reconciler.manifests.schemas import load_catalogue
from reconciler.model.address import Address
from reconciler.model.codes import CODES
from reconciler.model.project import (
    Allowance,
    Allowed,
    Environment,
    Ignore,
    Move,
    Policy,
    Project,
    StateBackend,
)
from reconciler.model.target import Target

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model.diagnostic import Diagnostic

SCOPES = {"ai4s": "space", "pai-dlc": "workspace"}
SETTINGS = {"ai4s": frozenset({"project_id"})}

WHOLE = """\
apiVersion: reconciler/v1
kind: Project
name: genomics                      # part of every mark
manifests: [apps, workflows, jobs]
default: dev
environments:
  dev:
    ai4s: { endpoint: local, space: demo }
  prod:
    vars: { bucket: live, dry: false }
    ai4s: { region: cn-north-4, space: genomics, project_id: abc }
    shanghai: { platform: pai-dlc, region: cn-shanghai, workspace: "268" }
state: { backend: git }
vars: { bucket: demo, rounds: 3 }
policy: { max_deletes: 5, max_delete_percent: 30, max_gpu_hours: 500 }
"""
SMALL = "apiVersion: reconciler/v1\nkind: Project\nname: p\nenvironments: {dev: {ai4s: {endpoint: local}}}\n"


def read(folder: Path, text: str) -> tuple[Project | None, tuple[Diagnostic, ...]]:
    """What a project file with this content says."""
    file = folder / "reconciler.yaml"
    file.write_text(text, "utf-8")
    return read_project(file, start=folder, scope_keys=SCOPES, settings=SETTINGS)


def test_every_part(tmp_path: Path) -> None:
    """Each word of the file ends in the value it stands for; an environment's variables lie over the project's."""
    project, diagnostics = read(tmp_path, WHOLE)
    assert diagnostics == ()
    assert project == Project(
        name="genomics",
        root=str(tmp_path),
        default_environment="dev",
        environments={
            "dev": Environment(
                "dev", {"ai4s": Target("ai4s", "ai4s", "local", "", "demo")}, {"bucket": "demo", "rounds": "3"}
            ),
            "prod": Environment(
                "prod",
                {
                    "ai4s": Target("ai4s", "ai4s", "", "cn-north-4", "genomics", {"project_id": "abc"}),
                    "shanghai": Target("shanghai", "pai-dlc", "", "cn-shanghai", "268"),
                },
                {"bucket": "live", "rounds": "3", "dry": "false"},
            ),
        },
        manifests=("apps", "workflows", "jobs"),
        state=StateBackend.GIT,
        policy=Policy(5, 30, 500),
        file=str(tmp_path / "reconciler.yaml"),
    )


def test_what_may_be_left_out(tmp_path: Path) -> None:
    """Everything but name and environments; a single environment is the default one."""
    project, diagnostics = read(tmp_path, SMALL)
    assert diagnostics == ()
    assert project is not None
    assert project.default_environment == "dev"
    assert (project.manifests, project.state, project.policy) == ((), StateBackend.FILE, Policy())
    for line in ("manifests:", "state:", "policy:", "vars:", "policy: {max_deletes: }", "state: {}"):
        assert read(tmp_path, SMALL + line)[0] == project
    assert read(tmp_path, SMALL.replace("{endpoint: local}", ""))[0] is not None


def test_without_a_file_everything_is_local(tmp_path: Path) -> None:
    """One environment `local` with every platform on the embedded one."""
    project, diagnostics = read_project(None, start=tmp_path, scope_keys=SCOPES, settings={})
    assert diagnostics == ()
    assert project is not None
    assert project.root == str(tmp_path)
    assert project.file == ""
    assert project.default_environment == "local"
    (environment,) = project.environments.values()
    assert environment.targets == {
        "ai4s": Target("ai4s", "ai4s", endpoint="local", scope="demo"),
        "pai-dlc": Target("pai-dlc", "pai-dlc", endpoint="local", scope="demo"),
    }
    assert all(target.is_local for target in environment.targets.values())


def test_the_file_is_found_upward(tmp_path: Path) -> None:
    """From any folder below; the nearest counts; both suffixes do, and a folder of that name does not."""
    deep = tmp_path / "a/b/c"
    deep.mkdir(parents=True)
    assert find_project(deep) is None
    (tmp_path / "reconciler.yaml").touch()
    assert find_project(deep) == tmp_path / "reconciler.yaml"
    (tmp_path / "a/reconciler.yml").touch()
    assert find_project(deep) == tmp_path / "a/reconciler.yml"
    (tmp_path / "a/reconciler.yaml").touch()
    assert find_project(deep) == tmp_path / "a/reconciler.yaml"
    (tmp_path / "a/b/reconciler.yaml").mkdir()
    assert find_project(deep) == tmp_path / "a/reconciler.yaml"


WRONG: list[tuple[str, str, str, str]] = [
    # edit of SMALL, place, code, part of message or hint
    ("name: p -> name: ''", "3:7", "schema.pattern", "1 to 63"),
    ("name: p -> name: a/b", "3:7", "schema.pattern", "1 to 63"),
    ("name: p -> name: 5", "3:7", "schema.type", 'quotes, so that every reader takes it as written: "5"'),
    ("name: p -> nam: p", "3:1", "schema.unknown-key", "did you mean `name`?"),
    ("kind: Project -> kind: Projct", "2:7", "schema.choice", "did you mean `Project`?"),
    ("reconciler/v1 -> reconciler/v2", "1:13", "schema.choice", "reconciler/v1"),
    ("dev: {ai4s -> 'de/v': {ai4s", "4:16", "schema.key", "1 to 63"),
    ("ai4s: {endpoint: local} -> ", "4:21", "schema.length", "at least 1 entry"),
    ("{dev: {ai4s: {endpoint: local}}} -> {}", "4:15", "schema.length", "at least 1 entry"),
    ("{dev: {ai4s: {endpoint: local}}} -> [dev]", "4:15", "schema.type", "a mapping"),
    ("endpoint: local -> endpoint: locl", "4:39", "schema.pattern", "`local`, or a URL"),
    ("endpoint: local -> endpoint: ftp://host", "4:39", "schema.pattern", "`local`, or a URL"),
    ("endpoint: local -> endpoint: 'https://me:pw@host'", "4:39", "schema.pattern", "user name"),
    ("endpoint: local -> endpoint: 'https://host/path'", "4:39", "schema.pattern", "without path"),
    ("endpoint: local -> spce: x", "4:29", "project.unknown-key", "did you mean `space`?"),
    ("endpoint: local -> workspace: x", "4:29", "project.unknown-key", "did you mean `space`?"),
    ("endpoint: local -> access_key: FAKE", "4:29", "project.unknown-key", "credentials never stand"),
    ("endpoint: local -> space: 5", "4:36", "schema.type", '"5"'),
    ("ai4s: { -> ai4z: {", "4:22", "project.unknown-platform", "did you mean `ai4s`?; or add `platform:`"),
    ("endpoint: local -> platform: ai4z", "4:39", "project.unknown-platform", "did you mean `ai4s`?"),
    ("name: p -> name: p\ndefault: prd", "4:10", "project.default", "`dev`"),
    ("name: p -> name: p\nmanifests: []", "4:12", "schema.length", "at least 1 item"),
    ("name: p -> name: p\nmanifests: apps", "4:12", "schema.type", "- "),
    ("name: p -> name: p\nvars: {a: 1.5}", "4:11", "schema.type", '"1.5"'),
    ("name: p -> name: p\nvars: {a: [1]}", "4:11", "schema.type", "a list"),
    ("name: p -> name: p\nvars: {a b: c}", "4:8", "schema.key", "1 to 64"),
    ("name: p -> name: p\nvars: {a: '$[[ secrets.X ]]'}", "4:11", "project.expression", "no meaning"),
    ("name: p -> name: p\npolicy: {max_deletes: -1}", "4:23", "schema.range", "at least 0"),
    ("name: p -> name: p\npolicy: {max_deletes: 1.0}", "4:23", "schema.type", "whole number"),
    ("name: p -> name: p\npolicy: {max_delete_percent: 101}", "4:30", "schema.range", "at most 100"),
    ("name: p -> name: p\npolicy: {maxDeletes: 1}", "4:10", "schema.unknown-key", "did you mean `max_deletes`?"),
    ("name: p -> name: p\nstate: {backend: s3}", "4:18", "schema.choice", "`file` or `git`"),
    ("name: p -> name: p\nname: q", "4:1", "yaml.duplicate-key", "twice"),
    ("name: p -> name: p\n---\na: b", "5:1", "project.documents", "holds 2"),
]


@pytest.mark.parametrize(("edit", "place", "code", "words"), WRONG, ids=[row[0][:50] for row in WRONG])
def test_mistakes(tmp_path: Path, edit: str, place: str, code: str, words: str) -> None:
    """A wrong project file is no project; each mistake has its place and advice."""
    old, _, new = edit.partition(" -> ")
    text = SMALL.replace(old, new)
    assert text != SMALL
    project, diagnostics = read(tmp_path, text)
    assert project is None
    told = {(str(d.source), d.code): d.message + d.hint for d in diagnostics}
    assert words in told[f"reconciler.yaml:{place}", code]
    assert len(diagnostics) <= 2
    assert all(d.code in CODES for d in diagnostics)


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    """In the order of the file."""
    text = "apiVersion: reconciler/v1\nkind: Project\nenvironments:\n"
    text += "  a: {ai4s: {x: '1'}, nothing: {}}\n  b: 5\nstat: {}\n"
    assert [(str(d.source), d.code) for d in read(tmp_path, text)[1]] == [
        ("reconciler.yaml:1:1", "project.default"),
        ("reconciler.yaml:1:1", "schema.required"),
        ("reconciler.yaml:4:14", "project.unknown-key"),
        ("reconciler.yaml:4:23", "project.unknown-platform"),
        ("reconciler.yaml:5:6", "schema.type"),
        ("reconciler.yaml:6:1", "schema.unknown-key"),
    ]


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_an_empty_file(tmp_path: Path, text: str) -> None:
    """It is no project file."""
    project, (found,) = read(tmp_path, text)
    assert project is None
    assert found.code == "project.documents"


@pytest.mark.parametrize("text", ["5\n", "- a\n", "text\n"])
def test_a_file_that_is_no_mapping(tmp_path: Path, text: str) -> None:
    """It is told in the same words as anywhere else."""
    project, (found,) = read(tmp_path, text)
    assert project is None
    assert found.code == "schema.type"


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """It vanished, or it is a folder."""
    for file in (tmp_path / "gone.yaml", tmp_path):
        project, (found,) = read_project(file, start=tmp_path, scope_keys=SCOPES, settings=SETTINGS)
        assert project is None
        assert found.code == "file.unreadable"


def test_the_schema_agrees_with_the_example() -> None:
    """An editor accepts what the program accepts."""
    import yaml

    schema: dict[str, Any] = load_catalogue().project
    validator = Draft202012Validator(schema)
    assert list(validator.iter_errors(yaml.safe_load(WHOLE))) == []
    assert not validator.is_valid({**yaml.safe_load(WHOLE), "stat": 1})


EXCEPTIONS = (
    SMALL
    + """\
moved: [{ from: ai4s/App/s/a@1, to: ai4s/App/s/b@1 }]
adopt: [ai4s/App/s/c@1]
ignore: [{ path: /resources/cpu, kind: App, address: 'ai4s/*', reason: the operators tune it }]
allow: [{ what: delete, addresses: [ai4s/App/s/d@1], until: '2026-07-31', reason: retired }]
"""
)


def test_what_is_said_about_single_resources(tmp_path: Path) -> None:
    """Moves, adoptions, fields left to others and reviewed exceptions end in values."""
    project, diagnostics = read(tmp_path, EXCEPTIONS)
    assert diagnostics == ()
    assert project is not None
    a, b, c, d = (Address("ai4s", "App", "s", f"{name}@1") for name in "abcd")
    assert project.moves == (Move(a, b),)
    assert project.adopt == {c}
    assert project.ignore == (Ignore("/resources/cpu", "the operators tune it", "ai4s/*", "App"),)
    assert project.allow == (Allowance(Allowed.DELETE, frozenset({d}), "2026-07-31", "retired"),)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("moved: [{ from: ai4s/App/s/a, to: ai4s/App/s/a }]", "it moves nowhere"),
        ("moved: [{ from: ai4s/App/s/a, to: ai4s/Job/s/a }]", "stays on its target and of its kind"),
        ("moved: [{ from: a/A/s/a, to: a/A/s/b }, { from: a/A/s/a, to: a/A/s/c }]", "under `from` twice"),
        ("moved: [{ from: a/A/s/a, to: a/A/s/b }, { from: a/A/s/c, to: a/A/s/b }]", "under `to` twice"),
        ("moved: [{ from: a, to: a/A/s/b }]", "must be a whole address"),
        ("ignore: [{ path: /x }]", "lacks `reason`"),
        ("ignore: [{ path: x, reason: because }]", "must begin with a slash"),
        ("allow: [{ what: delete, addresses: [a/A/s/a], reason: why }]", "lacks `until`"),
        ("allow: [{ what: delete, addresses: [a/A/s/a], until: tomorrow, reason: why }]", "must be a date"),
        ("allow: [{ what: all, addresses: [a/A/s/a], until: '2026-07-31', reason: why }]", "must be"),
        ("allow: [{ what: delete, addresses: [], until: '2026-07-31', reason: why }]", "at least 1 item"),
    ],
)
def test_wrong_exceptions_are_refused(tmp_path: Path, text: str, line: str) -> None:
    """Each with its place, and none with a second finding."""
    project, (found,) = read(tmp_path, SMALL + text + "\n")
    assert project is None
    assert line in found.message
    assert found.source is not None
    assert found.source.line == 5
    assert found.code in CODES


def test_what_is_wrong_with_the_tenth_move_hides_nothing_of_the_first(tmp_path: Path) -> None:
    """Every finding comes at once, also where one pointer begins as another."""
    moves = [f"{{ from: a/A/s/{number}, to: a/A/s/x{number} }}" for number in range(12)]
    moves[1], moves[10] = "{ from: a/A/s/1, to: a/A/s/1 }", "{ from: nothing, to: a/A/s/x10 }"
    _, found = read(tmp_path, f"{SMALL}moved: [{', '.join(moves)}]\n")
    assert sorted(each.pointer for each in found) == ["/moved/1", "/moved/10/from"]
