"""From a job to work: paths, commands, combinations, folders, limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.localplatform.platforms.ai4s_work import translate
from reconciler.localplatform.work import Limits, Run, Script, Task
from tests.localplatform.pipelines import app_running, job_of, workflow_of

if TYPE_CHECKING:
    from reconciler.localplatform.assembly import Platform
    from tests.localplatform.client import Client

FILE = {"name": "reads", "type": "FILE", "required": False, "values": ["demo:/in/r.fq"]}
FOLDER = {"name": "ref-dir", "type": "DIRECTORY", "required": False, "values": ["demo:/ref/"]}
WORD = {"name": "word", "type": "STRING", "required": False}
OUT = {"name": "out", "type": "DIRECTORY", "required": True}


def work_of(client: Client, platform: Platform, app: dict[str, Any], *tasks: dict[str, Any], **job: Any) -> Run:
    """The work of a job of these tasks, all of one app."""
    client.create("apps", app)
    client.create("workflows", workflow_of(*tasks))
    identifier = client.create("jobs", job_of(output_dir="/res", **job))
    entity = platform.services.store.get("ai4s", "Job", identifier)
    assert entity is not None
    return translate(platform.services, entity)


def one(**members: Any) -> dict[str, Any]:
    """A task `t` of the app."""
    return {"task_name": "t", "app_id": "script::1", **members}


def lines(task: Task) -> list[str]:
    """The first line of each instance."""
    return [instance.command.lines[0] for instance in task.instances if isinstance(instance.command, Script)]


def test_parameters_and_paths(client: Client, platform: Platform) -> None:
    """Declared names are filled in with real places; the shell's own variables are not touched."""
    app = app_running(
        "cat ${reads} ${ref-dir}x > ${out}/${word}${none} $HOME ${HOME} $(date)",
        inputs=[FILE, FOLDER, WORD],
        outputs=[OUT],
    )
    run = work_of(client, platform, app, one(inputs=[{"name": "word", "values": ["w"]}]))
    data = platform.services.data.root
    (task,) = run.tasks
    assert lines(task) == [
        f"cat {data}/demo/in/r.fq {data}/demo/ref/x > {data}/demo/res/t/out/w${{none}} $HOME ${{HOME}} $(date)"
    ]
    assert task.instances[0].inputs == (f"{data}/demo/in/r.fq", f"{data}/demo/ref/")
    assert task.instances[0].outputs == (f"{data}/demo/res/t/out",)


def test_an_input_without_a_value_is_empty(client: Client, platform: Platform) -> None:
    """Nothing in the command, nothing to look for."""
    run = work_of(
        client, platform, app_running("x ${word} ${in}", inputs=[WORD, {**FILE, "name": "in", "values": []}]), one()
    )
    assert lines(run.tasks[0]) == ["x  "]
    assert run.tasks[0].instances[0].inputs == ()


def test_one_instance_for_each_combination(client: Client, platform: Platform) -> None:
    """Concurrent inputs multiply, the last one fastest; the others keep their one value."""
    inputs = [{**WORD, "name": name, "concurrent": "vars_iter"} for name in ("a", "b")] + [{**WORD, "values": ["w"]}]
    given = [{"name": "a", "values": ["1", "2"]}, {"name": "b", "values": ["x", "y"]}]
    run = work_of(client, platform, app_running("${a}${b}${word}", inputs=inputs), one(inputs=given))
    assert lines(run.tasks[0]) == ["1xw", "1yw", "2xw", "2yw"]
    assert [instance.name for instance in run.tasks[0].instances] == ["t-0", "t-1", "t-2", "t-3"]


def test_wires_are_edges_and_paths(client: Client, platform: Platform) -> None:
    """`${task.output}` makes one task wait for the other and read where it wrote."""
    app = app_running(
        "${in}>${out}", inputs=[{**FOLDER, "name": "in", "values": []}], outputs=[{**OUT, "values": ["demo:/o/"]}]
    )
    wired = one(task_name="u", output_dir="/sub", inputs=[{"name": "in", "values": ["${t.out}"]}])
    run = work_of(client, platform, app, wired, one())
    second, first = run.tasks
    data = platform.services.data.root / "demo/res"
    assert (first.needs, second.needs) == ((), ("t",))
    assert lines(second) == [f"{data}/t/o/>{data}/sub/o/"]


def test_a_file_output_gets_its_folder(client: Client, platform: Platform) -> None:
    """The folder of an output file is made; the file is for the command to write."""
    out = {"name": "table", "type": "FILE", "required": True, "values": ["/deep/report.txt"]}
    run = work_of(client, platform, app_running("> ${table}", outputs=[out]), one())
    folder = platform.services.data.root / "demo/res/t/deep"
    assert run.tasks[0].instances[0].outputs == (str(folder),)
    assert lines(run.tasks[0]) == [f"> {folder}/report.txt"]


def test_limits_time_and_priority(client: Client, platform: Platform) -> None:
    """Cores, bytes, devices, seconds."""
    resources = {"cpu": "0.5C", "memory": "1.5G", "gpu": "2", "gpu_type": "GPU"}
    run = work_of(client, platform, app_running("true"), one(resources=resources), timeout=3, priority=7)
    assert run.tasks[0].instances[0].limits == Limits(cpu=0.5, memory=3 * 2**29, gpu=2)
    assert (run.timeout, run.priority, run.tasks[0].instances[0].image) == (180.0, 7, "demo/busybox:1")


@pytest.mark.parametrize("value", ["demo:/../x", "demo:/a/../../x", "demo:/./x"])
def test_outputs_stay_inside(client: Client, value: str) -> None:
    """An output that leads out of the space is refused at submission."""
    client.create("apps", app_running("true", outputs=[{**OUT, "values": [value]}]))
    client.create("workflows", workflow_of(one()))
    assert client.call("POST", f"{client.space}/jobs", job_of()).status_code == 400
