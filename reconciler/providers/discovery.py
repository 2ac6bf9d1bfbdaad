"""Which platforms there are: the folders beside this file, and what other packages bring along."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import TYPE_CHECKING

from reconciler import providers as package
from reconciler.errors import ReconcilerError
from reconciler.providers.protocol import Provider

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

GROUP = "reconciler.providers"
"""Entry point group of outside packages; each entry point names a `Provider`."""


@cache
def providers() -> Mapping[str, Provider]:
    """Every provider by its platform's name. Loads no HTTP library. Raises ReconcilerError when an outside one cannot
    be used: working on without it would make its manifests look unknown.
    """
    found: dict[str, Provider] = {}
    for origin, provider in (*_built_in(), *_from_outside()):
        if provider.name in found:
            msg = f"{origin} brings the platform {provider.name!r}, which is there already"
            raise ReconcilerError(msg, hint="uninstall one of the two")
        found[provider.name] = provider
    return MappingProxyType(dict(sorted(found.items())))


def _built_in() -> Iterator[tuple[str, Provider]]:
    for module in pkgutil.iter_modules(package.__path__):
        if module.ispkg:
            yield module.name, importlib.import_module(f"{package.__name__}.{module.name}").PROVIDER


def _from_outside() -> Iterator[tuple[str, Provider]]:
    for entry in entry_points(group=GROUP):
        origin = f"{entry.dist.name if entry.dist else 'a package'} ({entry.value})"
        try:
            provider = entry.load()
        except (ImportError, AttributeError) as error:
            msg = f"the platform of {origin} cannot be loaded: {error}"
            raise ReconcilerError(msg, hint="reinstall or uninstall that package") from error
        if not isinstance(provider, Provider):
            msg = f"{origin} is not a provider"
            raise ReconcilerError(msg, hint="uninstall that package")
        yield origin, provider
