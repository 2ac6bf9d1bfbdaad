"""TensorBoards: running or stopped as declared, three fields in place, deleted only when stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.localplatform.faults import FaultRule
from tests.providers.pai_dlc.opened import board

if TYPE_CHECKING:
    from reconciler.localplatform.assembly import Platform
    from reconciler.providers.pai_dlc.connection import PaiDlcConnection


def test_states(platform: Platform, connection: PaiDlcConnection) -> None:
    """Made, stopped, started, stopped by its time limit, which the next look shows."""
    handler: Any = connection.handler("Tensorboard")
    wanted = board(State="stopped", MaxRunningTimeMinutes=5)
    identifier = handler.create(wanted).remote_id
    assert handler.read(wanted.address, identifier).spec["State"] == "running", "a create is one call"
    handler.update(identifier, wanted)
    assert handler.read(wanted.address, identifier).spec["State"] == "stopped"
    handler.update(identifier, board(MaxRunningTimeMinutes=5))
    assert handler.read(wanted.address, identifier).spec["State"] == "running"
    platform.services.clock.advance(301)
    live = handler.read(wanted.address, identifier)
    assert (live.spec["State"], live.status) == ("stopped", "Stopped")


@pytest.mark.parametrize("fault", ["throttle", "error", "reset"])
def test_a_stop_that_fails_is_not_a_create_that_failed(
    platform: Platform, connection: PaiDlcConnection, fault: str
) -> None:
    """Told of the create, it would be sent again: there is one, it runs, and the next plan stops it."""
    rule = FaultRule.parse({"fault": fault, "operation": "StopTensorboard", "count": None, "retry_after": 0})
    platform.faults.replace([rule])
    handler: Any = connection.handler("Tensorboard")
    wanted = board(State="stopped")
    identifier = handler.create(wanted).remote_id
    platform.faults.replace([])
    assert handler.read(wanted.address, identifier).spec["State"] == "running"
    assert len(list(handler.list(wanted.address.scope))) == 1


def test_changes_travel_in_the_query(platform: Platform, connection: PaiDlcConnection) -> None:
    """The platform does not look at a body (trap 24); what is declared no longer goes back to its default."""
    handler: Any = connection.handler("Tensorboard")
    wanted = board()
    identifier = handler.create(wanted).remote_id
    handler.update(identifier, board(Priority="4", Accessibility="PUBLIC", MaxRunningTimeMinutes=9))
    spec = handler.read(wanted.address, identifier).spec
    assert (spec["Priority"], spec["Accessibility"], spec["MaxRunningTimeMinutes"]) == ("4", "PUBLIC", 9)
    handler.update(identifier, board(MaxRunningTimeMinutes=9))
    assert handler.read(wanted.address, identifier).spec["Priority"] == "1"
    (first, _) = platform.log.report(operation="UpdateTensorboard")
    assert first["body"] == ""
    assert "WorkspaceId=w1" in first["query"]


def test_delete_stops_first(platform: Platform, connection: PaiDlcConnection) -> None:
    """Stop, wait, delete; again: nothing."""
    handler: Any = connection.handler("Tensorboard")
    wanted = board()
    identifier = handler.create(wanted).remote_id
    handler.delete(wanted.address, identifier)
    assert handler.read(wanted.address, identifier) is None
    handler.delete(wanted.address, identifier)
    operations = [entry["operation"] for entry in platform.log.report()]
    assert operations.index("StopTensorboard") < operations.index("DeleteTensorboard")


def test_links(connection: PaiDlcConnection) -> None:
    """Where it is shown, and a shared way in only when asked for."""
    handler: Any = connection.handler("Tensorboard")
    wanted = board()
    identifier = handler.create(wanted).remote_id
    assert [(link.name, link.secret) for link in handler.links(wanted.address, identifier)] == [("tensorboard", False)]
    assert [link.secret for link in handler.links(wanted.address, identifier, shared=True)] == [False, True]
