"""Meaning, checked offline over all manifests of the platform: what a schema cannot see in one place.

what is run   exactly one of: a saved algorithm, a subscribed one, code with an engine, a command in an image
machines      a flavor or specification of the public pool, or a dedicated pool
data          one sort of source; a data set with its version
lists         a name may stand once, since the platform keeps one of two without a word
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.unsound import sound
from reconciler.providers.modelarts.place import part
from reconciler.providers.modelarts.shapes_v1 import folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.manifest import Manifest

    Found = tuple[str, str, str, str]


def check(manifests: tuple[Manifest, ...]) -> Iterator[Diagnostic]:
    """Every finding, in the order of `manifests`. Pure. Each carries an address and a JSON pointer into the spec."""
    for manifest in manifests:
        for code, pointer, message, hint in sound(_findings(manifest)):
            yield Diagnostic(Severity.ERROR, code, message, pointer=pointer, hint=hint, address=manifest.address)


def _findings(manifest: Manifest) -> Iterator[Found]:
    spec = manifest.spec
    if manifest.address.kind == "TrainingJobV2":
        yield from _algorithm(part(spec, "algorithm"))
        yield from _resource(part(part(spec, "spec"), "resource"))
    elif manifest.address.kind == "TrainingJob":
        yield from _config(part(spec, "config"), "/config")
    else:
        yield from _config(spec, "")


def _algorithm(algorithm: Mapping[str, Any]) -> Iterator[Found]:
    engine = part(algorithm, "engine")
    ways = {
        "a saved algorithm (`id`)": bool(algorithm.get("id")),
        "a subscribed algorithm (`subscription_id`)": bool(algorithm.get("subscription_id")),
        "code (`code_dir` and `boot_file`)": bool(algorithm.get("boot_file")),
        "a command (`command`)": bool(algorithm.get("command")),
    }
    yield from _one_way([way for way, taken in ways.items() if taken], "/algorithm")
    if algorithm.get("boot_file") and not algorithm.get("code_dir"):
        message = "the boot file has no folder of code"
        yield "meaning.algorithm-source", "/algorithm/boot_file", message, "set `code_dir`"
    if algorithm.get("subscription_id") and not algorithm.get("item_version_id"):
        message = "the subscribed algorithm has no version"
        yield "meaning.algorithm-source", "/algorithm/subscription_id", message, "set `item_version_id`"
    if algorithm.get("command") and not engine.get("image_url"):
        message = "a command runs in an image of your own, and none is named"
        yield "meaning.algorithm-source", "/algorithm/command", message, "set `engine.image_url`"
    if algorithm.get("boot_file") and not _names_engine(engine):
        message = "nothing says which engine runs the boot file"
        hint = "set `engine.engine_id`, or `engine_name` and `engine_version`, or `image_url`"
        yield "meaning.algorithm-source", "/algorithm", message, hint
    for name in ("parameters", "inputs", "outputs"):
        yield from _twice(algorithm.get(name) or (), "name", f"/algorithm/{name}")


def _names_engine(engine: Mapping[str, Any]) -> bool:
    pair = engine.get("engine_name") and engine.get("engine_version")
    return bool(engine.get("engine_id") or pair or engine.get("image_url"))


def _one_way(taken: list[str], pointer: str) -> Iterator[Found]:
    if len(taken) == 1:
        return
    message = f"it names {' and '.join(taken)}, and one is run" if taken else "nothing says what is run"
    hint = "take all but one away" if taken else "name an algorithm, code with an engine, or a command with an image"
    yield "meaning.algorithm-source", pointer, message, hint


def _resource(resource: Mapping[str, Any]) -> Iterator[Found]:
    if not resource.get("flavor_id") and not resource.get("pool_id"):
        hint = "set `flavor_id`, or `pool_id` for a dedicated pool"
        yield "meaning.machines", "/spec/resource", "nothing says on which machines it runs", hint


def _config(config: Mapping[str, Any], at: str) -> Iterator[Found]:
    ways = {
        "a built-in algorithm (`model_id`)": bool(config.get("model_id")),
        "code (`app_url` and `boot_file_url`)": bool(config.get("boot_file_url") or config.get("app_url")),
        "an image (`user_image_url`)": bool(config.get("user_image_url")),
    }
    taken = [way for way, there in ways.items() if there]
    # Code in an image of one's own is one way, not two.
    if not taken or (config.get("model_id") and len(taken) > 1):
        yield from _one_way(taken, at)
    yield from _code(config, at)
    specified = config.get("spec_id") or config.get("spec_code")
    if specified and config.get("pool_id"):
        hint = "keep `spec_id` or `spec_code` for the public pool, or `pool_id` for a dedicated one"
        yield "meaning.machines", f"{at}/pool_id", "a specification and a pool exclude each other", hint
    if not specified and not config.get("pool_id"):
        hint = "set `spec_code` or `spec_id`, or `pool_id`" if at else "set `spec_code` or `spec_id`"
        yield "meaning.machines", at, "nothing says on which machines it runs", hint
    yield from _data(config, at)
    yield from _twice(config.get("parameter") or (), "label", f"{at}/parameter")


def _code(config: Mapping[str, Any], at: str) -> Iterator[Found]:
    code, boot = config.get("app_url") or "", config.get("boot_file_url") or ""
    if bool(code) != bool(boot):
        message = "`app_url` and `boot_file_url` go together"
        yield "meaning.algorithm-source", at, message, "set both, or neither"
    elif boot and "$[[" not in code + boot and not boot.startswith(folder(code)):
        message = f"the boot file is not in {code}"
        yield "meaning.algorithm-source", f"{at}/boot_file_url", message, "put it below `app_url`"


def _data(config: Mapping[str, Any], at: str) -> Iterator[Found]:
    given = [name for name in ("data_url", "dataset_id", "data_source") if config.get(name)]
    if len(given) > 1:
        message = f"{' and '.join(f'`{name}`' for name in given)} exclude each other"
        yield "meaning.data-source", f"{at}/{given[1]}", message, "keep one of them"
    if bool(config.get("dataset_id")) != bool(config.get("dataset_version_id")):
        message = "a data set and its version go together"
        yield "meaning.data-source", at, message, "set `dataset_id` and `dataset_version_id`"
    sources = config.get("data_source") or ()
    if len({source.get("type") for source in sources}) > 1:
        message = "folders and data sets cannot be mixed in one list"
        yield "meaning.data-source", f"{at}/data_source", message, "keep one `type`"


def _twice(rows: Any, key: str, pointer: str) -> Iterator[Found]:  # noqa: ANN401 - a list of mappings
    counts = Counter(str(row.get(key)) for row in rows)
    for index, row in enumerate(rows):
        name = str(row.get(key))
        if counts[name] > 1 and index != next(i for i, each in enumerate(rows) if str(each.get(key)) == name):
            message = f"`{name}` stands twice, and the platform takes one of the two"
            yield "meaning.duplicate-parameter", f"{pointer}/{index}", message, "take one of them away"
