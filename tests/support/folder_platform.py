"""A platform that several processes can reach: one file an object, in a folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.model.kind import CreateClass, Kind, Life
from reconciler.model.mark import Mark
from reconciler.model.resource import Desired, Live, Phase

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model.address import Address

PLATFORM = "folder"
KINDS = {
    (PLATFORM, "Job"): Kind(PLATFORM, "Job", Life.RUN, "folder/Job", ("name",), create_class=CreateClass.SEARCH_ONLY)
}


@dataclass(frozen=True)
class FolderJobs:
    """The handler. Names of files are `<name>.<mark>.<number>`."""

    folder: Path

    def create(self, desired: Desired) -> Live:
        """See Creates."""
        number = len(list(self.folder.iterdir()))
        file = self.folder / f"{desired.address.name}.{desired.mark}.{number}"
        os.close(os.open(file, os.O_CREAT | os.O_EXCL))
        return self._live(desired.address, file)

    def read(self, address: Address, remote_id: str) -> Live | None:
        """See Reads."""
        file = self.folder / remote_id
        return self._live(address, file) if file.exists() else None

    def find(self, address: Address, mark: Mark) -> tuple[Live, ...]:
        """See Finds."""
        return tuple(self._live(address, file) for file in sorted(self.folder.glob(f"*.{mark}.*")))

    def _live(self, address: Address, file: Path) -> Live:
        return Live(address, file.name, {}, Phase.RUNNING, mark=Mark.find(file.name))


@dataclass(frozen=True)
class FolderConnection:
    """See Connection."""

    folder: Path

    def handler(self, kind: str) -> FolderJobs:
        """See Connection."""
        assert kind == "Job"
        return FolderJobs(self.folder)

    def close(self) -> None:
        """See Connection."""
