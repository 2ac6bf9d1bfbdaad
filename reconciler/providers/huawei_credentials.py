"""What every service of Huawei Cloud takes for credentials. Loads no HTTP library."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from reconciler.providers.protocol import CredentialVariable

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY_VARIABLES: Final = ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK")
USER_VARIABLES: Final = ("HW_DOMAIN_NAME", "HW_USER_NAME", "HW_USER_PASSWORD")
_TOKEN = ("HUAWEICLOUD_SDK_SECURITY_TOKEN", "HW_SECURITY_TOKEN")
_PROJECT = ("HUAWEICLOUD_SDK_PROJECT_ID", "HW_PROJECT_ID")

CREDENTIALS: Final = (
    CredentialVariable("access_key", (KEY_VARIABLES[0], "HW_ACCESS_KEY"), "access key id", secret=False),
    CredentialVariable("secret_key", (KEY_VARIABLES[1], "HW_SECRET_KEY"), "secret access key"),
    CredentialVariable("security_token", _TOKEN, "security token, with temporary access keys only"),
    CredentialVariable("project_id", _PROJECT, "id of the cloud project of the region", secret=False),
    CredentialVariable("domain_name", (USER_VARIABLES[0],), "account, to sign in with a password", secret=False),
    CredentialVariable("user_name", (USER_VARIABLES[1],), "user, to sign in with a password", secret=False),
    CredentialVariable("password", (USER_VARIABLES[2],), "password, instead of an access key"),
)
"""Environment variables, those of the vendor's SDK first."""

SETTINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "project_id": "id of the cloud project of the region, instead of looking it up",
        "iam_endpoint": "URL of the identity service, instead of the region's",
    }
)
"""Keys of a target in the project file."""
