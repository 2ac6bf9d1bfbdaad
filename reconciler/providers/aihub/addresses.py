"""Where the services of an AIHub are (contract, section 2): each has an address of its own in every environment, and
none is built in.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from reconciler.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.target import Target


class Service(StrEnum):
    """One service. The value is the setting of a target that holds its address."""

    USERS = "users"
    WAREHOUSE = "data_warehouse"
    DATASETS = "datasets"
    WORKFLOWS = "workflows"
    TRAINING = "training"
    QUOTA = "quota"
    EVALUATION = "evaluation"
    TAGS = "tags"
    RELAY = "relay"


SETTINGS: Mapping[str, str] = {
    Service.USERS: "address of the user system, such as http://hub.example:31031",
    Service.WAREHOUSE: "address of the data warehouse: searches",
    Service.DATASETS: "address of the dataset service",
    Service.WORKFLOWS: "address of the workflow center",
    Service.TRAINING: "address of the model training platform: trainings, storages",
    Service.QUOTA: "address of the quota scheduling service",
    Service.EVALUATION: "address of the evaluation platform",
    Service.TAGS: "address of the tag system: virtual clusters",
    Service.RELAY: "address of the S3 relay, https",
}
"""What a target says about each. `endpoint` takes the place of every one that is left out."""


def addresses(target: Target) -> dict[Service, str]:
    """The address of each service that has one. Raises UsageError when there is none at all."""
    common = "" if target.is_local else target.endpoint
    found = {service: target.settings.get(service, "") or common for service in Service}
    known = {service: address for service, address in found.items() if address}
    if not known:
        msg = f"target {target.name}: where is it? No address is given"
        hint = f"name the address of each service ({', '.join(Service)}), or `endpoint` for all of them"
        raise UsageError(msg, hint=hint)
    return known
