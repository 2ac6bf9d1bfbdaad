"""What the platform can tell of jobs and configurations of the legacy API before they are sent: names and numbers of
engines and specifications, machines, and what a further version of a job cannot have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.errors import NotFound
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.providers.exchange import Call
from reconciler.providers.modelarts import listing_v1
from reconciler.providers.modelarts.numbers import NUMBER_OF, wrong_names
from reconciler.providers.modelarts.place import part, path_to
from reconciler.providers.modelarts.shapes_v1 import JOB_FIELDS, fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.manifest import Manifest
    from reconciler.providers.modelarts.offers import Offers
    from reconciler.providers.modelarts.place import Place

_JOB = "TrainingJob"
_CODES = {"engine_version": "capacity.unknown-engine", "spec_code": "capacity.unknown-flavor"}


def foresee(manifest: Manifest, offers: Offers, place: Place) -> Iterator[Diagnostic]:
    """Findings about a job or configuration that is about to be sent. Raises PlatformError."""
    at = "/config" if manifest.address.kind == _JOB else ""
    config = part(manifest.spec, "config") if at else dict(manifest.spec)
    for name, message, hint in wrong_names(config, offers):
        yield _error(manifest, _CODES[name], f"{at}/{name}", message, hint)
    yield from _numbers(manifest, at, config, offers)
    yield from _further(manifest, config, place) if at else _beyond(manifest, place)


def _numbers(manifest: Manifest, at: str, config: Mapping[str, Any], offers: Offers) -> Iterator[Diagnostic]:
    for name, number in NUMBER_OF.items():
        given, known = config.get(number), offers.numbers(name)
        if given is not None and known and given not in {each for some in known.values() for each in some}:
            # Not an error: the lists of some regions leave out what older jobs run with.
            message = f"the platform shows no `{number}` {given}"
            hint = f"numbers differ between regions: set `{name}` instead, to one of {', '.join(sorted(known)[:8])}"
            yield _say(manifest, Severity.WARNING, _CODES[name], f"{at}/{number}", message, hint)
    chosen = config.get("spec_id")
    if chosen is None:
        chosen = next(iter(offers.numbers("spec_code").get(str(config.get("spec_code")), ())), None)
    most, wanted = offers.limits_v1().get(str(chosen)), config.get("worker_server_num")
    if most and isinstance(wanted, int) and wanted > most:
        message = f"{wanted} machines of that specification are wanted, and a job may have {most}"
        pointer = f"{at}/worker_server_num"
        yield _error(manifest, "capacity.too-many-machines", pointer, message, "ask for fewer, or for larger ones")
    machine = offers.machines_v1.get(chosen) if isinstance(chosen, int) else None
    if machine is not None and machine.available is False:
        pointer = f"{at}/{'spec_id' if 'spec_id' in config else 'spec_code'}"
        message, hint = "the specification is sold out at the moment", "the run waits for it, or take another one"
        yield _say(manifest, Severity.WARNING, "capacity.out-of-stock", pointer, message, hint)


def _further(manifest: Manifest, config: Mapping[str, Any], place: Place) -> Iterator[Diagnostic]:
    """What would be refused if this becomes one more version of a job that exists (trap 3)."""
    if config.get("train_url") and not config.get("volumes"):
        return
    address = manifest.address
    job = listing_v1.job_named(place, address.scope, address.name)
    versions = listing_v1.versions(place, str(job.get("job_id")))[1] if job else []
    if not versions or not _differs(config, versions[-1]):
        return  # a first version may have both, and where nothing differs none is made
    if config.get("volumes"):
        message, hint = "a further version cannot mount volumes", "submit under another name, or take `volumes` away"
        yield _error(manifest, "capacity.further-version", "/config/volumes", message, hint)
    if not config.get("train_url"):
        message = "a further version needs `train_url`"
        yield _error(manifest, "capacity.further-version", "/config", message, "set `train_url`")


def _beyond(manifest: Manifest, place: Place) -> Iterator[Diagnostic]:
    """What a configuration holds and an update cannot say: it was set in the console, and may go (trap 16)."""
    name = manifest.address.name
    try:
        row = place.v1(Call(f"read configuration {name}", "GET", path_to(listing_v1.CONFIGS, name)))
    except NotFound:
        return
    if held := [field for field in ("volumes", "pool_id") if row.get(field)]:
        message = (
            f"it has {' and '.join(f'`{field}`' for field in held)} on the platform, which an update may take away"
        )
        hint = "they can only be set in the console: change it there, or set them again afterwards"
        yield _say(manifest, Severity.WARNING, "capacity.not-settable", "", message, hint)


def _differs(config: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Whether what is declared is another definition than that of a version. What the server fills in is left out."""
    wanted, there = fields_of(config, JOB_FIELDS), fields_of(row, JOB_FIELDS)
    return any(_plain(wanted[name]) != _plain(there.get(name)) for name in wanted)


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Without the order of parameters, and without what may be left out of a volume."""
    if not isinstance(value, list):
        return value
    rows = [{k: {"read_only": False, **v} if isinstance(v, dict) else v for k, v in row.items()} for row in value]
    return sorted(rows, key=lambda row: str(row.get("label", "")))


def _error(manifest: Manifest, code: str, pointer: str, message: str, hint: str) -> Diagnostic:
    return _say(manifest, Severity.ERROR, code, pointer, message, hint)


def _say(manifest: Manifest, severity: Severity, code: str, pointer: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(severity, code, message, pointer=pointer, hint=hint, address=manifest.address)
