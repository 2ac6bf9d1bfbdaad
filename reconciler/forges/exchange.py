"""All of HTTP that the hosts' clients need: JSON in and out, pages, patience, errors without secrets.

Reads and replacements are repeated when the host is busy; what would say something twice is sent once. Redirections are
not followed, and a next page on another host is not asked for: the token goes to one place only.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from reconciler.errors import ReconcilerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import requests

_TIMEOUT: Final = (10.0, 30.0)
_ATTEMPTS: Final = 4
_LONGEST_WAIT: Final = 60.0
_MOST_PAGES: Final = 50
_BUSY: Final = frozenset({429, 500, 502, 503, 504})
_REPEATABLE: Final = frozenset({"GET", "PUT", "PATCH"})


class ForgeError(ReconcilerError):
    """The host of the pull request said no, or nothing. `status` is that of HTTP, 0 without an answer."""

    code = "forge"

    def __init__(self, message: str, *, hint: str = "", status: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class Exchange:
    """Requests to one API. `headers` hold the token; `sleep` waits (seconds)."""

    def __init__(self, url: str, headers: Mapping[str, str], *, sleep: Callable[[float], None] = time.sleep) -> None:
        import requests

        self._url = url.rstrip("/")
        self._origin = urlsplit(self._url)[:2]
        self._sleep = sleep
        self._session = requests.Session()
        self._session.auth = lambda request: request  # else a .netrc would replace our token by its own
        self._session.headers.update({"Accept": "application/json", "User-Agent": "gitops-reconciler", **headers})

    def get(self, path: str, **query: str | int) -> Any:  # noqa: ANN401 - any JSON value
        """What stands at `path`."""
        return self._json(self._send("GET", self._url + path, params=query))

    def pages(self, path: str, **query: str | int) -> Iterator[Any]:
        """The items of every page, in order."""
        answer = self._send("GET", self._url + path, params=query)
        for _ in range(_MOST_PAGES):
            yield from self._json(answer)
            following = answer.links.get("next", {}).get("url", "")
            if not following or urlsplit(following)[:2] != self._origin:
                return
            answer = self._send("GET", following)

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
        """Sends `body`, and what came back."""
        return self._json(self._send(method, self._url + path, json=dict(body)))

    def _send(self, method: str, url: str, **more: Any) -> requests.Response:  # noqa: ANN401 - parts of a request
        import requests

        attempts = _ATTEMPTS if method in _REPEATABLE else 1
        for attempt in range(1, attempts + 1):
            try:
                answer = self._session.request(method, url, timeout=_TIMEOUT, allow_redirects=False, **more)
            except requests.RequestException as error:
                if attempt == attempts:
                    msg = f"no answer from {urlsplit(url).netloc}: {type(error).__name__}"
                    raise ForgeError(msg) from error
                self._sleep(2.0**attempt)
                continue
            if answer.status_code not in _BUSY or attempt == attempts:
                return self._good(method, url, answer)
            self._sleep(_pause(answer, attempt))
        raise AssertionError(method)

    def _good(self, method: str, url: str, answer: requests.Response) -> requests.Response:
        if answer.ok and not answer.is_redirect:
            return answer
        said = ""
        try:
            document = answer.json()
            said = str(document.get("message") or document.get("error") or "") if isinstance(document, dict) else ""
        except ValueError:
            said = ""
        hints = {401: "Check the token.", 403: "The token lacks a permission; see docs/review.md."}
        msg = f"{method} {urlsplit(url).path}: {answer.status_code}{f' {said[:200]}' if said else ''}"
        raise ForgeError(msg, hint=hints.get(answer.status_code, ""), status=answer.status_code)

    def _json(self, answer: requests.Response) -> Any:  # noqa: ANN401 - any JSON value
        if not answer.content:
            return None
        try:
            return answer.json()
        except ValueError as error:
            msg = f"{urlsplit(answer.url).path}: not JSON"
            raise ForgeError(msg, status=answer.status_code) from error


def _pause(answer: requests.Response, attempt: int) -> float:
    told = answer.headers.get("Retry-After", "")
    return min(float(told) if told.isdigit() else 2.0**attempt, _LONGEST_WAIT)
