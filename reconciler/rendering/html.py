"""Plans and reviews as one page that needs nothing else, and can be searched (see `page`)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from reconciler.model.change import Action
from reconciler.model.diagnostic import Severity
from reconciler.planning.review import dangers
from reconciler.rendering.findings import place_and_message
from reconciler.rendering.page import Page, add
from reconciler.rendering.side_by_side import rows
from reconciler.rendering.sides import Profile
from reconciler.rendering.svg import svg
from reconciler.rendering.words import INTENTIONS, SIGNS, TALLY, counted, worst_first
from reconciler.rendering.work import work_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.model.change import Change, FieldChange
    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.plan import Plan
    from reconciler.planning.review import Review
    from reconciler.rendering.graph import Graph

_OPEN_UP_TO: Final = 25


def render_plan_page(
    plan: Plan, *, profile: Profile = Profile.FULL, graphs: Sequence[Graph] = (), now: float | None = None
) -> str:
    """A plan as a whole HTML document, ending in a line break."""
    page = Page(f"Plan: {plan.base.project} in {plan.base.environment}", search=True)
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
    page = Page(f"Review: {plan.base.project} in {plan.base.environment}", search=True)
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


def _summary(page: Page, plan: Plan, changes: Iterable[Change], facts: Sequence[tuple[str, str]] = ()) -> None:
    part = add(page.main, "section", classes="summary")
    counts = dict.fromkeys(Action, 0)
    for change in changes:
        counts[change.action] += 1
    tiles = add(part, "ul", classes="counts")
    for action in (a for a in TALLY if counts[a]):
        tile = add(tiles, "li", classes=f"a-{action}")
        add(tile, "b", str(counts[action]))
        tile[-1].tail = f" {INTENTIONS[action]}"
    if not any(counts[a] for a in TALLY if a is not Action.NO_OP):
        add(tiles, "li", "no changes")
    if plan.is_blocked:
        add(part, "p", "Blocked: this plan cannot be applied as it is.", classes="blocked")
    if plan.unread:
        add(part, "p", f"{counted(len(plan.unread), 'resource')} could not be read.", classes="blocked")
    shown = [*facts, ("version", plan.base.tool_version)]
    listing = add(part, "dl")
    for name, text in shown:
        if text:
            add(listing, "dt", name)
            add(listing, "dd", text)


def _work(page: Page, plan: Plan, changes: Sequence[Change], now: float | None) -> None:
    """What becomes of work that is going on, and what new work may cost: before everything else."""
    if lines := work_lines(plan, changes, now):
        listing = add(page.main, "ul", classes="work")
        for line in lines:
            add(listing, "li", line)


def _dangers(page: Page, plan: Plan, changes: Sequence[Change]) -> None:
    found = list(dict.fromkeys((word, change.address) for word, change in dangers(plan, changes)))
    if not found:
        return
    part = add(page.main, "section", classes="danger")
    add(part, "h2", f"{counted(len(found), 'danger')}: this cannot be taken back, or is refused")
    listing = add(part, "ul")
    for word, address in found:
        item = add(listing, "li")
        add(item, "b", word)
        add(item, "code", str(address))


def _findings(page: Page, title: str, found: Sequence[Diagnostic], profile: Profile) -> None:
    if not found:
        return
    part = add(page.main, "section")
    add(part, "h2", f"{title} ({len(found)})")
    listing = add(part, "ul", classes="findings")
    order = list(Severity)
    for each in sorted(found, key=lambda d: (order.index(d.severity), d.sort_key)):
        item = add(listing, "li", classes=f"item s-{each.severity}")
        add(item, "b", each.severity.value)
        where, message = place_and_message(each)
        if where:
            add(item, "code", where)
        if profile is Profile.FULL:
            add(item, "span", message)
        add(item, "code", each.code, classes="quiet")
        if each.hint and profile is Profile.FULL:
            add(item, "div", each.hint, classes="hint")


def _changes(page: Page, title: str, changes: Sequence[Change], profile: Profile, *, always: bool = False) -> None:
    if not changes and not always:
        return
    part = add(page.main, "section")
    add(part, "h2", f"{title} ({len(changes)})")
    if not changes:
        add(part, "p", "Nothing changes on the platforms.", classes="quiet")
    for change in worst_first(changes):
        _change(part, change, profile, opened=len(changes) <= _OPEN_UP_TO)


def _change(part: ET.Element, change: Change, profile: Profile, *, opened: bool) -> None:
    box = add(part, "details" if change.fields else "div", classes=f"item change a-{change.action}")
    if change.fields and opened:
        box.set("open", "open")
    head = add(box, "summary") if change.fields else add(box, "div", classes="line")
    add(head, "span", f"{SIGNS[change.action].strip()} {change.action}".strip(), classes="action")
    add(head, "code", str(change.address))
    if change.source:
        add(head, "span", str(replace(change.source, column=0)), classes="quiet")
    if change.phase and profile is Profile.FULL:
        add(head, "span", f"live: {change.phase}", classes="quiet")
    if change.why and profile is Profile.FULL:
        add(box if change.fields else head, "div" if change.fields else "span", change.why, classes="why")
    for field in change.fields:
        _field(box, field, profile)


def _field(box: ET.Element, field: FieldChange, profile: Profile) -> None:
    title = add(box, "div", classes="field")
    add(title, "code", field.path)
    if field.why and profile is Profile.FULL:
        add(title, "span", field.why, classes="quiet")
    table = add(box, "table")
    for row in rows(field, profile):
        line = add(table, "tr", classes=row.tone)
        add(line, "td", row.left, classes="left")
        add(line, "td", row.right, classes="right")


def _pictures(page: Page, graphs: Sequence[Graph]) -> None:
    if not graphs:
        return
    part = add(page.main, "section", classes="pictures")
    add(part, "h2", "Pictures")
    for graph in graphs:
        frame = add(part, "figure")
        add(frame, "figcaption", graph.title)
        scroll = add(frame, "div", classes="scroll")
        scroll.append(_drawing(svg(graph)))


def _drawing(text: str) -> ET.Element:
    """The picture as elements of an HTML tree, which knows no namespaces; its title stands above it already."""
    root = ET.fromstring(text)  # noqa: S314 - drawn by ourselves a line above
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    for child in [each for each in root if each.tag in {"title", "style"} or each.get("class") == "title"]:
        root.remove(child)
    return root
