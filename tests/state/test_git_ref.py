"""Memory in git: what only a repository and its remote can do."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import StateLocked, StateUnreadable, StateUnwritable, UsageError
from reconciler.state.git_plumbing import Plumbing, ref_of
from reconciler.state.git_ref import GitRefStore, remote_of
from reconciler.state.journal import Intent
from tests.state.records import create, done
from tests.support.git_repository import Repository
from tests.support.time import ManualClock

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.state.protocol import Lease

ENV = "prod"
REF = "refs/reconciler/prod"


@dataclass(frozen=True)
class Team:
    """A bare repository, and two clones of it."""

    bare: Repository
    one: Repository
    two: Repository
    clock: ManualClock

    def store(self, clone: Repository) -> GitRefStore:
        """The memory as seen from a clone."""
        return GitRefStore(clone.root, "origin", self.clock)


@pytest.fixture
def team(tmp_path: Path) -> Team:
    """Nothing applied yet."""
    work = Repository.fresh(tmp_path / "work")
    work.write("a.yaml", "a: 1\n")
    work.commit("first")
    work.git("clone", "--quiet", "--bare", str(work.root), str(tmp_path / "bare.git"))
    for name in ("one", "two"):
        work.git("clone", "--quiet", str(tmp_path / "bare.git"), str(tmp_path / name))
    places = [Repository(tmp_path / name) for name in ("bare.git", "one", "two")]
    return Team(*places, ManualClock())


def submit(store: GitRefStore, lease: Lease, name: str) -> None:
    """One job, from intent to answer."""
    intent = create(name)
    store.append(ENV, intent, lease)
    store.append(ENV, done(intent, f"id-{name}"), lease)


def test_what_one_clone_wrote_another_one_reads(team: Team) -> None:
    """A CI runner remembers nothing, and knows everything."""
    store = team.store(team.one)
    lease = store.lock(ENV, "runner 1")
    submit(store, lease, "a")
    store.commit(ENV, store.read(ENV), expected_serial=0, lease=lease)
    submit(store, lease, "b")
    lease.release()
    found = team.store(team.two).read(ENV)
    assert [address.name for address in found.resources] == ["a", "b"]
    assert found.serial == 1


def test_nothing_but_the_ref_is_touched(team: Team) -> None:
    """No branch, no work tree, no index, no local ref, no fetch leftovers, no configuration."""
    before = (team.one.root / ".git" / "config").read_bytes(), team.one.git("rev-parse", "HEAD")
    store = team.store(team.one)
    lease = store.lock(ENV, "me")
    submit(store, lease, "a")
    store.commit(ENV, store.read(ENV), expected_serial=0, lease=lease)
    lease.release()
    team.store(team.two).read(ENV)
    for clone in (team.one, team.two):
        assert clone.git("status", "--porcelain", "--ignored") == ""
        assert "reconciler" not in clone.git("for-each-ref")
        assert not (clone.root / ".git" / "FETCH_HEAD").exists()
    assert team.bare.git("for-each-ref", "--format=%(refname)").splitlines() == ["refs/heads/main", REF]
    assert ((team.one.root / ".git" / "config").read_bytes(), team.one.git("rev-parse", "HEAD")) == before


def test_hooks_of_the_repository_do_not_run(team: Team) -> None:
    """They are made for branches, and may refuse or rewrite."""
    for hook in ("pre-push", "reference-transaction"):
        file = team.one.root / ".git" / "hooks" / hook
        file.write_text("#!/bin/sh\nexit 1\n")
        file.chmod(0o755)
    store = team.store(team.one)
    lease = store.lock(ENV, "me")
    submit(store, lease, "a")
    lease.release()
    local = GitRefStore(team.one.root, "", team.clock)
    local.lock(ENV, "me").release()


def test_the_history_holds_states_and_nothing_in_between(team: Team) -> None:
    """`git log` tells who committed what; journal and heartbeat commits are replaced by the next."""
    store = team.store(team.one)
    lease = store.lock(ENV, "me")
    for serial, name in enumerate("abc"):
        submit(store, lease, name)
        store.commit(ENV, store.read(ENV), expected_serial=serial, lease=lease)
    submit(store, lease, "d")
    lease.release()
    subjects = team.bare.git("log", "--format=%s", REF).splitlines()
    assert subjects == ["journal: serial 3", "state: serial 3", "state: serial 2", "state: serial 1"]


def test_two_clones_at_the_same_instant_one_wins(team: Team) -> None:
    """The other is told who it was."""
    for round_number in range(3):
        barrier = threading.Barrier(2)
        won: list[Lease] = []
        lost: list[str] = []

        def race(clone: Repository, won: list[Lease], lost: list[str], barrier: threading.Barrier) -> None:
            store = team.store(clone)
            barrier.wait()
            try:
                won.append(store.lock(ENV, f"runner in {clone.root.name}"))
            except StateLocked as error:
                lost.append(error.message)

        threads = [threading.Thread(target=race, args=(c, won, lost, barrier)) for c in (team.one, team.two)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
        assert "is being applied by runner in" in lost[0]
        assert won[0].fencing == round_number + 1
        won[0].release()


def test_the_same_name_twice_is_still_two_holders(team: Team) -> None:
    """Containers like to be process 1 on the same host name: their grants must not be the same bytes."""
    stores = [team.store(team.one), team.store(team.two)]
    barrier = threading.Barrier(2)
    leases: list[Lease] = []

    def race(store: GitRefStore) -> None:
        barrier.wait()
        try:
            leases.append(store.lock(ENV, "root@runner (process 1)"))
        except StateLocked:
            return

    threads = [threading.Thread(target=race, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(leases) == 1
    leases[0].release()


def test_a_push_whose_answer_was_lost_counts(team: Team, tmp_path: Path) -> None:
    """The server took it and the line went dead: asked again, it is there, and is not written twice."""
    script, flag = tmp_path / "receive-pack", tmp_path / "swallow"
    script.write_text(f'#!/bin/sh\ngit-receive-pack "$@"\nstatus=$?\n[ -e {flag} ] && exit 1\nexit $status\n')
    script.chmod(0o755)
    team.one.git("config", "remote.origin.receivepack", str(script))
    store = team.store(team.one)
    lease = store.lock(ENV, "me")
    flag.touch()
    submit(store, lease, "a")
    flag.unlink()
    lease.release()
    assert [r.key for r in team.store(team.two).records(ENV) if isinstance(r, Intent)] == [create("a").key]


def test_a_remote_that_refuses_to_be_written_to_is_told(team: Team) -> None:
    """A token without the right to push: nothing begins."""
    hook = team.bare.root / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho protected >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(StateUnwritable, match="protected") as caught:
        team.store(team.one).lock(ENV, "me")
    assert "contents: write" in caught.value.hint
    assert team.store(team.two).read(ENV).serial == 0


def test_a_remote_that_cannot_be_reached_is_not_taken_for_empty(team: Team) -> None:
    """A lost network must not look like a fresh environment."""
    team.one.git("remote", "set-url", "origin", str(team.bare.root.parent / "gone.git"))
    with pytest.raises(StateUnreadable, match="cannot read the state from origin"):
        team.store(team.one).read(ENV)


def test_credentials_in_a_url_stay_out_of_messages(team: Team) -> None:
    """CI systems like to put tokens there."""
    store = GitRefStore(team.one.root, "http://user:fake-token-0123@127.0.0.1:9/x.git", team.clock)
    with pytest.raises(StateUnreadable) as caught:
        store.read(ENV)
    assert "fake-token-0123" not in str(caught.value)
    assert "http://***@127.0.0.1:9/x.git" in caught.value.message


def test_a_holder_whose_ref_was_deleted_writes_nothing(team: Team) -> None:
    """Somebody threw the memory away: that is not a fresh one to write into."""
    store = team.store(team.one)
    lease = store.lock(ENV, "me")
    team.bare.git("update-ref", "-d", REF)
    with pytest.raises(StateLocked):
        store.append(ENV, create("a"), lease)
    assert "reconciler" not in team.bare.git("for-each-ref")
    lease.release()


def test_a_ref_that_somebody_else_made_is_not_read_as_a_state(team: Team) -> None:
    """Refused, not misread."""
    team.bare.git("update-ref", REF, "refs/heads/main")
    with pytest.raises(StateUnreadable, match="holds no state"):
        team.store(team.one).read(ENV)


def test_a_long_journal_is_split_and_read_in_order(team: Team) -> None:
    """Each append rewrites the last segment only."""
    store = GitRefStore(team.one.root, "", team.clock)
    lease = store.lock(ENV, "me")
    names = [f"job-{n}" for n in range(30)]
    for name in names:
        store.append(ENV, create(name, spec={"text": "x" * 2000}), lease)
    lease.release()
    assert [r.address.name for r in store.records(ENV) if isinstance(r, Intent)] == names
    files = team.one.git("ls-tree", "--name-only", REF).splitlines()
    assert len([file for file in files if file.startswith("journal-")]) > 2


def test_outside_of_git_it_says_so(tmp_path: Path) -> None:
    """The state cannot live there."""
    with pytest.raises(StateUnreadable, match="not a git repository"):
        GitRefStore(tmp_path, "", ManualClock()).read(ENV)


def test_a_shallow_checkout_of_ci_is_enough(team: Team, tmp_path: Path) -> None:
    """`fetch-depth: 1` has one commit of the branch, and needs no more."""
    store = team.store(team.one)
    lease = store.lock(ENV, "me")
    submit(store, lease, "a")
    store.commit(ENV, store.read(ENV), expected_serial=0, lease=lease)
    lease.release()
    team.one.git("clone", "--quiet", "--depth=1", f"file://{team.bare.root}", str(tmp_path / "ci"))
    ci = GitRefStore(tmp_path / "ci", "origin", team.clock)
    lease = ci.lock(ENV, "runner")
    submit(ci, lease, "b")
    ci.commit(ENV, ci.read(ENV), expected_serial=1, lease=lease)
    lease.release()
    assert len(team.store(team.two).read(ENV).resources) == 2
    assert (tmp_path / "ci" / ".git" / "shallow").read_text().count("\n") == 1


def test_the_remote_is_origin_else_the_only_one(team: Team, tmp_path: Path) -> None:
    """None: the repository itself. Several: a person says which."""
    assert remote_of(team.one.root) == "origin"
    team.one.git("remote", "rename", "origin", "upstream")
    assert remote_of(team.one.root) == "upstream"
    team.one.git("remote", "add", "backup", "elsewhere")
    with pytest.raises(UsageError, match="backup, upstream"):
        remote_of(team.one.root)
    assert remote_of(Repository.fresh(tmp_path / "alone").root) == ""


def test_a_remote_never_becomes_an_option(tmp_path: Path) -> None:
    """Nothing that a file says reaches git as one."""
    with pytest.raises(UsageError, match="not a git remote"):
        Plumbing(tmp_path, "--upload-pack=touch /tmp/x")


@pytest.mark.parametrize("environment", ["prod", "../x", "a..b", "a.lock", "@{u}", "~", "a b", "caf\u00e9", ".", "-x"])
def test_every_environment_has_a_ref_git_accepts(team: Team, environment: str) -> None:
    """And reads back as itself."""
    team.one.git("check-ref-format", ref_of(environment))
    store = GitRefStore(team.one.root, "", team.clock)
    lease = store.lock(environment, "me")
    lease.release()
    assert store.read(environment).serial == 0
    assert ref_of(environment) in team.one.git("for-each-ref", "--format=%(refname)").splitlines()
