"""Data that comes from elsewhere (section 10): from the network, which this server does not reach, and by reference."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.face import Reply, Route
from reconciler.localplatform.platforms.ai4s_checks import Fields
from reconciler.localplatform.platforms.ai4s_data import place_of, place_to_write
from reconciler.localplatform.platforms.ai4s_data_jobs import record
from reconciler.localplatform.platforms.ai4s_users import want_member
from reconciler.localplatform.platforms.ai4s_words import PLATFORM, SPACE, found, invalid, missing, space_of
from reconciler.localplatform.store import Entity, Query

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call

_URLS_MOST = 100
_OFFLINE = "this platform does not reach the network"


def import_from_network(call: Call) -> Reply:
    """A data job that fails: nothing is ever fetched from here."""
    space, fields = space_of(call), Fields(call.body())
    urls = fields.texts("urls", _URLS_MOST, 2048, required=True, least=1)
    sums = fields.texts("md5s", _URLS_MOST, 64)
    if sums and len(sums) != len(urls):
        raise invalid("md5s must have as many entries as urls")
    if bad := [url for url in urls if not url.startswith(("http://", "https://"))]:
        raise invalid(f"urls has an entry that is none: {bad[0][:64]}")
    target = place_to_write(call, fields.text("target_folder", 0, 1024), space)
    job = record(
        call, space, "IMPORT_NETWORK_DATA", sources=urls, destinations=[target.address], failed_reason=_OFFLINE
    )
    return Reply({"id": job.id})


def quote(call: Call) -> Reply:
    """Lets a space see data of another one without a copy."""
    space, fields = space_of(call), Fields(call.body())
    source = found(call, "Space", fields.text("quote_project_id", 1, 128, required=True))
    want_member(call, source)
    paths = [place_of(call, path, source) for path in fields.texts("sub_paths", 1000, 2048, required=True, least=1)]
    if gone := [place for place in paths if not place.disk.exists()]:
        raise missing("data", gone[0].address)
    body = {"space": source.name, "space_id": source.id, "paths": [place.address for place in paths]}
    call.services.store.insert(
        Entity(PLATFORM, "Quote", space.id, str(uuid.uuid4()), source.name, body, created=call.now, updated=call.now)
    )
    return Reply()


def buckets(call: Call) -> Reply:
    """The bucket of the space, and those of the spaces whose data it refers to."""
    space = space_of(call)
    quotes = call.services.store.find(Query(PLATFORM, "Quote", scopes=(space.id,))).entities
    quoted = {each.body["space_id"]: each.body["space"] for each in quotes}
    rows = [_bucket(space.id, space.name, "real"), *(_bucket(key, name, "quote") for key, name in quoted.items())]
    return Reply({"buckets": rows, "count": len(rows)})


def _bucket(identifier: str, name: str, kind: str) -> dict[str, Any]:
    return {"eihealth_project_id": identifier, "eihealth_project_name": name, "type": kind, "quote_root": False}


ROUTES = (
    Route("POST", f"{SPACE}/datas/import-from-network", "ImportNetworkData", import_from_network),
    Route("POST", f"{SPACE}/datas/quote", "QuoteData", quote),
    Route("GET", f"{SPACE}/buckets", "ListBucket", buckets),
)
