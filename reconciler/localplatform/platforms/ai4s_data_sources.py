"""Data that comes from elsewhere (section 10): from the network, as far as this server goes, and by reference."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.face import Reply, Route
from reconciler.localplatform.platforms.ai4s_checks import Fields
from reconciler.localplatform.platforms.ai4s_data import place_of, place_to_write
from reconciler.localplatform.platforms.ai4s_data_jobs import ONE, begin_again, record, to_retry
from reconciler.localplatform.platforms.ai4s_network import fetch
from reconciler.localplatform.platforms.ai4s_users import want_member
from reconciler.localplatform.platforms.ai4s_words import PLATFORM, SPACE, found, invalid, missing, space_of
from reconciler.localplatform.store import Entity, Query

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call

_URLS_MOST = 100
NETWORK = "IMPORT_NETWORK_DATA"


def import_from_network(call: Call) -> Reply:
    """A data job that fetches, from this machine alone; one that could not fetch everything fails."""
    space, fields = space_of(call), Fields(call.body())
    urls = fields.texts("urls", _URLS_MOST, 2048, required=True, least=1)
    sums = fields.texts("md5s", _URLS_MOST, 64)
    if sums and len(sums) != len(urls):
        raise invalid("md5s must have as many entries as urls")
    if bad := [url for url in urls if not url.startswith(("http://", "https://"))]:
        raise invalid(f"urls has an entry that is none: {bad[0][:64]}")
    target = place_to_write(call, fields.text("target_folder", 0, 1024), space)
    fetched = fetch(call, space, target, urls, sums)
    job = record(
        call,
        space,
        NETWORK,
        sources=urls,
        destinations=[target.address],
        done=fetched.done,
        failed_reason=fetched.reason,
        sums=sums,
    )
    return Reply({"id": job.id})


def retry_data_job(call: Call) -> Reply:
    """Runs one again that has not succeeded; what came from the network is fetched again."""
    job, space = to_retry(call), space_of(call)
    if job.body["type"] != NETWORK:
        begin_again(call, job)
        return Reply(status=202)
    target = place_to_write(call, job.body["destinations"][0], space)
    fetched = fetch(call, space, target, job.body["sources"], job.body.get("sums", ()))
    begin_again(call, job, fetched.done, fetched.reason)
    return Reply(status=202)


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
    Route("POST", f"{ONE}/retry", "RetryDataJob", retry_data_job),
    Route("POST", f"{SPACE}/datas/quote", "QuoteData", quote),
    Route("GET", f"{SPACE}/buckets", "ListBucket", buckets),
)
