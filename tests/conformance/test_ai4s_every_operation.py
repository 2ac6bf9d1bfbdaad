"""The vendor's own client does every operation that was recorded, one after the other, on our local platform."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.invariants.world import served
from tests.support.local_platform import ACCOUNT, local_platform

if TYPE_CHECKING:
    from collections.abc import Iterator

vendor = pytest.importorskip(
    "huaweicloudsdkeihealth.v1", reason="the vendor's SDK is not installed: pip install .[conformance]"
)

RECORDS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "ai4s" / "sdk_every_operation.json").read_text("utf-8")
)
REFUSED = {
    "subscribe_app": "eihealth.01080002",  # the asset market of the local platform is empty
    "subscribe_workflow": "eihealth.01080002",
    "subscribe_image": "eihealth.01080002",
    "create_performance_resource": "eihealth.01059001",  # nothing is ever bought
    "cancel_job": "eihealth.01059006",  # the job has succeeded
    "retry_job": "eihealth.01059006",
    "update_job": "eihealth.01059006",
    "cancel_data_job": "eihealth.01059006",
    "execute_job": "eihealth.01059001",  # recorded with two accelerations, of which the console allows one
    "list_data": "eihealth.01059001",  # recorded with an invented marker
    "delete_app": "eihealth.01059005",  # a workflow uses it
}
"""What the local platform says no to, on purpose, and how."""
SOURCE_APP = "22222222-aaaa-11ee-bbbb-fa163e000002"
ORDER = ("list", "show", "create", "update", "import", "copy", "quote", "stop", "retry", "cancel")
"""What takes something away comes last."""


class Everything:
    """A space with one of each, made through the vendor's client; `ids` are what stands in the paths of requests."""

    def __init__(self, url: str) -> None:
        from huaweicloudsdkcore.auth.credentials import BasicCredentials

        credentials = BasicCredentials(ACCOUNT.access_key, ACCOUNT.secret_key, ACCOUNT.project_id)
        self._client = vendor.EiHealthClient.new_builder().with_credentials(credentials).with_endpoint(url).build()
        spaces = {name: self._space(name) for name in ("demo-space", "source-space")}
        self.ids = {"eihealth_project_id": spaces["demo-space"]}
        self.replaced = {"sp-src": spaces["source-space"], "user-0001": "user-ada", "asset-1": "asset-1"}
        self._furnish(spaces["source-space"])

    def do(self, operation: str, **members: Any) -> Any:
        """Sends one operation; the path's ids are filled in."""
        kind = _request(operation)
        ids = {key: value for key, value in self.ids.items() if key in kind.openapi_types}
        return getattr(self._client, operation)(kind(**{**ids, **members}))

    def _space(self, name: str) -> str:
        return str(self.do_bare("create_project", body={"name": name}).id)

    def do_bare(self, operation: str, **members: Any) -> Any:
        """Sends one operation as it is."""
        return getattr(self._client, operation)(_request(operation)(**members))

    def _furnish(self, source: str) -> None:
        body = {record["operation"]: record.get("body_example") for record in RECORDS if "variant" not in record}
        self.ids["user_id"] = "user-ada"
        self.do("update_member", body={"role": "Administrator"})
        self.ids["user_id"] = "user-grace"
        self.ids["path"] = "demo-space:|a"
        self.ids["label_id"] = self.do("create_label", body=body["create_label"]).id
        self.replaced |= {each: self.do("create_label", body={"name": each}).id for each in ("lbl-1", "lbl-2")}
        self.ids["image_id"] = self.do("create_image", body={"name": "nbimg", "tag": "1", "type": "NOTEBOOK"}).id
        self.ids["tag"] = "1"
        self.ids["id"] = self.do("list_performance_resources").resources[0].id
        app = {**body["create_app"], "node_labels": []}
        self.ids["app_id"] = self.do("create_app", body=app).id
        self.replaced[SOURCE_APP] = self._there(source, "create_app", app)
        flow = {"name": "demo-workflow", "version": "1.0.0"}
        flow["tasks"] = [{"task_name": "app1-1", "app_id": "demo-app::1.0.0"}]
        self.ids["workflow_id"] = self.do("create_workflow", body=flow).id
        self.replaced["33333333-aaaa-11ee-bbbb-fa163e000003"] = self._there(source, "create_workflow", flow)
        self.replaced["img-0001"] = self._there(source, "create_image", {"name": "theirs", "tag": "latest"})
        for space in (self.ids["eihealth_project_id"], source):
            for folder in ("a", "test", "test2", "path1", "b"):
                self.do_bare("create_data", eihealth_project_id=space, body={"name": folder})
        job = {"name": "run", "tool_id": "demo-workflow::1.0.0", "tool_type": "workflow", "tasks": [_inputs(app)]}
        self.ids |= {"job_id": self.do("execute_job", body=job).id, "task_name": "app1-1"}
        self.replaced["44444444-aaaa-11ee-bbbb-fa163e000004"] = self.ids["job_id"]
        (pod,) = self.do("show_task_instances", task_index=0).instances
        self.ids["instance_name"] = pod.metadata.name
        notebook = {**body["create_notebook"], "name": "first", "storages": [{"path": "demo-space:/a"}]}
        self.ids["notebook_id"] = self.do("create_notebook", body=notebook).id
        self.do("stop_or_start_notebook", body={"action": "stop"})
        failing = {"urls": ["https://data.test/x"], "target_folder": "/b"}
        self.ids["data_job_id"] = self.do("import_network_data", body=failing).id

    def _there(self, space: str, operation: str, body: dict[str, Any]) -> str:
        return str(self.do_bare(operation, eihealth_project_id=space, body=body).id)


def _request(operation: str) -> Any:
    """The vendor's request class of an operation."""
    return getattr(vendor, "".join(part.capitalize() for part in operation.split("_")) + "Request")


def _inputs(app: dict[str, Any]) -> dict[str, Any]:
    """Values for everything that an app wants."""
    values = {"ENUM": lambda each: each["enum"][0], "STRING": lambda _: "x"}
    given = [
        {"name": each["name"], "values": [values.get(each["type"], lambda _: "demo-space:/test")(each)]}
        for each in app["inputs"]
        if each.get("required")
    ]
    return {"task_name": "app1-1", "inputs": given}


def members_of(record: dict[str, Any], replaced: dict[str, str]) -> dict[str, Any]:
    """What the request class of an operation gets: recorded query, headers and body, ids made real."""
    members: dict[str, Any] = {}
    types = _request(record["operation"]).openapi_types
    for name, values in record.get("query_example", {}).items():
        members[name] = values if types[name].startswith("list") else values[0]
    for name, value in record.get("extra_headers_example", {}).items():
        members[name.lower().replace("-", "_")] = value
    if "body_example" in record:
        if record["operation"].endswith("_workflow"):
            replaced = {**replaced, SOURCE_APP: "demo-app::1.0.0"}
        text = json.dumps(record["body_example"])
        for recorded, real in replaced.items():
            text = re.sub(rf'"{re.escape(recorded)}"', f'"{real}"', text)
        members["body"] = body = json.loads(text)
        if record["operation"] in {"create_app", "create_workflow", "create_notebook", "create_project"}:
            body["name"] += f"-{record.get('variant', 'again')}"
    return members


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everything]:
    """One furnished platform for all operations."""
    with local_platform(tmp_path_factory.mktemp("platform")) as platform, served(platform) as url:
        platform.services.switches.turn({"data_job_seconds": 0})
        yield Everything(url)


def order(record: dict[str, Any]) -> int:
    """Looking first, taking away last, the space itself at the very end; a token needs a notebook that was started."""
    operation = record["operation"]
    verb = operation.partition("_")[0]
    usual = ORDER.index(verb) if verb in ORDER else len(ORDER)
    late = {"delete": 21, "batch": 22, "transfer": 23}.get(verb, usual)
    return {"show_notebook_token": 20, "delete_project": 24}.get(operation, late)


def outcome(everything: Everything, record: dict[str, Any]) -> str:
    """The code of the refusal, "" for a success."""
    from huaweicloudsdkcore.exceptions.exceptions import ServiceResponseException

    try:
        everything.do(record["operation"], **members_of(record, everything.replaced))
    except ServiceResponseException as error:
        return f"{error.error_code}: {error.error_msg}"
    return ""


def test_every_recorded_operation(everything: Everything) -> None:
    """Each is published, understood and done; or refused for the reason that the local platform has on purpose."""
    skipped = {"update_vendor", "list_label temporary-credentials", "delete_project"}
    said = {}
    for record in sorted(RECORDS, key=order):
        name = " ".join(filter(None, (record["operation"], record.get("variant"))))
        if name not in skipped:
            said[name] = outcome(everything, record)
    wrong = {
        name: text
        for name, text in said.items()
        if not text.startswith(REFUSED.get(name.partition(" ")[0], "")) or bool(text) != (name.split()[0] in REFUSED)
    }
    assert wrong == {}
    assert len(said) == len(RECORDS) - len(skipped)


def test_the_logo_is_sent_as_a_form(everything: Everything, tmp_path: Path) -> None:
    """The vendor's client sends the logo in parts, with a payload it does not sign; it reads back what it sent."""
    import base64

    from huaweicloudsdkcore.http.formdata import FormFile

    (tmp_path / "logo.png").write_bytes(b"\x89PNG fake")
    with (tmp_path / "logo.png").open("rb") as file:
        body = vendor.UpdateVendorRequestBody(name="vend", file=FormFile(file))
        everything.do("update_vendor", body=body)
    shown = everything.do("show_vendor")
    assert (shown.name, base64.b64decode(shown.logo)) == ("vend", b"\x89PNG fake")


def test_a_space_goes_with_its_records(tmp_path: Path) -> None:
    """The last operation: a space that holds nothing but records is deleted."""
    with local_platform(tmp_path) as platform, served(platform) as url:
        made = Everything(url)
        for kind in ("notebook", "workflow"):
            made.do(f"delete_{kind}")
        for app in made.do("list_app").apps:
            made.do("delete_app", app_id=app.id)
        made.do("delete_project", x_delete_now=True)
        assert "demo-space" not in {space.name for space in made.do("list_project").projects}
