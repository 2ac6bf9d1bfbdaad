"""The corner of Huawei Cloud IAM that its service clients need: tokens, and the id of a project by its name."""

from __future__ import annotations

import hmac
import json
import secrets
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.clock import utc_text
from reconciler.localplatform.face import Face, Problem, Refusal, Reply, Route
from reconciler.localplatform.platforms.huawei_auth import sign_in

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call

TOKEN_LIFE = 24 * 3600
"""Seconds a token is valid (ai4s.md section 2.3)."""


def create_token(call: Call) -> Reply:
    """`POST /v3/auth/tokens`: password in, token in the header `X-Subject-Token` out. Its scope must be a project."""
    account, body = call.services.account, call.body()
    user = _at(body, "auth", "identity", "password", "user")
    scope = _at(body, "auth", "scope", "project")
    given = (user.get("name"), _at(user, "domain").get("name"), user.get("password"))
    if not all(isinstance(text, str) for text in given) or not scope:
        raise Refusal(400, "IAM.0011", "Request body is invalid: a password identity and a project scope are needed")
    known = (account.user, account.domain, account.password)
    if not hmac.compare_digest(json.dumps(given).encode(), json.dumps(known).encode()):
        raise Refusal(401, "IAM.0101", "The username or password is wrong")
    token, expires = secrets.token_urlsafe(96), call.now + TOKEN_LIFE
    call.services.store.save_token(token, account.user, now=call.now, expires=expires)
    answer = {
        "methods": ["password"],
        "issued_at": utc_text(call.now),
        "expires_at": utc_text(expires),
        "project": {"id": account.project_id, "name": str(scope.get("name", "local"))},
        "user": {"id": account.user_id, "name": account.user, "domain": {"id": "domain-local", "name": account.domain}},
    }
    return Reply({"token": answer}, 201, {"X-Subject-Token": token})


def list_projects(call: Call) -> Reply:
    """`GET /v3/projects?name=`: the one project, under whatever name a client gives its region."""
    name = call.request.args.get("name", "local")
    project = {"id": call.services.account.project_id, "name": name, "domain_id": "domain-local", "enabled": True}
    return Reply({"projects": [project], "links": {}})


def show_access_key(call: Call) -> Reply:
    """`GET /v3.0/OS-CREDENTIAL/credentials/{access_key}`: whose an access key is. One sees one's own."""
    account, access = call.services.account, call.arguments["access_key"]
    key, _, user = access.partition(f"{account.access_key}-")
    user_id = account.user_id if access == account.access_key else f"user-{user}" if user and not key else ""
    if not user_id:
        raise Refusal(404, "IAM.0004", f"Could not find credential {access}")
    credential = {"access": access, "user_id": user_id, "status": "active", "description": ""}
    return Reply({"credential": credential})


def _render(refusal: Refusal, _request_id: str) -> Reply:
    titles = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}
    error = {"code": refusal.status, "message": refusal.message, "title": titles.get(refusal.status, "Error")}
    return Reply(
        {"error": error, "error_code": refusal.code, "error_msg": refusal.message}, refusal.status, refusal.headers
    )


def _at(value: dict[str, Any], *path: str) -> dict[str, Any]:
    """The object at a path of keys, `{}` when there is none."""
    for key in path:
        inner = value.get(key)
        if not isinstance(inner, dict):
            return {}
        value = inner
    return value


FACE = Face(
    name="huawei-iam",
    routes=(
        Route("POST", "/v3/auth/tokens", "CreateToken", create_token, signed=False),
        Route("GET", "/v3/projects", "ListProjects", list_projects),
        Route("GET", "/v3.0/OS-CREDENTIAL/credentials/<access_key>", "ShowPermanentAccessKey", show_access_key),
    ),
    owns=lambda path: path.startswith(("/v3/", "/v3.0/")),
    sign_in=sign_in,
    problems={
        Problem.UNKNOWN_PATH: (404, "IAM.0004"),
        Problem.UNKNOWN_METHOD: (405, "IAM.0005"),
        Problem.BAD_BODY: (400, "IAM.0011"),
        Problem.TOO_LARGE: (413, "IAM.0012"),
        Problem.THROTTLED: (429, "APIGW.0308"),
        Problem.BROKEN: (503, "IAM.0006"),
    },
    render=_render,
)
