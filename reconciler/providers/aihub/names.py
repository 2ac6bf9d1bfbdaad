"""Names in the place of ids: of clusters and storages, which can be listed, and of projects, which the target tells
(contract, trap 5: ids are bound to an environment).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.errors import NotFound, Refused
from reconciler.providers.aihub.addresses import Service
from reconciler.providers.aihub.shapes import is_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.providers.aihub.place import Place

FOR_TRAINING, FOR_WORKFLOWS = 1, 2


class Names:
    """What a target knows by name. Asked once for each list."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._known: dict[str, dict[str, list[int]]] = {}

    def clusters(self, module: int = FOR_TRAINING) -> list[dict[str, Any]]:
        """The virtual clusters of the account. Raises PlatformError: Refused where nobody said whose account it is."""
        number = self._place.user_id()
        if not number:
            msg = f"{self._place.target}: an injected token does not say whose clusters are meant"
            raise Refused(msg, hint="write `user_id` in the target")
        query = {"user_id": str(number), "module_type": str(module)}
        path = "/tag-resource-management/api/v1/select-clusters"
        return self._place.rows(Service.TAGS, "list clusters", path, query)

    def storages(self) -> list[dict[str, Any]]:
        """What can be mounted. Raises PlatformError."""
        return self._place.rows(Service.TRAINING, "list storages", "/model-training-platform/api/v1/storages")

    def cluster(self, value: object) -> int:
        """The id of a cluster by name or id. Raises NotFound, PlatformError."""
        return self._id("cluster", value, self.clusters)

    def storage(self, value: object) -> int:
        """The id of a storage by name or id. Raises NotFound, PlatformError."""
        return self._id("storage", value, self.storages)

    def project(self, value: object) -> int:
        """The id of a project by name or id. Raises NotFound."""
        rows = [{"name": name, "id": number} for name, number in self.projects().items()]
        return self._id("project", value, lambda: rows)

    def projects(self) -> dict[str, int]:
        """What `projects` of the target says: `vision=5, speech=7`. What is no such pair is left out."""
        pairs = (pair.partition("=") for pair in self._place.settings.get("projects", "").split(","))
        return {name.strip(): int(number) for name, _, number in pairs if is_number(number.strip()) and name.strip()}

    def _id(self, word: str, value: object, rows: Callable[[], list[dict[str, Any]]]) -> int:
        if is_number(value):
            return int(str(value))
        if word not in self._known:
            found: dict[str, list[int]] = {}
            for row in rows():
                found.setdefault(str(row.get("name")), []).append(int(row["id"]))
            self._known[word] = found
        return _one(word, str(value), self._known[word], self._place.target)


def _one(word: str, name: str, known: Mapping[str, list[int]], target: str) -> int:
    """The one id of a name. Raises NotFound: names carry no stated uniqueness, so two are as bad as none."""
    ids = known.get(name, [])
    if len(ids) == 1:
        return ids[0]
    msg = f"{target}: {len(ids) or 'no'} {word}{'s' if len(ids) > 1 else ''} called {name!r}"
    if word == "project" and not ids:
        hint = f"write its number from the web console, or add it to `projects` of the target: {name}=NUMBER"
    else:
        hint = f"write its id instead; there is {', '.join(sorted(known)) or 'none'}"
    raise NotFound(msg, hint=hint)
