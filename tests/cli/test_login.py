"""`login` and `whoami`: who, where, which spaces, and each thing that commonly goes wrong, as a person sees it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.running import CREDENTIALS, Project
from tests.providers.loopback import closed_port, reply, serving
from tests.support.local_platform import ACCOUNT

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = {
    "HW_DOMAIN_NAME": ACCOUNT.domain,
    "HW_USER_NAME": ACCOUNT.user,
    "HW_USER_PASSWORD": ACCOUNT.password,
}


def _checks(project: Project, *words: str) -> dict[str, tuple[str, str]]:
    """Verdict and remedy by subject."""
    found = json.loads(project.run("login", "--check", "--format", "json", *words).out)["items"]
    return {each["subject"]: (each["verdict"], each["remedy"]) for each in found}


def _target(project: Project, body: str) -> None:
    file = project.root / "reconciler.yaml"
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("environments")]
    file.write_text("\n".join([*lines, f"environments: {{ dev: {{ ai4s: {body} }} }}"]) + "\n", encoding="utf-8")


def test_all_is_well(project: Project) -> None:
    """Each thing with its verdict; the exit code is that of success; no secret is shown."""
    ended = project.run("login", "--check")
    assert ended.code == 0
    assert {verdict for verdict, _ in _checks(project).values()} == {"fine"}
    assert "environment: HUAWEICLOUD_SDK_AK" in ended.out
    assert "demo, as Owner" in ended.out
    assert ACCOUNT.secret_key not in ended.said


def test_whoami_tells_spaces_and_roles(project: Project) -> None:
    """Who, where, and every space."""
    ended = project.run("whoami")
    assert ended.code == 0
    assert "role in demo:" in ended.out
    (told,) = json.loads(project.run("whoami", "--format", "json").out)["items"]
    assert told["scopes"] == [{"scope": "demo", "role": "Owner", "writes": True}]


@pytest.mark.parametrize(
    ("variables", "subject", "said"),
    [
        ({}, "credentials", "no credentials"),
        ({**CREDENTIALS, "HUAWEICLOUD_SDK_SK": "FAKEWRONG"}, "sign-in", "does not accept the credentials"),
        ({**CREDENTIALS, "HUAWEICLOUD_SDK_AK": "FAKEWRONG"}, "sign-in", "ak does not exist"),
        ({**CREDENTIALS, "HUAWEICLOUD_SDK_PROJECT_ID": "wrong"}, "region", "does not know this project id"),
        ({**CREDENTIALS, "HUAWEICLOUD_SDK_AK": "two\nlines"}, "network", "cannot be built"),
    ],
)
def test_what_is_wrong_is_named(project: Project, variables: dict[str, str], subject: str, said: str) -> None:
    """One thing is wrong, it is named and says what to do, and the exit code is that of an error."""
    project.variables = variables
    ended = project.run("login")
    assert ended.code == 1
    assert said in ended.out
    verdict, remedy = _checks(project)[subject]
    assert (verdict, bool(remedy)) == ("wrong", True)


def test_a_space_that_is_not_there(project: Project) -> None:
    """What was perhaps meant, and what there is."""
    _target(project, f"{{ endpoint: '{project.endpoint}', space: dmo }}")
    ended = project.run("login")
    assert ended.code == 1
    assert "demo (Owner)" in ended.out
    assert "did you mean 'demo'?" in ended.err


def test_no_space_is_a_warning(project: Project) -> None:
    """It can be used, and should say where."""
    _target(project, f"{{ endpoint: '{project.endpoint}' }}")
    assert project.run("login").code == 0
    assert _checks(project)["space"][0] == "warning"


def test_nobody_is_there(project: Project) -> None:
    """A platform that cannot be reached is no matter of keys."""
    _target(project, f"{{ endpoint: 'http://127.0.0.1:{closed_port()}', space: demo }}")
    assert _checks(project)["network"][0] == "wrong"


def test_no_region(project: Project) -> None:
    """Neither a region nor an endpoint: what to write."""
    _target(project, "{ space: demo }")
    verdict, remedy = _checks(project)["settings"]
    assert (verdict, "region:" in remedy) == ("wrong", True)


@pytest.mark.parametrize(("status", "subject"), [(401, "clock"), (403, "permission"), (404, "settings")])
def test_refusals_are_told_apart(project: Project, status: int, subject: str) -> None:
    """A refused signature with a clock far off is the clock's fault; 403 is one of permission; 404 of the endpoint."""
    body = {"error_code": "APIGW.0101" if status == 404 else "APIGW.0301", "error_msg": "no"}
    with serving(reply(status, body, {"Date": "Thu, 01 Jan 2026 00:00:00 GMT"})) as server:
        _target(project, f"{{ endpoint: '{server.url}', space: demo }}")
        assert _checks(project)[subject][0] == "wrong"


def test_a_role_that_only_looks(project: Project) -> None:
    """A viewer is told before the first apply."""
    row = {"id": "s", "name": "demo", "role": "Viewer"}
    with serving(reply(200, {"projects": [row], "count": 1})) as server:
        _target(project, f"{{ endpoint: '{server.url}', space: demo }}")
        assert _checks(project)["space"][0] == "warning"


def test_a_target_that_is_not_there(project: Project) -> None:
    """The ones that are there are named."""
    ended = project.run("login", "--target", "nowhere")
    assert (ended.code, "One of: ai4s." in ended.err) == (64, True)


def test_a_password_signs_in_once(project: Project, tmp_path: Path) -> None:
    """The token serves later commands, and is dropped when asked to; it is never shown."""
    _target(
        project, f"{{ endpoint: '{project.endpoint}', region: r, iam_endpoint: '{project.endpoint}', space: demo }}"
    )
    project.variables = {**PASSWORD, "RECONCILER_CACHE": str(tmp_path / "cache")}
    assert project.run("login").code == 0
    (kept,) = (tmp_path / "cache" / "tokens").iterdir()
    token = json.loads(kept.read_text(encoding="utf-8"))["token"]
    assert project.run("login").code == 0
    project.variables["RECONCILER_TRACE"] = "1"
    later = project.run("login", "--check")
    assert "/v3/auth/tokens" not in later.err
    assert "/eihealth-projects" in later.err
    assert token not in later.said
    assert "dropped 1 sign-ins" in project.run("login", "--forget").err
    assert not kept.exists()
    assert "/v3/auth/tokens" in project.run("login").err


def test_the_tools_own_file_signs_in(project: Project, tmp_path: Path) -> None:
    """Without a variable the file of the platform's own tool is used, and named."""
    (tmp_path / ".ai4s").mkdir()
    file = tmp_path / ".ai4s" / "config.ini"
    text = f"domain-name = {ACCOUNT.domain}\nuser-name = {ACCOUNT.user}\npassword = {ACCOUNT.password}\nregion = r\n"
    file.write_text(f"{text}iam-endpoint = {project.endpoint}\nsk = ENCRYPTED==\nak = FAKE\n", encoding="utf-8")
    file.chmod(0o600)
    project.variables = {"HOME": str(tmp_path), "RECONCILER_CACHE": "off"}
    ended = project.run("login", "--check")
    assert ended.code == 0, ended.said
    assert "~/.ai4s/config.ini" in ended.out
    assert "is encrypted by the tool" in ended.out
    assert ACCOUNT.password not in ended.said
