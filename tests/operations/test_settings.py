"""What the process was started with."""

from __future__ import annotations

import pytest

from reconciler.errors import CredentialsMissing, UsageError
from reconciler.model.secret import Redactor
from reconciler.operations.settings import Settings, secret_variable
from reconciler.providers.protocol import CredentialVariable, Provider


def _provider() -> Provider:
    credentials = (
        CredentialVariable("key", ("FAKE_KEY", "FAKE_OTHER_KEY"), "key id", secret=False),
        CredentialVariable("secret", ("FAKE_SECRET",), "secret key"),
    )
    return Provider("p", lambda *_: pytest.fail("nothing is opened"), {}, {}, credentials)


@pytest.mark.parametrize(
    ("variables", "colour"),
    [
        ({}, None),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"CLICOLOR_FORCE": "1"}, True),
        ({"FORCE_COLOR": "0"}, None),
        ({"NO_COLOR": ""}, None),
        ({"TERM": "dumb"}, False),
    ],
)
def test_colour(variables: dict[str, str], colour: bool | None) -> None:
    """NO_COLOR wins over asking for colour, and that over what the terminal is."""
    assert Settings(variables).colour is colour


@pytest.mark.parametrize(("value", "is_ci"), [("true", True), ("1", True), ("", False), ("false", False), ("0", False)])
def test_ci(value: str, is_ci: bool) -> None:
    """CI runners set CI to something true."""
    assert Settings({"CI": value}).ci is is_ci


def test_only_prefixed_variables_are_secrets() -> None:
    """A manifest cannot ask for any other variable of the runner, the cloud keys least of all."""
    settings = Settings({"TOKEN": "fake-plain", "FAKE_SECRET": "fake-cloud", "RECONCILER_SECRET_TOKEN": "fake-token"})
    assert settings.secret("token") == "fake-token"
    for name in ("FAKE_SECRET", "PATH", "../TOKEN"):
        with pytest.raises(CredentialsMissing) as caught:
            settings.secret(name)
        assert secret_variable(name) in caught.value.hint


@pytest.mark.parametrize(
    ("name", "variable"),
    [("token", "TOKEN"), ("db-token", "DB_TOKEN"), ("a.b c", "A_B_C"), ("é", "_")],
)
def test_names_of_secrets(name: str, variable: str) -> None:
    """Any name has a variable that every shell can set."""
    assert secret_variable(name) == f"RECONCILER_SECRET_{variable}"


def test_a_secret_too_short_to_mask_is_refused() -> None:
    """What cannot be masked must not be used; the message does not hold it."""
    with pytest.raises(CredentialsMissing) as caught:
        Settings({"RECONCILER_SECRET_PIN": "zq9"}).secret("pin")
    assert "zq9" not in caught.value.message + caught.value.hint


def test_credentials() -> None:
    """The first variable that is set counts; what is missing is absent."""
    assert Settings({"FAKE_OTHER_KEY": "b"}).credentials(_provider()) == {"key": "b"}
    assert Settings({"FAKE_KEY": "a", "FAKE_OTHER_KEY": "b", "FAKE_SECRET": ""}).credentials(_provider()) == {
        "key": "a"
    }


def test_masking() -> None:
    """Secrets and secret credentials are masked, key ids are not."""
    variables = {"FAKE_KEY": "fake-key-id", "FAKE_SECRET": "fake-cloud-secret", "RECONCILER_SECRET_X": "fake-x-value"}
    masked = Settings(variables).masked(Redactor(), _provider())
    assert masked.redact("fake-key-id fake-cloud-secret fake-x-value") == "fake-key-id *** ***"


@pytest.mark.parametrize("text", ["0", "65", "-1", "x", "", "8.0", "٣"])
def test_parallelism(text: str) -> None:
    """A number from 1 to 64, or an error that names the variable."""
    with pytest.raises(UsageError, match="RECONCILER_PARALLELISM"):
        _ = Settings({"RECONCILER_PARALLELISM": text}).parallelism
    assert Settings().parallelism == 8
    assert Settings({"RECONCILER_PARALLELISM": text}).with_parallelism(3).parallelism == 3


def test_settings_do_not_show_themselves() -> None:
    """Printing the settings shows no variable."""
    assert "fake" not in repr(Settings({"RECONCILER_SECRET_X": "fake-canary"}))


@pytest.mark.parametrize("text", ["", "soon", "-1", "1e9", "nan", "0x1", "1_0"])
def test_list_lag(text: str) -> None:
    """A number of seconds, or a sentence."""
    with pytest.raises(UsageError, match="RECONCILER_LIST_LAG"):
        _ = Settings({"RECONCILER_LIST_LAG": text}).list_lag
    assert Settings().list_lag == 60
    assert Settings({"RECONCILER_LIST_LAG": "0.5"}).list_lag == 0.5


def test_tracing_is_asked_for() -> None:
    """Off unless the variable says otherwise."""
    assert [Settings({"RECONCILER_TRACE": t}).trace for t in ("", "0", "1")] == [False, False, True]
