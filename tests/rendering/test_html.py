"""The page: everything in it, nothing from elsewhere, nothing foreign that acts; a browser shows it."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.planning.review import compare, seal
from reconciler.rendering.graph import Edge, Graph, Node
from reconciler.rendering.html import render_plan_page, render_review_page
from reconciler.rendering.sides import Profile
from tests.rendering.hostile import HOSTILE, plans
from tests.rendering.plans import refusal, sample_plan
from tests.rendering.samples import sample_review

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.model.plan import Plan

_ELEMENT_WORDS = """
html head meta title style body header h1 div input output button main section ul li b p dl dt dd h2 code span details
summary table tbody tr td figure figcaption svg g rect text path script
"""
_ATTRIBUTE_WORDS = """
lang charset http-equiv content name class id type placeholder autocomplete aria-label aria-live open viewbox width
height role x y d xmlns
"""
_ELEMENTS, _ATTRIBUTES = frozenset(_ELEMENT_WORDS.split()), frozenset(_ATTRIBUTE_WORDS.split())
_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Reader(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.attributes: set[str] = set()
        self.scripts: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element."""
        self.elements.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        """Text; of the last element, if that is a script."""
        (self.scripts if self.lasttag in {"script", "style"} else self.texts).append(data)

    def handle_comment(self, data: str) -> None:
        """There are none."""
        raise AssertionError(data)


def read(page: str) -> Reader:
    """A page, read."""
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


_OURS = "".join(read(render_plan_page(sample_plan())).scripts)


def refuse_foreign(page: str) -> None:
    """Fails for any element, attribute, script or address that is not ours."""
    found = read(page)
    assert set(found.elements) <= _ELEMENTS, set(found.elements) - _ELEMENTS
    assert found.attributes <= _ATTRIBUTES, found.attributes - _ATTRIBUTES
    assert found.elements.count("script") == found.elements.count("style") == 1
    assert "".join(found.scripts).strip() == _OURS.strip()
    assert not re.search(r"(src|href|action|url)\s*=|url\(|@import", re.sub(r">[^<]*<", "><", page))


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(plans(), plans(), st.sampled_from(Profile), HOSTILE)
def test_nothing_foreign_acts(base: Plan, head: Plan, profile: Profile, text: str) -> None:
    """Whatever stands in names, fields, findings and pictures."""
    graph = Graph(text, (Node("a", text, text), Node("b", text)), (Edge("a", "b"),))
    review = compare(base, head, bound=seal(head, {}), commits=(text, text))
    refuse_foreign(render_review_page(review, profile=profile, graphs=(graph,)))
    refuse_foreign(render_plan_page(head, profile=profile))


def test_the_checker_can_fail() -> None:
    """The same check finds what it is there to find."""
    page = render_plan_page(sample_plan())
    for bad in ("<img src=x>", "<script>alert(1)</script>", "<a href='https://evil.example'>x</a>", "<p onclick=x>"):
        with pytest.raises(AssertionError):
            refuse_foreign(page.replace("</main>", f"{bad}</main>"))


def test_the_page_is_as_it_was(golden: Callable[[str, str], None]) -> None:
    """A change of the page is a decision."""
    golden("review.html", render_review_page(sample_review(), graphs=(_GRAPH,)))


_GRAPH = Graph("local/Workflow/demo/qc@1.0.0", (Node("qc", "qc"), Node("call", "call")), (Edge("qc", "call"),))


def test_the_page_needs_nothing_else() -> None:
    """One file: a policy that forbids every connection, its own style and script, light and dark, print."""
    page = render_plan_page(sample_plan(diagnostics=(refusal(),)), graphs=(_GRAPH,))
    assert "default-src 'none'" in page
    assert "script-src 'sha256-" in page
    assert "prefers-color-scheme:dark" in page
    assert "@media print" in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")


def test_everything_is_in_the_page() -> None:
    """Every change, field, finding and danger."""
    plan = sample_plan(diagnostics=(refusal(),))
    text = " ".join(read(render_plan_page(plan)).texts)
    for change in plan.changes:
        assert (str(change.address) in text) is (change.action != "no-op")
        assert all(field.path in text for field in change.fields)
    assert refusal().message in text
    assert "stops an active run" in text


def test_secrets_and_redaction_hold() -> None:
    """A secret field shows its reference only; everybody sees no values at all."""
    plan = sample_plan()
    assert "v1:digest" not in render_plan_page(plan)
    redacted = render_plan_page(plan, profile=Profile.REDACTED)
    assert "16G" not in redacted
    assert "/resources/memory" in redacted


@pytest.mark.skipif(_CHROMIUM is None, reason="needs a browser")
def test_a_browser_shows_it(tmp_path: Path) -> None:
    """The script runs under the page's own policy: the tree after loading is whole, and folds what it should."""
    page = tmp_path / "page.html"
    page.write_text(render_review_page(sample_review(), graphs=(_GRAPH,)), encoding="utf-8")
    browser = [str(_CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    profile = [f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr", "--dump-dom", page.as_uri()]
    done = subprocess.run([*browser, *profile], capture_output=True, text=True, check=False, timeout=60)
    assert "local/App/demo/fastqc@1.0.0" in done.stdout
    assert "Content Security Policy" not in done.stderr
    assert "Uncaught" not in done.stderr
