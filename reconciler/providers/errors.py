"""From what went wrong on the wire to our error tree: did the call have its effect, and what should a person do.

| what happened                                           | error           | effect of a mutating call |
|---------------------------------------------------------|-----------------|---------------------------|
| no name, no route, refused, TLS handshake, connect time | Unreachable     | none: nothing was sent    |
| 401, 403, 404, 409, 429, any other 4xx but 408          | Refused's leaf  | none: the platform said no |
| 408, any 5xx; 301, 302, 303 unless it was a read       | Unanswered      | unknown                   |
| read time-out, reset, cut body, 2xx that is not JSON    | Unanswered      | unknown                   |

A 404 counts as "that object does not exist" only when it is in the platform's own words: a wrong endpoint, a gateway
or a proxy answers 404 too, and reading those as absence would let a plan create everything a second time.
"""

from __future__ import annotations

import html
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.errors import (
    Conflict,
    Forbidden,
    NotFound,
    PlatformError,
    Refused,
    Throttled,
    Unanswered,
    Unauthenticated,
    Unreachable,
)
from reconciler.providers.exchange import Effect, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.providers.exchange import Answer, Call, Dialect

_SHOWN = 300
_ASK_AGAIN_LATER = frozenset({408, 425, 429, 502, 503, 504})
_PROCESSED_PERHAPS = frozenset({301, 302, 303})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({404, 410})
_UNAUTHENTICATED, _TIMEOUT, _TOO_MANY, _SERVER = 401, 408, 429, 500
_NO: dict[int, tuple[type[PlatformError], str, str]] = {
    403: (Forbidden, "the account may not do this", "ask for the permission, or check the account and the scope"),
    404: (NotFound, "it does not exist", ""),
    409: (Conflict, "something that exists already is in the way", ""),
    410: (NotFound, "it does not exist any more", ""),
}
_CODE_KEYS = (("error_code", "error_msg"), ("errorCode", "errorMsg"), ("code", "message"))


class Failure(Exception):
    """Inside a session: one attempt failed with `error`. `again`: the same request may do better later, after `wait`
    seconds where the platform said so, and in at most `most` attempts where more would only keep people waiting.
    """

    def __init__(
        self, error: PlatformError, *, again: bool = False, wait: float | None = None, most: int | None = None
    ) -> None:
        super().__init__(error.message)
        self.error = error
        self.again = again
        self.wait = wait
        self.most = most


@dataclass(frozen=True, slots=True)
class Speech:
    """Who speaks in an error: the target, where it is, and what its platform's words mean."""

    target: str
    endpoint: str
    dialect: Dialect

    def about(self, call: Call, what: str) -> str:
        """`prod: create app x: what`."""
        return f"{self.target}: {call.operation}: {what}"


def nested_fault(answer: Answer) -> Fault | None:
    """The fault of an answer with status 400 or more, in the shapes most gateways use: `error_code` and `error_msg`,
    `errorCode` and `errorMsg`, or `code` and `message`, at the top or one level down. None for a good answer.
    """
    if answer.status < 400:  # noqa: PLR2004 - where HTTP's errors begin
        return None
    try:
        body = answer.json()
    except ValueError:
        return Fault()
    if not isinstance(body, dict):
        return Fault()
    for part in (body, *(value for value in body.values() if isinstance(value, dict))):
        for code, message in _CODE_KEYS:
            if part.get(code) is not None:
                return Fault(code=str(part[code]), message=str(part.get(message) or ""))
    return Fault()


def of_answer(speech: Speech, call: Call, answer: Answer, fault: Fault, *, wait: float | None) -> Failure:
    """The failure behind an answer that is not a success. `wait` is what its `Retry-After` asks for, in seconds."""
    status = fault.status or answer.status
    request_id = answer.headers.get(speech.dialect.request_id, "")
    words = _words(answer, fault, request_id)
    if status == _TOO_MANY:
        wait = fault.retry_after if fault.retry_after is not None else wait
        throttled = Throttled(speech.about(call, f"too many calls{words}"), retry_after=wait, status=answer.status)
        throttled.hint = "run it again later, or with a lower --parallelism"
        throttled.platform_code, throttled.request_id = fault.code, request_id
        return Failure(throttled, again=True, wait=wait)
    make, what, hint = _verdict(speech, call, status, fault)
    error = make(
        speech.about(call, f"{what}{words}"),
        hint=hint,
        status=answer.status,
        platform_code=fault.code,
        request_id=request_id,
    )
    return Failure(error, again=status in _ASK_AGAIN_LATER, wait=wait)


def unanswered(speech: Speech, call: Call, what: str, *, again: bool = False, request_id: str = "") -> Failure:
    """Sent, and nothing to rely on came back."""
    error = Unanswered(speech.about(call, what), hint=_after_silence(call), request_id=request_id)
    return Failure(error, again=again)


def unreachable(speech: Speech, call: Call, what: str, hint: str, *, most: int | None) -> Failure:
    """Nothing was sent. `most` attempts make sense, None for as many as the session allows, 1 for none but this."""
    return Failure(Unreachable(speech.about(call, what), hint=hint), again=most != 1, most=most)


@contextmanager
def before_sending() -> Iterator[None]:
    """Around what has to be asked before something is sent: that a question got no answer must not be told of the call
    behind it, which never left.
    """
    try:
        yield
    except Unanswered as error:
        raise Unreachable(
            error.message,
            hint=f"nothing was sent; {error.hint or 'run it again'}",
            status=error.status,
            platform_code=error.platform_code,
            request_id=error.request_id,
        ) from None


def shorten(text: str) -> str:
    """One line of at most 300 characters out of anything a server may send; tags and control characters are taken
    out, so that an HTML error page reads as its words.
    """
    if "<" in text:
        text = re.sub(r"(?is)<(script|style|head)\b.*?</\1\s*>", " ", text)
        text = html.unescape(re.sub(r"<[^<>]*>", " ", text))
    text = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\s]+", " ", text).strip()
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def _verdict(speech: Speech, call: Call, status: int, fault: Fault) -> tuple[type[PlatformError], str, str]:
    """The class, the sentence and the advice for a status."""
    if status == _UNAUTHENTICATED:
        names = ", ".join(speech.dialect.variables) or "the credentials of this target"
        hint = f"check {names}, and the clock of this machine"
        return Unauthenticated, "the platform does not accept the credentials", hint
    if status in _GONE and not fault.code:
        return Refused, f"nothing is served at this path of {speech.endpoint}", "is the endpoint right?"
    unsure = status >= _SERVER or status == _TIMEOUT
    if unsure or (status in _PROCESSED_PERHAPS and call.meaning is not Effect.READ):
        return Unanswered, "the platform failed", _after_silence(call)
    if status in _REDIRECTS:
        return Refused, "the endpoint redirects elsewhere, which is not followed", "is the endpoint right?"
    return _NO.get(status, (Refused, "the platform refused", ""))


def _words(answer: Answer, fault: Fault, request_id: str) -> str:
    """` (HTTP 400, eihealth.0105: what it says, request abc)`."""
    said = ": ".join(
        part for part in (fault.code, shorten(fault.message or ("" if fault.code else answer.text))) if part
    )
    location = answer.headers.get("location", "")
    parts = (
        f"HTTP {answer.status}",
        said,
        f"to {shorten(location)}" if location else "",
        f"request {shorten(request_id)}" if request_id else "",
    )
    return f" ({', '.join(part for part in parts if part)})"


def _after_silence(call: Call) -> str:
    match call.meaning:
        case Effect.READ:
            return "run it again"
        case Effect.REPEATABLE:
            return "it may have been done; run it again, repeating it does no harm"
        case Effect.ONCE:
            return "it may have been done: the next apply looks for it before it sends anything again"
