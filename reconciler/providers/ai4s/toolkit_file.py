"""What the AI4S command line tool keeps of an account in `~/.ai4s/config.ini` (ai4s contract, section 2.4).

The names of its keys are those of the flags that write them; how the file is cut into sections is not documented, so
that is not looked at. The secret key in it is encrypted by the tool, in a way nobody tells: such a one is not taken for
a key, and a note says so. The space that the tool was last switched to is left aside on purpose: a manifest must mean
the same wherever it is applied from.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from reconciler.providers.protocol import VendorAccount, VendorFile

_CREDENTIALS: Final = {
    "ak": "access_key",
    "sk": "secret_key",
    "platformid": "project_id",
    "domainname": "domain_name",
    "username": "user_name",
    "password": "password",
}
_PLAIN_SECRET: Final = re.compile(r"[A-Za-z0-9]{40}")
"""Secret access keys of this cloud are 40 letters and digits; anything else in the file is not one."""
_NO_SECTION: Final = "toolkit"


def read(text: str) -> VendorAccount:
    """The account in the text of such a file. Raises ValueError when it is none."""
    values = _values(text)
    found = {ours: value for theirs, ours in _CREDENTIALS.items() if (value := values.get(theirs, ""))}
    notes: list[str] = []
    if "secret_key" in found and not _PLAIN_SECRET.fullmatch(found["secret_key"]):
        del found["secret_key"]
        notes.append("the secret key in it is encrypted by the tool that wrote it, and cannot be read")
    if "secret_key" not in found:
        found.pop("access_key", None)
    elif "password" in found:
        notes.append("it holds an access key and a password: the key is used")
    settings = {"iam_endpoint": url} if (url := _url(values.get("iamendpoint", ""))) else {}
    return VendorAccount(
        credentials=found,
        region=values.get("region", ""),
        endpoint=_url(values.get("ai4sendpoint", "")),
        settings=settings,
        proxy=values.get("httpproxy", ""),
        notes=tuple(notes),
    )


FILE: Final = VendorFile(".ai4s/config.ini", read)


def _values(text: str) -> dict[str, str]:
    """Every value by its key in small letters, without hyphens and underscores; quotes around it are taken off."""
    import configparser

    parser = configparser.ConfigParser(interpolation=None, strict=False, default_section="")
    body = text.removeprefix("\ufeff")
    try:
        parser.read_string(body if body.lstrip().startswith("[") else f"[{_NO_SECTION}]\n{body}")
    except configparser.Error as error:
        msg = "it is no INI file"
        raise ValueError(msg) from error
    return {
        re.sub(r"[-_\s]", "", key.lower()): value.strip().strip("'\"")
        for section in parser.sections()
        for key, value in parser.items(section)
        if value
    }


def _url(text: str) -> str:
    """An endpoint as a URL: the tool takes bare host names as well."""
    if not text:
        return ""
    return text if urlsplit(text).scheme in {"http", "https"} else f"https://{text}"
