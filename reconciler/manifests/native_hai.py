"""HAI: what `hai-cli run` takes and `hai-cli describe` prints (platform contract, section 4).

The file is the create body. Three freedoms of it are settled here, as the platform settles them itself: tags as one
text with commas, environment values that are numbers or truths, and the folder that the client adds for profiles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.manifests.findings import Finding

    Outcome = tuple[dict[str, Any], dict[str, str], tuple[Finding, ...]]


def _task(body: Mapping[str, Any]) -> Outcome:
    spec = dict(body)
    environments = body["spec"].get("environments")
    if environments:
        texts = {name: value if isinstance(value, str) else str(value) for name, value in environments.items()}
        spec["spec"] = {**body["spec"], "environments": texts}
    if body.get("options"):
        spec["options"] = _options(body["options"])
    return spec, {}, ()


def _options(options: Mapping[str, Any]) -> dict[str, Any]:
    settled = dict(options)
    tags = options.get("tags")
    if isinstance(tags, str):
        settled["tags"] = [tag.strip() for tag in tags.split(",") if tag.strip()]
    if isinstance(options.get("profile"), dict):
        settled["profile"] = {key: value for key, value in options["profile"].items() if key != "log_dir"}
    return settled


TRANSLATIONS: Final = {("hai", "Task"): _task}
