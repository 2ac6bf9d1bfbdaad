"""Where credentials are found: the environment first, then the file of the vendor's tool, never halves of both."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import UsageError
from reconciler.model.secret import Redactor
from reconciler.model.target import Target
from reconciler.operations.credentials import find, masked, proxy_secrets
from reconciler.operations.settings import Settings
from reconciler.operations.tracing import tracer
from reconciler.operations.wiring import token_cache
from reconciler.providers.protocol import CredentialVariable, Provider, VendorAccount, VendorFile

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT = VendorAccount(
    credentials={"key": "file-key", "secret": "file-secret", "project": "file-project"},
    region="far",
    endpoint="https://file.test",
    settings={"iam_endpoint": "https://iam.file.test"},
    proxy="http://fake:fake-proxy-secret@proxy.test:1",
    notes=("it is old",),
)


def _read(text: str) -> VendorAccount:
    if text != "good":
        msg = "it is not good"
        raise ValueError(msg)
    return ACCOUNT


PROVIDER = Provider(
    "p",
    lambda *_: pytest.fail("nothing is opened"),
    {},
    {},
    (
        CredentialVariable("key", ("FAKE_KEY",), "key id", secret=False),
        CredentialVariable("secret", ("FAKE_SECRET",), "secret key"),
        CredentialVariable("project", ("FAKE_PROJECT",), "project", secret=False),
    ),
    vendor_file=VendorFile(".vendor/config", _read),
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with the vendor's file in it."""
    (tmp_path / ".vendor").mkdir()
    file = tmp_path / ".vendor" / "config"
    file.write_text("good", encoding="utf-8")
    file.chmod(0o600)
    return tmp_path


def test_the_file_counts_where_the_environment_is_silent(home: Path) -> None:
    """All of it, with where it came from and what is to know about it."""
    found = find(Settings({"HOME": str(home)}), PROVIDER)
    assert found.values == ACCOUNT.credentials
    assert found.sources == ("~/.vendor/config",)
    assert found.notes == ("~/.vendor/config: it is old",)
    assert "file-secret" not in repr(found)


def test_a_secret_in_the_environment_rules_out_the_file(home: Path) -> None:
    """A key of one account is never joined with the secret of another."""
    found = find(Settings({"HOME": str(home), "FAKE_SECRET": "mine"}), PROVIDER)
    assert found.values == {"secret": "mine"}
    assert found.sources == ("environment: FAKE_SECRET",)


def test_what_is_no_secret_may_come_from_the_environment(home: Path) -> None:
    """A project id beside the file's key is a choice, not a mixture."""
    found = find(Settings({"HOME": str(home), "FAKE_PROJECT": "other"}), PROVIDER)
    assert found.values == {**ACCOUNT.credentials, "project": "other"}
    assert found.sources == ("environment: FAKE_PROJECT", "~/.vendor/config")


def test_no_home_no_file() -> None:
    """A process without a home looks nowhere."""
    assert find(Settings({}), PROVIDER).values == {}


@pytest.mark.parametrize("text", [b"bad", b"\xff\xfe", b"x" * 100_000])
def test_a_file_that_cannot_be_understood(home: Path, text: bytes) -> None:
    """It is told and gives nothing."""
    (home / ".vendor" / "config").write_bytes(text)
    found = find(Settings({"HOME": str(home)}), PROVIDER)
    assert found.values == {}
    assert "cannot be understood" in found.notes[0]


@pytest.mark.skipif(os.name != "posix", reason="file modes are those of POSIX")
def test_a_file_that_others_can_read_is_told(home: Path) -> None:
    """With how to close it."""
    (home / ".vendor" / "config").chmod(0o644)
    assert "chmod 600" in find(Settings({"HOME": str(home)}), PROVIDER).notes[-1]


def test_a_target_is_completed_with_what_it_leaves_out(home: Path) -> None:
    """What the project file says wins; of another region nothing is taken; the local platform is left alone."""
    found = find(Settings({"HOME": str(home)}), PROVIDER)
    silent = found.completed(Target("t", "p"))
    assert (silent.region, silent.endpoint, silent.settings) == ("far", "https://file.test", ACCOUNT.settings)
    near = found.completed(Target("t", "p", region="near"))
    assert (near.region, near.endpoint, near.settings) == ("near", "", {})
    said = found.completed(Target("t", "p", "https://mine.test", "far", settings={"iam_endpoint": "https://i.test"}))
    assert (said.endpoint, said.settings["iam_endpoint"]) == ("https://mine.test", "https://i.test")
    assert found.completed(Target("t", "p", "local")) == Target("t", "p", "local")


def test_secrets_of_the_file_are_masked(home: Path) -> None:
    """As those of the environment are, the password of a proxy among them."""
    redactor = masked(Redactor(), Settings({"HOME": str(home)}), PROVIDER)
    assert redactor.redact("file-key file-secret fake-proxy-secret") == "file-key *** ***"
    assert proxy_secrets("http://proxy.test:1") == ()


def test_sign_ins_are_never_kept_in_the_project(tmp_path: Path) -> None:
    """A cache folder inside the repository is none; nor is there one in CI, or when it is turned off."""
    outside, inside = tmp_path / "cache", tmp_path / "project" / ".cache"
    root = tmp_path / "project"
    assert token_cache(Settings({"RECONCILER_CACHE": str(inside)}), root) is None
    assert token_cache(Settings({"RECONCILER_CACHE": str(outside)}), root) is not None
    assert token_cache(Settings({"HOME": str(tmp_path)}), root) is not None
    assert token_cache(Settings({"HOME": str(tmp_path), "CI": "true"}), root) is None
    assert token_cache(Settings({"HOME": str(tmp_path), "RECONCILER_CACHE": "off"}), root) is None
    assert token_cache(Settings({}), root) is None
    assert Settings({"HOME": "/h", "XDG_CACHE_HOME": str(outside)}).cache == outside / "reconciler" / "tokens"


def test_transport_settings(tmp_path: Path) -> None:
    """A proxy must be a URL and a bundle a file; the usual variables of proxies are seen."""
    for wrong in ("proxy.test:3128", "http://", "http://proxy:many", "socks5://proxy:1"):
        with pytest.raises(UsageError, match="RECONCILER_PROXY"):
            _ = Settings({"RECONCILER_PROXY": wrong}).proxy
    assert Settings({"RECONCILER_PROXY": "http://u:p@proxy.test:3128"}).proxy.endswith(":3128")
    with pytest.raises(UsageError, match="RECONCILER_CA_BUNDLE"):
        _ = Settings({"RECONCILER_CA_BUNDLE": str(tmp_path / "nowhere.pem")}).ca_bundle
    assert Settings({"RECONCILER_CA_BUNDLE": str(tmp_path)}).ca_bundle == tmp_path
    assert Settings({"https_proxy": "http://p:1"}).usual_proxy
    assert not Settings({}).usual_proxy


def test_exchanges_are_noted_in_a_file(tmp_path: Path) -> None:
    """Added at its end, each line after its time, readable by nobody else."""
    file = tmp_path / "log"
    said: list[str] = []
    for line in ("one", "two"):
        tell = tracer(Settings({"RECONCILER_LOG": str(file), "RECONCILER_TRACE": "1"}), said.append)
        assert tell is not None
        tell(line)
    lines = file.read_text(encoding="utf-8").splitlines()
    assert [line.split("Z ", 1)[1] for line in lines] == said == ["one", "two"]
    assert os.name != "posix" or file.stat().st_mode & 0o777 == 0o600
    assert tracer(Settings({}), said.append) is None
    with pytest.raises(UsageError, match="cannot be written"):
        tracer(Settings({"RECONCILER_LOG": str(tmp_path)}), said.append)
