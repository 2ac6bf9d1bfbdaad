"""Puts the parts together: from a folder to an application, the same way in the server and in tests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from reconciler.localplatform.accounts import Accounts, ServerKey, Shared
from reconciler.localplatform.admin import Admin, first_start
from reconciler.localplatform.clock import Clock
from reconciler.localplatform.data import DataFolder
from reconciler.localplatform.database import Database
from reconciler.localplatform.faults import Faults
from reconciler.localplatform.history import History
from reconciler.localplatform.membership import members_granted
from reconciler.localplatform.phases import data_folder
from reconciler.localplatform.platforms import faces as every_face
from reconciler.localplatform.request_log import RequestLog
from reconciler.localplatform.runs import Runs
from reconciler.localplatform.server import Application
from reconciler.localplatform.services import Services
from reconciler.localplatform.store import Store
from reconciler.localplatform.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from reconciler.localplatform.engines.protocol import Engine, Listener
    from reconciler.localplatform.face import Account, Face
    from reconciler.localplatform.history import RunRow
    from reconciler.localplatform.work import Run

    MakeEngines = Callable[[Listener, Clock], Mapping[str, Engine]]


@dataclass(frozen=True, slots=True)
class Platform:
    """A whole local platform in this process. `application` answers; `close` lets go of files and engines."""

    application: Application
    services: Services
    faults: Faults
    log: RequestLog
    faces: tuple[Face, ...]

    def close(self) -> None:
        """Ends it. Work of engines that outlive it goes on."""
        self.services.runs.close()
        self.services.store.database.close()


def assemble(
    folder: Path,
    account: Account | Shared,
    make_engines: MakeEngines,
    engine: str,
    *,
    clock: Clock | None = None,
    shutdown: Callable[[bool], None] | None = None,
) -> Platform:
    """A platform that keeps everything below `folder`, with what an earlier one left there picked up.

    `engine` names the one of `make_engines` that gets new runs. `shutdown` is what the administrator's call does.
    Callers are that one account, or with `Shared` those in the database.
    Raises LocalPlatformError when the folder cannot be used.
    """
    clock, faces = clock or Clock(), every_face()
    database = Database(folder / "platform.sqlite3")
    store = Store(database)
    runs = Runs(History(database), clock)
    defaults = {name: value for face in faces for name, value in face.switches.items()}
    accounts = Accounts(database, ServerKey(folder), account) if isinstance(account, Shared) else None
    services = Services(
        store=store,
        runs=runs,
        data=DataFolder(data_folder(folder)),
        clock=clock,
        account=account.account if isinstance(account, Shared) else account,
        switches=Switches(store, defaults),
        granted=(lambda _space: {}) if accounts is None else partial(members_granted, accounts),
        shared=isinstance(account, Shared),
    )
    runs.attach(make_engines(runs.hear, clock), engine)
    runs.recover(lambda row: _work_of(services, faces, row))
    first_start(services, faces)
    faults, log = Faults(), RequestLog()
    admin = Admin(
        services=services,
        faces=faces,
        faults=faults,
        log=log,
        shutdown=shutdown or (lambda _cancel: None),
        started=clock.now(),
    )
    application = Application(services, faces, faults=faults, log=log, admin=admin, accounts=accounts)
    return Platform(application, services, faults, log, faces)


def _work_of(services: Services, faces: tuple[Face, ...], row: RunRow) -> Run | None:
    """The work of a run that was opened and never started, from its object; None when that is gone."""
    face = next((face for face in faces if face.name == row.platform), None)
    entity = services.store.get(row.platform, row.kind, row.id)
    return None if face is None or face.work is None or entity is None else face.work(services, entity)
