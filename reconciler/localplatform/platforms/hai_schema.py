"""What a create checks before it takes a task (platform contract, section 4): types first, then rules, in its order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.platforms.hai_words import PRIORITIES, Unprocessable, no

if TYPE_CHECKING:
    from collections.abc import Mapping

TASK_TYPES = ("training", "virtual", "background", "validation", "upgrade", "jupyter")
NAME_MOST, WORKSPACE_MOST, COMMAND_MOST, TAG_MOST, PORT_MOST = 511, 255, 2047, 255, 65535
BUILT_IN_SERVICES = ("jupyter", "ssh")
IMAGES = ("hai_base",)
_SERVICE_NAME = re.compile(r"[a-z0-9-]+")
_TRUTHS = {False: False, True: True, "true": True, "false": False}
"""0 and 1 are equal to the first two."""
_SPEC = {
    "workspace": "",
    "git_remote_repo": "",
    "git_target_revision": "",
    "parameters": "",
}


def read(body: Mapping[str, Any]) -> dict[str, Any]:
    """The task with every default filled in. Raises Unprocessable for a wrong shape, Refusal for a broken rule."""
    task = {
        "version": _whole(body, "version"),
        "name": _text(body, "name"),
        "task_type": _text(body, "task_type", "training"),
        "priority": _whole(body, "priority", -1),
        "spec": _spec(body),
        "resource": _resource(body),
        "options": _object(body, "options", {}),
        "services": [_service(each, index) for index, each in enumerate(_list(body, "services"))],
    }
    _rules(task)
    return task


def tags_of(options: Mapping[str, Any]) -> list[str]:
    """The tags asked for: a list, or one text with commas."""
    tags = options.get("tags") or []
    if not isinstance(tags, str | list):
        raise Unprocessable(("body", "options", "tags"), "value is not a valid list", "type_error.list")
    listed = [tag.strip() for tag in tags.split(",")] if isinstance(tags, str) else tags
    return list(dict.fromkeys(str(tag) for tag in listed if tag))


def _spec(body: Mapping[str, Any]) -> dict[str, Any]:
    if body.get("spec") is None:
        return {}
    spec, where = _object(body, "spec"), ("body", "spec")
    found: dict[str, Any] = {name: _text(spec, name, default, where) for name, default in _SPEC.items()}
    found["entrypoint"] = _text(spec, "entrypoint", None, where)
    found["entrypoint_executable"] = _truth(spec, "entrypoint_executable", where)
    found["environments"] = {}
    for name, value in _object(spec, "environments", {}, where).items():
        if value is None or isinstance(value, list | dict):
            raise Unprocessable((*where, "environments", name), "str type expected", "type_error.str")
        found["environments"][name] = value if isinstance(value, str) else str(value)
    return found


def _resource(body: Mapping[str, Any]) -> dict[str, Any]:
    resource, where = _object(body, "resource"), ("body", "resource")
    return {
        "image": _text(resource, "image", "default", where),
        "group": _text(resource, "group", "default", where),
        "node_count": _whole(resource, "node_count", 1, where),
        "is_spot": _truth(resource, "is_spot", where),
        **{name: _whole(resource, name, 0, where) for name in ("gpu", "cpu", "memory")},
    }


def _service(value: Any, index: int) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    where = ("body", "services", str(index))
    if not isinstance(value, dict):
        raise Unprocessable(where, "value is not a valid dict", "type_error.dict")
    return {**value, "name": _text(value, "name", None, where)}


def _rules(task: Mapping[str, Any]) -> None:
    spec, resource, options = task["spec"], task["resource"], task["options"]
    _rule("(" not in task["name"] and ")" not in task["name"], "a name holds no parentheses")
    _rule(0 < len(task["name"]) <= NAME_MOST, f"a name has at most {NAME_MOST} characters")
    _rule(task["version"] == 2, "the version of the schema must be 2")  # noqa: PLR2004 - the version
    _rule(task["task_type"] in TASK_TYPES, f"task_type must be one of {', '.join(TASK_TYPES)}")
    _rule(task["priority"] in PRIORITIES, f"priority must be one of {', '.join(map(str, PRIORITIES))}")
    _rule(bool(spec) or task["task_type"] == "jupyter", "a task needs a spec")
    workspace, repository = spec.get("workspace", ""), spec.get("git_remote_repo", "")
    _rule(len(workspace) <= WORKSPACE_MOST and " " not in workspace, "workspace: at most 255 characters, no space")
    _rule(resource["node_count"] > 0, "node_count must be above 0")
    _rule(bool(workspace) != bool(repository) or not spec, "give a workspace or a git repository, and not both")
    _rule(not (options.get("record_git_revision") and repository), "record_git_revision is for a workspace")
    length = sum(len(spec.get(name, "")) for name in ("workspace", "entrypoint", "parameters"))
    _rule(length <= COMMAND_MOST, f"the command has {length} characters, at most {COMMAND_MOST} are taken")
    image = resource["image"]
    _rule(image == "default" or image in IMAGES or image.count("/") == 2, f"no right to the image {image}")  # noqa: PLR2004
    _service_rules(task["services"])
    for tag in tags_of(options):
        check_tag(tag)


def check_tag(tag: str) -> None:
    """Raises Refusal unless a user may put this tag on a task."""
    _rule(0 < len(tag) <= TAG_MOST, f"a tag has 1 to {TAG_MOST} characters")
    _rule(not tag.startswith("_"), "a tag must not begin with _")


def _service_rules(services: list[dict[str, Any]]) -> None:
    names, ports = set(), set()
    for service in services:
        name, kind, port = service["name"], service.get("type"), service.get("port")
        _rule(bool(_SERVICE_NAME.fullmatch(name)) and name not in names, f"service name {name!r} cannot be used")
        names.add(name)
        if name in BUILT_IN_SERVICES:
            _rule(set(service) == {"name"}, f"{name} is built in and takes a name only")
            continue
        _rule(kind in ("http", "tcp", "local"), f"service {name}: type must be http, tcp or local")
        if kind == "local":
            _rule(port is None, f"service {name} is local and has no port")
        else:
            right = isinstance(port, int) and 1 <= port <= PORT_MOST and port not in ports
            _rule(right, f"service {name}: port {port} cannot be used")
            _rule(service.get("rank", [0]) == [0], f"service {name} runs on rank 0 alone")
            ports.add(port)
        script = str(service.get("startup_script") or "")
        _rule(";" not in script and "\n" not in script, f"service {name}: startup_script is one command")


def _rule(holds: bool, message: str) -> None:  # noqa: FBT001 - the rule
    if not holds:
        raise no(message)


def _text(body: Mapping[str, Any], name: str, default: str | None = None, where: tuple[str, ...] = ("body",)) -> str:
    value = _present(body, name, default, where)
    if value is None or isinstance(value, list | dict):
        raise Unprocessable((*where, name), "str type expected", "type_error.str")
    return value if isinstance(value, str) else str(value)


def _whole(body: Mapping[str, Any], name: str, default: int | None = None, where: tuple[str, ...] = ("body",)) -> int:
    value = _present(body, name, default, where)
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        raise Unprocessable((*where, name), "value is not a valid integer", "type_error.integer") from None


def _truth(body: Mapping[str, Any], name: str, where: tuple[str, ...]) -> bool:
    value = body.get(name, False)
    if isinstance(value, list | dict) or value not in _TRUTHS:
        raise Unprocessable((*where, name), "value could not be parsed to a boolean", "type_error.bool")
    return _TRUTHS[value]


def _object(
    body: Mapping[str, Any],
    name: str,
    default: dict[str, Any] | None = None,
    where: tuple[str, ...] = ("body",),
) -> dict[str, Any]:
    value = _present(body, name, default, where)
    if not isinstance(value, dict):
        raise Unprocessable((*where, name), "value is not a valid dict", "type_error.dict")
    return value


def _list(body: Mapping[str, Any], name: str) -> list[Any]:
    value = body.get(name, [])
    if not isinstance(value, list):
        raise Unprocessable(("body", name), "value is not a valid list", "type_error.list")
    return value


def _present(body: Mapping[str, Any], name: str, default: Any, where: tuple[str, ...]) -> Any:  # noqa: ANN401
    if name in body:
        return body[name]
    if default is None:
        raise Unprocessable((*where, name), "field required", "value_error.missing")
    return default
