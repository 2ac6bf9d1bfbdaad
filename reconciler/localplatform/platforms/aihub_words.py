"""The dialect of AIHub: who is signed in, the envelope around every answer, what its objects are called (platform
contract, section 3).

A refusal comes with HTTP 200 and a `code` other than 0, as the contract warns; which HTTP status the platform really
uses is not known. The switch `aihub-http-status` lets refusals carry one, for clients that must bear both.
"""

from __future__ import annotations

import base64
import json
import secrets
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.face import Refusal, Reply
from reconciler.localplatform.store import Entity, Query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.localplatform.face import Call
    from reconciler.localplatform.services import Services

PLATFORM = "aihub"
SEARCH, DATASET, VERSION, RUN = "Search", "Dataset", "DatasetVersion", "WorkflowRun"
TRAINING, QUOTA_TASK, EVALUATION, UPLOAD = "Training", "QuotaTask", "Evaluation", "Upload"
STATUS_SWITCH, TOKEN_SWITCH = "aihub-http-status", "aihub-token-seconds"
SWITCHES: dict[str, bool | int | str] = {STATUS_SWITCH: False, TOKEN_SWITCH: 86_400}
USER_ID = 1
WRONG, UNKNOWN_TOKEN, MISSING, TAKEN = 400, 401, 404, 409
_FINE = 200


def fine(data: Any = None) -> Reply:  # noqa: ANN401 - any JSON value
    """A success around `data`, which is left out where the platform answers nothing else."""
    return Reply({"code": 0, "msg": ""} if data is None else {"code": 0, "msg": "", "data": data})


def no(call: Call, code: int, message: str) -> Refusal:
    """A refusal; its HTTP status is 200 unless the switch says otherwise."""
    return Refusal(code if call.services.switches[STATUS_SWITCH] else _FINE, str(code), message)


def render(refusal: Refusal, _request_id: str) -> Reply:
    """The body of a refusal."""
    return Reply({"code": int(refusal.code), "msg": refusal.message}, refusal.status, refusal.headers)


def new_token(services: Services, now: float) -> str:
    """A token in the shape of a JWT, good until it expires. Its signature is that of nobody."""
    expires = now + int(services.switches[TOKEN_SWITCH])
    claims = {"id": USER_ID, "username": services.account.user, "exp": int(expires)}
    token = f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(claims)}.{secrets.token_urlsafe(24)}"
    services.store.save_token(token, services.account.user, now=now, expires=expires)
    return token


def _part(value: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def sign_in(call: Call) -> None:
    """Lets a caller with a token of ours pass. Raises Refusal."""
    word, _, token = call.request.headers.get("Authorization", "").partition(" ")
    user = call.services.account.user
    if word != "Bearer" or not user or call.services.store.account_of_token(token, call.now) != user:
        raise no(call, UNKNOWN_TOKEN, "the token is missing, unknown or has expired")


def entity_id(kind: str, number: int) -> str:
    """What the store and the engines call the object with that number."""
    return f"{PLATFORM}-{kind}-{number}"


def insert(call: Call, kind: str, name: str, body: Mapping[str, Any], *, owner: str = "") -> Entity:
    """Keeps a new object under the next number of its kind. Inside a transaction where more belongs to it."""
    counter = f"{PLATFORM}.next.{kind}"
    with call.services.store.database.transaction():
        number = int(call.services.store.setting(counter) or 1)
        call.services.store.save_setting(counter, number + 1)
        entity = Entity(
            PLATFORM, kind, "", entity_id(kind, number), name, {**body, "id": number},
            owner=owner or call.services.account.user, created=call.now, updated=call.now,
        )  # fmt: skip
        call.services.store.insert(entity)
    return entity


def found(call: Call, kind: str, what: str) -> Entity:
    """The object whose number is in the path. Raises Refusal."""
    asked = call.arguments["id"]
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else -1  # noqa: PLR2004 - digits
    return by_number(call, kind, number, what)


def by_number(call: Call, kind: str, number: int, what: str) -> Entity:
    """The object with that number. Raises Refusal."""
    entity = call.services.store.get(PLATFORM, kind, entity_id(kind, number))
    if entity is None:
        raise no(call, MISSING, f"there is no {what} {number}")
    return entity


def every(services: Services, kind: str) -> tuple[Entity, ...]:
    """All objects of a kind, oldest first."""
    return services.store.find(Query(PLATFORM, kind)).entities


def millis(seconds: float | None) -> int:
    """A time as the platform writes it; 0 where there is none."""
    return int((seconds or 0.0) * 1000)
