"""At most one run per submission key on the real wire of each API, whatever dies or gets lost.

v2 and configurations are settled by their unique name. A version of a v1 job is not: a search tells, for a first one
and for one that is derived from another.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.store import Query
from reconciler.model.kind import CreateClass
from reconciler.providers.modelarts import PROVIDER
from reconciler.providers.modelarts.marks import taken_apart
from tests.providers.modelarts.opened import OWNER, at, config_v1, desired, job_v1, job_v2, opened
from tests.support.submitting import OneSubmission, Submission

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.localplatform.assembly import Platform
    from reconciler.localplatform.store import Entity
    from reconciler.providers.modelarts.connection import ModelArtsConnection

CONFIG, V1, V2 = "TrainingJobConfig", "TrainingJob", "TrainingJobV2"


def _stored(platform: Platform, kind: str) -> tuple[Entity, ...]:
    return platform.services.store.find(Query("modelarts", kind)).entities


def _marks(text: str) -> list[str]:
    mark = taken_apart(text).mark
    return [str(mark)] if mark else []


def _jobs_v2(platform: Platform) -> list[tuple[str, Any]]:
    return [(job.id, _marks(job.body["metadata"]["description"])) for job in _stored(platform, V2)]


def _configs(platform: Platform) -> list[tuple[str, Any]]:
    return [(config.name, _marks(config.body["config_desc"])) for config in _stored(platform, CONFIG)]


def _versions(platform: Platform, *, after: int = 0) -> list[tuple[str, Any]]:
    """The versions beyond the first `after`, each with the mark of its job, which is that of the newest."""
    described = {job.id: job.body["job_desc"] for job in _stored(platform, V1)}
    found = sorted(_stored(platform, "Version"), key=lambda version: int(version.body["version_id"]))[after:]
    return [(f"{v.body['job']}/{v.body['version_id']}", _marks(described[v.body["job"]])) for v in found]


@contextmanager
def _with_a_job(platform: Platform, **given: Any) -> Iterator[ModelArtsConnection]:
    """A connection to a platform on which a run of ours under the same name has ended."""
    with opened(platform) as calm:
        calm.handler(V1).create(desired(V1, job_v1("t", seconds="0"), attempt=7))
    with opened(platform, **given) as connection:
        yield connection


class TestV2(OneSubmission):
    """By its name, which is taken once."""

    submission = Submission(at(V2, "t"), job_v2("t"), OWNER, opened, _jobs_v2)


class TestConfiguration(OneSubmission):
    """The same."""

    submission = Submission(at(CONFIG, "t"), config_v1("t"), OWNER, opened, _configs)


class TestFirstVersion(OneSubmission):
    """By a search: the description of its job carries the mark."""

    submission = Submission(at(V1, "t"), job_v1("t"), OWNER, opened, _versions)


class TestFurtherVersion(OneSubmission):
    """The same, together with what it is derived from."""

    submission = Submission(
        at(V1, "t"), job_v1("t", worker_server_num=2), OWNER, _with_a_job, partial(_versions, after=1)
    )


def test_the_law_is_held_for_each_class_there_is() -> None:
    """Those cases are all the ways in which this platform settles a create."""
    kinds = {law.submission.address.kind for law in (TestV2, TestConfiguration, TestFirstVersion, TestFurtherVersion)}
    assert kinds == set(PROVIDER.kinds)
    assert set(PROVIDER.create_class.values()) == {CreateClass.UNIQUE_NAME, CreateClass.SEARCH_ONLY}
