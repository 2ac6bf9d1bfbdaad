"""A caller that shares nothing with the product's clients: it signs with a few lines of its own."""

from __future__ import annotations

import hashlib
import hmac
import json as json_module
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import requests

if TYPE_CHECKING:
    from types import TracebackType

    from requests.adapters import BaseAdapter

    from reconciler.localplatform.face import Account

BASE = "http://platform.test"
SAFE = "-_.~"


class Client:
    """Calls paths below the account's project, signed. `space` is the id of the default space."""

    def __init__(self, adapter: BaseAdapter, account: Account, base: str = BASE) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.mount(base, adapter)
        self.account = account
        self.base = base
        self._space = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.session.close()

    @property
    def root(self) -> str:
        """`/v1/<project>`."""
        return f"/v1/{self.account.project_id}"

    @property
    def space(self) -> str:
        """`/v1/<project>/eihealth-projects/<id of demo>`."""
        if not self._space:
            spaces = self.call("GET", f"{self.root}/eihealth-projects").json()["projects"]
            identifier = next(space["id"] for space in spaces if space["name"] == "demo")
            self._space = f"{self.root}/eihealth-projects/{identifier}"
        return self._space

    def call(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        params: Any = None,
        headers: dict[str, str] | None = None,
        data: bytes | None = None,
        at: float | None = None,
    ) -> requests.Response:
        """One signed request."""
        body = json_module.dumps(json).encode() if json is not None else data or b""
        request = requests.Request(
            method,
            self.base + path + _query(params),
            data=body,
            headers={"Content-Type": "application/json", "X-Project-Id": self.account.project_id, **(headers or {})},
        )
        prepared = self.session.prepare_request(request)
        sign(prepared, self.account.access_key, self.account.secret_key, at=at)
        return self.session.send(prepared, timeout=30)

    def admin(self, method: str, name: str, json: Any = None, **options: Any) -> requests.Response:
        """One call of the administrator."""
        headers = {"X-Admin-Token": self.account.admin_token}
        url = f"{self.base}/__admin__/{name}"
        return self.session.request(method, url, json=json, headers=headers, timeout=30, **options)

    def create(self, kind: str, body: dict[str, Any]) -> str:
        """Creates in the default space; the id."""
        answer = self.call("POST", f"{self.space}/{kind}", body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def show(self, kind: str, identifier: str) -> dict[str, Any]:
        """Shows from the default space."""
        answer = self.call("GET", f"{self.space}/{kind}/{identifier}")
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown


def _query(params: Any) -> str:
    """As the platform's clients send it: a space is %20, never a plus."""
    pairs = list(params.items() if isinstance(params, dict) else params or ())
    flat = [(k, each) for k, v in pairs for each in (v if isinstance(v, list) else [v])]
    return "?" + "&".join(f"{quote(k, safe=SAFE)}={quote(str(v), safe=SAFE)}" for k, v in flat) if flat else ""


def sign(prepared: requests.PreparedRequest, access: str, secret: str, *, at: float | None = None) -> None:
    """Adds X-Sdk-Date and Authorization to a prepared request."""
    parts = urlsplit(str(prepared.url))
    moment = datetime.now(UTC) if at is None else datetime.fromtimestamp(at, UTC)
    prepared.headers["X-Sdk-Date"] = moment.strftime("%Y%m%dT%H%M%SZ")
    prepared.headers["Host"] = parts.netloc
    names = sorted(name.lower() for name in prepared.headers if name.lower() not in {"content-length", "connection"})
    values = {name.lower(): str(value).strip() for name, value in prepared.headers.items()}
    path = "/".join(quote(part, safe=SAFE) for part in unquote(parts.path).split("/"))
    query = sorted(parse_qsl(parts.query, keep_blank_values=True))
    body = prepared.body if isinstance(prepared.body, bytes) else (prepared.body or "").encode()
    content = values.get("x-sdk-content-sha256") if body else None
    canonical = "\n".join(
        [
            str(prepared.method),
            path if path.endswith("/") else path + "/",
            "&".join(f"{quote(k, safe=SAFE)}={quote(v, safe=SAFE)}" for k, v in query),
            "".join(f"{name}:{values[name]}\n" for name in names),
            ";".join(names),
            content or hashlib.sha256(body).hexdigest(),
        ]
    )
    text = f"SDK-HMAC-SHA256\n{values['x-sdk-date']}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    prepared.headers["Authorization"] = (
        f"SDK-HMAC-SHA256 Access={access}, SignedHeaders={';'.join(names)}, Signature={signature}"
    )
