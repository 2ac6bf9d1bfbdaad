"""A v1 job written as v2: what can be carried is, and everything else is listed."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.manifests.schemas import load_catalogue
from reconciler.model.diagnostic import Source
from reconciler.model.manifest import Manifest
from reconciler.providers.modelarts import PROVIDER
from reconciler.providers.modelarts.meaning import check
from tests.providers.modelarts.opened import at

as_v2 = PROVIDER.rewrites["TrainingJob", "TrainingJobV2"]
CODE: dict[str, Any] = {
    "worker_server_num": 2,
    "app_url": "/b/code/",
    "boot_file_url": "/b/code/x.py",
    "engine_id": 2,
    "spec_id": 1,
    "parameter": [{"label": "rate", "value": "0.01"}],
    "data_url": "/b/data/",
    "train_url": "/b/out/",
    "log_url": "/b/log/",
    "volumes": [
        {"nfs": {"id": "s", "src_path": "h:/", "dest_path": "/m", "read_only": True}},
        {"host_path": {"src_path": "/a", "dest_path": "/b"}},
    ],
}


def valid(spec: dict[str, Any]) -> bool:
    """Whether v2 takes the spec in the envelope."""
    body = {name: value for name, value in spec.items() if name != "name"}
    head = {"apiVersion": "modelarts/v2", "kind": "TrainingJob", "metadata": {"name": spec["name"]}}
    return load_catalogue().validator("modelarts", "TrainingJobV2").is_valid({**head, "spec": body})


def test_code_with_an_engine() -> None:
    """Paths, parameters, data, outputs, logs and file systems move; numbers and folders of machines do not."""
    spec, lost = as_v2({"job_name": "a", "job_desc": "d", "config": CODE})
    assert spec == {
        "name": "a",
        "description": "d",
        "algorithm": {
            "code_dir": "obs://b/code/",
            "boot_file": "obs://b/code/x.py",
            "parameters": [{"name": "rate", "value": "0.01"}],
            "inputs": [{"name": "data_url", "remote": {"obs": {"obs_url": "obs://b/data/"}}}],
            "outputs": [{"name": "train_url", "remote": {"obs": {"obs_url": "obs://b/out/"}}}],
        },
        "spec": {
            "resource": {"node_count": 2},
            "log_export_path": {"obs_url": "obs://b/log/"},
            "volumes": [{"nfs": {"nfs_server_path": "h:/", "local_path": "/m", "read_only": True}}],
        },
    }
    assert valid(spec)
    assert [each.pointer for each in lost] == [
        "/config/engine_id",
        "/config/spec_id",
        "/config/volumes/0/nfs/id",
        "/config/volumes/1/host_path",
    ]
    assert all(each.why for each in lost)


def test_an_image_turns_parameters_into_variables() -> None:
    """As they were all along; with a pool nothing is lost, and the outcome is complete."""
    config = {
        "worker_server_num": 1,
        "user_image_url": "g/i:1",
        "user_command": "run",
        "parameter": [{"label": "RATE", "value": "1"}],
        "dataset_id": "d",
        "dataset_version_id": "v",
        "pool_id": "p",
    }
    spec, lost = as_v2({"job_name": "a", "config": config})
    assert lost == ()
    assert spec["algorithm"]["environments"] == {"RATE": "1"}
    assert spec["algorithm"]["inputs"] == [{"name": "data_url", "remote": {"dataset": {"id": "d", "version_id": "v"}}}]
    assert valid(spec)
    assert list(check((Manifest(at("TrainingJobV2", "a"), "modelarts", spec, Source("x", 1, 1, 0)),))) == []


@pytest.mark.parametrize("name", sorted(CODE))
def test_nothing_is_lost_in_silence(name: str) -> None:
    """Each field that is set either shows in the outcome or is listed."""
    with_it, lost = as_v2({"job_name": "a", "config": CODE})
    without, fewer = as_v2({"job_name": "a", "config": {key: value for key, value in CODE.items() if key != name}})
    assert with_it != without or len(lost) > len(fewer)
