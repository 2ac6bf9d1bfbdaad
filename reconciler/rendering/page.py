"""One page that needs nothing else: no network, dark and light, printable.

The page is built as a tree of elements, so that no text can become markup; style and script are fixed texts of ours,
and a policy in the page forbids every other one, and any connection.
"""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from typing import Final
from xml.etree import ElementTree as ET

from reconciler.rendering.words import printable

_NOTHING_ELSE: Final = ("base-uri 'none'", "form-action 'none'")


class Page:
    """A document with a head and an empty main part; `search`: with a field to search it; `style` is added to that
    of every page.
    """

    def __init__(self, title: str, *, search: bool = False, style: str = "") -> None:
        self._script = _asset("page.js") if search else ""
        self._root = ET.Element("html", lang="en")
        self._head(title, style)
        self.body = ET.SubElement(self._root, "body")
        top = add(self.body, "header")
        add(top, "h1", title)
        if search:
            _tools(top)
        self.main = add(self.body, "main")

    def _head(self, title: str, style: str) -> None:
        head = ET.SubElement(self._root, "head")
        ET.SubElement(head, "meta", charset="utf-8")
        allowed = ["default-src 'none'", "style-src 'unsafe-inline'"]
        allowed += [f"script-src '{_hash(self._script)}'"] if self._script else []
        rule = "; ".join((*allowed, *_NOTHING_ELSE))
        ET.SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": rule})
        ET.SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
        ET.SubElement(head, "meta", name="color-scheme", content="light dark")
        ET.SubElement(head, "meta", name="robots", content="noindex")
        ET.SubElement(head, "title").text = printable(title)
        ET.SubElement(head, "style").text = _asset("page.css") + style

    def text(self) -> str:
        """The document, ending in a line break."""
        if self._script:
            ET.SubElement(self.body, "script").text = self._script
        return "<!DOCTYPE html>\n" + ET.tostring(self._root, encoding="unicode", method="html") + "\n"


def add(parent: ET.Element, tag: str, text: str = "", *, classes: str = "") -> ET.Element:
    """A new element. Its text is made printable, and cannot be anything but text."""
    element = ET.SubElement(parent, tag, {"class": classes} if classes else {})
    element.text = printable(text)
    return element


def _tools(top: ET.Element) -> None:
    tools = add(top, "div", classes="tools")
    asked = {"id": "search", "type": "search", "placeholder": "Search (press /)", "autocomplete": "off"}
    ET.SubElement(tools, "input", asked | {"aria-label": "Search changes"})
    ET.SubElement(tools, "output", {"id": "found", "aria-live": "polite"})
    ET.SubElement(tools, "button", id="unfold", type="button").text = "Unfold all"
    ET.SubElement(tools, "button", id="fold", type="button").text = "Fold all"


def _asset(name: str) -> str:
    return (files("reconciler.rendering") / "assets" / name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
