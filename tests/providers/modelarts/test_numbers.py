"""Engines and specifications of v1 by name: sent as numbers, compared as declared, wrong ones found before anything is
sent.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import Refused
from reconciler.localplatform.store import Query
from reconciler.model.diagnostic import Severity, Source
from reconciler.model.manifest import Manifest
from reconciler.providers.modelarts.foresight import foresee
from tests.providers.modelarts.opened import at, config_v1, desired, job_v1

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform
    from reconciler.providers.modelarts.connection import ModelArtsConnection

CONFIG, JOB = "TrainingJobConfig", "TrainingJob"
ENGINE, SPECIFICATION = "PyTorch-1.0.0-python3.6", "modelarts.p3.large.public"


def named(name: str, **changes: Any) -> dict[str, Any]:
    """A configuration without a number."""
    spec = {key: value for key, value in config_v1(name).items() if key not in {"engine_id", "spec_id"}}
    return {**spec, "engine_version": ENGINE, "spec_code": SPECIFICATION, **changes}


def bodies(platform: Platform, method: str) -> list[dict[str, Any]]:
    """What was sent."""
    return [json.loads(e["body"]) for e in platform.log.report() if e["method"] == method]


def found(connection: ModelArtsConnection, kind: str, spec: dict[str, Any]) -> list[tuple[Severity, str, str]]:
    """What the platform tells of it beforehand."""
    manifest = Manifest(at(kind, "a"), "modelarts", spec, Source("a.yaml", 1, 1, 0))
    findings = list(foresee(connection, (manifest,)))
    assert all(finding.hint for finding in findings)
    return [(finding.severity, finding.code, finding.pointer) for finding in findings]


def test_names_are_sent_as_numbers(platform: Platform, connection: ModelArtsConnection) -> None:
    """In a create, an update and a further version; names are never sent, and the lists are read once."""
    configs: Any = connection.handler(CONFIG)
    configs.create(desired(CONFIG, named("a")))
    configs.update("a", desired(CONFIG, named("a", spec_code="modelarts.vm.cpu.8u")))
    jobs: Any = connection.handler(JOB)
    for attempt in (1, 2):
        given = job_v1("a", seconds="0", spec_code=SPECIFICATION)
        del given["config"]["spec_id"]
        jobs.create(desired(JOB, given, attempt=attempt))
    (put,) = bodies(platform, "PUT")
    created, first, further = bodies(platform, "POST")
    assert [(body["engine_id"], body["spec_id"]) for body in (created, put)] == [(2, 3), (2, 2)]
    assert [body["config"]["spec_id"] for body in (first, further)] == [3, 3]
    sent = json.dumps([put, created, first, further])
    assert "spec_code" not in sent
    assert "engine_version" not in sent
    asked = [e["path"].rpartition("/")[2] for e in platform.log.report() if "/job/" in e["path"]]
    assert sorted(asked) == ["ai-engines", "resource-specs"]
    shown = configs.read(at(CONFIG, "a"), "a").spec
    assert (shown["engine_version"], shown["spec_code"]) == (ENGINE, "modelarts.vm.cpu.8u")


@pytest.mark.parametrize(
    ("changes", "said", "pointer"),
    [
        ({"engine_version": "PyTorch-1.0.0"}, "did you mean", "/engine_version"),
        ({"spec_code": "one.of.ours"}, "there is modelarts", "/spec_code"),
        ({"spec_id": 1}, "keep `spec_code` alone", "/spec_code"),
        ({"engine_id": 3}, "keep `engine_version` alone", "/engine_version"),
    ],
)
def test_wrong_names_send_nothing(
    platform: Platform, connection: ModelArtsConnection, changes: dict[str, Any], said: str, pointer: str
) -> None:
    """They are errors of the plan, and refused by the handler in any case."""
    spec = named("a", **changes)
    ((severity, code, where),) = found(connection, CONFIG, spec)
    assert (severity, code.partition("-")[0], where) == (Severity.ERROR, "capacity.unknown", pointer)
    with pytest.raises(Refused) as refused:
        connection.handler(CONFIG).create(desired(CONFIG, spec))
    assert said in refused.value.hint
    assert bodies(platform, "POST") == []


def test_right_names_and_numbers_say_nothing(connection: ModelArtsConnection) -> None:
    """By name, by number, by both; a number that the platform does not show is a warning, for older ones are hidden."""
    assert found(connection, CONFIG, named("a")) == []
    assert found(connection, CONFIG, config_v1("a")) == []
    assert found(connection, CONFIG, named("a", engine_id=2, spec_id=3)) == []
    assert found(connection, CONFIG, config_v1("a", spec_id=77, engine_id=99)) == [
        (Severity.WARNING, "capacity.unknown-engine", "/engine_id"),
        (Severity.WARNING, "capacity.unknown-flavor", "/spec_id"),
    ]
    assert found(connection, JOB, job_v1("a", worker_server_num=17)) == [
        (Severity.ERROR, "capacity.too-many-machines", "/config/worker_server_num")
    ]


def test_what_a_further_version_cannot_have_is_found_when_planned(connection: ModelArtsConnection) -> None:
    """Of a job that exists: volumes, or no `train_url`. Not of a first version, nor where nothing differs."""
    jobs: Any = connection.handler(JOB)
    volumes = [{"host_path": {"src_path": "/d", "dest_path": "/e"}}]
    with_volumes = job_v1("a", volumes=volumes)
    assert found(connection, JOB, with_volumes) == []
    jobs.create(desired(JOB, with_volumes))
    assert found(connection, JOB, with_volumes) == []
    further = (Severity.ERROR, "capacity.further-version")
    changed = job_v1("a", volumes=volumes, worker_server_num=2)
    assert found(connection, JOB, changed) == [(*further, "/config/volumes")]
    del changed["config"]["train_url"]
    assert found(connection, JOB, changed) == [(*further, "/config/volumes"), (*further, "/config")]
    assert found(connection, JOB, job_v1("a", worker_server_num=2)) == []


def test_a_switch_from_a_number_to_its_name(tmp_path: Path) -> None:
    """Is an update of the configuration that ends where it was, and the next plan is empty."""
    from tests.invariants.world import world_of

    with world_of(tmp_path, "modelarts") as world:
        world.applied()
        world.edit("manifests/v1-configs.yaml", "  spec_id: 1\n", "  spec_code: modelarts.vm.cpu.2u\n")
        assert world.apply().complete
        assert world.plan().is_empty
        sent = json.loads(world.requests("PUT")[-1]["body"])
        assert (sent["spec_id"], "spec_code" in sent) == (1, False)


def test_what_an_update_would_take_away_is_told(platform: Platform, connection: ModelArtsConnection) -> None:
    """Volumes and pools of a configuration that somebody set in the console; nothing of one that is new, or plain."""
    wanted = desired(CONFIG, config_v1("a"))
    assert found(connection, CONFIG, config_v1("a")) == []
    connection.handler(CONFIG).create(wanted)
    assert found(connection, CONFIG, config_v1("a")) == []
    store = platform.services.store
    (config,) = store.find(Query("modelarts", CONFIG)).entities
    store.update(replace(config, body={**config.body, "config": {**config.body["config"], "pool_id": "pool-local"}}))
    assert found(connection, CONFIG, config_v1("a")) == [(Severity.WARNING, "capacity.not-settable", "")]
