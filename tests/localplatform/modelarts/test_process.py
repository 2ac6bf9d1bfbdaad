"""Jobs of both APIs really run: boot files with arguments, commands with variables, folders in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.localplatform.assembly import assemble
from reconciler.localplatform.phases import PROCESS, every_engine
from reconciler.model.resource import Phase
from tests.providers.modelarts.opened import desired, job_v1, job_v2, opened
from tests.support.local_platform import ACCOUNT

if TYPE_CHECKING:
    from pathlib import Path

FIT = """
import argparse, os, pathlib
parser = argparse.ArgumentParser()
for name in ("rate", "data_url", "train_url"):
    parser.add_argument("--" + name)
given = parser.parse_args()
words = (pathlib.Path(given.data_url) / "in.txt").read_text().split()
for number in range(700):
    print("line", number)
(pathlib.Path(given.train_url) / "out.txt").write_text(" ".join([given.rate, *words]))
"""


def test_both_apis_run(tmp_path: Path) -> None:
    """v1 and v2 get the same arguments and write the same; an image's command gets variables; logs are whole,
    and kept where the job wants them.
    """
    platform = assemble(tmp_path, ACCOUNT, lambda news, clock: every_engine(tmp_path / "runs", news, clock), PROCESS)
    try:
        bucket = platform.services.data.area("lab")
        for name, text in (("code/fit.py", FIT), ("in/in.txt", "some words")):
            (bucket / name).parent.mkdir(parents=True, exist_ok=True)
            (bucket / name).write_text(text)
        with opened(platform) as connection:
            _run(connection, platform, bucket)
    finally:
        platform.close()


def _run(connection: Any, platform: Any, bucket: Path) -> None:
    code = {"app_url": "/lab/code/", "boot_file_url": "/lab/code/fit.py", "data_url": "/lab/in/"}
    rate = [{"label": "rate", "value": "0.01"}]
    old = {"worker_server_num": 1, "spec_id": 1, "parameter": rate, "train_url": "/lab/old/", **code}
    old["log_url"] = "/lab/logs/old/"
    algorithm = {
        "code_dir": "obs://lab/code/",
        "boot_file": "obs://lab/code/fit.py",
        "engine": {"engine_id": "x"},
        "parameters": [{"name": "rate", "value": "0.01"}],
        "inputs": [{"name": "data_url", "remote": {"obs": {"obs_url": "obs://lab/in/"}}}],
        "outputs": [{"name": "train_url", "remote": {"obs": {"obs_url": "obs://lab/new/"}}}],
    }
    around = {"resource": {"flavor_id": "x"}, "log_export_path": {"obs_url": "obs://lab/logs/new/"}}
    image = job_v1("image", user_command="echo rate $RATE on $VC_TASK_INDEX of $MA_NUM_HOSTS", worker_server_num=2)
    image["config"]["parameter"] = [{"label": "RATE", "value": "0.5"}]
    wanted = [
        desired("TrainingJob", {"job_name": "old", "config": old}),
        desired("TrainingJobV2", job_v2("new", algorithm=algorithm, spec=around)),
        desired("TrainingJob", image),
    ]
    made = [(each, connection.handler(each.address.kind).create(each).remote_id) for each in wanted]
    for run in platform.services.runs.history.identifiers():
        assert platform.services.runs.wait(run, patience=60)
    output = []
    for each, remote_id in made:
        handler = connection.handler(each.address.kind)
        live = handler.read(each.address, remote_id)
        output.append([line.text for line in handler.logs(each.address, remote_id)])
        assert live.phase is Phase.SUCCEEDED, output[-1]
    assert (bucket / "old/out.txt").read_text() == (bucket / "new/out.txt").read_text() == "0.01 some words"
    assert output[0] == output[1] == [f"line {number}" for number in range(700)]
    assert output[2] == ["rate 0.5 on 0 of 2", "rate 0.5 on 1 of 2"]
    for folder in ("old", "new"):
        (log,) = (bucket / "logs" / folder).iterdir()
        assert log.read_text().splitlines() == output[0]
