"""Training job configurations of v1: known by name, made, shown, replaced, deleted; and samples, which are only shown
(contract, section 5).
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.face import Reply, Route
from reconciler.localplatform.platforms.modelarts_fields_v1 import config_of, description_of, name_of, told
from reconciler.localplatform.platforms.modelarts_views_v1 import filled
from reconciler.localplatform.platforms.modelarts_words import (
    ABSENT,
    CONFIG,
    DRIFT,
    EXISTS,
    FAILURES_AS_400,
    INVALID,
    PLATFORM,
    V1,
    milliseconds,
    no_v1,
    number,
    text,
)
from reconciler.localplatform.store import Entity, Query

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call

_CONFIGS = f"{V1}/training-job-configs"
_ONE = f"{_CONFIGS}/<config_name>"
_SORTS = {"config_name": "name", "config_desc": "name", "create_time": "created"}
_SHORT = ("engine_type", "engine_name", "engine_id", "engine_version", "user_image_url", "user_command")
_SAMPLES = {
    "sample-linear": {
        "config_desc": "A line through points",
        "config": {
            "worker_server_num": 1,
            "app_url": "/samples/linear/",
            "boot_file_url": "/samples/linear/train.py",
            "engine_id": 2,
            "spec_id": 1,
            "parameter": [{"label": "learning_rate", "value": "0.01"}],
        },
    },
}


def create_config(call: Call) -> Reply:
    """Makes one. The answer tells nothing but that it went well."""
    body = call.body()
    name = name_of(body, "config_name")
    members = {"config_desc": description_of(body, "config_desc"), "config": config_of(body, pools=False)}
    store = call.services.store
    with store.database.transaction():
        if name in _SAMPLES or store.first(Query(PLATFORM, CONFIG, name=name)) is not None:
            raise no_v1(EXISTS, f"the name of the configuration exists already: {name}")
        store.insert(
            Entity(PLATFORM, CONFIG, "0", str(uuid.uuid4()), name, members, created=call.now, updated=call.now)
        )
    return Reply({"is_success": True})


def list_configs(call: Call) -> Reply:
    """A page of short records."""
    page, size = number(call, "page", 1, 1, 65535), number(call, "per_page", 10, 1, 1000)
    sort, order = text(call, "sortBy", "config_name"), text(call, "order", "desc")
    if sort not in _SORTS or order not in ("asc", "desc"):
        raise no_v1(INVALID, f"sortBy must be one of {', '.join(_SORTS)}, order asc or desc")
    part = text(call, "search_content")
    if _wants_samples(call):
        found = [_sample(name) for name in sorted(_SAMPLES) if part.lower() in name.lower()]
    else:
        query = Query(PLATFORM, CONFIG, name_part=part, sort=_SORTS[sort], descending=order == "desc", as_of=call.as_of)
        found = list(call.services.store.find(query).entities)
    rows = [_short(call, config) for config in found[(page - 1) * size : page * size]]
    return Reply({"is_success": True, "config_total_count": len(found), "configs": rows})


def show_config(call: Call) -> Reply:
    """The full record, flat."""
    name = call.arguments["config_name"]
    config = (_sample(name) if name in _SAMPLES else None) if _wants_samples(call) else _find(call, name)
    if config is None:
        raise no_v1(ABSENT, "the configuration does not exist")
    return Reply({"is_success": True, **_record(call, config)})


def replace_config(call: Call) -> Reply:
    """Puts another definition in its place; what is left out is gone."""
    config, body = _own(call), call.body()
    members = {"config_desc": description_of(body, "config_desc"), "config": config_of(body, pools=False)}
    call.services.store.update(replace(config, body=members, updated=call.now))
    return Reply({"is_success": True})


def delete_config(call: Call) -> Reply:
    """Takes it away."""
    call.services.store.delete(_own(call), call.now)
    return Reply({"is_success": True})


def _own(call: Call) -> Entity:
    """The account's own configuration in the path. Raises Refusal."""
    config = _find(call, call.arguments["config_name"])
    if config is None:
        raise no_v1(ABSENT, "the configuration does not exist")
    return config


def _find(call: Call, name: str) -> Entity | None:
    return call.services.store.first(Query(PLATFORM, CONFIG, name=name)) if name else None


def _wants_samples(call: Call) -> bool:
    wanted = text(call, "config_type", "custom")
    if wanted not in ("custom", "sample"):
        raise no_v1(INVALID, "config_type must be custom or sample")
    return wanted == "sample"


def _sample(name: str) -> Entity:
    return Entity(PLATFORM, CONFIG, "0", name, name, _SAMPLES[name], created=1_500_000_000.0)


def _record(call: Call, config: Entity) -> dict[str, Any]:
    return {
        **filled(config.body["config"], drift=bool(call.services.switches[DRIFT])),
        "config_name": config.name,
        "config_desc": config.body["config_desc"],
        "create_time": milliseconds(config.created),
        "cpu": filled(config.body["config"], drift=False)["cpu"],
        "volumes": [],
        "pool_id": config.body["config"].get("pool_id"),
    }


def _short(call: Call, config: Entity) -> dict[str, Any]:
    record = _record(call, config)
    return {name: record.get(name) for name in ("config_name", "config_desc", "create_time", *_SHORT)}


ROUTES = tuple(
    Route(method, path, operation, told(handle, FAILURES_AS_400))
    for method, path, operation, handle in (
        ("POST", _CONFIGS, "CreateTrainingJobConfig", create_config),
        ("GET", _CONFIGS, "ListTrainingJobConfigs", list_configs),
        ("GET", _ONE, "ShowTrainingJobConfig", show_config),
        ("PUT", _ONE, "UpdateTrainingJobConfig", replace_config),
        ("DELETE", _ONE, "DeleteTrainingJobConfig", delete_config),
    )
)
