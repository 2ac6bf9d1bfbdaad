"""Plans and reviews as one page that needs nothing else: no network, dark and light, searchable, printable.

The page is built as a tree of elements, so that no text can become markup; style and script are fixed texts of ours,
and a policy in the page forbids every other one, and any connection.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from reconciler.model.change import Action
from reconciler.model.diagnostic import Severity
from reconciler.planning.review import dangers
from reconciler.rendering.side_by_side import rows
from reconciler.rendering.sides import Profile
from reconciler.rendering.svg import svg
from reconciler.rendering.words import INTENTIONS, SIGNS, counted, printable
from reconciler.rendering.work import work_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.model.change import Change, FieldChange
    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.plan import Plan
    from reconciler.planning.review import Review
    from reconciler.rendering.graph import Graph

_WORST_FIRST: Final = sorted(Action, key=lambda action: -action.severity)
_OPEN_UP_TO: Final = 25
_NOTHING_ELSE: Final = ("base-uri 'none'", "form-action 'none'")
_TALLY: Final = (
    Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE, Action.ADOPT,
    Action.FORGET, Action.HOLD, Action.REFUSE, Action.NO_OP,
)  # fmt: skip


def render_plan_page(
    plan: Plan, *, profile: Profile = Profile.FULL, graphs: Sequence[Graph] = (), now: float | None = None
) -> str:
    """A plan as a whole HTML document, ending in a line break."""
    page = _Page(f"Plan: {plan.base.project} in {plan.base.environment}")
    changes = [change for change in plan.changes if change.action is not Action.NO_OP]
    _work(page, plan, changes, now)
    _summary(page, plan, plan.changes)
    _dangers(page, plan, changes)
    _findings(page, "Findings", plan.diagnostics, profile)
    _changes(page, "Changes", changes, profile)
    _pictures(page, graphs)
    return page.text()


def render_review_page(
    review: Review, *, profile: Profile = Profile.FULL, graphs: Sequence[Graph] = (), now: float | None = None
) -> str:
    """A review as a whole HTML document, ending in a line break."""
    plan = review.plan
    page = _Page(f"Review: {plan.base.project} in {plan.base.environment}")
    facts = [("review", review.seal.id if review.seal else "none: it cannot be applied"), ("commit", review.head)]
    facts += [("base", review.base)]
    _work(page, plan, [*review.mine, *review.before], now)
    facts += [("note", "files were compared with files: the platforms were not read")] if review.offline else []
    _summary(page, plan, review.mine, facts)
    _dangers(page, plan, [*review.mine, *review.before])
    _findings(page, "New findings", review.findings, profile)
    _changes(page, "By this change", review.mine, profile, always=True)
    _changes(page, "With or without this change", review.before, profile)
    _changes(page, "No longer needed after this change", review.settled, profile)
    _findings(page, "Earlier findings", review.known, profile)
    _pictures(page, graphs)
    return page.text()


class _Page:
    """A document with head, search and an empty main part."""

    def __init__(self, title: str) -> None:
        style, script = _asset("page.css"), _asset("page.js")
        self._root = ET.Element("html", lang="en")
        head = ET.SubElement(self._root, "head")
        ET.SubElement(head, "meta", charset="utf-8")
        allowed = ("default-src 'none'", "style-src 'unsafe-inline'", f"script-src '{_hash(script)}'", *_NOTHING_ELSE)
        rule = "; ".join(allowed)
        ET.SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": rule})
        ET.SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
        ET.SubElement(head, "meta", name="color-scheme", content="light dark")
        ET.SubElement(head, "meta", name="robots", content="noindex")
        ET.SubElement(head, "title").text = printable(title)
        ET.SubElement(head, "style").text = style
        self.body = ET.SubElement(self._root, "body")
        top = _add(self.body, "header")
        _add(top, "h1", title)
        tools = _add(top, "div", classes="tools")
        asked = {"id": "search", "type": "search", "placeholder": "Search (press /)", "autocomplete": "off"}
        ET.SubElement(tools, "input", asked | {"aria-label": "Search changes"})
        ET.SubElement(tools, "output", {"id": "found", "aria-live": "polite"})
        ET.SubElement(tools, "button", id="unfold", type="button").text = "Unfold all"
        ET.SubElement(tools, "button", id="fold", type="button").text = "Fold all"
        self.main = _add(self.body, "main")
        self._script = script

    def text(self) -> str:
        """The document."""
        ET.SubElement(self.body, "script").text = self._script
        return "<!DOCTYPE html>\n" + ET.tostring(self._root, encoding="unicode", method="html") + "\n"


def _asset(name: str) -> str:
    return (files("reconciler.rendering") / "assets" / name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _add(parent: ET.Element, tag: str, text: str = "", *, classes: str = "") -> ET.Element:
    """A new element. Its text is made printable, and cannot be anything but text."""
    element = ET.SubElement(parent, tag, {"class": classes} if classes else {})
    element.text = printable(text)
    return element


def _summary(page: _Page, plan: Plan, changes: Iterable[Change], facts: Sequence[tuple[str, str]] = ()) -> None:
    part = _add(page.main, "section", classes="summary")
    counts = dict.fromkeys(Action, 0)
    for change in changes:
        counts[change.action] += 1
    tiles = _add(part, "ul", classes="counts")
    for action in (a for a in _TALLY if counts[a]):
        tile = _add(tiles, "li", classes=f"a-{action}")
        _add(tile, "b", str(counts[action]))
        tile[-1].tail = f" {INTENTIONS[action]}"
    if not any(counts[a] for a in _TALLY if a is not Action.NO_OP):
        _add(tiles, "li", "no changes")
    if plan.is_blocked:
        _add(part, "p", "Blocked: this plan cannot be applied as it is.", classes="blocked")
    if plan.unread:
        _add(part, "p", f"{counted(len(plan.unread), 'resource')} could not be read.", classes="blocked")
    shown = [*facts, ("version", plan.base.tool_version)]
    listing = _add(part, "dl")
    for name, text in shown:
        if text:
            _add(listing, "dt", name)
            _add(listing, "dd", text)


def _work(page: _Page, plan: Plan, changes: Sequence[Change], now: float | None) -> None:
    """What becomes of work that is going on, and what new work may cost: before everything else."""
    if lines := work_lines(plan, changes, now):
        listing = _add(page.main, "ul", classes="work")
        for line in lines:
            _add(listing, "li", line)


def _dangers(page: _Page, plan: Plan, changes: Sequence[Change]) -> None:
    found = list(dict.fromkeys((word, change.address) for word, change in dangers(plan, changes)))
    if not found:
        return
    part = _add(page.main, "section", classes="danger")
    _add(part, "h2", f"{counted(len(found), 'danger')}: this cannot be taken back, or is refused")
    listing = _add(part, "ul")
    for word, address in found:
        item = _add(listing, "li")
        _add(item, "b", word)
        _add(item, "code", str(address))


def _findings(page: _Page, title: str, found: Sequence[Diagnostic], profile: Profile) -> None:
    if not found:
        return
    part = _add(page.main, "section")
    _add(part, "h2", f"{title} ({len(found)})")
    listing = _add(part, "ul", classes="findings")
    order = list(Severity)
    for each in sorted(found, key=lambda d: (order.index(d.severity), d.sort_key)):
        item = _add(listing, "li", classes=f"item s-{each.severity}")
        _add(item, "b", each.severity.value)
        where = each.source or each.address
        if where:
            _add(item, "code", str(where))
        if profile is Profile.FULL:
            _add(item, "span", each.message)
        _add(item, "code", each.code, classes="quiet")
        if each.hint and profile is Profile.FULL:
            _add(item, "div", each.hint, classes="hint")


def _changes(page: _Page, title: str, changes: Sequence[Change], profile: Profile, *, always: bool = False) -> None:
    if not changes and not always:
        return
    part = _add(page.main, "section")
    _add(part, "h2", f"{title} ({len(changes)})")
    if not changes:
        _add(part, "p", "Nothing changes on the platforms.", classes="quiet")
    for change in sorted(changes, key=lambda change: (_WORST_FIRST.index(change.action), change.address)):
        _change(part, change, profile, opened=len(changes) <= _OPEN_UP_TO)


def _change(part: ET.Element, change: Change, profile: Profile, *, opened: bool) -> None:
    box = _add(part, "details" if change.fields else "div", classes=f"item change a-{change.action}")
    if change.fields and opened:
        box.set("open", "open")
    head = _add(box, "summary") if change.fields else _add(box, "div", classes="line")
    _add(head, "span", f"{SIGNS[change.action].strip()} {change.action}".strip(), classes="action")
    _add(head, "code", str(change.address))
    if change.source:
        _add(head, "span", str(replace(change.source, column=0)), classes="quiet")
    if change.phase and profile is Profile.FULL:
        _add(head, "span", f"live: {change.phase}", classes="quiet")
    if change.why and profile is Profile.FULL:
        _add(box if change.fields else head, "div" if change.fields else "span", change.why, classes="why")
    for field in change.fields:
        _field(box, field, profile)


def _field(box: ET.Element, field: FieldChange, profile: Profile) -> None:
    title = _add(box, "div", classes="field")
    _add(title, "code", field.path)
    if field.why and profile is Profile.FULL:
        _add(title, "span", field.why, classes="quiet")
    table = _add(box, "table")
    for row in rows(field, profile):
        line = _add(table, "tr", classes=row.tone)
        _add(line, "td", row.left, classes="left")
        _add(line, "td", row.right, classes="right")


def _pictures(page: _Page, graphs: Sequence[Graph]) -> None:
    if not graphs:
        return
    part = _add(page.main, "section", classes="pictures")
    _add(part, "h2", "Pictures")
    for graph in graphs:
        frame = _add(part, "figure")
        _add(frame, "figcaption", graph.title)
        scroll = _add(frame, "div", classes="scroll")
        scroll.append(_drawing(svg(graph)))


def _drawing(text: str) -> ET.Element:
    """The picture as elements of an HTML tree, which knows no namespaces; its title stands above it already."""
    root = ET.fromstring(text)  # noqa: S314 - drawn by ourselves a line above
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    for child in [each for each in root if each.tag in {"title", "style"} or each.get("class") == "title"]:
        root.remove(child)
    return root
