"""Plots in a terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.rendering.plots import HEIGHT, render_plot


def test_a_ramp() -> None:
    """From zero up to the highest, whose value stands at the axis."""
    drawn = render_plot([(float(n), float(n)) for n in range(4)], unit="%")
    lines = drawn.splitlines()
    assert len(lines) == HEIGHT
    assert lines[0].lstrip().startswith("3% ┤")
    assert lines[0].endswith("█")
    assert lines[-1].lstrip().startswith("0 ┤ ███")


def test_nothing_to_draw() -> None:
    """No points, no plot; nothing but zeroes is a flat one."""
    assert render_plot([]) == ""
    assert "█" not in render_plot([(0.0, 0.0), (1.0, 0.0)])


@given(
    st.lists(st.tuples(st.floats(0, 1e6), st.floats(-1e9, 1e9)), min_size=1, max_size=300),
    st.integers(0, 200),
)
def test_it_always_fits(points: list[tuple[float, float]], width: int) -> None:
    """Whatever the values, as many rows, and none wider than asked for where that is possible at all."""
    lines = render_plot(points, width=width, unit=" bytes/s").splitlines()
    assert len(lines) == HEIGHT
    assert all(len(line) <= max(width, 20) or width == 0 for line in lines)
