"""What else can be told of things that stand: who can own a space, what a notebook mounts, what is never bought."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.providers.ai4s.meaning.findings import Site, instead
from reconciler.providers.ai4s.place import SPACES
from reconciler.providers.ai4s.space import ADMINISTRATOR, members, owner
from reconciler.providers.exchange import Call, segment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.manifest import Manifest
    from reconciler.providers.ai4s.foreseen.world import World


def transfer(space: Manifest, world: World) -> Iterator[Diagnostic]:
    """A space goes to another owner only where the present one is named, and to an administrator of it."""
    wanted, name, site = space.spec.get("owner"), space.address.name, Site(space.address)
    if not wanted or "$[[" in str(wanted) or name not in world.spaces:
        return
    path = f"{SPACES}/{segment(world.spaces[name])}"
    shown = world.place.shown(Call(f"read space {name}", "GET", path)) or {}
    if (now := owner(shown)) in {"", wanted}:
        return
    if space.spec.get("former_owner") != now:
        message = f"the space {name} belongs to {now}, and is declared to belong to {wanted}"
        hint = f"to give it away, write `former_owner: {now}`; to leave it, write `owner: {now}`"
        yield site.error("preflight.transfer", "/owner", message, hint)
    elif wanted not in members(shown, ADMINISTRATOR):
        message = f"{wanted} is no administrator of the space {name}, and cannot become its owner"
        hint = f"make {wanted} an Administrator of it first, in an apply of its own"
        yield site.error("preflight.transfer", "/owner", message, hint)
    else:
        message = f"the space {name} goes from {now} to {wanted}: only {wanted} can give it back"
        yield site.warning("preflight.transferred", "/owner", message, "take `former_owner` out to keep it")


def mounts(notebook: Manifest, world: World) -> Iterator[Diagnostic]:
    """A notebook cannot be made without mounts; one that is there is known without."""
    rows = world.listed(notebook.address.scope, "notebooks") or []
    if not notebook.spec.get("storages") and notebook.address.name not in {row["name"] for row in rows}:
        message = "the platform makes no notebook that mounts nothing"
        hint = "name at least one folder in `storages`, written `<space>:/path`"
        yield Site(notebook.address).error("preflight.no-storage", "", message, hint)


def bought(resource: Manifest, world: World) -> Iterator[Diagnostic]:
    """An accelerator that is not there is not made by an apply."""
    known = [str(row["name"]) for row in world.accelerators]
    if resource.address.name not in known:
        message = (
            f"the account has no performance resource {resource.address.name!r}, and none is ever bought from a file"
        )
        yield Site(resource.address).error(
            "preflight.no-accelerator", "/name", message, instead(resource.address.name, known)
        )
