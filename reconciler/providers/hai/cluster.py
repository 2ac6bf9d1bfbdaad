"""The account and the machines: who we are, how many nodes we may have, which there are (contract, section 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.errors import UsageError
from reconciler.providers.exchange import Call, Effect
from reconciler.providers.facilities import Allowance, ClusterNode, Identity
from reconciler.providers.hai.place import part, rows_of

if TYPE_CHECKING:
    from reconciler.providers.hai.place import Place

PRIORITIES = {
    50: "EXTREME_HIGH",
    40: "VERY_HIGH",
    30: "HIGH",
    20: "ABOVE_NORMAL",
    10: "NORMAL",
    8: "UNDER_NORMAL",
    5: "BELOW_NORMAL",
    0: "LOW",
    -1: "AUTO",
}
"""Names of the priorities, by which quotas are kept."""
_PREFIX = "node-"


class Cluster:
    """What one account sees of its cluster."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def nodes(self) -> tuple[ClusterNode, ...]:
        """Every machine, by group and name."""
        operation = "list nodes"
        rows = rows_of(self._place.ask(operation, "/query/node/list"), self._place.target, operation, "cluster_df")
        return tuple(sorted((_node(row) for row in rows), key=lambda node: (node.group, node.name)))

    def whoami(self) -> Identity:
        """The account behind the token, which itself is left out."""
        found = self._part("read account", "/query/user/info")
        quota = self._part("read quota", "/query/user/quota/list")
        groups = tuple(str(group) for group in found.get("group_list") or found.get("user_group") or ())
        facts = (
            ("id", str(found.get("user_id") or "")),
            ("nick name", str(found.get("nick_name") or "")),
            ("shared group", str(found.get("shared_group") or found.get("user_shared_group") or "")),
            ("access scope", str(found.get("access_scope") or "")),
            ("images", ", ".join(map(str, quota.get("train_environments") or ()))),
        )
        return Identity(
            user=str(found.get("user_name") or ""),
            role=str(found.get("role") or ""),
            groups=groups,
            facts=tuple(fact for fact in facts if fact[1]),
        )

    def quota(self) -> tuple[Allowance, ...]:
        """Nodes for each `group/PRIORITY`, by name. Empty for accounts that get no figures."""
        found = self._part("read quota", "/query/user/quota/list")
        limits = _numbers(found.get("node_quota"))
        used = _numbers(found.get("used_node_quota"))
        names = sorted({*map(_name, limits), *map(_name, used)})
        by_name = {_name(key): value for key, value in limits.items()}
        in_use = {_name(key): value for key, value in used.items()}
        return tuple(Allowance(name, by_name.get(name), in_use.get(name, 0)) for name in names)

    def set_quota(self, name: str, amount: int) -> None:
        """Sets our own quota called `group/PRIORITY`. Raises UsageError for any other name."""
        group, _, level = name.rpartition("/")
        if not group or level not in PRIORITIES.values():
            msg = f"not a quota of this platform: {name!r}"
            raise UsageError(msg, hint=f"write GROUP/PRIORITY, the priority one of {', '.join(PRIORITIES.values())}")
        query = {"group_label": group, "priority_label": level, "quota": str(amount)}
        path = "/operating/user/training_quota/update"
        self._place.call(Call(f"set quota {name}", "POST", path, query=query, effect=Effect.REPEATABLE))

    def _part(self, operation: str, path: str) -> dict[str, Any]:
        found = part(self._place.ask(operation, path), "result")
        return found if isinstance(found, dict) else {}


def _node(row: dict[str, Any]) -> ClusterNode:
    working = row.get("working")
    return ClusterNode(
        name=str(row.get("name") or ""),
        group=str(row.get("mars_group") or row.get("group") or ""),
        status=str(row.get("status") or ""),
        free=working is None,
        user=str(row.get("working_user") or ""),
        gpu=int(row.get("gpu_num") or 0),
        cpu=int(row.get("cpu") or 0),
        memory=str(row.get("memory") or ""),
    )


def _name(key: str) -> str:
    """`node-training-HIGH` and `training-HIGH` are both `training/HIGH`; a group may hold hyphens, a priority none."""
    group, _, level = key.removeprefix(_PREFIX).rpartition("-")
    return f"{group}/{level}"


def _numbers(found: Any) -> dict[str, int]:  # noqa: ANN401 - any JSON value
    if not isinstance(found, dict):
        return {}
    return {str(key): int(value) for key, value in found.items() if isinstance(value, int | float)}
