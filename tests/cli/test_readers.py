"""Who may read what a command prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.running import APP, CREDENTIALS

if TYPE_CHECKING:
    from tests.cli.running import Project

PUBLIC = {"CI": "true", "GITHUB_ACTIONS": "true"}
EDITED = APP.replace("echo hello", "echo telling-value")


@pytest.fixture
def edited(project: Project) -> Project:
    """An app that is live, adopted nowhere, and declared otherwise; its memory is gone."""
    project.write("app.yaml", APP)
    assert project.run("apply", "--yes").code == 0
    (project.root / ".reconciler" / "state").rename(project.root / "forgotten")
    return project


@pytest.mark.parametrize("words", [["apply", "--yes"], ["adopt", "App/greet@1.0.0", "--yes"], ["plan"]])
def test_no_values_where_the_public_reads_along(edited: Project, words: list[str]) -> None:
    """Not only in a plan: whatever shows one in a public log shows no values; on a terminal of one's own it does."""
    edited.write("app.yaml", EDITED)
    edited.variables = CREDENTIALS | PUBLIC
    assert "telling-value" not in edited.run(*words).said


@pytest.mark.parametrize("words", [["adopt", "App/greet@1.0.0", "--yes"], ["plan"], ["apply", "--yes"]])
def test_a_credential_in_a_manifest_is_shown_by_no_command(edited: Project, words: list[str]) -> None:
    """Somebody has written it where it must not stand."""
    edited.write("app.yaml", APP.replace("echo hello", f"echo {CREDENTIALS['HUAWEICLOUD_SDK_SK']}"))
    said = edited.run(*words).said
    assert "echo ***" in said
    assert CREDENTIALS["HUAWEICLOUD_SDK_SK"] not in said


def test_a_saved_plan_is_shown_as_plans_are(edited: Project) -> None:
    """It holds every value, and a public log shows none of them."""
    edited.write("app.yaml", EDITED)
    assert edited.run("plan", "-o", "p").code == 0
    assert "telling-value" in edited.run("show", "p").out
    edited.variables = CREDENTIALS | PUBLIC
    for form in ("text", "json"):
        ended = edited.run("show", "p", "--format", form)
        assert (ended.code, "telling-value" in ended.said) == (0, False)
        assert "App/demo/greet@1.0.0" in ended.out
