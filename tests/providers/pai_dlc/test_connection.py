"""Where a target is, and whose keys are used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import CredentialsMissing, UsageError
from reconciler.model.target import Target
from reconciler.providers.pai_dlc.connection import connect
from reconciler.providers.pai_dlc.credentials import Chain, Given, Key, source_of
from reconciler.providers.protocol import Transport
from tests.providers.loopback import reply, serving
from tests.providers.pai_dlc.opened import KEYS, at

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
NOT_INSTALLED = "the vendor's chain is not installed: pip install .[alibaba]"
ENDPOINTS = [
    (Target("p", "pai-dlc", region="cn-hangzhou"), "https://pai-dlc.cn-hangzhou.aliyuncs.com"),
    (Target("p", "pai-dlc", region="me-east-1"), "https://pai-dlc.me-east-1.aliyuncs.com"),
    (
        Target("p", "pai-dlc", region="cn-beijing", settings={"network": "vpc"}),
        "https://pai-dlc-vpc.cn-beijing.aliyuncs.com",
    ),
    (Target("p", "pai-dlc", "http://127.0.0.1:1", region="x"), "http://127.0.0.1:1"),
]


@pytest.mark.parametrize(("target", "endpoint"), ENDPOINTS, ids=[endpoint for _, endpoint in ENDPOINTS])
def test_endpoints(target: Target, endpoint: str) -> None:
    """The region's own, inside its network or not, or the one that is given."""
    connection = connect(target, KEYS, Transport())
    assert connection.place.session.endpoint == endpoint
    connection.close()


@pytest.mark.parametrize("settings", [{}, {"network": "lan"}])
def test_a_target_that_is_nowhere(settings: dict[str, str]) -> None:
    """Said before anything is sent."""
    with pytest.raises(UsageError):
        connect(Target("p", "pai-dlc", settings=settings), KEYS, Transport())


def test_half_a_key() -> None:
    """Is none, and the chain is not asked instead."""
    with pytest.raises(CredentialsMissing, match="half"):
        source_of("p", {"access_key": "LTAIfake"})


def test_a_given_key_wins() -> None:
    """With its token, and without a word of either in what is printed."""
    source = source_of("p", {**KEYS, "security_token": "fake-token"})
    assert isinstance(source, Given)
    assert source.key().token == "fake-token"
    assert "fake-token" not in repr(source)
    assert KEYS["secret_key"] not in repr(source)


class Renewing:
    """The vendor's client: another temporary key at each call."""

    def __init__(self) -> None:
        self.count = 0

    def get_credential(self) -> Any:
        """The next one."""
        self.count += 1
        return SimpleNamespace(access_key_id="LTAIchain", access_key_secret="s", security_token=f"token-{self.count}")


def test_the_chain_is_asked_for_each_request() -> None:
    """A key that was renewed meanwhile is the one that signs."""
    pytest.importorskip("alibabacloud_credentials", reason=NOT_INSTALLED)
    source = Chain("p", Renewing())
    assert [source.key(), source.key()] == [Key("LTAIchain", "s", "token-1"), Key("LTAIchain", "s", "token-2")]


def test_the_real_chain_says_one_thing(tmp_path: Path) -> None:
    """Where nothing works: an error before anything is sent, and none of the tracebacks of the vendor's library."""
    pytest.importorskip("alibabacloud_credentials", reason=NOT_INSTALLED)
    code = (
        "from reconciler.errors import CredentialsMissing\n"
        "from reconciler.providers.pai_dlc.credentials import source_of\n"
        "try:\n    source_of('p', {})\n"
        "except CredentialsMissing as error:\n    print(error.message)\n"
    )
    alone = {"PATH": os.defpath, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    alone |= {f"ALIBABA_CLOUD_{name}": "acs:ram::1:fake" for name in ("ROLE_ARN", "OIDC_PROVIDER_ARN")}
    alone |= {"ALIBABA_CLOUD_OIDC_TOKEN_FILE": str(tmp_path / "none"), "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=alone)
    assert "OIDCRoleArn" in done.stdout
    assert done.stderr == ""


class Empty:
    """The vendor's client, finding nothing."""

    def get_credential(self) -> Any:
        """Raises what the vendor's client raises."""
        from alibabacloud_credentials.exceptions import CredentialException

        raise CredentialException("nobody has a key")


def test_a_chain_that_ends_without_a_key() -> None:
    """Names what to set."""
    pytest.importorskip("alibabacloud_credentials", reason=NOT_INSTALLED)
    with pytest.raises(CredentialsMissing, match="nobody has a key") as caught:
        Chain("p", Empty()).key()
    assert "ALIBABA_CLOUD_ACCESS_KEY_ID" in caught.value.hint


@pytest.fixture
def uninstalled() -> Iterator[None]:
    """A Python without the vendor's chain."""
    kept = {name: sys.modules.pop(name) for name in list(sys.modules) if name.startswith("alibabacloud_credentials")}
    sys.modules["alibabacloud_credentials"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["alibabacloud_credentials"]
        sys.modules.update(kept)


def test_without_the_chain(uninstalled: None) -> None:
    """The message names the extra that brings it."""
    with pytest.raises(CredentialsMissing) as caught:
        source_of("p", {})
    assert "gitops-reconciler[alibaba]" in caught.value.hint


def test_the_token_travels_signed() -> None:
    """As the vendor's client was recorded: both headers, under the signature."""
    with serving(reply(404, {"Code": "NotFound", "Message": "no fake-token here"})) as server:
        target = Target("p", "pai-dlc", server.url)
        connection = connect(target, {**KEYS, "security_token": "fake-token"}, Transport(deadline=5))
        assert connection.handler("Job").read(at("t"), "dlc1") is None  # type: ignore[attr-defined]
        connection.close()
    headers = {name.lower(): value for name, value in server.seen[0].headers.items()}
    assert headers["x-acs-security-token"] == "fake-token"
    assert headers["x-acs-accesskey-id"] == KEYS["access_key"]
    assert "x-acs-security-token" in headers["authorization"]
