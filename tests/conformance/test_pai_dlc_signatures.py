"""ACS3-HMAC-SHA256 of our client and of our server, against the vendor's signer and what it was recorded to send."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from reconciler.localplatform.platforms import pai_dlc_auth as server
from reconciler.providers.pai_dlc import signing
from reconciler.providers.pai_dlc.credentials import Given, Key
from reconciler.providers.session import canonical_query

if TYPE_CHECKING:
    from collections.abc import Mapping

vendor = pytest.importorskip(
    "alibabacloud_tea_openapi.utils", reason="the vendor's SDK is not installed: pip install .[conformance]"
)
WIRE = json.loads((Path(__file__).parents[1] / "data" / "pai_dlc" / "wire.json").read_text("utf-8"))
FULL = WIRE["recorded_full_examples"]
FAKE = WIRE["fake_credentials"]
EMPTY = hashlib.sha256(b"").hexdigest()
KEY = Key("LTAIfakeAccessKeyId", "fakeSecretForTestsOnly")
WORDS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9._-]{0,9}", fullmatch=True)
"""Names of parameters are plain words: the vendor's signer does not encode them."""
VALUES = st.one_of(
    WORDS, st.sampled_from(["", "a b", "a+b", "~", "*", "100%", "中 文", "[1,2]", '{"k":"v w"}', "%41", "a/b?c&d=e"])
)


def signed_headers(example: Mapping[str, Any]) -> dict[str, str]:
    """The headers of a recorded request that it says are signed."""
    names = example["headers"]["Authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    lower = {name.lower(): value for name, value in example["headers"].items()}
    return {name: lower[name] for name in names}


def as_server_sees(method: str, url: str, headers: Mapping[str, str], body: str = "") -> Request:
    """The request as it comes out of a WSGI server."""
    path, _, query = url.partition("://")[2].partition("/")[2].partition("?")
    builder = EnvironBuilder(path=f"/{path}", method=method, headers=dict(headers), data=body, query_string=query)
    environ = builder.get_environ()
    environ["REQUEST_URI"] = f"/{path}{'?' if query else ''}{query}"
    return Request(environ)


def test_the_public_vector() -> None:
    """The example of the vendor's documentation."""
    vector = WIRE["signature_public_test_vector"]
    url = f"https://{vector['headers']['host']}{vector['path']}?{canonical_query(vector['query'])}"
    canonical = signing.canonical_request(vector["method"], url, vector["headers"])
    assert f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}" == vector["string_to_sign"]
    assert signing.signature(vector["access_key_secret"], canonical) == vector["signature"]


@pytest.mark.parametrize("name", FULL)
def test_recorded_requests(name: str) -> None:
    """Both sides come to the recorded signature from what was on the wire, a `+` for a space included."""
    example = FULL[name]
    url = f"http://127.0.0.1:18080{example['raw_path']}{'?' if example['raw_query'] else ''}{example['raw_query']}"
    headers = signed_headers(example)
    assert signing.canonical_request(example["method"], url, headers) == example["canonical_request"]
    assert signing.signature(FAKE["access_key_secret"], example["canonical_request"]) == example["signature"]
    request = as_server_sees(example["method"], url, example["headers"], example["body"])
    canonical = server.canonical_request(request, tuple(headers))
    assert canonical == example["canonical_request"]
    assert server.sign(FAKE["access_key_secret"], canonical) == example["signature"]


@settings(max_examples=60, deadline=None)
@given(
    path=st.lists(WORDS, max_size=3), query=st.dictionaries(NAMES, VALUES, max_size=4), body=st.one_of(st.none(), WORDS)
)
def test_three_signers_agree(path: list[str], query: dict[str, str], body: str | None) -> None:
    """For any path, query and body our client, our server and the vendor's signer come to one signature: Unicode,
    empty values, lists and reserved characters included.
    """
    raw_path = "/api/v1/" + "/".join(vendor.Utils.get_encode_param(part) for part in path)
    payload = "" if body is None else json.dumps({"text": body}, ensure_ascii=False)
    wire = canonical_query(query)
    url = f"http://127.0.0.1:18080{raw_path}{'?' if wire else ''}{wire}"
    request = requests.Request(
        "POST", url, data=payload.encode() or None, headers={"accept": "application/json"}
    ).prepare()
    ours = signing.Signer(Given(KEY), lambda: 1_800_000_000.0)(request).headers
    names = ours["Authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    signed = {name: ours[name] for name in names}
    theirs = SimpleNamespace(method="POST", pathname=raw_path, query=dict(query), headers=dict(signed))
    expected = vendor.Utils.get_authorization(
        theirs, signing.ALGORITHM, ours["x-acs-content-sha256"], KEY.access, KEY.secret
    )
    assert ours["Authorization"] == expected
    for spelling in (url, f"http://127.0.0.1:18080{raw_path}{'?' if wire else ''}{urlencode(query)}"):
        seen = as_server_sees("POST", spelling, {**ours, "host": "127.0.0.1:18080"}, payload)
        assert server.sign(KEY.secret, server.canonical_request(seen, tuple(names))) == expected[-64:]


def test_what_must_be_signed() -> None:
    """The token, the action and the hash of the body are under the signature, and every attempt has its own nonce."""
    signer = signing.Signer(Given(Key("id", "secret", "token")), lambda: 1_800_000_000.0)
    seen = []
    for _ in range(2):
        request = requests.Request(
            "GET", "http://127.0.0.1:1/api/v1/jobs", headers={"x-acs-action": "ListJobs"}
        ).prepare()
        seen.append(signer(request).headers)
    names = seen[0]["Authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    assert {"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-security-token"} <= set(names)
    assert seen[0]["x-acs-content-sha256"] == EMPTY
    assert seen[0]["x-acs-date"] == "2027-01-15T08:00:00Z"
    assert seen[0]["x-acs-signature-nonce"] != seen[1]["x-acs-signature-nonce"]
