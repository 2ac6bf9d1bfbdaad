"""Files that are wrong: a clear message, exit code 65, nothing sent, nothing written, no traceback."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.running import APP, JOB, Project, reconciler

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform

_LEVELS = "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9))
WRONG = {
    "unknown key": (APP.replace("commands", "comands"), "a.yaml:5:3: error: unknown key `comands`", "did you mean"),
    "wrong type": (APP.replace("['echo hello']", "7"), "a.yaml:5:13: error:", "must be a list"),
    "missing key": (APP.replace("  image: demo/busybox:1.36\n", ""), "a.yaml:1:1: error:", "lacks `image`"),
    "duplicate key": (APP + "  name: again\n", "a.yaml:7:3: error:", "given twice"),
    "tab": ("app:\n\tname: x\n", "a.yaml:2:1: error:", "indent with spaces"),
    "alias bomb": ("a: &a [x,x,x,x,x,x,x,x,x]\n" + _LEVELS, "a.yaml:5:8: error:", "aliases"),
    "too large": (APP + "# " + "x" * 10_000_000 + "\n", "a.yaml: error:", "10,000,"),
    "not a mapping": ("- 1\n", "a.yaml:1:1: error:", "mapping"),
    "not closed": ("app: {name: x\n", "error:", "not closed"),
    "no such kind": ("apiVersion: ai4s/v1\nkind: Ap\nmetadata: {name: x}\nspec: {}\n", "a.yaml:2:7: error:", "`App`"),
    "no such variable": (APP.replace("echo hello", "$[[ vars.nope ]]"), "a.yaml:5:14: error:", "`nope`"),
    "no such reference": (JOB.replace("hello::1.0.0", "$[[ ref.Workflow/nope ]]"), "a.yaml:3:16: error:", "nope"),
    "escape sequences": (APP.replace("greet", '"\\e[31mred\\u202e"'), "a.yaml:2:9: error:", r"\u202e"),
}


@pytest.mark.parametrize("command", ["validate", "plan", "apply"])
@pytest.mark.parametrize(("text", "place", "words"), WRONG.values(), ids=WRONG.keys())
def test_wrong_file(project: Project, platform: Platform, text: str, place: str, words: str, command: str) -> None:
    """Every offline finding stops every command before anything is sent, with the place and what to do."""
    project.write("a.yaml", text)
    ended = project.run(command, *(["--yes"] if command == "apply" else []))
    assert ended.code == 65
    assert place in ended.said
    assert words in ended.said
    assert "Traceback" not in ended.said
    assert "\x1b" not in ended.said
    assert platform.log.report() == []
    assert project.remembered() == {}


def test_binary_file(project: Project) -> None:
    """Bytes that are no text are refused with the place of the first wrong one."""
    project.greeting()
    (project.root / "manifests" / "x.yaml").write_bytes(bytes(range(256)) * 4)
    ended = project.run("validate")
    assert ended.code == 65
    assert "not part of UTF-8" in ended.out


def test_every_finding_of_every_file_at_once(project: Project) -> None:
    """One pass reports the errors of all files, in file order."""
    project.write("a.yaml", APP.replace("commands", "comands"))
    project.write("b.yaml", "app:\n\tname: x\n")
    project.write("c.yaml", JOB + "  priority: 99\n")
    places = [line.partition(":")[0] for line in project.run("validate").out.splitlines() if ": error: " in line]
    assert places == ["manifests/a.yaml", "manifests/a.yaml", "manifests/b.yaml", "manifests/c.yaml"]


def test_the_offending_line_is_quoted(project: Project) -> None:
    """Text output shows the line with a caret, in `plan` as in `validate`."""
    project.write("a.yaml", APP.replace("commands", "comands"))
    for command in ("validate", "plan"):
        assert "    5 |   comands: ['echo hello']\n      |   ^\n" in project.run(command).said


def test_formats(project: Project) -> None:
    """Findings as JSON, annotations and SARIF are complete documents on standard output."""
    project.write("a.yaml", APP.replace("commands", "comands"))
    assert json.loads(project.run("validate", "--format", "json").out)["counts"]["error"] == 2
    assert project.run("validate", "--format", "github").out.startswith("::error file=manifests/a.yaml,line=1,")
    assert len(json.loads(project.run("validate", "--format", "sarif").out)["runs"][0]["results"]) == 2


def test_a_wrong_project_file_is_a_finding_like_any_other(project: Project) -> None:
    """The project file's errors come in the format that was asked for."""
    project.configure(colour="red")
    ended = project.run("validate", "--format", "json")
    assert ended.code == 65
    assert "colour" in json.loads(ended.out)["diagnostics"][0]["message"]
    assert project.run("plan").code == 65


def test_an_empty_folder_deletes_nothing(project: Project) -> None:
    """No manifests at all is more often a mistake than a wish: nothing is planned to go."""
    project.greeting()
    assert project.run("apply", "--yes").code == 0
    for file in (project.root / "manifests").iterdir():
        file.unlink()
    ended = project.run("plan")
    assert "to delete" not in ended.out
    assert "to forget" not in ended.out
    assert "nothing is deleted because of it" in ended.out


def test_one_empty_folder_of_two_deletes_nothing(project: Project) -> None:
    """A folder that is suddenly empty does not read as the wish to remove what it declared."""
    project.configure()
    text = (project.root / "reconciler.yaml").read_text(encoding="utf-8")
    (project.root / "reconciler.yaml").write_text(text.replace("[manifests]", "[manifests, more]"), encoding="utf-8")
    (project.root / "more").mkdir()
    project.greeting()
    (project.root / "manifests" / "app.yaml").rename(project.root / "more" / "app.yaml")
    assert project.run("apply", "--yes").code == 0
    (project.root / "more" / "app.yaml").unlink()
    out = project.run("plan").out
    assert "delete " not in out
    assert "ai4s/App/demo/greet@1.0.0   " not in out


def test_without_a_project_file(tmp_path: Path) -> None:
    """Any folder can be validated: everything is then served by the local platform."""
    (tmp_path / "app.yaml").write_text(APP, encoding="utf-8")
    ended = reconciler(tmp_path, "validate")
    assert (ended.code, ended.err) == (0, "1 manifest in 1 file: fine\n")
