"""Fetching from the network (section 10), as far as this server goes: to the machine it runs on, and no further.

http://127.0.0.1:8000/reads.txt    fetched, if the server belongs to one person: a team's members could reach with
                                   it what only that machine may
http://127.0.0.1/samples/...       without a port: what the server offers itself, so that there is something to fetch
http://data.example/reads.txt      refused, as a failed data job
"""

from __future__ import annotations

import hashlib
import http.client
import ipaddress
import shutil
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from reconciler.localplatform.face import Refusal
from reconciler.localplatform.platforms.ai4s_data import Place, place_to_write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from urllib.parse import SplitResult

    from reconciler.localplatform.face import Call
    from reconciler.localplatform.services import Services
    from reconciler.localplatform.store import Entity

SAMPLE = "".join(f"read-{number} ACGT\n" for number in range(9, 0, -1))
"""A file to try things with."""
OFFERED = {"/samples/reads.txt": SAMPLE.encode()}
"""What is offered at an address of this machine that names no port."""
FETCH_BYTES = "fetch_bytes"
"""Switch: how large a file may be."""
USUAL_BYTES = 256 * 1024 * 1024
_SECONDS = 10.0
_REASON_MOST = 1000


class NotFetched(Exception):
    """A file that did not come. The text says why."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """An address that leads to another one could lead anywhere."""

    def redirect_request(self, *_: object) -> None:
        """None: the answer is taken as it is."""


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects)


@dataclass(frozen=True, slots=True)
class Fetched:
    """Which addresses were fetched, in order, and why others were not; "" where all were."""

    done: tuple[str, ...]
    reason: str = ""


def fetch(call: Call, space: Entity, target: Place, urls: Sequence[str], sums: Sequence[str]) -> Fetched:
    """Fetches each into `target`, under its own name. `sums` are their MD5 digests, "" or missing where none is known.
    What did not come keeps nobody from the others.
    """
    done, reasons = [], []
    for number, url in enumerate(urls):
        try:
            name, found = _name(url), content(call.services, url)
            _check(found, sums[number] if number < len(sums) else "")
            _keep(call, place_to_write(call, f"{target.address.rstrip('/')}/{name}", space), found)
        except (NotFetched, Refusal) as error:
            reasons.append(f"{url[:200]}: {error}")
        else:
            done.append(url)
    return Fetched(tuple(done), "; ".join(reasons)[:_REASON_MOST])


def content(services: Services, url: str) -> bytes:
    """What is at an address. Raises NotFetched."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotFetched("this is no address") from None
    if not _is_here(parts):
        raise NotFetched("this platform fetches only from the machine it runs on: http://127.0.0.1:PORT/...")
    if port is None:
        if parts.path not in OFFERED:
            raise NotFetched(f"without a port only {', '.join(OFFERED)} is offered here")
        return OFFERED[parts.path]
    if services.shared:
        raise NotFetched("a platform that serves a team does not fetch from its own machine")
    return _got(url, int(services.switches[FETCH_BYTES]))


def _is_here(parts: SplitResult) -> bool:
    """Whether it names this machine, in letters or numbers. Names are not looked up: they might lead elsewhere."""
    host = parts.hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _got(url: str, most: int) -> bytes:
    try:
        with _OPENER.open(url, timeout=_SECONDS) as answer:
            found: bytes = answer.read(most + 1)
            short = answer.length
    except urllib.error.HTTPError as error:
        with error:
            raise NotFetched(f"answered HTTP {error.code}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotFetched(f"not reached: {getattr(error, 'reason', error)}") from None
    if len(found) > most:
        raise NotFetched(f"it has more than {most} bytes")
    if short:
        raise NotFetched(f"it broke off {short} bytes before its end")
    return found


def _name(url: str) -> str:
    """The last part of its path. Raises NotFetched."""
    name = unquote(urlsplit(url).path.rpartition("/")[2])
    if not name or "/" in name or "\\" in name:
        raise NotFetched("it names no file")
    return name


def _check(found: bytes, wanted: str) -> None:
    if wanted and wanted.lower() != hashlib.md5(found, usedforsecurity=False).hexdigest():
        raise NotFetched("its MD5 digest is another one")


def _keep(call: Call, place: Place, content: bytes) -> None:
    """Makes the file, whole; in place of one that is there. Raises NotFetched."""
    staged = call.services.data.staging / uuid.uuid4().hex
    try:
        staged.parent.mkdir(parents=True, exist_ok=True)
        staged.write_bytes(content)
        place.disk.parent.mkdir(parents=True, exist_ok=True)
        if place.disk.is_dir():
            raise NotFetched(f"{place.address} is a folder")
        shutil.move(staged, place.disk)
    except OSError as error:
        raise NotFetched(f"cannot be stored: {error.strerror}") from error
    finally:
        staged.unlink(missing_ok=True)
