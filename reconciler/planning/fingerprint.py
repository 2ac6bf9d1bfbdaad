"""What a plan saw of a live object, in one line, so that apply can tell whether it is still what the plan saw.

Fingerprints stand in plans and reviews, which more people read than may know a secret that a platform echoes. Two
things keep them from being a way to try guesses:

    what may be a secret is left out   fields that take one; and around a reference to one, every text that no author
                                       wrote: the platform may show its value anywhere there
    a key                              of the memory (`State.key`), which plans and reviews do not hold

Where there is no key yet, since nothing was ever written, every text that no author wrote is left out.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from reconciler.model.canonical import canonical_json
from reconciler.model.resource import Phase
from reconciler.planning.expressions import HIDDEN, holds_secret, texts
from reconciler.planning.normalise import Place, normalise_by

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.manifest import Spec
    from reconciler.model.plan import Step
    from reconciler.model.resource import Live, Recorded
    from reconciler.planning.rules import Rules

_KEYED: Final = "k1"
_PLAIN: Final = "p1"


@dataclass(frozen=True, slots=True)
class Sight:
    """What fingerprints of one object are made with: the rules of its kind, its scope, all that was ever asked of it
    as far as we know (the step's spec, the recorded one; None where there is none), and the key, "" for none.
    """

    rules: Rules
    scope: str
    asked: tuple[Spec | None, ...] = ()
    key: str = ""


def sight_of(step: Step, rules: Rules, recorded: Recorded | None, key: str) -> Sight:
    """The sight of what `step` is about: the same for who plans it and who does it. `recorded` is what the memory that
    the plan was made from has at the address of the step, moves done.
    """
    return Sight(rules, step.address.scope, (step.desired, recorded.spec if recorded else None), key)


def fingerprint(live: Live | None, sight: Sight) -> str:
    """The digest of everything about `live` that a decision can depend on; "" for nothing.

    A phase counts only by what may be done in it: a run that went from pending to running is what the plan saw, one
    that ended, or was started again, is not. The platform's own words and outputs do not count: they move by
    themselves.
    """
    if live is None:
        return ""
    mark = str(live.mark) if live.mark else ""
    return sealed([live.remote_id, mark, _stage(live.phase), shown(live.spec, sight)], sight.key)


def unmoved(seen: str, live: Live | None, sight: Sight) -> bool:
    """Whether `live` has the fingerprint `seen`, be it one with a key or one from before there was a key."""
    if seen.startswith(f"{_PLAIN}:"):
        sight = replace(sight, key="")
    return hmac.compare_digest(fingerprint(live, sight), seen)


def sealed(value: Any, key: str) -> str:  # noqa: ANN401 - any JSON value
    """The digest of `value` under `key`; "" makes one that anybody can make."""
    text = canonical_json(value).encode("utf-8", "surrogatepass")
    if not key:
        return f"{_PLAIN}:{hashlib.sha256(text).hexdigest()}"
    return f"{_KEYED}:{hmac.new(bytes.fromhex(key), text, hashlib.sha256).hexdigest()}"


def shown(spec: Spec, sight: Sight) -> Any:  # noqa: ANN401 - a JSON value
    """The normal form of a live spec, without what may be a secret."""
    place = Place(sight.scope)
    asked = [normalise_by(sight.rules, each, place) for each in sight.asked if each is not None]
    plain = frozenset().union(*(texts(each) for each in asked))
    return _Veil(plain).drawn(normalise_by(sight.rules, spec, place), asked, sight.rules, tainted=not sight.key)


@dataclass(frozen=True, slots=True)
class _Veil:
    """Hides texts. `plain` are those that authors wrote."""

    plain: frozenset[str]

    def drawn(self, live: Any, asked: Sequence[Any], rules: Rules, *, tainted: bool) -> Any:  # noqa: ANN401 - JSON
        """`live` where `asked` is asked for. `tainted`: a secret stands near here."""
        if rules.rule.secret:
            return HIDDEN
        if isinstance(live, dict):
            there = [each for each in asked if isinstance(each, dict)]
            near = tainted or any(isinstance(v, str) and holds_secret(v) for each in there for v in each.values())
            return {
                name: self.drawn(item, [e[name] for e in there if name in e], rules.at(name), tainted=near)
                for name, item in live.items()
            }
        near = tainted or any(isinstance(each, list | str) and holds_secret(each) for each in asked)
        if isinstance(live, list):
            return [self.drawn(item, (), rules.items, tainted=near) for item in live]
        return HIDDEN if near and isinstance(live, str) and live not in self.plain else live


def _stage(phase: Phase) -> str:
    if phase.ended:
        return "ended"
    if phase.active:
        return "active"
    return "deleting" if phase is Phase.DELETING else "ready"
