"""What a person most likely meant by a word that means nothing. The one comparison behind every "did you mean"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_SIMILAR: Final = 0.6


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The known word that the author most likely meant, or "". Case, hyphens and underscores count for nothing."""
    from difflib import get_close_matches

    by_letters = {_letters(candidate): candidate for candidate in sorted(known)}
    if exact := by_letters.get(_letters(word)):
        return exact
    close = get_close_matches(_letters(word), by_letters, n=1, cutoff=_SIMILAR)
    return by_letters[close[0]] if close else ""


def which_was_meant(written: str, known: Iterable[str]) -> str:
    """The same for texts that end in a name, such as `Job/nightly` or `fastqc@1.0.0`.

    The name has to be like it by itself: a kind or a version that many things share makes nothing alike.
    """
    by_name: dict[str, list[str]] = {}
    for text in sorted(known):
        by_name.setdefault(_name(text), []).append(text)
    near = by_name.get(did_you_mean(_name(written), by_name), [])
    return did_you_mean(written, near) or next(iter(near), "")


def _name(text: str) -> str:
    """What stands behind the last slash, without a version."""
    return text.rpartition("/")[2].partition("@")[0]


def _letters(word: str) -> str:
    return word.replace("-", "").replace("_", "").casefold()
