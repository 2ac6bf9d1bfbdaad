"""Reading the bodies clients send: field grammars of section 3, written from the contract and for this server alone.

A reader takes what it knows and leaves out what it does not: unknown members are ignored, null means absent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.platforms.ai4s_words import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Where the sources differ the wider rule holds here: a server must take what the real one may take.
TOOL_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9_-]{0,54}[A-Za-z0-9])?")
VERSION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,22}[A-Za-z0-9])?")
LABEL = re.compile(r"(?! )[一-龥A-Za-z0-9 _-]{1,32}(?<! )")
PARAMETER = re.compile(r"[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?")
TASK_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9_-]{0,30}[A-Za-z0-9])?")
NODE_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
JOB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}")
SPACE_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9])?")
DIRECTORY = re.compile(r'(?:/(?![-. ])[^/\\:;*?<">|\x00-\x1f]*[^/\\:;*?<">|. \x00-\x1f])+')
REFERENCE = re.compile(r"[^一-龥\s]{1,135}")
CPU = re.compile(r"(\d{1,3}(?:\.\d)?)C")
MEMORY = re.compile(r"(\d{1,4}(?:\.\d)?)G")
_CHINESE = re.compile(r"[一-龥]")

LABELS_MOST = 5
TASKS_MOST = 128
TIMEOUT_MOST = 144_000
TIMEOUT_DEFAULT = 1440
PRIORITY_MOST = 9
VALUES_MOST = 128
COMMANDS_MOST = 300
GPU_MOST = 16
_SNT9_COUNTS = {"0", "1", "2", "4", "8"}
TYPES = ("STRING", "FILE", "DIRECTORY", "ENUM")


@dataclass(frozen=True, slots=True)
class Fields:
    """The members of one object of a body. `where` is its path for messages, "" at the top.

    Every method raises Refusal 400 when the member is missing though required, of another type, or against a rule.
    """

    members: Mapping[str, Any]
    where: str = ""

    def _get(self, name: str, *, required: bool) -> Any:  # noqa: ANN401 - any JSON value
        value = self.members.get(name)
        if value is None and required:
            raise invalid(f"{self.where}{name} is required")
        return value

    def text(
        self,
        name: str,
        low: int = 0,
        high: int = 65535,
        *,
        required: bool = False,
        pattern: re.Pattern[str] | None = None,
    ) -> str:
        """A text of `low` to `high` characters that fits `pattern` as a whole; "" when absent."""
        value = self._get(name, required=required)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise invalid(f"{self.where}{name} must be a text")
        if not low <= len(value) <= high:
            raise invalid(f"{self.where}{name} must have {low} to {high} characters")
        if pattern is not None and (value or required) and not pattern.fullmatch(value):
            raise invalid(f"{self.where}{name} has an invalid format: {value[:140]}")
        return value

    def choice(self, name: str, words: Sequence[str], default: str = "", *, required: bool = False) -> str:
        """One of `words`; `default` when absent."""
        value = self.text(name, required=required)
        if not value and not required:
            return default
        if value not in words:
            raise invalid(f"{self.where}{name} must be one of {', '.join(words)}")
        return value

    def whole(self, name: str, low: int, high: int, default: int) -> int:
        """A whole number from `low` to `high`; `default` when absent."""
        value = self._get(name, required=False)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise invalid(f"{self.where}{name} must be a number from {low} to {high}")
        return value

    def truth(self, name: str, *, default: bool = False, required: bool = False) -> bool:
        """A truth value; `default` when absent."""
        value = self._get(name, required=required)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise invalid(f"{self.where}{name} must be true or false")
        return value

    def texts(self, name: str, most: int, longest: int, *, required: bool = False, least: int = 0) -> list[str]:
        """A list of at most `most` texts of at most `longest` characters; `[]` when absent."""
        value = self._get(name, required=required)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise invalid(f"{self.where}{name} must be a list of texts")
        if not least <= len(value) <= most:
            raise invalid(f"{self.where}{name} must have {least} to {most} entries")
        if any(len(item) > longest for item in value):
            raise invalid(f"{self.where}{name} has an entry of more than {longest} characters")
        return list(value)

    def objects(self, name: str, most: int, *, least: int = 0) -> list[Fields]:
        """A list of objects; `[]` when absent and `least` is 0."""
        value = self._get(name, required=least > 0)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise invalid(f"{self.where}{name} must be a list of objects")
        if not least <= len(value) <= most:
            raise invalid(f"{self.where}{name} must have {least} to {most} entries")
        return [Fields(item, f"{self.where}{name}[{i}].") for i, item in enumerate(value)]

    def object(self, name: str) -> Fields:
        """An object; an empty one when absent."""
        value = self._get(name, required=False)
        if value is None:
            return Fields({}, f"{self.where}{name}.")
        if not isinstance(value, dict):
            raise invalid(f"{self.where}{name} must be an object")
        return Fields(value, f"{self.where}{name}.")


def labels(fields: Fields) -> list[str]:
    """The labels of an app, workflow or job: at most 5 of them."""
    found = fields.texts("labels", LABELS_MOST, 32)
    for label in found:
        if not LABEL.fullmatch(label):
            raise invalid(f"labels has an entry with an invalid format: {label}")
    return found


def node_labels(fields: Fields) -> list[str]:
    """At most one node label."""
    found = fields.texts("node_labels", 1, 63)
    for label in found:
        if not NODE_LABEL.fullmatch(label):
            raise invalid(f"node_labels has an entry with an invalid format: {label}")
    return found


def directory(fields: Fields, name: str, high: int = 1024) -> str:
    """A folder of the space: starts with `/`, ends without."""
    return fields.text(name, 0, high, pattern=DIRECTORY)


def commands(fields: Fields) -> list[str]:
    """The command lines of an app."""
    found = fields.texts("commands", COMMANDS_MOST, 256, required=True, least=1)
    if any(_CHINESE.search(command) for command in found):
        raise invalid("commands must not have Chinese characters")
    return found


def image(fields: Fields) -> str:
    """The image of an app: `<space>/<repository>:<tag>`."""
    value = fields.text("image", 5, 255, required=True)
    if _CHINESE.search(value):
        raise invalid("image must not have Chinese characters")
    return value


def resources(fields: Fields) -> dict[str, str]:
    """The given members of a resource request; what is absent stays absent (9.1: it is inherited)."""
    known = {
        "cpu_type": fields.choice("cpu_type", ("X86", "ARM")),
        "cpu": _quantity(fields, "cpu", CPU, 128),
        "memory": _quantity(fields, "memory", MEMORY, 3072),
        "gpu_type": fields.choice("gpu_type", ("GPU", "Snt9", "D910", "D310")),
        "gpu": _gpu(fields),
    }
    if known["gpu_type"] == "Snt9" and (known["gpu"] or "0") not in _SNT9_COUNTS:
        raise invalid(f"{fields.where}gpu must be 0, 1, 2, 4 or 8 for Snt9")
    return {name: value for name, value in known.items() if value or fields.members.get(name) == ""}


def _quantity(fields: Fields, name: str, pattern: re.Pattern[str], most: int) -> str:
    value = fields.text(name, 0, 16)
    match = pattern.fullmatch(value)
    if value and (match is None or not 0.1 <= float(match[1]) <= most):  # noqa: PLR2004 - the smallest request there is
        raise invalid(f"{fields.where}{name} must be from 0.1 to {most} with its unit and at most one decimal: {value}")
    return value


def _gpu(fields: Fields) -> str:
    """A count as text; one REST example sends the number (trap 8), which is taken too."""
    value = fields.members.get("gpu")
    if value is None:
        return ""
    shown = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else "?"
    if shown and not (re.fullmatch(r"\d{1,2}", shown) and int(shown) <= GPU_MOST):
        raise invalid(f"{fields.where}gpu must be a number from 0 to {GPU_MOST} as text")
    return shown


def parameters(fields: Fields, name: str) -> list[dict[str, Any]]:
    """The declared inputs or outputs of an app (section 7)."""
    return [_parameter(item, is_input=name == "inputs") for item in fields.objects(name, VALUES_MOST)]


def _parameter(fields: Fields, *, is_input: bool) -> dict[str, Any]:
    parameter: dict[str, Any] = {
        "name": fields.text("name", 1, 32, required=True, pattern=PARAMETER),
        "description": fields.text("description", 0, 255),
        "required": fields.truth("required", required=True),
        "type": fields.choice("type", TYPES, required=True),
        "pattern": fields.text("pattern", 0, 64),
        "values": fields.texts("values", 1, 2048),
        "enum": fields.texts("enum", 20, 128),
    }
    if is_input and (concurrent := fields.choice("concurrent", ("vars_iter",))):
        parameter["concurrent"] = concurrent
    if parameter["type"] == "ENUM":
        if not parameter["enum"]:
            raise invalid(f"{fields.where}enum is required for type ENUM")
        if any(value not in parameter["enum"] for value in parameter["values"]):
            raise invalid(f"{fields.where}values must be one of enum")
    return parameter


def values(fields: Fields, name: str) -> list[dict[str, Any]]:
    """The inputs or outputs given to a task: name, source, values. One entry for each name."""
    found: dict[str, dict[str, Any]] = {}
    for item in fields.objects(name, VALUES_MOST):
        parameter = item.text("name", 1, 32, required=True, pattern=PARAMETER)
        if parameter in found:
            raise invalid(f"{item.where}name stands twice: {parameter}")
        found[parameter] = {
            "name": parameter,
            "source": item.text("source", 0, 32) or "MANUAL",
            "values": item.texts("values", VALUES_MOST, 2048),
        }
    return list(found.values())
