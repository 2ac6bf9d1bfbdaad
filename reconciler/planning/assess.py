"""One address at a time: its three sides made comparable, compared, and decided on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from reconciler.model.change import ABSENT, Action, Change, FieldChange
from reconciler.model.kind import Life, OnFieldChange
from reconciler.model.manifest import DEFAULT_LIFECYCLE
from reconciler.model.resource import Live, Phase
from reconciler.planning.decide import Case, Ownership, Presence, Verdict, decide
from reconciler.planning.diff import Sides, Terms, differences, highest
from reconciler.planning.edges import Edges, Via
from reconciler.planning.expressions import filled
from reconciler.planning.forms import form_of
from reconciler.planning.ignoring import Ignored
from reconciler.planning.moves import as_moved
from reconciler.planning.names import OwnNames, forms_of, own_name, without_identity
from reconciler.planning.normalise import Place, digest_by, normalise_by, same, shows
from reconciler.planning.rules import Trees
from reconciler.planning.wants import Wanted, mark_of, wanted_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.model.address import Address
    from reconciler.model.kind import Kind
    from reconciler.model.manifest import Lifecycle, Manifest
    from reconciler.model.mark import Mark, Owner
    from reconciler.model.project import Ignore
    from reconciler.model.resource import Former, Recorded
    from reconciler.planning.references import Kinds
    from reconciler.planning.rules import Rules


@dataclass(frozen=True, slots=True)
class Subject:
    """What there is at one address."""

    address: Address
    platform: str
    kind: Kind
    rules: Rules
    manifest: Manifest | None
    recorded: Recorded | None
    live: Live | None
    unreadable: str = ""

    @property
    def same_object(self) -> bool:
        """The live object is the one that our memory means."""
        return self.recorded is not None and self.live is not None and self.recorded.remote_id == self.live.remote_id


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided at one address, with all that steps are made of. `wanted` is None where nothing is declared;
    `mark` is the one that the object carries or will carry; `sent` is what a create or an update tells the platform,
    None where that is what is wanted; `moved_from` is where our memory of it stands until now.
    """

    subject: Subject
    verdict: Verdict
    change: Change
    wanted: Wanted | None = None
    mark: Mark | None = None
    depends_on: tuple[Address, ...] = ()
    sent: dict[str, Any] | None = None
    moved_from: Address | None = None


@dataclass(frozen=True, slots=True)
class Permissions:
    """What persons have declared for this plan: removed active runs that may be cancelled, live objects without a
    mark that may be taken over, where moved things were before, fields left to others; `former`; `destroy` everything.
    """

    allowed: frozenset[Address] = frozenset()
    adopt: frozenset[Address] = frozenset()
    came_from: Mapping[Address, Address] = field(default_factory=dict)
    ignore: tuple[Ignore, ...] = ()
    former: tuple[Former, ...] = ()
    destroy: bool = False


@dataclass(slots=True)
class Outlook:
    """What later decisions have to know of earlier ones; filled in dependency order.

    `names`: by target, what a live remote id is called in manifests (`Place.names`); `former`: the same of ids that
    this plan takes out of use. `made_anew`: addresses whose remote id this plan will change. `known`: what expressions
    can be compared as. `own`: things that are called otherwise on their platform.
    """

    names: dict[str, dict[str, str]] = field(default_factory=dict)
    former: dict[str, dict[str, str]] = field(default_factory=dict)
    made_anew: set[Address] = field(default_factory=set)
    known: dict[Address, Live | Recorded] = field(default_factory=dict)
    own: OwnNames = field(default_factory=OwnNames)


class Assessor:
    """Decides on addresses, dependencies first. Holds what the decisions of one plan share."""

    def __init__(
        self, owner: Owner, kinds: Kinds, edges: Edges, recorded: Mapping[Address, Recorded], permissions: Permissions
    ) -> None:
        self._owner = owner
        self._edges = edges
        self._permissions = permissions
        self._used = frozenset(edge.dependency for edge in edges.dangling)
        self._kinds = kinds
        self._holders = Counter((r.address.target, r.address.kind, r.remote_id) for r in recorded.values())
        self.rules = Trees(kinds)
        self._forms = forms_of(kinds)
        self._outlook = Outlook()
        for memory in recorded.values():
            self._note(memory.platform, memory)

    def assess(self, subject: Subject) -> Decision:
        """The decision on one address."""
        if subject.manifest is None:
            return self._removal(subject)
        return self._declared(subject, subject.manifest)

    def _declared(self, subject: Subject, manifest: Manifest) -> Decision:
        wanted = wanted_of(manifest, subject.kind, subject.rules, self._edges.of.get(subject.address, ()))
        subject, ownership = self._whose(subject, wanted, manifest)
        unmoved = subject.recorded is not None and same(subject.recorded.spec, wanted.sent)
        ignored = self._ignored(subject)
        fields = ignored.without(self._fields(subject, wanted, unmoved=unmoved))
        forced = _forced(subject, wanted, fields)
        depends_on = self._edges.dependencies(subject.address)
        case = replace(
            _case(subject, manifest.lifecycle, ownership),
            desired=True,
            forces=forced,
            adopt=subject.address in self._permissions.adopt,
            forgetful=_is_forgetful(subject, manifest.lifecycle, depends_on)
            or not (unmoved or self._is_remembered(subject, wanted, ignored)),
        )
        former = self._permissions.came_from.get(subject.address)
        verdict = as_moved(decide(case), former)
        self._foresee(subject, verdict)
        change, mark = _change(subject, verdict, _shown(fields, forced)), self._mark(subject, verdict, wanted)
        sent = self._sent(subject, wanted, ignored)
        return Decision(subject, verdict, change, wanted, mark, depends_on, sent, former)

    def _removal(self, subject: Subject) -> Decision:
        recorded = subject.recorded
        lifecycle = recorded.lifecycle if recorded else DEFAULT_LIFECYCLE
        if subject.live is not None and not subject.same_object and not self._is_ours(subject, subject.live):
            subject = replace(subject, live=None)  # our object is gone; another one stands in its place
        case = replace(
            _case(subject, lifecycle, self._ownership(subject)),
            allowed=subject.address in self._permissions.allowed,
            in_use=subject.address in self._used,
            elsewhere=recorded is not None and self._is_elsewhere(subject.address, recorded.remote_id),
            destroyed=self._permissions.destroy,
        )
        verdict = decide(case)
        return Decision(subject, verdict, _change(subject, verdict, ()))

    # -- whose is it -------------------------------------------------------------------------------------------------

    def _whose(self, subject: Subject, wanted: Wanted, manifest: Manifest) -> tuple[Subject, Ownership]:
        """The subject as decisions should see it. A live object of another id than the recorded one is another object:
        a run of that kind is none of ours, a standing thing stands where ours did.
        """
        live, recorded = subject.live, subject.recorded
        if live is None:
            return subject, Ownership.NONE
        if recorded is None or not recorded.remote_id:
            subject = replace(subject, recorded=None)
            expected = mark_of(
                self._owner, subject.address, subject.kind.life, wanted.digest, manifest.lifecycle.attempt
            )
            if self._was_ours(subject, live, expected):
                return subject, Ownership.OURS
            return subject, self._by_mark(live, expected, subject.address)
        if subject.same_object or self._is_ours(subject, live):
            return subject, self._ownership(subject)
        if subject.kind.life is Life.RUN:
            return replace(subject, live=None), Ownership.NONE
        return replace(subject, recorded=None), self._by_mark(live, recorded.mark, subject.address)

    def _by_mark(self, live: Live, expected: Mark, address: Address) -> Ownership:
        """Of an object that our memory does not know. One that we submitted for another address or meaning is not the
        one that is declared, unless a person says that it is.
        """
        if live.mark == expected:
            return Ownership.OURS
        ours = live.mark is not None and live.mark.owner == self._owner.digest
        if live.mark is None or (ours and address in self._permissions.adopt):
            return Ownership.NONE
        return Ownership.FOREIGN

    def _is_ours(self, subject: Subject, live: Live) -> bool:
        """It carries the very mark of what we recorded."""
        return subject.recorded is not None and live.mark == subject.recorded.mark

    def _was_ours(self, subject: Subject, live: Live, expected: Mark) -> bool:
        """It is the very run that our memory let go of under this mark, on a platform that shows no marks."""
        key = subject.address, expected, live.remote_id
        gone = ((each.address, each.mark, each.remote_id) for each in self._permissions.former)
        return subject.kind.life is Life.RUN and live.mark is None and key in gone

    def _ownership(self, subject: Subject) -> Ownership:
        """Of an object that our memory knows by its id: only another owner's mark speaks against it."""
        if subject.live is None or subject.live.mark is None:
            return Ownership.NONE
        return Ownership.OURS if subject.live.mark.owner == self._owner.digest else Ownership.FOREIGN

    def _mark(self, subject: Subject, verdict: Verdict, wanted: Wanted) -> Mark:
        if subject.recorded is not None and verdict.action in {Action.ADOPT, Action.UPDATE, Action.NO_OP, Action.HOLD}:
            return subject.recorded.mark
        return mark_of(self._owner, subject.address, subject.kind.life, wanted.digest, verdict.attempt)

    def _is_elsewhere(self, address: Address, remote_id: str) -> bool:
        """Another address holds the same object."""
        return bool(remote_id) and self._holders[address.target, address.kind, remote_id] > 1

    # -- what is left to others, and what is called otherwise --------------------------------------------------------

    def _ignored(self, subject: Subject) -> Ignored:
        """Nothing is, of a run, which is what was submitted, and of what does not exist yet."""
        if subject.kind.life is Life.RUN or (subject.live is None and subject.recorded is None):
            return Ignored()
        return Ignored.at(subject.address, self._permissions.ignore) if self._permissions.ignore else Ignored()

    def _sent(self, subject: Subject, wanted: Wanted, ignored: Ignored) -> dict[str, Any] | None:
        renamed = subject.live is not None and own_name(subject.live, subject.kind) is not None
        if not renamed and not ignored.paths and not self._outlook.own.there.get(subject.address.target):
            return None
        place = Place(subject.address.scope, self._outlook.names.get(subject.address.target, {}))
        live = normalise_by(subject.rules, subject.live.spec, place) if subject.live else {}
        spec = ignored.kept(wanted.spec, live, subject.rules)
        return self._outlook.own.sent(spec, subject.rules, subject.kind, subject.address, subject.live)

    def _is_remembered(self, subject: Subject, wanted: Wanted, ignored: Ignored) -> bool:
        """Our memory holds what is declared; of a run it holds what was submitted, whatever is declared."""
        if subject.recorded is None or subject.kind.life is Life.RUN:
            return True
        again = normalise_by(subject.rules, subject.recorded.spec, Place(subject.address.scope))
        spec = ignored.kept(wanted.spec, again, subject.rules)
        if same(again, spec):
            return True
        return same(again, self._outlook.own.sent(spec, subject.rules, subject.kind, subject.address, subject.live))

    # -- what differs ------------------------------------------------------------------------------------------------

    def _fields(self, subject: Subject, wanted: Wanted, *, unmoved: bool) -> tuple[FieldChange, ...]:
        recorded, live = subject.recorded, subject.live
        is_run = subject.kind.life is Life.RUN
        if (unmoved and (live is None or is_run)) or (recorded is None and (live is None or is_run)):
            return ()  # nothing to compare with: what a platform makes of a run tells nothing about what was asked for
        place = Place(subject.address.scope, self._outlook.names.get(subject.address.target, {}))
        found = normalise_by(subject.rules, live.spec, place) if live else ABSENT
        if (unmoved or recorded is None) and shows(found, wanted.spec):
            return ()
        values, new = self._values(subject.address)
        desired = _comparable(subject.rules, wanted.spec, values, place)
        memory: Any = desired if unmoved else ABSENT
        if recorded is not None and not unmoved:
            memory = _comparable(subject.rules, normalise_by(subject.rules, recorded.spec, place), values, place)
        kind, former = subject.kind, self._outlook.former.get(subject.address.target, {})
        reads, remembers = live is not None, recorded is not None
        terms = Terms(kind.life, kind.can, reads_live=reads, remembers=remembers, new=new, former=former)
        found_fields = differences(subject.rules, Sides(memory, desired, found), terms)
        return without_identity(found_fields, subject.kind) if recorded is not None else found_fields

    def _values(self, address: Address) -> tuple[dict[str, str], frozenset[str]]:
        """What the expressions of a manifest stand for now, and those that this plan gives another value."""
        values: dict[str, str] = {}
        new: set[str] = set()
        for edge in self._edges.of.get(address, ()):
            mention = edge.mention
            if mention.via is not Via.EXPRESSION:
                continue
            if edge.dependency in self._outlook.made_anew:
                new.add(mention.tidy)
            elif holder := self._outlook.known.get(edge.dependency):
                value = holder.outputs.get(mention.output) if mention.output else holder.remote_id
                if value:
                    values[mention.tidy] = value
        return values, frozenset(new)

    def _foresee(self, subject: Subject, verdict: Verdict) -> None:
        """Notes what this decision means for those that depend on it."""
        if verdict.action in {Action.CREATE, Action.REPLACE}:
            self._outlook.made_anew.add(subject.address)
            for holder in (subject.live, subject.recorded):
                if holder is not None:
                    self._retire(subject.address, holder.remote_id)
        elif subject.live is not None:
            self._note(subject.platform, subject.live)

    def _retire(self, address: Address, remote_id: str) -> None:
        key = f"{address.kind}/{remote_id}"
        name = self._outlook.names.get(address.target, {}).pop(key, None)
        if name is not None:
            self._outlook.former.setdefault(address.target, {})[key] = name

    def _note(self, platform: str, holder: Live | Recorded) -> None:
        address = holder.address
        self._outlook.known[address] = holder
        form = self._forms.get((platform, address.kind))
        name = form_of(form) if form else None
        text = name.write(address) if name else None
        if text and holder.remote_id:
            self._outlook.names.setdefault(address.target, {})[f"{address.kind}/{holder.remote_id}"] = text
        if form and isinstance(holder, Live):
            kind = self._kinds[platform, address.kind]
            if called := self._outlook.own.note(holder, kind, form):
                self._outlook.names.setdefault(address.target, {})[called[0]] = called[1]


def _comparable(rules: Rules, spec: dict[str, Any], values: Mapping[str, str], place: Place) -> dict[str, Any]:
    """A normal form with what its expressions stand for now, and the names of the ids that it holds."""
    if not values and not rules.refers:
        return spec
    return normalise_by(rules, filled(spec, values) if values else spec, place)


def _case(subject: Subject, lifecycle: Lifecycle, ownership: Ownership) -> Case:
    recorded, live = subject.recorded, subject.live
    readable = Presence.ABSENT if live is None else Presence.PRESENT
    last = recorded.phase if recorded else Phase.UNKNOWN
    return Case(
        life=subject.kind.life,
        desired=False,
        recorded=recorded is not None,
        presence=Presence.UNREADABLE if subject.unreadable else readable,
        ownership=ownership,
        phase=live.phase if live else last,
        lifecycle=lifecycle,
        attempt=recorded.attempt if recorded else 0,
        can=subject.kind.can,
        create_class=subject.kind.create_class,
        submitted=recorded is not None and bool(recorded.remote_id),
    )


def _forced(subject: Subject, wanted: Wanted, fields: Iterable[FieldChange]) -> OnFieldChange:
    """What the differences ask for. Whether a run is another run is a matter of its digest alone."""
    if subject.kind.life is Life.STANDING or subject.recorded is None:
        return highest(fields)
    if not _same_meaning(subject, subject.recorded, wanted):
        return OnFieldChange.NEW_RUN
    return highest(change for change in fields if change.forces is not OnFieldChange.NEW_RUN)


def _same_meaning(subject: Subject, recorded: Recorded, wanted: Wanted) -> bool:
    """A digest of an older release, or of rules that have grown since, is taken anew from what was recorded."""
    if recorded.digest == wanted.digest:
        return True
    again = normalise_by(subject.rules, recorded.spec, Place(subject.address.scope))
    return digest_by(subject.rules, subject.kind, again) == wanted.digest


def _shown(fields: tuple[FieldChange, ...], forced: OnFieldChange) -> tuple[FieldChange, ...]:
    """Of a run that stays the same run, no field may claim to make it another."""
    if forced is OnFieldChange.NEW_RUN:
        return fields
    quiet = OnFieldChange.NOTHING
    return tuple(replace(f, forces=quiet) if f.forces is OnFieldChange.NEW_RUN else f for f in fields)


def _is_forgetful(subject: Subject, now: Lifecycle, depends_on: tuple[Address, ...]) -> bool:
    """Our memory lacks what it would have to hold if the manifest went away now."""
    if subject.recorded is None:
        return False
    before = subject.recorded.lifecycle
    return (
        (before.on_remove, before.protect) != (now.on_remove, now.protect)
        or set(subject.recorded.depends_on) != set(depends_on)
        or not subject.same_object
    )


def _change(subject: Subject, verdict: Verdict, fields: tuple[FieldChange, ...]) -> Change:
    live, recorded = subject.live, subject.recorded
    holder = live or recorded
    return Change(
        address=subject.address,
        platform=subject.platform,
        life=subject.kind.life,
        action=verdict.action,
        why=verdict.why,
        fields=fields,
        phase=live.phase if live and subject.kind.life is Life.RUN else None,
        remote_id=holder.remote_id if holder else "",
        source=subject.manifest.source if subject.manifest else None,
    )
