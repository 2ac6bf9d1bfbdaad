"""What tests and the command line may do to the platform, below `/__admin__/`; never part of any platform's wire.

Every call but `health` needs the header `X-Admin-Token`. Bodies and answers are JSON.

    GET    health      alive, version, process id
    GET    status      counts of objects and active runs, uptime
    POST   seed        {"objects": [{"platform", "kind", "scope", "id", "name", "version", "body", ...}]}: stored as
                       they are, unchecked; times and ids are filled in where left out
    POST   reset       cancels all runs, forgets all objects and files, and makes what a new account has
    GET    faults      the rules in force        PUT: {"rules": [...]} in their place   POST: one more   DELETE: none
    GET    requests    ?operation= ?after=       DELETE: forget them
    GET    clock       {"now"}                   PUT: {"advance": seconds, "frozen": true|false}
    GET    switches    behaviours                PUT: {"name": value}
    GET    phases      who carries runs out      PUT: {"engine": name}: new runs go there (localplatform/phases.py)
    POST   shutdown    {"cancel": true|false}: ends the server, and the running work with it unless told otherwise
"""

from __future__ import annotations

import hmac
import os
import sqlite3
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.face import Face, Rejected, Reply, json_object
from reconciler.localplatform.faults import FaultRule, Faults
from reconciler.localplatform.store import Entity
from reconciler.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from werkzeug.wrappers import Request

    from reconciler.localplatform.request_log import RequestLog
    from reconciler.localplatform.services import Services

PREFIX = "/__admin__/"
HEADER = "X-Admin-Token"
_STARTED = "started platforms"
PATIENCE = 5.0
"""Seconds that running work gets to end when everything is reset, before it is killed."""


@dataclass(frozen=True, slots=True)
class Admin:
    """The administrator's side of one application. `shutdown` is called with whether running work is to be ended."""

    services: Services
    faces: tuple[Face, ...]
    faults: Faults
    log: RequestLog
    shutdown: Callable[[bool], None]
    started: float

    def answer(self, request: Request) -> Reply:
        """The answer to any request below the prefix. Never raises."""
        name = request.path.removeprefix(PREFIX)
        if (request.method, name) == ("GET", "health"):
            return Reply({"status": "ok", "version": __version__, "pid": os.getpid()})
        token = request.headers.get(HEADER, "")
        if not hmac.compare_digest(token.encode(), self.services.account.admin_token.encode()):
            return Reply({"message": f"{HEADER} is missing or wrong"}, 401)
        handler = self._handlers().get((request.method, name))
        if handler is None:
            return Reply({"message": f"there is no {request.method} {name} here"}, 404)
        try:
            return Reply(handler(request))
        except (Rejected, ValueError, TypeError, sqlite3.IntegrityError) as error:
            return Reply({"message": str(error)}, 400)

    def _handlers(self) -> Mapping[tuple[str, str], Callable[[Request], Any]]:
        return {
            ("GET", "status"): self._status,
            ("POST", "seed"): self._seed,
            ("POST", "reset"): self._reset,
            ("GET", "faults"): self._get_faults,
            ("PUT", "faults"): self._put_faults,
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): self._clear_faults,
            ("GET", "requests"): self._requests,
            ("DELETE", "requests"): self._clear_requests,
            ("GET", "clock"): self._get_clock,
            ("PUT", "clock"): self._put_clock,
            ("GET", "switches"): lambda _: self.services.switches.all(),
            ("PUT", "switches"): self._put_switches,
            ("GET", "phases"): lambda _: self._phases(),
            ("PUT", "phases"): self._put_phases,
            ("POST", "shutdown"): self._shutdown,
        }

    def _status(self, _: Request) -> dict[str, Any]:
        active = self.services.runs.history.active()
        return {
            "version": __version__,
            "pid": os.getpid(),
            "uptime": self.services.clock.now() - self.started,
            "objects": self.services.store.counts(),
            "active_runs": len(active),
        }

    def _seed(self, request: Request) -> dict[str, Any]:
        objects = _json(request).get("objects")
        if not isinstance(objects, list):
            raise TypeError('seed takes {"objects": [...]}')
        now = self.services.clock.now()
        entities = tuple(_entity(value, now) for value in objects)
        self.services.store.insert_many(entities)
        return {"ids": [entity.id for entity in entities]}

    def _reset(self, _: Request) -> dict[str, Any]:
        reset(self.services, self.faces)
        self.faults.replace(())
        return {}

    def _get_faults(self, _: Request) -> dict[str, Any]:
        return {"rules": self.faults.report()}

    def _put_faults(self, request: Request) -> dict[str, Any]:
        rules = _json(request).get("rules")
        if not isinstance(rules, list):
            raise TypeError('faults takes {"rules": [...]}')
        self.faults.replace([FaultRule.parse(rule) for rule in rules])
        return {"rules": self.faults.report()}

    def _add_fault(self, request: Request) -> dict[str, Any]:
        self.faults.add(FaultRule.parse(_json(request)))
        return {"rules": self.faults.report()}

    def _clear_faults(self, _: Request) -> dict[str, Any]:
        self.faults.replace(())
        return {"rules": []}

    def _requests(self, request: Request) -> dict[str, Any]:
        after = int(request.args.get("after", "0"))
        return {"requests": self.log.report(operation=request.args.get("operation", ""), after=after)}

    def _clear_requests(self, _: Request) -> dict[str, Any]:
        self.log.clear()
        return {}

    def _get_clock(self, _: Request) -> dict[str, Any]:
        return {"now": self.services.clock.now()}

    def _put_clock(self, request: Request) -> dict[str, Any]:
        body, clock = _json(request), self.services.clock
        if unknown := sorted(set(body) - {"advance", "frozen"}):
            raise ValueError(f"clock has no member {unknown[0]!r}; it has advance, frozen")
        if body.get("frozen") is False:
            clock.release()
        if body.get("frozen") is True:
            clock.freeze()
        clock.advance(_number(body.get("advance", 0.0)))
        return {"now": clock.now()}

    def _put_switches(self, request: Request) -> dict[str, Any]:
        self.services.switches.turn(_json(request))
        return self.services.switches.all()

    def _phases(self) -> dict[str, Any]:
        return {"engine": self.services.runs.chosen, "engines": list(self.services.runs.engines)}

    def _put_phases(self, request: Request) -> dict[str, Any]:
        self.services.runs.choose(str(_json(request).get("engine", "")))
        return self._phases()

    def _shutdown(self, request: Request) -> dict[str, Any]:
        cancel = _json(request).get("cancel", True) if request.get_data(cache=True) else True
        self.shutdown(bool(cancel))
        return {}


def reset(services: Services, faces: tuple[Face, ...]) -> None:
    """Back to what a new account has: no runs, no objects, no files but what each platform makes at first."""
    services.runs.stop_all(patience=PATIENCE)
    for run in sorted(services.runs.history.identifiers()):
        services.runs.drop(run)
    services.data.clear()
    with services.store.database.transaction():
        services.store.wipe()
        services.store.save_setting(_STARTED, [])
        first_start(services, faces)


def first_start(services: Services, faces: tuple[Face, ...]) -> None:
    """Makes what every new account has, on each platform that has not got it yet: a later release may bring more."""
    with services.store.database.transaction():
        started = set(services.store.setting(_STARTED) or ())
        for face in faces:
            if face.first_start is not None and face.name not in started:
                face.first_start(services)
        services.store.save_setting(_STARTED, sorted(started | {face.name for face in faces}))


def _json(request: Request) -> dict[str, Any]:
    return json_object(request.get_data(cache=True))


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("a time is a number of seconds")
    return float(value)


def _entity(value: object, now: float) -> Entity:
    if not isinstance(value, dict):
        raise TypeError("an object to seed is a JSON object")
    texts = {name: value.get(name, "") for name in ("platform", "kind", "scope", "name", "version", "owner")}
    body, identifier = value.get("body", {}), value.get("id") or str(uuid.uuid4())
    created, updated = value.get("created", now), value.get("updated", now)
    if not all(isinstance(text, str) for text in (*texts.values(), identifier)) or not isinstance(body, dict):
        raise TypeError("platform, kind, scope, id, name, version and owner are texts, body is an object")
    return Entity(**texts, id=identifier, body=body, created=_number(created), updated=_number(updated))
