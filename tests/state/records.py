"""Values for tests of memory: handwritten ones, and hypothesis strategies for any."""

from __future__ import annotations

from hypothesis import strategies as st

from reconciler.model.address import Address
from reconciler.model.manifest import Lifecycle, OnChange, OnFailure, OnRemove
from reconciler.model.mark import Mark, Owner
from reconciler.model.plan import Verb
from reconciler.model.resource import Phase, Recorded
from reconciler.state.journal import Done, Failed, Header, Intent, Observed, Record, Unknown

OWNER = Owner("genomics", "dev")


def address_of(name: str, target: str = "lab") -> Address:
    """A job somewhere."""
    return Address(target, "Job", "demo", name)


def mark_of(name: str) -> Mark:
    """The mark of its first submission."""
    return Mark.of_run(OWNER, address_of(name), "v1:0", 1)


def create(name: str, key: str = "", spec: dict[str, object] | None = None) -> Intent:
    """The intent to submit it."""
    return Intent(
        key=key or f"1.1.{name}",
        plan="plan",
        step=1,
        address=address_of(name),
        platform="memory",
        verb=Verb.CREATE,
        at=1.5,
        mark=mark_of(name),
        digest="v1:0",
        spec={"n": 1} if spec is None else spec,
        depends_on=(address_of("base"),),
    )


def done(intent: Intent, remote_id: str = "id-1", phase: Phase = Phase.RUNNING) -> Done:
    """Its answer."""
    return Done(intent.key, intent.address, remote_id, 2.5, phase, {"url": "https://example.org"})


TEXT = st.text(max_size=12)
NAMES = st.text(min_size=1, max_size=8)
ADDRESSES = st.builds(Address, NAMES, NAMES, NAMES, NAMES)
FEW_ADDRESSES = st.sampled_from([address_of("a"), address_of("b"), address_of("c", "other")])
MARKS = st.builds(
    Mark, st.text("0123456789abcdef", min_size=8, max_size=8), st.text("0123456789abcdef", min_size=20, max_size=20)
)
TIMES = st.floats(0, 4e9, allow_nan=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
SPECS = st.dictionaries(TEXT, JSON, max_size=3)
OUTPUTS = st.dictionaries(TEXT, TEXT, max_size=2)
PHASES = st.sampled_from(Phase)
LIFECYCLES = st.builds(
    Lifecycle,
    st.sampled_from(OnFailure),
    st.sampled_from(OnChange),
    st.none() | st.sampled_from(OnRemove),
    st.booleans(),
    st.integers(1, 9),
)


def recorded(addresses: st.SearchStrategy[Address] = ADDRESSES) -> st.SearchStrategy[Recorded]:
    """Any recorded resource."""
    return st.builds(
        Recorded,
        address=addresses,
        platform=TEXT,
        remote_id=TEXT,
        spec=SPECS,
        digest=TEXT,
        mark=MARKS,
        attempt=st.integers(1, 9),
        phase=PHASES,
        depends_on=st.lists(ADDRESSES, max_size=2).map(tuple),
        lifecycle=LIFECYCLES,
        outputs=OUTPUTS,
        history=st.lists(TEXT, max_size=2).map(tuple),
        defaults=OUTPUTS,
    )


def records(addresses: st.SearchStrategy[Address] = ADDRESSES) -> st.SearchStrategy[Record]:
    """Any record."""
    keys = st.sampled_from(["1.1.p", "1.2.p", "1.3.p"])
    errors = {"key": keys, "address": addresses, "error": TEXT, "code": TEXT, "at": TIMES}
    seen = {
        "address": addresses,
        "remote_id": TEXT,
        "at": TIMES,
        "phase": PHASES,
        "outputs": OUTPUTS,
        "defaults": OUTPUTS,
    }
    return st.one_of(
        st.builds(Header, TEXT, TEXT, st.integers(0, 9), st.integers(1, 9), TEXT, TIMES),
        st.builds(
            Intent,
            key=keys,
            plan=TEXT,
            step=st.integers(1, 99),
            address=addresses,
            platform=TEXT,
            verb=st.sampled_from(Verb),
            at=TIMES,
            mark=st.none() | MARKS,
            attempt=st.integers(1, 9),
            digest=TEXT,
            spec=st.none() | SPECS,
            lifecycle=st.none() | LIFECYCLES,
            depends_on=st.lists(ADDRESSES, max_size=2).map(tuple),
            remote_id=TEXT,
        ),
        st.builds(Done, key=keys, **seen),
        st.builds(Observed, **seen),
        st.builds(Failed, **errors),
        st.builds(Unknown, **errors),
    )
