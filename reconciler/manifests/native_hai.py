"""HAI: what `hai-cli run` takes and `hai-cli describe` prints (platform contract, section 4).

The file is the create body. Three freedoms of it are settled here, as the platform settles them itself: tags as one
text with commas, environment values that are numbers or truths, and the folder that the client adds for profiles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from reconciler.model.unsound import like, member, members

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.manifests.findings import Finding

    Outcome = tuple[dict[str, Any], dict[str, str], tuple[Finding, ...]]


def _task(body: Mapping[str, Any]) -> Outcome:
    spec = like(body, dict(members(body)))
    command = member(body, "spec") or {}
    environments = member(command, "environments")
    if environments:
        texts = {name: value if isinstance(value, str) else str(value) for name, value in members(environments)}
        spec["spec"] = like(command, {**dict(members(command)), "environments": like(environments, texts)})
    if options := member(body, "options"):
        spec["options"] = _options(options)
    return spec, {}, ()


def _options(options: Mapping[str, Any]) -> dict[str, Any]:
    settled = like(options, dict(members(options)))
    tags, profile = member(options, "tags"), member(options, "profile")
    if isinstance(tags, str):
        settled["tags"] = [tag.strip() for tag in tags.split(",") if tag.strip()]
    if isinstance(profile, dict):
        settled["profile"] = like(profile, {key: value for key, value in members(profile) if key != "log_dir"})
    return settled


TRANSLATIONS: Final = {("hai", "Task"): _task}
