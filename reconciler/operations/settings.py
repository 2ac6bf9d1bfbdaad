"""The one reader of environment variables. Everything else gets values.

Variables of our own:

    RECONCILER_ENVIRONMENT      the environment when `-e` is not given
    RECONCILER_SECRET_<NAME>    the value of `$[[ secrets.<NAME> ]]`: the name in capitals, `-` and `.` as `_`
    RECONCILER_PARALLELISM      how many calls may be under way at once per apply or refresh (default 8)
    RECONCILER_TRACE            1: one line for each exchange with a platform, on standard error, without secrets
    RECONCILER_LOG              a file: the same lines, each after its time, are added to it
    RECONCILER_PROXY            URL of a proxy to the platforms, when it is not that of HTTPS_PROXY and NO_PROXY
    RECONCILER_CA_BUNDLE        a file of certificates to trust, when it is not that of REQUESTS_CA_BUNDLE
    RECONCILER_CACHE            a folder for sign-ins, or "off"; by default below XDG_CACHE_HOME or ~/.cache, and off
                                in CI. Only tokens got with a password are kept, for a day, readable by you alone
    RECONCILER_LIST_LAG         how many seconds the platforms' lists may be behind (default 60): only a search made
                                later than that says that something was not submitted
    RECONCILER_RESULTS          how many seconds an apply waits for a run that another one works on the result of
                                (default 3600); then the next apply goes on

Secrets have a prefix of their own on purpose: a manifest comes from a pull request and names the secret it wants, so
without the prefix it could ask for any variable of the runner, the cloud keys included.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import CredentialsMissing, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.secret import Redactor
    from reconciler.providers.protocol import Provider

SECRET_PREFIX = "RECONCILER_SECRET_"  # noqa: S105 - the prefix of a variable's name
DEFAULT_PARALLELISM = 8
_MOST_PARALLEL = 64
_SHORTEST_SECRET = 4
_LIST_LAG = 60.0
_RESULTS = 3600.0
_FALSE = frozenset({"", "0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Settings:
    """What the process was started with. `variables` is never printed."""

    variables: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def colour(self) -> bool | None:
        """True and False when the person decided (NO_COLOR, FORCE_COLOR, TERM=dumb), None: as the stream says."""
        if self.variables.get("NO_COLOR"):
            return False
        if (
            self.variables.get("FORCE_COLOR", "") not in _FALSE
            or self.variables.get("CLICOLOR_FORCE", "") not in _FALSE
        ):
            return True
        return False if self.variables.get("TERM") == "dumb" else None

    @property
    def ci(self) -> bool:
        """Whether a machine reads along: plain lines, no questions."""
        return self.variables.get("CI", "").lower() not in _FALSE

    @property
    def github(self) -> bool:
        """Whether output goes to a GitHub Actions log, which obeys some of the lines it is given."""
        return self.variables.get("GITHUB_ACTIONS", "").lower() not in _FALSE

    @property
    def user(self) -> str:
        """Who runs this, as far as the process was told: for messages to others, never for decisions."""
        run = self.variables.get("GITHUB_RUN_ID", "")
        names = (f"github run {run}" if run else "", self.variables.get("USER", ""), self.variables.get("LOGNAME", ""))
        return next((name for name in names if name), "someone")

    @property
    def completing(self) -> bool:
        """Whether a shell asks for completions instead of running a command."""
        return "_RECONCILER_COMPLETE" in self.variables

    @property
    def environment(self) -> str:
        """The environment when the command line names none; "" when nothing does."""
        return self.variables.get("RECONCILER_ENVIRONMENT", "")

    @property
    def parallelism(self) -> int:
        """How many calls at once. Raises UsageError when the variable is not a number from 1 to 64."""
        text = self.variables.get("RECONCILER_PARALLELISM", str(DEFAULT_PARALLELISM))
        if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _MOST_PARALLEL:
            msg = f"RECONCILER_PARALLELISM is {text!r}, want a number from 1 to {_MOST_PARALLEL}"
            raise UsageError(msg)
        return int(text)

    @property
    def trace(self) -> bool:
        """Whether each exchange with a platform is told."""
        return self.variables.get("RECONCILER_TRACE", "").lower() not in _FALSE

    @property
    def log(self) -> Path | None:
        """The file that exchanges are noted in, None for none."""
        text = self.variables.get("RECONCILER_LOG", "")
        return Path(text).expanduser() if text else None

    @property
    def proxy(self) -> str:
        """The proxy to the platforms, "" for what the HTTP library finds. Raises UsageError when it is no URL."""
        from urllib.parse import urlsplit

        text = self.variables.get("RECONCILER_PROXY", "")
        try:
            parts = urlsplit(text)
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if text and not usable:
            msg = "RECONCILER_PROXY is not the URL of a proxy"
            raise UsageError(msg, hint="Write it as http://host:port.")
        return text

    @property
    def usual_proxy(self) -> bool:
        """Whether one of the variables is set in which every program looks for a proxy."""
        names = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
        return any(self.variables.get(name) for name in names)

    @property
    def ca_bundle(self) -> Path | None:
        """Certificates to trust, None for the usual ones. Raises UsageError when there is no such file."""
        text = self.variables.get("RECONCILER_CA_BUNDLE", "")
        if not text:
            return None
        file = Path(text).expanduser()
        if not file.exists():
            msg = f"RECONCILER_CA_BUNDLE names {file}, which is not there"
            raise UsageError(msg)
        return file

    @property
    def home(self) -> Path | None:
        """The person's own folder, None for a process that has none."""
        text = self.variables.get("HOME") or self.variables.get("USERPROFILE", "")
        return Path(text) if text else None

    @property
    def cache(self) -> Path | None:
        """The folder for sign-ins, None when none are kept."""
        text = self.variables.get("RECONCILER_CACHE", "")
        if text:
            return None if text.lower() in {"off", *_FALSE} else Path(text).expanduser() / "tokens"
        if self.ci or self.home is None:
            return None
        base = self.variables.get("XDG_CACHE_HOME", "")
        return (Path(base) if base else self.home / ".cache") / "reconciler" / "tokens"

    @property
    def list_lag(self) -> float:
        """Seconds that a platform's lists may be behind. Raises UsageError when the variable is no such number."""
        return self._seconds("RECONCILER_LIST_LAG", _LIST_LAG)

    @property
    def results(self) -> float:
        """Seconds that an apply waits for runs that others work on the results of. Raises UsageError when the variable
        is no such number.
        """
        return self._seconds("RECONCILER_RESULTS", _RESULTS)

    def _seconds(self, variable: str, usual: float) -> float:
        text = self.variables.get(variable, str(usual))
        if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", text):
            msg = f"{variable} is {text!r}, want a number of seconds"
            raise UsageError(msg)
        return float(text)

    def with_parallelism(self, calls: int) -> Settings:
        """The same settings with `calls` at once, as the command line asks for."""
        return Settings({**self.variables, "RECONCILER_PARALLELISM": str(calls)})

    def secret(self, name: str) -> str:
        """The value of `$[[ secrets.name ]]`.

        Raises CredentialsMissing when it is not set, or too short to be masked in output.
        """
        variable = secret_variable(name)
        value = self.variables.get(variable, "")
        if not value:
            msg = f"the secret {name!r} has no value"
            raise CredentialsMissing(msg, hint=f"Set the environment variable {variable}.")
        if len(value) < _SHORTEST_SECRET:
            msg = f"the secret {name!r} is shorter than {_SHORTEST_SECRET} characters, which cannot be masked in output"
            raise CredentialsMissing(msg, hint=f"Give {variable} a longer value, or do not treat it as a secret.")
        return value

    def secrets(self) -> tuple[str, ...]:
        """Every value that stands in a secret's variable: for masking only."""
        return tuple(value for key, value in self.variables.items() if key.startswith(SECRET_PREFIX) and value)

    def credentials(self, provider: Provider) -> dict[str, str]:
        """The credentials found for a platform, by the key its `connect` knows; what is missing is absent."""
        found = {}
        for credential in provider.credentials:
            values = (self.variables.get(variable, "") for variable in credential.variables)
            if value := next((value for value in values if value), ""):
                found[credential.name] = value
        return found

    def masked(self, redactor: Redactor, provider: Provider) -> Redactor:
        """`redactor` taught the secrets of this process and the secret credentials of `provider`."""
        secret = {credential.name for credential in provider.credentials if credential.secret}
        keys = [value for name, value in self.credentials(provider).items() if name in secret]
        return redactor.with_values(*self.secrets(), *keys)


def secret_variable(name: str) -> str:
    """The environment variable that holds the secret `name`."""
    return SECRET_PREFIX + re.sub(r"[^A-Za-z0-9]", "_", name).upper()


def current_settings() -> Settings:
    """The settings of this process, read once by its composition root."""
    import os

    return Settings(dict(os.environ))
