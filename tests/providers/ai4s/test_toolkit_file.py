"""The file in which the platform's own command line tool keeps an account."""

from __future__ import annotations

import pytest

from reconciler.providers.ai4s.toolkit_file import read

SECRET = "FAKE" * 10
FULL = f"""\
[config]
ak = FAKEACCESSKEY
sk = {SECRET}
region = cn-north-4
platform-id = 0fakeproject
domain-name = fake-account
user_name = fake-user
password = fake-password
iam-endpoint = iam.cn-north-4.myhuaweicloud.com
ai4s-endpoint = https://ai4s.example.test
http-proxy = http://fake:fake-proxy-password@proxy.test:3128
project = lmx-test-01
"""


def test_everything_that_means_something_here() -> None:
    """Keys by the names of the tool's flags, endpoints as URLs; the ambient space is left aside."""
    found = read(FULL)
    assert found.credentials == {
        "access_key": "FAKEACCESSKEY",
        "secret_key": SECRET,
        "project_id": "0fakeproject",
        "domain_name": "fake-account",
        "user_name": "fake-user",
        "password": "fake-password",
    }
    assert (found.region, found.endpoint) == ("cn-north-4", "https://ai4s.example.test")
    assert found.settings == {"iam_endpoint": "https://iam.cn-north-4.myhuaweicloud.com"}
    assert found.proxy == "http://fake:fake-proxy-password@proxy.test:3128"
    assert found.notes == ("it holds an access key and a password: the key is used",)
    assert "lmx-test-01" not in repr(found)
    assert SECRET not in repr(found)


@pytest.mark.parametrize("text", [FULL.replace("[config]\n", ""), FULL.replace(" = ", "="), "\ufeff" + FULL.upper()])
def test_however_it_is_cut(text: str) -> None:
    """With or without a section, with or without spaces, in any case of keys."""
    assert set(read(text).credentials) == set(read(FULL).credentials)


def test_an_encrypted_secret_is_not_taken_for_a_key() -> None:
    """Neither half of the key is used then, the password is, and a note says why."""
    found = read(FULL.replace(SECRET, "sc+AbC/dEf=="))
    assert set(found.credentials) == {"project_id", "domain_name", "user_name", "password"}
    assert any("encrypted" in note for note in found.notes)


def test_half_a_key_is_none() -> None:
    """An access key without its secret would only be refused later."""
    assert "access_key" not in read("ak = FAKEACCESSKEY\n").credentials


def test_percent_signs_stay() -> None:
    """Values are taken as they stand."""
    assert read("password = 100%(sure)s%\n").credentials == {"password": "100%(sure)s%"}


@pytest.mark.parametrize("text", ["[broken\nak = x\n", "this is a letter, not a configuration\n"])
def test_what_is_no_such_file(text: str) -> None:
    """It is said, not guessed at; the text, which may hold a secret, is not quoted."""
    with pytest.raises(ValueError, match="no INI file") as caught:
        read(text)
    assert "letter" not in str(caught.value)
