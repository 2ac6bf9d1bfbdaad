"""TensorBoards: running or stopped as declared, three fields in place, deleted only when stopped."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import Busy, PlatformError
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
    """It is a call of its own, which is told and may be sent again: there is one, it runs, and then it is stopped."""
    rule = FaultRule.parse({"fault": fault, "operation": "StopTensorboard", "count": None, "retry_after": 0})
    platform.faults.replace([rule])
    handler: Any = connection.handler("Tensorboard")
    wanted = board(State="stopped")
    identifier = handler.create(wanted).remote_id
    with pytest.raises(PlatformError):
        handler.update(identifier, wanted)
    platform.faults.replace([])
    assert handler.read(wanted.address, identifier).spec["State"] == "running"
    handler.update(identifier, wanted)
    assert handler.read(wanted.address, identifier).spec["State"] == "stopped"
    assert len(list(handler.list(wanted.address.scope))) == 1


def test_one_on_its_way(platform: Platform, connection: PaiDlcConnection) -> None:
    """One that is stopping is as good as stopped, and is started when it has; one that is not running yet, whatever the
    platform says to a stop, is not stopped.
    """
    handler: Any = connection.handler("Tensorboard")
    identifier = handler.create(board()).remote_id

    def becomes(state: str) -> None:
        entity = platform.services.store.get("pai-dlc", "Tensorboard", identifier)
        assert entity is not None
        platform.services.store.update(replace(entity, body={**entity.body, "state": state, "stopped": 0.0}))

    becomes("Stopping")
    handler.update(identifier, board(State="stopped"))
    with pytest.raises(Busy, match="still Stopping"):
        handler.update(identifier, board())
    assert platform.log.report(operation="StartTensorboard") == []
    becomes("Creating")
    handler.update(identifier, board())
    with pytest.raises(Busy, match="still Creating"):
        handler.update(identifier, board(State="stopped"))
    becomes("Stopped")
    handler.update(identifier, board())
    assert handler.read(board().address, identifier).status == "Running"


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
