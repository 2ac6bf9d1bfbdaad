"""The file of `ma-cli ma-job submit`: every key of its table, both spellings, what has no counterpart."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.manifests.native_modelarts import KEYS, TRANSLATIONS
from reconciler.manifests.schemas import Form, load_catalogue

READ = TRANSLATIONS["modelarts", "TrainingJobV2"]
WHOLE: dict[str, Any] = {
    "name": "demo",
    "description": "d",
    "image-url": "g/i:1",
    "uid": 1000,
    "framework-type": "PyTorch",
    "framework-version": "1.8",
    "user-command": "python x.py",
    "working-dir": "/home/a",
    "local-code-dir": "/home/b",
    "code-dir": "obs://b/code/",
    "boot-file": "train.py",
    "env-variables": {"A": 1, "B": True},
    "parameters": [{"rate": 0.01}, {"name": "epochs", "value": 3}, "mode=fast"],
    "input": [{"name": "extra", "obs_path": "obs://b/x/", "local_dir": "/home/x"}],
    "output": [{"name": "train_url", "obs-path": "obs://b/o/"}],
    "train-instance-type": "cpu.8u",
    "train-instance-count": 2,
    "pool-id": "p",
    "data-url": "obs://b/d/",
    "log-url": "obs://b/l/",
    "volumes": [{"efs": {"nfs_server_path": "h:/", "local_path": "/m"}}],
}
SPEC = {
    "name": "demo",
    "description": "d",
    "algorithm": {
        "engine": {"image_url": "g/i:1", "run_user": "1000", "engine_name": "PyTorch", "engine_version": "1.8"},
        "command": "python x.py",
        "working_dir": "/home/a",
        "local_code_dir": "/home/b",
        "code_dir": "obs://b/code/",
        "boot_file": "obs://b/code/train.py",
        "environments": {"A": "1", "B": "true"},
        "parameters": [
            {"name": "rate", "value": "0.01"},
            {"name": "epochs", "value": "3"},
            {"name": "mode", "value": "fast"},
        ],
        "inputs": [
            {"name": "extra", "local_dir": "/home/x", "remote": {"obs": {"obs_url": "obs://b/x/"}}},
            {"name": "data_url", "remote": {"obs": {"obs_url": "obs://b/d/"}}},
        ],
        "outputs": [{"name": "train_url", "remote": {"obs": {"obs_url": "obs://b/o/"}}}],
    },
    "spec": {
        "resource": {"flavor_id": "cpu.8u", "node_count": 2, "pool_id": "p"},
        "log_export_path": {"obs_url": "obs://b/l/"},
        "volumes": [{"nfs": {"nfs_server_path": "h:/", "local_path": "/m"}}],
    },
}


@pytest.mark.parametrize("spelling", ["-", "_"])
def test_every_key(spelling: str) -> None:
    """The whole table at once, with hyphens and with underscores; the schema accepts both."""
    body = {key.replace("-", spelling): value for key, value in WHOLE.items()}
    spec, pointers, findings = READ(body)
    assert (spec, findings) == (SPEC, ())
    assert pointers["/spec/resource/flavor_id"] == f"/train{spelling}instance{spelling}type"
    assert pointers["/algorithm/inputs/1"] == f"/data{spelling}url"
    assert load_catalogue().validator("modelarts", "TrainingJobV2", Form.NATIVE).is_valid(body)


def test_the_table_is_complete() -> None:
    """Every key that the schema takes is read or told of, and every key that is read stands in the test above."""
    native = load_catalogue().schemas["modelarts", "TrainingJobV2"]["$defs"]["native"]["properties"]
    assert {key.replace("_", "-") for key in native} - {"metadata", "lifecycle"} == set(KEYS)
    assert set(KEYS) - set(WHOLE) == {"workspace-id", "quiet"}


def test_what_has_no_counterpart() -> None:
    """A workspace in the wrong place is an error, since the job would go elsewhere; a question of the tool a note."""
    _, _, findings = READ({"name": "a", "workspace_id": "w", "quiet": True})
    told = [(finding.code, finding.severity.value, finding.pointer) for finding in findings]
    assert told == [("native.conflict", "error", "/workspace_id"), ("native.ignored", "note", "/quiet")]


@pytest.mark.parametrize("key", ["train-instance-type", "pool_id", "framework-type", "image_url"])
def test_a_file_is_known_by_any_of_its_keys(key: str) -> None:
    """None of them is in every file."""
    assert [kind.name for kind in load_catalogue().native_kinds(key)] == ["TrainingJobV2"]
