"""The WSGI application: finds the face and the handler of a request, lets faults strike, answers, takes notes."""

from __future__ import annotations

import json
import re
import time
import uuid
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from reconciler.localplatform.accounts import Manner
from reconciler.localplatform.admin import PREFIX as ADMIN_PREFIX
from reconciler.localplatform.face import Call, Face, Problem, Refusal, Rejected, Reply, Route
from reconciler.localplatform.faults import ConnectionDropped, FaultKind, FaultRule, Faults, When
from reconciler.localplatform.observing import OBSERVED, observe
from reconciler.localplatform.request_log import BODY_LIMIT, RequestLog, shown_headers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from reconciler.localplatform.accounts import Accounts
    from reconciler.localplatform.admin import Admin
    from reconciler.localplatform.services import Services

BODY_MOST = 128 * 1024 * 1024
"""Largest body of any kind, in bytes; faces and JSON bodies have lower limits."""

NOTICE = "X-Platform-Notice"
"""Header with a word about what this platform does otherwise than the real one. Clients may tell people of it."""

_TEXTS = {
    Problem.UNKNOWN_PATH: "The API does not exist or has not been published in the environment",
    Problem.UNKNOWN_METHOD: "The API does not exist for this method",
    Problem.TOO_LARGE: "Request entity too large",
    Problem.THROTTLED: "The throttling threshold has been reached: policy local over ratelimit",
    Problem.BROKEN: "Backend unavailable",
}


@dataclass(slots=True)
class _Notes:
    """What the request log says about one request; filled in as it goes through."""

    operation: str = ""
    body: bytes = b""
    fault: FaultRule | None = None
    status: int = 0


@dataclass(frozen=True, slots=True)
class _Match:
    """Where a request goes: its face, its route, and the variable parts of the path."""

    face: Face
    route: Route
    arguments: dict[str, str] = field(default_factory=dict)


class Application:
    """The whole local platform behind one WSGI callable. Threads may call it at once.

    Raises ConnectionDropped where a fault rule says so: the server around it must close the connection.
    """

    def __init__(
        self,
        services: Services,
        faces: Sequence[Face],
        *,
        faults: Faults,
        log: RequestLog,
        admin: Admin,
        accounts: Accounts | None = None,
    ) -> None:
        """`accounts` None: there is one account, that of `services`."""
        self._accounts = accounts
        self._services = services
        self._faces = tuple(faces)
        self._faults = faults
        self._log = log
        self._admin = admin
        self._endpoints = tuple((face, route) for face in self._faces for route in face.routes)
        self._map = _map_of(tuple((route.method, route.path) for _, route in self._endpoints))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answers one request, as WSGI has it."""
        request = Request(environ)
        request.max_content_length = BODY_MOST
        if request.path.startswith(ADMIN_PREFIX):
            return _response(self._administer(request), "")(environ, start_response)
        if self._accounts is not None and request.path in OBSERVED:
            return _response(observe(request.path, self._services, self._log), "")(environ, start_response)
        request_id, notes = uuid.uuid4().hex, _Notes()
        try:
            response = self._answer(request, request_id, notes)
        finally:
            self._note(request, request_id, notes)
            request.close()
        return response(environ, start_response)

    def _administer(self, request: Request) -> Reply:
        try:
            _read(request)
        except Rejected as rejected:
            return _refuse(None, rejected, "")
        return self._admin.answer(request)

    def _answer(self, request: Request, request_id: str, notes: _Notes) -> Response:
        face = next((f for f in self._faces if f.owns(request.path)), None)
        try:
            match = self._match(request)
            notes.body = _read(request)
            face, notes.operation = match.face, match.route.operation
            notes.fault = self._faults.strike(request.method, request.path, notes.operation)
            _before(notes.fault)
            reply = self._handle(request, request_id, match, notes.fault)
            _after(notes.fault)
        except Rejected as rejected:
            reply = _refuse(face, rejected, request_id)
        except Refusal as refusal:
            reply = _render(face, refusal, request_id)
        notes.status = reply.status
        cut = notes.fault is not None and notes.fault.fault is FaultKind.TRUNCATE
        response = _response(reply, request_id, cut=cut)
        if not self._services.runs.use_images:
            response.headers[NOTICE] = "images-ignored"
        return response

    def _match(self, request: Request) -> _Match:
        try:
            endpoint, arguments = self._map.bind_to_environ(request.environ).match()
        except MethodNotAllowed as error:
            raise Rejected(Problem.UNKNOWN_METHOD, _TEXTS[Problem.UNKNOWN_METHOD]) from error
        except HTTPException as error:
            raise Rejected(Problem.UNKNOWN_PATH, _TEXTS[Problem.UNKNOWN_PATH]) from error
        face, route = self._endpoints[endpoint]
        return _Match(face, route, dict(arguments))

    def _handle(self, request: Request, request_id: str, match: _Match, fault: FaultRule | None) -> Reply:
        now = self._services.clock.now()
        stale = fault is not None and fault.fault is FaultKind.STALE
        call = Call(
            request=request,
            arguments=match.arguments,
            services=self._services_for(request, match),
            request_id=request_id,
            now=now,
            as_of=now - fault.seconds if fault is not None and stale else None,
        )
        if match.route.signed:
            skew = fault.seconds if fault is not None and fault.fault is FaultKind.SKEW else 0.0
            match.face.sign_in(replace(call, now=now + skew))
            self._want_role(call, match)
        return match.route.handle(call)

    def _services_for(self, request: Request, match: _Match) -> Services:
        """The services as the caller may use them: everything that is done is done in their account."""
        if self._accounts is None:
            return self._services
        now, store, own = self._services.clock.now(), self._services.store, match.face.owner_of_token
        manner = Manner.SIGNATURE if match.face.signatures else Manner.TOKEN
        manner = manner if match.route.signed else Manner.PASSWORD

        def owner(token: str) -> str:
            return (own(self._services, token) if own else "") or store.account_of_token(token, now)

        account = self._accounts.caller(request, owner, manner)
        return replace(self._services, account=account)

    def _want_role(self, call: Call, match: _Match) -> None:
        """Raises Refusal 403 unless the caller has a role in the space the call is about that allows it."""
        if self._accounts is None or match.face.space is None:
            return
        space, write = match.face.space(call), match.route.method != "GET"
        if space and not self._accounts.may(call.services.account.user, space, write=write):
            what = "write to" if write else "read"
            raise Refusal(403, "Forbidden", f"{call.services.account.user} may not {what} the space {space}")

    def _note(self, request: Request, request_id: str, notes: _Notes) -> None:
        self._log.add(
            at=self._services.clock.now(),
            method=request.method,
            path=request.path,
            query=request.query_string.decode("latin-1"),
            headers=shown_headers(list(request.headers.items())),
            body=notes.body[:BODY_LIMIT].decode("utf-8", "replace"),
            operation=notes.operation,
            status=notes.status,
            request_id=request_id,
            fault=notes.fault.fault if notes.fault else "",
        )


def _read(request: Request) -> bytes:
    """The whole body, which stays cached in the request. Raises Rejected when it cannot be read."""
    try:
        return request.get_data(cache=True)
    except RequestEntityTooLarge as error:
        raise Rejected(Problem.TOO_LARGE, _TEXTS[Problem.TOO_LARGE]) from error
    except HTTPException as error:
        raise Rejected(Problem.BAD_BODY, "the body cannot be read") from error


@lru_cache(maxsize=4)
def _map_of(paths: tuple[tuple[str, str], ...]) -> Map:
    """Finds the position of a (method, path) among `paths`. Raises ValueError when two are for the same calls.

    Remembered, since werkzeug takes tens of milliseconds to compile a set of rules, and a map is never changed.
    """
    rules, taken = [], set()
    for position, (method, path) in enumerate(paths):
        shape = (method, re.sub(r"<[^>]+>", "<>", path))
        if shape in taken:
            raise ValueError(f"two platforms serve {method} {path}")
        taken.add(shape)
        rules.append(Rule(path, methods=[method], endpoint=position))
    return Map(rules, strict_slashes=True, merge_slashes=False, redirect_defaults=False)


def _before(fault: FaultRule | None) -> None:
    """What strikes before the handler has seen the call."""
    if fault is None:
        return
    if fault.fault is FaultKind.LATENCY:
        time.sleep(fault.seconds)
    elif fault.fault is FaultKind.THROTTLE:
        headers = {"Retry-After": f"{fault.retry_after:g}"}
        raise Rejected(Problem.THROTTLED, _TEXTS[Problem.THROTTLED], headers=headers)
    elif fault.when is When.BEFORE:
        _break(fault)


def _after(fault: FaultRule | None) -> None:
    """What strikes when the handler has done its work."""
    if fault is None:
        return
    if fault.fault is FaultKind.LOST:
        raise ConnectionDropped(reset=False)
    if fault.when is When.AFTER:
        _break(fault)


def _break(fault: FaultRule) -> None:
    if fault.fault is FaultKind.RESET:
        raise ConnectionDropped(reset=True)
    if fault.fault is FaultKind.ERROR:
        raise Rejected(Problem.BROKEN, _TEXTS[Problem.BROKEN], status=fault.status)


def _refuse(face: Face | None, rejected: Rejected, request_id: str) -> Reply:
    """A refusal of the server itself, in the words of the face the request was for."""
    status, code = face.problems[rejected.problem] if face else (_PLAIN[rejected.problem], rejected.problem.value)
    return _render(face, Refusal(rejected.status or status, code, rejected.message, rejected.headers), request_id)


_PLAIN = {
    Problem.UNKNOWN_PATH: 404,
    Problem.UNKNOWN_METHOD: 405,
    Problem.BAD_BODY: 400,
    Problem.TOO_LARGE: 413,
    Problem.THROTTLED: 429,
    Problem.BROKEN: 503,
}
"""Statuses where no platform owns the path."""


def _render(face: Face | None, refusal: Refusal, request_id: str) -> Reply:
    if face is not None:
        return face.render(refusal, request_id)
    return Reply({"code": refusal.code, "message": refusal.message}, refusal.status, refusal.headers)


def _response(reply: Reply, request_id: str, *, cut: bool = False) -> Response:
    raw = reply.raw if reply.raw is not None else _bytes(reply.body)
    headers = {**reply.headers, **({"X-Request-Id": request_id} if request_id else {})}
    response = Response(raw, status=reply.status, headers=headers, content_type=reply.content_type)
    if cut and len(raw) > 1:
        # The header still promises the whole answer, so the client can tell.
        response.automatically_set_content_length = False
        response.response = [raw[: len(raw) // 2]]
        response.headers["Content-Length"] = str(len(raw))
    return response


def _bytes(body: Any) -> bytes:  # noqa: ANN401 - any JSON value
    return b"" if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "backslashreplace")
