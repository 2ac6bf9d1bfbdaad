"""The targets of a project file: the keys each platform knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from reconciler.manifests.findings import Finding, suggestion
from reconciler.manifests.pointers import join
from reconciler.model.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

VARS: Final = "vars"
_COMMON: Final = frozenset({"platform", "endpoint", "region"})
_SECRET_WORDS: Final = ("key", "secret", "token", "password", "credential")


def check(
    environments: Mapping[str, Any],
    scope_keys: Mapping[str, str],
    settings: Mapping[str, frozenset[str]],
    broken: Iterable[str],
) -> Iterator[Finding]:
    """What the schema cannot know: which platforms there are, and which keys each takes. `broken` has been reported."""
    reported = set(broken)
    for name, environment in environments.items():
        if not isinstance(environment, dict):
            continue
        for key, body in environment.items():
            where = ["environments", name, key]
            if key != VARS and join(where) not in reported and (body is None or isinstance(body, dict)):
                yield from _check_target(key, body or {}, where, scope_keys, settings)


def _check_target(
    name: str,
    body: Mapping[str, Any],
    where: list[str | int],
    scope_keys: Mapping[str, str],
    settings: Mapping[str, frozenset[str]],
) -> Iterator[Finding]:
    platform = body.get("platform", name)
    if platform not in scope_keys:
        yield _unknown_platform(str(platform), where, scope_keys, named="platform" in body)
        return
    known = _COMMON | {scope_keys[platform]} | settings.get(platform, frozenset())
    for key in body:
        if key not in known:
            yield Finding(
                "project.unknown-key",
                f"targets of platform {platform} have no key `{key}`",
                _key_hint(key, known),
                join([*where, key]),
                on_key=True,
            )


def _unknown_platform(platform: str, where: list[str | int], platforms: Iterable[str], *, named: bool) -> Finding:
    if named:
        message = f"there is no platform `{platform}`"
        return Finding("project.unknown-platform", message, suggestion(platform, platforms), join([*where, "platform"]))
    message = f"`{platform}` is no platform, and the target does not say which one it belongs to"
    hint = f"{suggestion(platform, platforms)}; or add `platform:`"
    return Finding("project.unknown-platform", message, hint, join(where), on_key=True)


def _key_hint(key: str, known: Iterable[str]) -> str:
    if any(word in key.lower() for word in _SECRET_WORDS):
        return "credentials never stand in the project file; give them in the environment, and change what stood here"
    return suggestion(key, known)


def make(name: str, body: Mapping[str, str], scope_keys: Mapping[str, str]) -> Target:
    """The target that a checked body describes."""
    platform = body.get("platform", name)
    scope_key = scope_keys[platform]
    return Target(
        name=name,
        platform=platform,
        endpoint=body.get("endpoint", ""),
        region=body.get("region", ""),
        scope=body.get(scope_key, ""),
        settings={key: value for key, value in body.items() if key not in _COMMON | {scope_key}},
    )
