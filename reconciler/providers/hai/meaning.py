"""Meaning, checked offline over all manifests of the platform: what a schema cannot see in one place of a task.

source       a workspace or a git repository, never both; the command as a whole is not too long
environment  values that the shell script they are pasted into would break, or that another reader takes for dates
services     ports, built-in names, ranks
resource     how groups and images are written
name         one unfinished task per name and account, wherever it is declared
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.unsound import sound
from reconciler.providers.hai.marks import BUILT_IN_SERVICES
from reconciler.providers.hai.shell import quoted, trouble

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.address import Address
    from reconciler.model.manifest import Manifest

LONGEST_COMMAND = 2047
BUILT_IN_ENVIRONMENTS = frozenset({"202105", "202111", "202207"})
GIVEN = frozenset({"RANK", "WORLD_SIZE", "MASTER_IP", "MASTER_PORT", "CHAIN_ID"})
"""Variables that the platform sets itself, besides those that begin with `MARSV2_`."""
_EXTERNAL = (5, 0)
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}(?:[Tt ].*)?")
_GIT_FIELDS = ("git_remote_repo", "git_target_revision")


@dataclass(frozen=True, slots=True)
class _Site:
    """The manifest that findings are about."""

    address: Address

    def say(self, severity: Severity, code: str, pointer: str, message: str, hint: str) -> Diagnostic:
        """One finding."""
        return Diagnostic(severity, code, message, pointer=pointer, hint=hint, address=self.address)

    def error(self, code: str, pointer: str, message: str, hint: str) -> Diagnostic:
        """It cannot work."""
        return self.say(Severity.ERROR, code, pointer, message, hint)


def check(manifests: tuple[Manifest, ...]) -> Iterator[Diagnostic]:
    """Every finding, in the order of `manifests`. Pure. Each carries an address and a JSON pointer into the spec."""
    names: defaultdict[tuple[str, str], list[Address]] = defaultdict(list)
    for manifest in manifests:
        site = _Site(manifest.address)
        for aspect in (_source, _environment, _resource, _options, _services):
            yield from sound(aspect(site, manifest.spec))
        yield from _name(site, names[manifest.address.target, manifest.address.name])
        names[manifest.address.target, manifest.address.name].append(manifest.address)


def _member(spec: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    found: Any = spec
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _source(site: _Site, spec: Mapping[str, Any]) -> Iterator[Diagnostic]:
    command = _member(spec, "spec")
    workspace, repository = command.get("workspace"), command.get("git_remote_repo")
    if workspace and repository:
        message = "the task has a workspace and a git repository, and the platform takes one of them"
        yield site.error("meaning.two-sources", "/spec/git_remote_repo", message, "take one of the two away")
    if not workspace and not repository:
        message = "the task has no workspace to run in"
        yield site.error("meaning.no-source", "/spec", message, "set `workspace`, or `git_remote_repo`")
    if command.get("git_target_revision") and not repository:
        message = "a revision is named, and no repository"
        yield site.error("meaning.no-source", "/spec/git_target_revision", message, "set `git_remote_repo` as well")
    named = next((field for field in _GIT_FIELDS if command.get(field)), "")
    if _member(spec, "options").get("record_git_revision") and named:
        message = "`record_git_revision` is for a workspace, and this task runs from a repository"
        yield site.error("meaning.two-sources", "/options/record_git_revision", message, "take it away")
    length = sum(len(str(command.get(part) or "")) for part in ("workspace", "entrypoint", "parameters"))
    if length > LONGEST_COMMAND:
        message = f"workspace, entrypoint and parameters have {length} characters, at most {LONGEST_COMMAND} are taken"
        hint = "put the parameters into a file of the workspace"
        yield site.error("meaning.command-length", "/spec/parameters", message, hint)


def _environment(site: _Site, spec: Mapping[str, Any]) -> Iterator[Diagnostic]:
    for name, value in _member(spec, "spec", "environments").items():
        pointer, text = f"/spec/environments/{name}", str(value)
        if "$[[" in text:
            continue
        if why := trouble(text):
            message = f"the platform pastes the value of {name} into a shell script, and {why}"
            yield site.error("meaning.shell-value", pointer, message, f"write {quoted(text)}")
        if name in GIVEN or name.startswith("MARSV2_"):
            message = f"the platform gives every task a variable {name} of its own"
            yield site.say(Severity.WARNING, "meaning.given-variable", pointer, message, "use another name")
        if _DATE.fullmatch(text):
            message = f"without quotes, the platform's own client takes the value of {name} for a date and crashes"
            hint = "keep it in quotes if the file is for that client too"
            yield site.say(Severity.NOTE, "meaning.date-value", pointer, message, hint)


def _resource(site: _Site, spec: Mapping[str, Any]) -> Iterator[Diagnostic]:
    resource = _member(spec, "resource")
    group, image = str(resource.get("group") or "default"), str(resource.get("image") or "default")
    if "$[[" not in group and (group.count("#") > 1 or not all(group.split("#"))):
        message = f"{group!r} is no group"
        yield site.error("meaning.group-form", "/resource/group", message, "write `group`, or `group#zone`")
    slashes = image.count("/")
    if "$[[" not in image and slashes not in {0, 2}:
        message = f"the address of an image has two slashes, and {image!r} has {slashes}"
        hint = "write registry/project/image:tag, or the name of a built-in image"
        yield site.error("meaning.image-form", "/resource/image", message, hint)


def _options(site: _Site, spec: Mapping[str, Any]) -> Iterator[Diagnostic]:
    if spec.get("priority") in _EXTERNAL:
        message = f"priority {spec['priority']} belongs to external users, whom the platform sets to -1"
        hint = "use -1 for AUTO, or one of 50, 40, 30, 20, 10, 8"
        yield site.say(Severity.NOTE, "meaning.external-priority", "/priority", message, hint)
    name = str(_member(spec, "options").get("py_venv") or "")
    if name.isdigit() and name not in BUILT_IN_ENVIRONMENTS:
        message = f"{name} is none of the virtual environments that are built in"
        hint = f"there is {', '.join(sorted(BUILT_IN_ENVIRONMENTS))}; whether one of haienv exists nobody can ask"
        yield site.say(Severity.WARNING, "meaning.unknown-venv", "/options/py_venv", message, hint)


def _services(site: _Site, spec: Mapping[str, Any]) -> Iterator[Diagnostic]:
    names: set[str] = set()
    ports: set[int] = set()
    for index, service in enumerate(spec.get("services") or []):
        pointer, name, port = f"/services/{index}", service.get("name"), service.get("port")
        if name in names:
            message = f"a second service is called {name!r}"
            yield site.error("meaning.service", f"{pointer}/name", message, "names are unique here: rename one")
        if port in ports:
            message = f"a second service listens on port {port}"
            yield site.error("meaning.service", f"{pointer}/port", message, "give each a port of its own")
        yield from _service(site, service, pointer)
        names.add(name)
        ports |= {port} if port else set()


def _service(site: _Site, service: Mapping[str, Any], pointer: str) -> Iterator[Diagnostic]:
    name, kind = service.get("name"), service.get("type")
    if name in BUILT_IN_SERVICES:
        for field in sorted(set(service) - {"name"}):
            message = f"`{name}` is built in, and takes nothing but its name"
            yield site.error("meaning.service", f"{pointer}/{field}", message, f"take `{field}` away")
        return
    if kind is None:
        message = f"service {name!r} does not say how it is reached"
        yield site.error("meaning.service", pointer, message, "set `type` to http, tcp or local")
    if kind == "local" and "port" in service:
        message = f"service {name!r} is local, and has no port"
        yield site.error("meaning.service", f"{pointer}/port", message, "take `port` away, or choose another type")
    if kind in {"http", "tcp"} and "port" not in service:
        message = f"service {name!r} is reached by {kind}, and has no port"
        yield site.error("meaning.service", pointer, message, "set `port`")
    if kind != "local" and service.get("rank", [0]) != [0]:
        message = f"service {name!r} is reached from outside, so it runs on rank 0 alone"
        yield site.error("meaning.service", f"{pointer}/rank", message, "take `rank` away")


def _name(site: _Site, others: list[Address]) -> Iterator[Diagnostic]:
    if others:
        message = f"{others[0]} has the same name on the same account, and only one unfinished task may have it"
        yield site.error("meaning.name-taken", "/name", message, "rename one")
