"""What our client of AIHub sends, against the machine-readable contract: operation, query, headers and body."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest
from jsonschema import Draft202012Validator

from tests.providers.aihub.opened import QUICK, TARGET, at, desired, opened
from tests.support.local_platform import ACCOUNT, local_platform
from tests.support.wsgi_adapter import WsgiAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

    from reconciler.localplatform.assembly import Platform

CONTRACT = json.loads((Path(__file__).parents[1] / "data" / "aihub" / "openapi.json").read_text(encoding="utf-8"))
OPERATIONS = {
    (method.upper(), path): operation
    for path, methods in CONTRACT["paths"].items()
    for method, operation in methods.items()
    if method in {"get", "post"}
}
READ_BY_GET = ("GET", "/workflow-center/api/v1/runs/{id}")
"""Documented as POST and surely meant so: our client asks by GET unless it is told otherwise."""


class Recorder(WsgiAdapter):
    """Keeps every request as it leaves."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform.application)
        self.sent: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, *rest: Any, **more: Any) -> requests.Response:
        """One request and its answer."""
        if request.body is not None and not isinstance(request.body, bytes):
            request.body = b"".join(request.body)  # a form, which can be read once
        self.sent.append(request)
        return super().send(request, *rest, **more)


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[requests.PreparedRequest]]:
    """Everything our client ever sends: each kind created, read, looked into and stopped; everything listed."""
    folder = tmp_path_factory.mktemp("aihub")
    (folder / "model.pt").write_bytes(b"\x00\xffweights")
    (folder / "pred.jsonl").write_text("{}\n")
    files = {name: _named(folder / name) for name in ("model.pt", "pred.jsonl")}
    with local_platform(folder) as platform:
        adapter, through = Recorder(platform), replace(QUICK, root=str(folder))
        for method in ("GET", "POST"):
            target = replace(TARGET, settings={**TARGET.settings, "run_read": method})
            with opened(platform, target=target, transport=through, adapter=adapter) as connection:
                _use_everything(connection, files)
        yield adapter.sent


def _named(file: Path) -> dict[str, str]:
    return {"path": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}


def _use_everything(connection: Any, files: dict[str, dict[str, str]]) -> None:
    connection.clusters()
    connection.storages()
    images = [{"url": "http://pictures.example/1.jpg", "box": [0, 0, 9, 9]}]
    endless = [{"key": "SIMULATED_SECONDS", "value": "inf"}]
    version = {"dataset_name": "d", "version": "v", "dataset_id": "1", "upload_type": 3, "upload_path": "/none"}
    texts = {"model_type": "3", "epoch": "1", "dataset_name": "g", "id_dataset_name": "i", "gallery_dataset_name": "q"}
    evaluation = {"model_name": "m", **texts, "model_file": files["model.pt"], "pred_file": files["pred.jsonl"]}
    for given in (
        desired("Search"),
        desired("Search", type=2, feature_lib_id="1", images=images, top_k=2),
        desired("Search", type=3, feature_lib_id="1", keywords="a car", top_k=2),
        desired("WorkflowRun"),
        desired("Dataset", tags=[1, 2], cover_img="s3://b/c.png"),
        desired("DatasetVersion", "d@v", **version),
        desired("DatasetVersion", "d@w", **{**version, "version": "w", "parent_version_id": "1/V1"}),
        desired("Training", is_vip=True, preempt_policy=1, vip_node_names=["n"], shm=8, estimate_run_time=60),
        desired("Training", envs=endless),
        desired("QuotaTask", enable_ssh=True, use_ib_network=False, always_pull_image=True, envs=endless),
        desired("Upload", "u", bucket="b", file=files["model.pt"], name="u"),
        desired("Evaluation", "e", **evaluation),
    ):
        kind = given.address.kind
        handler = connection.handler(kind)
        live = handler.create(given)
        for look in ("read", "parts", "pods", "node_tasks", "stop"):
            if hasattr(handler, look):
                getattr(handler, look)(given.address, live.remote_id)
    connection.handler("Search").results(at("Search", "s"), "1")


def _operation(request: requests.PreparedRequest) -> tuple[dict[str, Any], str] | None:
    """The operation of the contract that `request` is, and its path there; None for the file of a search."""
    path = str(request.path_url).partition("?")[0]
    if path.startswith("/data-warehouse/files/"):
        return None
    for (method, template), operation in OPERATIONS.items():
        if re.fullmatch(re.sub(r"{\w+}", "[0-9]+", template), path) and (
            method == request.method or (request.method, template) == READ_BY_GET
        ):
            return operation, template
    pytest.fail(f"the contract has no operation for {request.method} {path}")


def _validator(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": CONTRACT["components"]})


def test_every_operation_is_used(sent: list[requests.PreparedRequest]) -> None:
    """All twenty of the contract."""
    used = {found[0]["operationId"] for request in sent if (found := _operation(request))}
    assert used == {operation["operationId"] for operation in OPERATIONS.values()}
    assert len(used) == 20


def test_every_body_fits(sent: list[requests.PreparedRequest]) -> None:
    """JSON where the contract has JSON, a form where it has one, nothing where it has nothing; no member is unknown."""
    for request in sent:
        found = _operation(request)
        if found is None:
            continue
        wanted = found[0].get("requestBody", {}).get("content", {})
        if not wanted:
            assert not request.body, request.url
            continue
        ((media, described),) = wanted.items()
        assert str(request.headers["Content-Type"]).startswith(media)
        body = json.loads(request.body or b"") if media == "application/json" else _form(request)
        schema = described["schema"]
        _validator(schema).validate(body)
        known = CONTRACT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["properties"]
        assert set(body) <= set(known), request.url


def _form(request: requests.PreparedRequest) -> dict[str, str]:
    """The parts of a form, read by the standard library's mail parser."""
    heading = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    assert int(request.headers["Content-Length"]) == len(request.body or b"")
    parts = message_from_bytes(heading + bytes(request.body or b"")).get_payload()
    assert isinstance(parts, list)
    return {
        str(part.get_param("name", header="Content-Disposition")): part.get_payload(decode=True).decode("latin-1")  # type: ignore[union-attr]
        for part in parts
    }


def test_every_query_fits(sent: list[requests.PreparedRequest]) -> None:
    """Each parameter is known, of its type, and there when it is required."""
    for request in sent:
        found = _operation(request)
        if found is None:
            continue
        given = dict(parse_qsl(str(request.path_url).partition("?")[2], keep_blank_values=True))
        known = {each["name"]: each for each in found[0].get("parameters", ()) if each["in"] == "query"}
        assert set(given) <= set(known), request.url
        assert {name for name, each in known.items() if each.get("required")} <= set(given), request.url
        for name, value in given.items():
            schema = known[name]["schema"]
            _validator(schema).validate(int(value) if schema["type"] == "integer" else value)


def test_every_call_signs_in_as_the_contract_says(sent: list[requests.PreparedRequest]) -> None:
    """A bearer token everywhere but at the login and the relay, which has a token of its own; no token for the rest."""
    for request in sent:
        found = _operation(request)
        bearer, relay = "Authorization" in request.headers, request.headers.get("Token")
        if found is None or found[0]["operationId"] == "login":
            assert (bearer, relay) == (False, None)
        elif found[0]["operationId"] == "uploadFile":
            assert (bearer, relay) == (False, ACCOUNT.secret_key)
        else:
            assert (bearer, relay) == (True, None)


def test_files_arrive_byte_for_byte(sent: list[requests.PreparedRequest]) -> None:
    """Whatever bytes are in them."""
    for request in sent:
        found = _operation(request)
        if found and found[0]["operationId"] in {"uploadFile", "importEvaluation"}:
            form = _form(request)
            assert form.get("file", form.get("model_file")) == "\x00\xffweights"
