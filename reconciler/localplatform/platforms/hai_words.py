"""The dialect of HAI: how parameters come, how it says no, how a task is named (platform contract, 2 and 3)."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.face import Refusal, Reply
from reconciler.localplatform.store import Query

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call
    from reconciler.localplatform.services import Services
    from reconciler.localplatform.store import Entity

PLATFORM = "hai"
CHAIN, LIFE, NODE, USER, TOKEN, ARTIFACT, PORT = "Chain", "Life", "Node", "User", "AccessToken", "Artifact", "NodePort"
PRIORITIES = {
    50: "EXTREME_HIGH",
    40: "VERY_HIGH",
    30: "HIGH",
    20: "ABOVE_NORMAL",
    10: "NORMAL",
    8: "UNDER_NORMAL",
    5: "BELOW_NORMAL",
    0: "LOW",
    -1: "AUTO",
}
HEADERS = {"client-version": "NotFound"}
_LONGEST_NUMBER = 15
_NEVER = "3000-01-01T00:00:00"


class Unprocessable(Refusal):
    """422: a parameter or a member of the body is wrong or missing. The one answer without `success`."""

    def __init__(self, where: tuple[str, ...], message: str, kind: str) -> None:
        super().__init__(422, "", message)
        self.detail = [{"loc": list(where), "msg": message, "type": kind}]


def fine(**members: Any) -> Reply:  # noqa: ANN401 - any JSON value
    """A success: `success` and `msg`, and what belongs to the operation."""
    return Reply({"success": 1, "msg": "ok", **members}, headers=HEADERS)


def no(message: str) -> Refusal:
    """A broken rule: HTTP 200 all the same."""
    return Refusal(200, "", message)


def render(refusal: Refusal, _request_id: str) -> Reply:
    """The body of a refusal. `code` holds fixed words where the platform has some."""
    if isinstance(refusal, Unprocessable):
        return Reply({"detail": refusal.detail}, 422, {**HEADERS, **refusal.headers})
    if refusal.status == 422:  # noqa: PLR2004 - a body that is no JSON never reaches an operation
        detail = [{"loc": ["body"], "msg": refusal.message, "type": "value_error.jsondecode"}]
        return Reply({"detail": detail}, 422, {**HEADERS, **refusal.headers})
    body = {"success": 0, "msg": refusal.code or refusal.message}
    return Reply(body, refusal.status, {**HEADERS, **refusal.headers})


def sign_in(call: Call) -> None:
    """Lets a caller with a token pass; it is cut out of the raw query, nothing is decoded. Raises Refusal."""
    token = raw_token(call)
    if not token:
        raise Refusal(403, "", "a token is needed")
    if hmac.compare_digest(token.encode(), call.services.account.secret_key.encode()):
        return
    known, user = token_called(call.services, token), call.services.account.user
    if known is None or not user or known.owner != user:
        raise Refusal(403, "", "the token is not known")
    if known.body["expire_at"] < iso(call.now):
        raise Refusal(401, "", "the token has expired")


def token_called(services: Services, value: str) -> Entity | None:
    """The access token that has this value, or None. Of a value a hash is stored."""
    return services.store.first(Query(PLATFORM, TOKEN, equals={"hash": hash_of(value)}))


def owner_of_token(services: Services, value: str) -> str:
    """Whose access token it is, "" for nobody's."""
    token = token_called(services, value)
    return token.owner if token is not None else ""


def hash_of(value: str) -> str:
    """What is stored of a value."""
    return hashlib.sha256(value.encode()).hexdigest()


def value_of(call: Call, token: Entity) -> str:
    """What an access token of the caller is written as. Made of a secret of theirs each time: no token is stored."""
    account = call.services.account
    secret = (account.password or account.secret_key).encode()
    whose = f"{token.body['from_user_name']}#{token.body['access_user_name']}".encode().hex()
    return f"ACCESS-{whose}-{hmac.new(secret, token.id.encode(), hashlib.sha256).hexdigest()[:32]}"


def raw_token(call: Call) -> str:
    """The token of a call: in the query, else a member of a JSON body."""
    for pair in call.request.query_string.decode("latin-1").split("&"):
        name, _, value = pair.partition("=")
        if name == "token":
            return value
    raw = call.request.get_data(cache=True)
    if raw.strip().startswith(b"{"):
        return str(call.body().get("token") or "")
    return ""


def iso(seconds: float | None) -> str:
    """A time as the platform writes it: without a zone. Ours is UTC."""
    clipped = min(max(seconds or 0.0, 0.0), 253402300799.0)
    return datetime.fromtimestamp(clipped, UTC).replace(tzinfo=None).isoformat(timespec="seconds")


def never() -> str:
    """The end of what never ends."""
    return _NEVER


def text(call: Call, name: str, default: str | None = None) -> str:
    """A text parameter. Raises Unprocessable when it is missing and has no default."""
    value = call.request.args.get(name, default)
    if value is None:
        raise Unprocessable(("query", name), "field required", "value_error.missing")
    return value


def number(call: Call, name: str, default: int | None = None) -> int:
    """A whole number. Raises Unprocessable when it is missing and has no default, or is no number."""
    raw = call.request.args.get(name)
    if raw is None and default is not None:
        return default
    value = text(call, name)
    digits = value.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_NUMBER):
        raise Unprocessable(("query", name), "value is not a valid integer", "type_error.integer")
    return int(value)


def truth(call: Call, name: str, *, default: bool) -> bool:
    """A truth, in the spellings of the framework and of Python."""
    raw = call.request.args.get(name)
    return default if raw is None else raw.lower() in {"true", "1", "yes", "on"}


def choice(call: Call, name: str, words: tuple[str, ...], default: str | None = None) -> str:
    """One of some words. Raises Unprocessable for any other."""
    value = text(call, name, default)
    if value not in words:
        allowed = ", ".join(repr(word) for word in words)
        message = f"value is not a valid enumeration member; permitted: {allowed}"
        raise Unprocessable(("query", name), message, "type_error.enum")
    return value


def user_of(services: Services) -> Entity:
    """What the users of this platform have in common: their quota."""
    found = services.store.first(Query(PLATFORM, USER))
    if found is None:
        raise Refusal(403, "", "the user is not known")
    return found


def chain_of(call: Call, *, missing: int = 401) -> Entity:
    """The chain a selector names: `id` before `chain_id` before `nb_name`. Raises Refusal `missing` when there is none.

    An `id` of any of its lives is as good; a name is that of the newest of our own (section 3). Raises 403 for somebody
    else's.
    """
    store, asked, user = call.services.store, call.request.args, call.services.account.user
    found = None
    if "id" in asked:
        life = store.get(PLATFORM, LIFE, run_of(number(call, "id")))
        found = store.get(PLATFORM, CHAIN, life.body["chain"]) if life else None
    elif "chain_id" in asked:
        found = store.get(PLATFORM, CHAIN, asked["chain_id"])
    elif "nb_name" in asked:
        query = Query(PLATFORM, CHAIN, name=asked["nb_name"], owner=user)
        named = store.find(query).entities if asked["nb_name"] else ()
        found = max(named, key=lambda chain: int(chain.body["rows"][-1]["id"]), default=None)
    else:
        raise Unprocessable(("query", "id"), "one of id, chain_id, nb_name is required", "value_error.missing")
    if found is None:
        raise Refusal(missing, "", "there is no such task")
    if found.owner != user:
        raise Refusal(403, "", "the task is somebody else's")
    return found


def run_of(identifier: int) -> str:
    """What the engine calls the life with that number."""
    return f"{PLATFORM}-{identifier}"
