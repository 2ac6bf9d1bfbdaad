"""Our signer agrees with the vendor's own on anything a request may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.providers.huawei_signing import AccessKey, KeySigner
from reconciler.providers.session import canonical_query

if TYPE_CHECKING:
    from requests import PreparedRequest

core = pytest.importorskip("huaweicloudsdkcore", reason="the vendor's SDK is not installed: pip install .[conformance]")

DATE = 1_767_225_600.0  # 2026-01-01T00:00:00Z
segments = st.lists(st.text(min_size=1).filter(lambda text: text not in {".", ".."}), max_size=4)
queries = st.dictionaries(st.text(), st.text() | st.lists(st.text(), max_size=4), max_size=5)
header_values = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"])).map(str.strip)
headers = st.dictionaries(st.sampled_from(["X-Language", "X-Force", "Show-Param-Detail"]), header_values, max_size=3)
bodies = st.none() | st.binary(min_size=1) | st.text(min_size=1).map(str.encode)


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    path=segments,
    query=queries,
    extra=headers,
    body=bodies,
    token=st.sampled_from(["", "FAKE-SECURITY-TOKEN"]),
)
@example(
    method="GET",
    path=["a b", "ä|:ö", "x~y*z"],
    query={"k": ["b", "a", ""], "": "", "~": "*+ "},
    extra={},
    body=None,
    token="",
)
@example(method="POST", path=[], query={"a": "1"}, extra={"X-Force": "True"}, body=b"{}", token="FAKE-SECURITY-TOKEN")
def test_same_signature_as_the_vendor(
    method: str,
    path: list[str],
    query: dict[str, str | list[str]],
    extra: dict[str, str],
    body: bytes | None,
    token: str,
) -> None:
    """Same Authorization header and same request target for the same request."""
    resource = "/" + "/".join(quote(part, safe="~") for part in path)
    text = canonical_query(query)
    ours = requests.Request(
        method,
        f"https://ai4s.example.com:8443{resource}{'?' if text else ''}{text}",
        headers={"Content-Type": "application/json", "X-Project-Id": "fake-project", **extra},
        data=body,
        auth=KeySigner(AccessKey("FAKEACCESSKEY", "FAKESECRETKEY", token), lambda: DATE),
    ).prepare()
    authorization, target = vendor(ours, resource, query)
    assert ours.headers["Authorization"] == authorization
    assert ours.path_url == target


def vendor(request: PreparedRequest, resource: str, query: dict[str, str | list[str]]) -> tuple[str, str]:
    """What the vendor's signer makes of the headers that we sign."""
    from huaweicloudsdkcore.auth.credentials import BasicCredentials
    from huaweicloudsdkcore.sdk_request import SdkRequest
    from huaweicloudsdkcore.signer.signer import Signer

    signed = str(request.headers["Authorization"]).partition("SignedHeaders=")[2].partition(",")[0].split(";")
    theirs = SdkRequest(
        method=request.method,
        schema="https",
        host="ai4s.example.com:8443",
        resource_path=resource,
        query_params=[(key, list(value) if isinstance(value, list) else value) for key, value in query.items()],
        header_params={name: str(value) for name, value in request.headers.items() if name.lower() in signed},
        body=request.body,
    )
    Signer(BasicCredentials("FAKEACCESSKEY", "FAKESECRETKEY", "fake-project")).sign(theirs)
    return theirs.header_params["Authorization"], theirs.uri
