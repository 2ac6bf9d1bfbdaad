"""Measurements as a page: figures as text, a picture for each series, and nothing that could be markup."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from reconciler.rendering.charts import Chart, figures, render_charts

HOSTILE = "</title><script>alert(1)</script><svg onload=x>"
POINTS = st.lists(
    st.tuples(st.integers(1_700_000_000, 1_700_100_000).map(float), st.floats(0, 1e12)), min_size=1, max_size=40
).map(sorted)


def lines(page: str) -> list[list[tuple[float, float]]]:
    """The points of each line that is drawn."""
    found = re.findall(r'<polyline points="([^"]+)"', page)
    return [[tuple(map(float, pair.split(","))) for pair in line.split()] for line in found]  # type: ignore[misc]


def test_a_series_is_drawn_and_told() -> None:
    """Its last, mean and highest value, the scale, and when it began and ended; higher values stand higher."""
    page = render_charts("Job/a", [Chart("Worker[0] CpuCoreUsage", "%", [(0, 10), (60, 40), (120, 20)])])
    assert "Worker[0] CpuCoreUsage: last 20 %, mean 23.33 %, highest 40 %" in page
    assert ">40 %<" in page
    assert ">1970-01-01 00:02:00Z<" in page
    ((first, highest, last),) = lines(page)
    assert first[0] < highest[0] < last[0]
    assert highest[1] < last[1] < first[1]


def test_nothing_is_said() -> None:
    """A page without a picture says why."""
    assert "Nothing was measured" in render_charts("Job/a", [])


def test_no_text_is_markup() -> None:
    """Names come from platforms: nothing of them is executed, and the page forbids it besides."""
    page = render_charts(HOSTILE, [Chart(HOSTILE, HOSTILE, [(0, 1)])])
    assert "<script" not in page
    assert "onload=x>" not in page
    assert "default-src 'none'" in page
    assert "script-src" not in page


@given(points=POINTS)
def test_every_line_stays_inside_its_picture(points: list[tuple[float, float]]) -> None:
    """Whatever was measured, also once, also nothing but zeroes."""
    chart = Chart("a", "", points)
    (line,) = lines(render_charts("t", [chart]))
    assert all(0 <= x <= 720 and 0 <= y <= 184 for x, y in line)
    assert figures(chart).startswith("last ")


def test_very_many_points_are_thinned() -> None:
    """A week in seconds is a line that a browser can draw."""
    (line,) = lines(render_charts("t", [Chart("a", "", [(float(n), float(n % 7)) for n in range(100_000)])]))
    assert 1000 < len(line) <= 1500
