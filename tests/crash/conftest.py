"""One nursery per worker: loading the program costs more than most lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.crash.lives import Nursery, nursery

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def cradle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """Where processes come from."""
    with nursery(tmp_path_factory.mktemp("lives")) as found:
        yield found
