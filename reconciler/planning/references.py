"""Everything that can be wrong between manifests: duplicates, unknown references, cycles."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeAlias

from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.spelling import which_was_meant
from reconciler.model.unsound import ANY_KIND
from reconciler.planning.edges import Edge, Edges, Known, Mention, Via, by_scope, locate, mentions
from reconciler.planning.forms import form_of
from reconciler.planning.graph import cycles
from reconciler.planning.rules import Trees

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from reconciler.model.address import Address
    from reconciler.model.kind import Kind
    from reconciler.model.manifest import Manifest

__all__ = ["Edge", "Edges", "Kinds", "Known", "check", "locate"]

Kinds: TypeAlias = "Mapping[tuple[str, str], Kind]"
_FULL = 4
_SUGGESTIONS = 20
"""Comparing a name with all others is slow, and nobody reads more than so many suggestions."""


def check(
    manifests: Iterable[Manifest], kinds: Kinds, nameless: Collection[str] = ()
) -> tuple[Edges, tuple[Diagnostic, ...]]:
    """The edges between `manifests`, and as findings: an address declared twice, an expression that refers to nothing
    or to several things, a cycle (errors), a name of the own scope that nothing declares (warning). Manifests of a
    kind that is not in `kinds` have no edges. The order of `manifests` does not matter. Of the kinds `nameless` some
    are declared, and nobody can tell under which names: what is not known may be one of them.

    A finding with a `pointer` into a spec has no `source` yet: reading the manifests knows the line.
    """
    ordered = sorted(manifests, key=lambda manifest: (manifest.address, manifest.source))
    unique: dict[Address, Manifest] = {}
    findings = []
    for manifest in ordered:
        first = unique.setdefault(manifest.address, manifest)
        if first is not manifest:
            findings.append(_duplicate(first, manifest))
    known = Known.of(unique)
    scopes = {platform: kind.name for (platform, _), kind in kinds.items() if kind.is_scope}
    edges, mentioned = _edges(unique, kinds, scopes, known)
    findings += _Findings(known, nameless).of(mentioned)
    findings += [_cycle(path, edges, unique) for path in cycles({a: edges.dependencies(a) for a in unique})]
    return edges, tuple(sorted(findings, key=lambda found: found.sort_key))


def _edges(
    manifests: Mapping[Address, Manifest],
    kinds: Kinds,
    scopes: Mapping[str, str],
    known: Known,
) -> tuple[Edges, list[tuple[Manifest, Mention]]]:
    trees = Trees(kinds)
    of: dict[Address, tuple[Edge, ...]] = {}
    dangling: list[Edge] = []
    unclear: list[tuple[Manifest, Mention]] = []
    for address, manifest in manifests.items():
        name = manifest.platform, address.kind
        held = by_scope(address, scopes[manifest.platform], known) if manifest.platform in scopes else None
        found = [Edge(address, held.candidates[0], held)] if held else []
        for mention in mentions(manifest, trees[name], known) if name in kinds else ():
            edge = Edge(address, mention.candidates[0], mention) if len(mention.candidates) == 1 else None
            if edge is None:
                unclear.append((manifest, mention))
            elif edge.dependency in known:
                found.append(edge)
            else:
                dangling.append(edge)
                unclear.append((manifest, mention))
        if found:
            of[address] = tuple(found)
    return Edges(of, tuple(dangling)), unclear


def _duplicate(first: Manifest, second: Manifest) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        "references.duplicate",
        f"{second.address} is declared twice: at {first.source} and at {second.source}",
        source=second.source,
        hint=f"remove one of the two, or give it another name; the first is at {first.source}",
        address=second.address,
    )


class _Findings:
    """Findings about mentions that are no edge. Counts suggestions, since each costs a pass over all names."""

    def __init__(self, known: Known, nameless: Collection[str]) -> None:
        self._known = known
        self._nameless = nameless
        self._left = _SUGGESTIONS
        self._names: defaultdict[tuple[str, str], list[Address]] = defaultdict(list)
        for those in known.by_name.values():
            for address in those:
                self._names[address.target, address.kind].append(address)

    def of(self, unclear: Iterable[tuple[Manifest, Mention]]) -> Iterator[Diagnostic]:
        """One finding each; none for a name of another scope, of which we know nothing."""
        for manifest, mention in unclear:
            if self._may_be_nameless(mention):
                continue
            if mention.via is Via.EXPRESSION:
                yield self._ambiguous(manifest, mention) if mention.candidates else self._unknown(manifest, mention)
            elif mention.candidates[0].scope == manifest.address.scope:
                yield self._undeclared(manifest, mention)

    def _may_be_nameless(self, mention: Mention) -> bool:
        """Whether it may mean what somebody has declared in a document that cannot be read well enough."""
        if ANY_KIND in self._nameless:
            return True
        parts = _spelled(mention).split("/") if mention.via is Via.EXPRESSION else []
        named = {parts[-3 if len(parts) == _FULL else 0]} if parts else set()
        return not named.union(each.kind for each in mention.candidates).isdisjoint(self._nameless)

    def _ambiguous(self, manifest: Manifest, mention: Mention) -> Diagnostic:
        spelled = " or ".join(f"$[[ ref.{address} ]]" for address in mention.candidates)
        return Diagnostic(
            Severity.ERROR,
            "references.ambiguous",
            f"{mention.text} in {manifest.address} may mean {len(mention.candidates)} resources",
            pointer=mention.pointer,
            hint=f"write the full address: {spelled}",
            address=manifest.address,
        )

    def _unknown(self, manifest: Manifest, mention: Mention) -> Diagnostic:
        target = manifest.address.target
        short = (f"{a.kind}/{a.name}" for (there, _), those in self._names.items() if there == target for a in those)
        wanted = _spelled(mention)
        return Diagnostic(
            Severity.ERROR,
            "references.unknown",
            f"{mention.text} in {manifest.address} refers to nothing that is declared at {target}",
            pointer=mention.pointer,
            hint=self._meant(wanted, short, "$[[ ref.{} ]]".format)
            or "declare it, or write a full address: $[[ ref.target/Kind/scope/name ]]",
            address=manifest.address,
        )

    def _undeclared(self, manifest: Manifest, mention: Mention) -> Diagnostic:
        wanted = mention.candidates[0]
        those = self._names[wanted.target, wanted.kind]
        near = {address.name: _written(mention, address) for address in those if address.scope == wanted.scope}
        return Diagnostic(
            Severity.WARNING,
            "references.undeclared",
            f"{manifest.address} needs {wanted.kind} {mention.text}, which no manifest declares",
            pointer=mention.pointer,
            hint=self._meant(wanted.name, near, near.__getitem__)
            or "declare it, or make sure that it exists on the platform before this is applied",
            address=manifest.address,
        )

    def _meant(self, wanted: str, names: Iterable[str], spell: Callable[[str], str]) -> str:
        if not self._left:
            return ""
        self._left -= 1
        close = which_was_meant(wanted, names)
        return f"did you mean {spell(close)}?" if close else ""


def _spelled(mention: Mention) -> str:
    """What an expression refers to, as it is written: `Kind/name`, or a full address."""
    return mention.text.removeprefix("$[[").removesuffix("]]").strip().removeprefix("ref.")


def _written(mention: Mention, address: Address) -> str:
    """`address` as an author would write it where `mention` stands."""
    form = form_of(mention.reference.form) if mention.reference else None
    return (form.write(address) if form else None) or address.name


def _cycle(path: list[Address], edges: Edges, manifests: Mapping[Address, Manifest]) -> Diagnostic:
    """The whole way round, each step with the place that makes it."""
    steps = []
    for dependent, dependency in zip(path, [*path[1:], path[0]], strict=True):
        edge = next(edge for edge in edges.of[dependent] if edge.dependency == dependency)
        steps.append(f"{dependent} (by {edge.mention.pointer} at {manifests[dependent].source})")
    what = "refers to itself" if len(path) == 1 else "is part of a cycle"
    return Diagnostic(
        Severity.ERROR,
        "references.cycle",
        f"{path[0]} {what}: {' -> '.join([*steps, str(path[0])])}",
        pointer=next(e for e in edges.of[path[0]] if e.dependency == path[1 % len(path)]).mention.pointer,
        hint="nothing on it could come first: take out one of these references",
        address=path[0],
    )
