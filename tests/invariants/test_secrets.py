from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.localplatform.store import Query
from reconciler.operations.wiring import open_store
from reconciler.rendering.json import plan_to_json
from reconciler.rendering.text import render_plan
from tests.invariants.world import CREDENTIALS, World, world_of
from tests.support.local_platform import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.model.plan import Plan

CANARY = "canary/that+must=never&sing"
"""Holds what URLs, JSON and base64 write differently."""

SECRETIVE = """\
app:
  name: fetch
  version: 1.0.0
  image: demo/busybox:1.36
  commands: ['fetch --token "${token}" --key "$[[ secrets.api-key ]]"', 'echo got ${token}']
  inputs:
    - { name: token, type: STRING, required: true, values: ['bearer $[[ secrets.api-key ]]'] }
---
workflow:
  name: fetching
  version: 1.0.0
  tasks: [{ task_name: fetch, app_id: 'fetch::1.0.0' }]
---
job:
  name: fetch-it
  workflow_id: fetching::1.0.0
  tasks:
    - task_name: fetch
      inputs: [{ name: token, values: ['$[[ secrets.api-key ]]'] }]
"""


@pytest.fixture
def secretive(tmp_path: Path) -> Iterator[World]:
    """The quickstart with an app and a job that use a secret."""
    with world_of(tmp_path, "quickstart") as world:
        (world.root / "apps" / "secretive.yaml").write_text(SECRETIVE)
        world.variables = {**CREDENTIALS, "RECONCILER_SECRET_API_KEY": CANARY}
        yield world


def _all_that_is_shown(planned: Plan) -> str:
    return plan_to_json(planned) + render_plan(planned) + render_plan(planned, width=400, colour=True) + repr(planned)


def _spellings(secret: str) -> set[str]:
    return {
        secret,
        base64.b64encode(secret.encode()).decode(),
        secret.replace("/", "%2F"),
        secret.replace("&", "\\u0026"),
    }


def _leaks(world: World, *texts: str) -> list[str]:
    secrets = {s for value in (CANARY, ACCOUNT.secret_key) for s in _spellings(value)}
    places = {**{name: content.decode("utf-8", "replace") for name, content in world.files().items()}}
    places |= {f"output {i}": text for i, text in enumerate((*texts, *world.said))}
    return [place for place, text in places.items() if any(secret in text for secret in secrets)]


def test_a_secret_reaches_the_platform_and_nothing_else(secretive: World) -> None:
    """Invariant 7: the value is in the request, and in no plan, file, memory or message, through the whole life."""
    first = secretive.plan()
    report = secretive.apply(first)
    assert report.complete
    assert any(CANARY in entry["body"] for entry in secretive.requests("POST"))
    again = secretive.plan()
    assert again.is_empty
    secretive.edit("apps/secretive.yaml", "fetch --token", "fetch --verbose --token")
    secretive.edit("apps/secretive.yaml", "values: ['bearer $", "values: ['Bearer $")
    edited = secretive.plan()
    assert not edited.is_empty
    report_of_edit = secretive.apply(edited)
    shown = [_all_that_is_shown(p) for p in (first, again, edited, secretive.plan(destroy=True))]
    assert _leaks(secretive, *shown, repr(report), repr(report_of_edit)) == []


def test_no_plan_and_no_memory_tells_one_value_of_a_secret_from_another(secretive: World) -> None:
    """Not even by a digest that somebody could try guesses with: the platform shows the value, and whatever it is, the
    plan and what is remembered of it are the same bytes.
    """
    secretive.applied()
    secretive.edit("apps/secretive.yaml", "echo got", "echo and got")
    store = secretive.platform.services.store
    told = []
    for value in (CANARY, "another value, of another length"):
        for entity in store.find(Query("ai4s", "App")).entities:
            body = json.dumps(entity.body).replace(CANARY, value)
            store.update(replace(entity, body=json.loads(body)))
        told.append([plan_to_json(secretive.plan(destroy=destroy)) for destroy in (False, True)])
        assert value in json.dumps([entity.body for entity in store.find(Query("ai4s", "App")).entities])
    assert told[0] == told[1]
    assert '"seen": "k1:' in told[0][0]
    key = open_store(secretive.workspace()).read("dev").key
    assert key
    assert key not in str(told)


def test_a_refusal_that_echoes_the_secret_is_masked(secretive: World) -> None:
    """A platform that quotes what it was sent, in its complaint, does not make us print it."""
    secretive.edit("apps/secretive.yaml", "name: fetch-it", "name: fetch-it\n  io_acc_id: $[[ secrets.api-key ]]")
    planned = secretive.plan()
    report = secretive.apply(planned)
    refused = [outcome for outcome in report.outcomes if outcome.error]
    assert [outcome.code for outcome in refused] == ["platform.refused"]
    assert "***" in refused[0].error
    assert _leaks(secretive, _all_that_is_shown(planned), *(repr(outcome) for outcome in refused)) == []


def test_a_missing_secret_stops_before_anything_is_sent(secretive: World) -> None:
    """Without the value nothing is submitted, and the message names the variable."""
    planned = secretive.plan()
    secretive.variables = CREDENTIALS
    with pytest.raises(Exception, match="api-key") as caught:
        secretive.apply(planned)
    assert "RECONCILER_SECRET_API_KEY" in str(getattr(caught.value, "hint", ""))
    assert secretive.requests("POST", "PUT", "DELETE") == []


COMMANDS = (
    "validate",
    "plan --format json -o saved.plan",
    "show saved.plan",
    "apply saved.plan --yes --wait",
    "status Job/demo/fetch-it",
    "events Job/demo/fetch-it",
    "get",
    "state show Job/demo/fetch-it",
    "destroy --yes",
)


def test_no_command_prints_a_secret(secretive: World) -> None:
    """Every command in the life of a project, each in a process of its own."""
    environment = {**secretive.variables, "PATH": os.environ.get("PATH", ""), "TMPDIR": str(secretive.root)}
    outputs = []
    for command in COMMANDS:
        ended = subprocess.run(
            [sys.executable, "-m", "reconciler", *command.split()],
            cwd=secretive.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert ended.returncode == 0, (command, ended.stderr)
        outputs += [ended.stdout, ended.stderr]
    assert _leaks(secretive, *outputs) == []


def test_the_log_of_a_run_that_tells_a_secret_is_masked(secretive: World) -> None:
    """What a run prints may hold what it was given: shown, it is masked."""
    secretive.applied()
    environment = {**secretive.variables, "PATH": os.environ.get("PATH", "")}
    command = [sys.executable, "-m", "reconciler", "logs", "Job/demo/fetch-it"]
    ended = subprocess.run(command, cwd=secretive.root, env=environment, capture_output=True, text=True, check=True)
    assert "got ***" in ended.stdout
    assert _leaks(secretive, ended.stdout, ended.stderr) == []
