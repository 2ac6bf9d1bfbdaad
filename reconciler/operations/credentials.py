"""The credentials of a platform: from the environment, else from the file of its vendor's own tool."""

from __future__ import annotations

import stat
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.providers.protocol import VendorAccount

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.model.secret import Redactor
    from reconciler.model.target import Target
    from reconciler.operations.settings import Settings
    from reconciler.providers.protocol import Provider

_MOST = 64 * 1024
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Found:
    """Credentials by the keys `connect` knows; `sources` says in words where they are from; `account` is what the
    vendor's file says besides; `notes` are what a person should know about that file.
    """

    values: Mapping[str, str] = field(repr=False)
    sources: tuple[str, ...] = ()
    account: VendorAccount = field(default_factory=VendorAccount, repr=False)
    notes: tuple[str, ...] = ()

    def completed(self, target: Target) -> Target:
        """`target` with what it does not say itself taken from the vendor's file."""
        if target.is_local:
            return target
        settings = {**self.account.settings, **target.settings}
        elsewhere = target.region and self.account.region and target.region != self.account.region
        endpoint = target.endpoint or ("" if elsewhere else self.account.endpoint)
        if elsewhere:
            settings = dict(target.settings)
        region = target.region or self.account.region
        return replace(target, region=region, endpoint=endpoint, settings=settings)


def find(settings: Settings, provider: Provider) -> Found:
    """What is there for `provider`. Halves are never mixed: with any secret of it in the environment, the file of the
    vendor's tool gives none.
    """
    given = settings.credentials(provider)
    names = [v for c in provider.credentials if c.name in given for v in c.variables if settings.variables.get(v)]
    secret = {credential.name for credential in provider.credentials if credential.secret}
    sources = (f"environment: {', '.join(names)}",) if names else ()
    account, place, notes = _of_file(settings, provider)
    if secret & set(given):
        return Found(given, sources, replace(account, credentials={}), notes)
    if account.credentials:
        sources = (*sources, place)
    return Found({**account.credentials, **given}, sources, account, notes)


def masked(redactor: Redactor, settings: Settings, provider: Provider) -> Redactor:
    """`redactor` taught every secret of `provider` that this process can find."""
    secret = {credential.name for credential in provider.credentials if credential.secret}
    account, _, _ = _of_file(settings, provider)
    values = [value for name, value in account.credentials.items() if name in secret]
    return settings.masked(redactor, provider).with_values(*values, account.proxy, *proxy_secrets(account.proxy))


def proxy_secrets(url: str) -> tuple[str, ...]:
    """The password in the URL of a proxy."""
    from urllib.parse import urlsplit

    password = urlsplit(url).password if url else None
    return (password,) if password else ()


def _of_file(settings: Settings, provider: Provider) -> tuple[VendorAccount, str, tuple[str, ...]]:
    """What the vendor's file says, how that file is called, and what a person should know of it."""
    if provider.vendor_file is None or settings.home is None:
        return VendorAccount(), "", ()
    file, called = settings.home / provider.vendor_file.path, f"~/{provider.vendor_file.path}"
    try:
        text = _text(file)
        if text is None:
            return VendorAccount(), "", ()
        account = provider.vendor_file.read(text)
    except OSError as error:
        return VendorAccount(), called, (f"{called} cannot be read: {error.strerror}",)
    except ValueError as error:
        return VendorAccount(), called, (f"{called} cannot be understood: {error}",)
    notes = [f"{called}: {note}" for note in account.notes]
    if account.credentials and file.stat().st_mode & _OTHERS:
        notes.append(f"{called} can be read by others: `chmod 600` it")
    return account, called, tuple(notes)


def _text(file: Path) -> str | None:
    """The text of a small file, None when there is none. Raises OSError, ValueError."""
    try:
        content = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if len(content) > _MOST:
        msg = "it is too large"
        raise ValueError(msg)
    return content.decode("utf-8")
