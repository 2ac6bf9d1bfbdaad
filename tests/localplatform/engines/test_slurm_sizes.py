"""How much a cluster is asked for: sizes by the site's word, never more than it gives, whole nodes."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from reconciler.errors import LocalPlatformError
from reconciler.localplatform.engines.slurm.chain import chain
from reconciler.localplatform.engines.slurm.orders import INSIDE, Places, job_order, order_template
from reconciler.localplatform.engines.slurm.script import Submission, notes, sbatch_arguments
from reconciler.localplatform.engines.slurm.site import Images, Site, read_site
from reconciler.localplatform.engines.slurm.sizes import asked_of, said
from reconciler.localplatform.work import LOOPBACK, Instance, Limits, Program, Run, Script, Size, Task, Together

GIB = 1024**3
SITE = Site(Path("/shared"))
PLACES = Places("/shared/t", "/wake", "/bin")


def one(*words: str, **more: object) -> Instance:
    """An instance on one machine's terms."""
    return Instance(Program(words or ("true",)), limits=Limits(cpu=0.1), **more)  # type: ignore[arg-type]  # any member of it


def shape(*instances: Instance, site: Site = SITE, together: Together = Together.GANG) -> set[str]:
    """What sbatch is told about their resources."""
    run = Run("run-1", (Task("a", instances, together=together),))
    (job,) = chain(run, {"a": range(len(instances))}, "k", array_limit=100)
    words = sbatch_arguments(Submission(run, job, "e", "/shared/c"), site)
    return {word for word in words if word.startswith(("--nodes", "--ntasks", "--cpus", "--mem", "--g", "--excl"))}


@pytest.mark.parametrize(
    ("instance", "wanted"),
    [
        (one(), Limits(cpu=0.1)),
        (one(requested=Limits(4, GIB)), Limits(4, GIB)),
        (one(requested=Limits(4, GIB), size=Size("of another site")), Limits(4, GIB)),
        (one(requested=Limits(4, GIB), size=Size("big")), Limits(16, 64 * GIB, 2)),
        (one(size=Size("unit", 3)), Limits(3, 6 * GIB, 0)),
        (one(size=Size("mine")), Limits(whole=True)),
        (one(requested=Limits(96, 720 * GIB, 8)), Limits(32, 256 * GIB, 4)),
    ],
)
def test_the_site_has_the_last_word(instance: Instance, wanted: Limits) -> None:
    """What it says of a size comes before what was asked for; units count; no more than it gives at most."""
    sizes = {"big": Limits(16, 64 * GIB, 2), "unit": Limits(1, 2 * GIB), "mine": Limits(whole=True)}
    most = {"cpu": 32, "memory": 256 * GIB, "gpu": 4}
    assert asked_of(instance, Site(Path("/shared"), sizes=sizes, most=most)) == wanted


def test_what_is_not_asked_for_is_said() -> None:
    """A size nobody knows, and more than the site gives; nothing where there is nothing to say."""
    assert notes(one(requested=Limits(4), size=Size("big")), SITE) == []
    assert notes(one(size=Size("unit", 2)), SITE) == ["how large 2 x unit is, is not known here: 1 processor asked for"]
    greedy = one(requested=Limits(96, 720 * GIB, 8))
    (told,) = notes(greedy, Site(Path("/shared"), most={"cpu": 32, "memory": 0}))
    assert told.startswith("asks for 96 processors, 720 GiB of memory and 8 accelerators, ")
    assert told.endswith("and gets 32 processors and 8 accelerators: this site gives no more")


def test_nodes_of_their_own() -> None:
    """A node for each member, with all its memory and processors; one node where they know the loopback alone."""
    whole = one(requested=Limits(whole=True))
    assert shape(whole, whole) == {"--nodes=2", "--ntasks=2", "--exclusive", "--mem=0"}
    local = one("serve", LOOPBACK, requested=Limits(whole=True))
    assert "--nodes=1" in shape(whole, local)
    assert shape(whole, together=Together.FAN_OUT) == {"--nodes=1", "--ntasks=1", "--exclusive", "--mem=0"}
    assert said(Limits(whole=True)) == "a node of its own"


def test_a_member_gets_the_processors_its_job_asked_for() -> None:
    """The same number for sbatch and for the node: whole ones, and no limit on a node of its own."""
    run = Run("run-1", (Task("a", (one(requested=Limits(2.5)), one()), together=Together.GANG),))
    (job,) = chain(run, {"a": (0, 1)}, "k", array_limit=100)
    assert "--cpus-per-task=3" in shape(*run.tasks[0].instances)
    assert job_order(run, run.tasks[0], job, SITE, PLACES)["processors"] == 3
    whole = Run("run-1", (Task("a", (one(requested=Limits(whole=True)),), together=Together.GANG),))
    (job,) = chain(whole, {"a": (0,)}, "k", array_limit=100)
    assert job_order(whole, whole.tasks[0], job, SITE, PLACES)["processors"] == 0
    assert "OMP_NUM_THREADS" not in order_template(whole, whole.tasks[0], 0, 1, SITE, PLACES)["around"]
    assert order_template(run, run.tasks[0], 0, 1, SITE, PLACES)["around"]["OMP_NUM_THREADS"] == "3"


def test_what_an_image_is_given() -> None:
    """The files of the spaces, its own folders, and a shell that it has; programs as they are."""
    site = Site(Path("/shared"), images=Images.APPTAINER)
    script = Instance(Script(("true",)), directory="/work", outputs=("/out", "relative"), image="lab/tool:1")
    run = Run("run-1", (Task("a", (script, one("fit", image="lab/tool:1"))),))
    told = order_template(run, run.tasks[0], 0, 1, site, PLACES)
    wrapped = told["wrapper"]
    assert [folder for word, folder in pairwise(wrapped) if word == "--bind"] == [
        "/shared/t", "/shared/data", "@temporary@", "/work", "/out",
    ]  # fmt: skip
    assert told["argv"] == ["/bin/sh", "-c", INSIDE, "sh", "-e"]
    assert order_template(run, run.tasks[0], 1, 1, site, PLACES)["argv"] == ["fit"]
    assert order_template(run, run.tasks[0], 0, 1, SITE, PLACES)["argv"][1:] == ["-e"]


def test_a_fan_out_of_several_sizes_is_several_arrays() -> None:
    """What asks for the same is together, though one machine would give all of them the same."""
    kinds = [one(size=Size("a")), one(size=Size("b")), one(size=Size("a")), one(requested=Limits(2))]
    run = Run("run-1", (Task("t", tuple(kinds)),))
    jobs = chain(run, {"t": range(4)}, "k", array_limit=100)
    assert [job.indexes for job in jobs] == [(0, 2), (1,), (3,)]


def test_sizes_stand_in_the_file_of_the_site(tmp_path: Path) -> None:
    """Processors, memory with a unit, accelerators, or a node of its own; what is wrong is named."""
    file = tmp_path / "slurm.toml"
    file.write_text(
        'shared = "/s"\n[most]\nmemory = "1.5T"\ngpu = 4\n[sizes]\n"hai/training" = "node"\n'
        '"modelarts.p3.8xlarge.public" = { cpu = 32, memory = "240G", gpu = 4 }\nsmall = { memory = "512M" }\n'
    )
    site = read_site(file)
    assert site.most == {"memory": 3 * 512 * GIB, "gpu": 4}
    assert site.sizes == {
        "hai/training": Limits(whole=True),
        "modelarts.p3.8xlarge.public": Limits(32, 240 * GIB, 4),
        "small": Limits(1, GIB // 2),
    }
    for wrong in ('{ cpu = "8" }', "{ memory = 64 }", '{ memory = "64GB" }', "{ gpu = 0.5 }", "{ cpus = 8 }", '"half"'):
        file.write_text(f'shared = "/s"\n[sizes]\nsmall = {wrong}\n')
        with pytest.raises(LocalPlatformError, match=r"`sizes` has 'small', which is not like \{ cpu = 8"):
            read_site(file)
    file.write_text('shared = "/s"\nsizes = 3\nmost = { cpu = -1 }\n')
    with pytest.raises(LocalPlatformError, match="`sizes` is not a table of sizes; `most` is not like"):
        read_site(file)
