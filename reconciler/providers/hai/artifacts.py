"""The artifacts of a task: which recorded data it reads and writes. One mapping per chain (contract, section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.providers.hai.place import part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.address import Address
    from reconciler.model.manifest import Spec
    from reconciler.providers.hai.place import Place

_DIRECTIONS = {"input": "in_artifact", "output": "out_artifact"}
_DEFAULT_VERSION = "default"


class Artifacts:
    """Reads and sets mappings."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def set(self, address: Address, chain_id: str, spec: Spec) -> None:
        """Makes the mapping what the spec says. Asks for it only when there is something to compare; each change may be
        repeated.
        """
        wanted = _wanted(spec)
        if not wanted and "artifacts" not in spec:
            return
        has = self._mapped(address, chain_id)
        for direction in _DIRECTIONS:
            asked, found = wanted.get(direction, ""), has.get(direction, "")
            if asked == found:
                continue
            query = {"direction": direction}
            if asked:
                name, _, version = asked.partition(":")
                query |= {"artifact_name": name, "artifact_version": version}
            verb = "map" if asked else "unmap"
            operation = f"{verb} {direction} artifact of task {address.name}"
            self._place.operate(operation, f"/operating/task/artifact/{verb}", chain_id, query)

    def complaint(self, address: Address, chain_id: str, spec: Spec) -> str:
        """What of the artifacts that were asked for at submission is not mapped, "" when all is."""
        wanted = _wanted(spec)
        if not wanted:
            return ""
        has = self._mapped(address, chain_id)
        missing = [f"{direction} artifact {name}" for direction, name in wanted.items() if not has.get(direction)]
        return f"not mapped: {', '.join(missing)}" if missing else ""

    def _mapped(self, address: Address, chain_id: str) -> dict[str, str]:
        operation = f"read artifacts of task {address.name}"
        answer = self._place.ask(operation, "/query/task/artifact/get", {"chain_id": chain_id})
        mapping = part(answer, "msg")
        if not isinstance(mapping, dict):  # a sentence says that there is none
            return {}
        return {direction: _full(str(mapping.get(field) or "")) for direction, field in _DIRECTIONS.items()}


def _wanted(spec: Mapping[str, Any]) -> dict[str, str]:
    asked = spec.get("artifacts") or {}
    return {direction: _full(str(asked[direction])) for direction in _DIRECTIONS if asked.get(direction)}


def _full(name: str) -> str:
    return f"{name}:{_DEFAULT_VERSION}" if name and ":" not in name else name
