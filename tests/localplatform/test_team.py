"""The local platform as a team's service: accounts, roles, TLS, monitoring, copies of its database."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import requests

from reconciler.errors import Forbidden, LocalPlatformError
from reconciler.localplatform.accounts import SERVER_KEY, Role
from reconciler.localplatform.assembly import assemble
from reconciler.localplatform.backup import back_up, restore
from reconciler.localplatform.folder import Folder, Lock
from reconciler.localplatform.membership import spread
from reconciler.localplatform.phases import SIMULATED, simulated_engines
from reconciler.localplatform.store import Query
from reconciler.localplatform.team import open_accounts, shared_account, team_listening
from reconciler.model.target import Target
from reconciler.providers.pai_dlc.connection import connect
from reconciler.providers.protocol import Transport
from tests.localplatform.client import Client
from tests.localplatform.pipelines import ONE_SCRIPT, app_running, job_of
from tests.providers.pai_dlc.opened import desired, spec
from tests.support.certificates import self_signed
from tests.support.wsgi_adapter import WsgiAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform
    from reconciler.localplatform.face import Account

PATIENCE = 30.0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of a service."""
    return Folder.claim(tmp_path / "service").root


@contextmanager
def serving(root: Path) -> Iterator[Platform]:
    """The platform of a folder, for its accounts."""
    platform = assemble(root, shared_account(root), simulated_engines, SIMULATED)
    try:
        yield platform
    finally:
        platform.close()


def new_account(root: Path, name: str, *, admin: bool = False) -> Account:
    """A new key."""
    accounts, store = open_accounts(root)
    try:
        return accounts.create(name, admin=admin)
    finally:
        store.database.close()


def grant(root: Path, name: str, space: str, role: Role | None) -> None:
    """A role."""
    accounts, store = open_accounts(root)
    try:
        accounts.grant(name, space, role)
        spread(store, accounts, name, space)
    finally:
        store.database.close()


def revoke(root: Path, which: str) -> int:
    """How many keys it ended."""
    accounts, store = open_accounts(root)
    try:
        return accounts.revoke(which)
    finally:
        store.database.close()


def test_an_account_signs_with_its_own_key_and_its_runs_are_its_own(root: Path) -> None:
    """Two accounts work side by side; what each makes carries its name; a wrong secret is refused in the dialect."""
    ana, bob = new_account(root, "ana"), new_account(root, "bob")
    with serving(root) as platform:
        for account in (ana, bob):
            grant(root, account.user, "demo", Role.DEVELOPER)
        adapter = WsgiAdapter(platform.application)
        with Client(adapter, ana) as first, Client(adapter, bob) as second:
            first.create("apps", app_running("true"))
            first.create("workflows", ONE_SCRIPT)
            jobs = {second.create("jobs", job_of()): "bob", first.create("jobs", job_of(name="mine")): "ana"}
        made = platform.services.store.find(Query("ai4s", "Job")).entities
        assert {job.id: job.owner for job in made} == jobs
        with Client(adapter, shared_account(root).account) as stranger:
            assert stranger.call("GET", f"/v1/{ana.project_id}/eihealth-projects").status_code == 401


def test_a_token_of_ones_own_and_the_key_of_another_is_still_oneself(root: Path) -> None:
    """Naming somebody else's access key beside a token does not make one somebody else; a bare name makes nobody."""
    ana, bob = new_account(root, "ana"), new_account(root, "bob")
    with serving(root) as platform, requests.Session() as session:
        session.mount("http://platform.test", WsgiAdapter(platform.application))
        platform.services.store.save_token("a-token-of-ana", "ana", now=0.0, expires=1e12)
        grant(root, "ana", "demo", Role.VIEWER)
        path = f"http://platform.test/v1/{ana.project_id}/eihealth-projects"
        signed = f"SDK-HMAC-SHA256 Access={bob.access_key}, SignedHeaders=host, Signature=0"
        mine = session.get(path, headers={"X-Auth-Token": "a-token-of-ana", "Authorization": signed})
        assert [space["name"] for space in mine.json()["projects"]] == ["demo"]
        theirs = session.get(path, headers={"X-Auth-Token": "nobodys", "Authorization": signed})
        assert theirs.status_code == 401
        claimed = session.post("http://platform.test/query/task", json={"name": "bob"}, params={"token": "guess"})
        assert claimed.status_code == 403


def test_roles_decide_who_may_read_and_write_in_a_space(root: Path) -> None:
    """Nothing without a role, reading as a viewer, submitting as a developer, on the platforms that have spaces."""
    ana = new_account(root, "ana")
    with serving(root) as platform, Client(WsgiAdapter(platform.application), ana) as client:
        assert client.call("GET", f"{client.root}/eihealth-projects").json()["projects"] == []
        grant(root, "ana", "demo", Role.VIEWER)
        assert client.call("GET", f"{client.space}/apps").status_code == 200
        assert client.call("POST", f"{client.space}/apps", app_running("true")).status_code == 403
        grant(root, "ana", "demo", Role.DEVELOPER)
        assert client.call("POST", f"{client.space}/apps", app_running("true")).status_code == 200
        grant(root, "ana", "demo", None)
        assert client.call("GET", f"{client.space}/apps").status_code == 403


def test_a_role_may_be_granted_before_there_is_the_space(root: Path) -> None:
    """Before the service has ever run, and for every space: it holds in the first space and in those made later."""
    ana, bob = new_account(root, "ana"), new_account(root, "bob")
    grant(root, "ana", "*", Role.ADMINISTRATOR)
    grant(root, "ana", "demo", Role.VIEWER)
    grant(root, "bob", "later", Role.DEVELOPER)
    with serving(root) as platform:
        adapter = WsgiAdapter(platform.application)
        with Client(adapter, ana) as first, Client(adapter, bob) as second:
            assert first.call("GET", f"{first.space}/apps").status_code == 200
            assert first.call("POST", f"{first.space}/apps", app_running("true")).status_code == 403
            made = second.call("POST", f"{second.root}/eihealth-projects", {"name": "other"}).json()["id"]
            assert first.call("POST", f"{first.root}/eihealth-projects/{made}/apps", app_running("true")).ok
            later = first.call("POST", f"{first.root}/eihealth-projects", {"name": "later"}).json()["id"]
            assert second.call("POST", f"{second.root}/eihealth-projects/{later}/apps", app_running("true")).ok
            grant(root, "ana", "*", None)
            assert first.call("GET", f"{first.space}/apps").status_code == 200
            assert first.call("GET", f"{first.root}/eihealth-projects/{made}/apps").status_code == 403


def test_administrators_may_everywhere_and_revoked_keys_nowhere(root: Path) -> None:
    """Workspaces of jobs: an administrator needs no role; a key that is revoked works no more, at once."""
    accounts, store = open_accounts(root)
    accounts.create("ops", admin=True)
    ana = accounts.create("ana")
    assert accounts.may("ops", "anything", write=True)
    assert not accounts.may("ana", "268", write=False)
    accounts.grant("ana", "268", Role.VIEWER)
    assert accounts.may("ana", "268", write=False)
    assert not accounts.may("ana", "268", write=True)
    accounts.grant("ana", "*", Role.DEVELOPER)
    assert accounts.may("ana", "other", write=True)
    store.database.close()
    with serving(root) as platform, Client(WsgiAdapter(platform.application), ana) as client:
        assert client.call("GET", f"{client.root}/eihealth-projects").status_code == 200
        assert revoke(root, "ana") == 1
        assert client.call("GET", f"{client.root}/eihealth-projects").status_code == 401
    assert revoke(root, ana.access_key) == 0


def test_no_secret_is_stored(root: Path) -> None:
    """Neither the database nor its backup holds a secret, a password or a token; the server's key is in neither."""
    ana = new_account(root, "ana")
    grant(root, "ana", "*", Role.DEVELOPER)
    with serving(root) as platform:
        session = requests.Session()
        session.mount("http://platform.test", WsgiAdapter(platform.application))
        user = {"name": "ana", "domain": {"name": ana.domain}, "password": ana.password}
        body = {
            "auth": {
                "identity": {"methods": ["password"], "password": {"user": user}},
                "scope": {"project": {"name": "local"}},
            }
        }
        answer = session.post("http://platform.test/v3/auth/tokens", json=body)
        token = answer.headers["X-Subject-Token"]
        headers = {"X-Auth-Token": token}
        path = f"http://platform.test/v1/{ana.project_id}/eihealth-projects"
        assert session.get(path, headers=headers).status_code == 200
        made = session.post(f"http://platform.test/operating/user/access_token/create?token={ana.secret_key}").json()
        session.close()
    back_up(root, root / "copy.sqlite3")
    written = b"".join(file.read_bytes() for file in root.glob("*.sqlite3*"))
    for secret in (ana.secret_key, ana.password, token, made["result"]["access_token"]):
        assert secret.encode() not in written
    assert (root / SERVER_KEY).read_bytes() not in written
    assert (root / SERVER_KEY).stat().st_mode & 0o077 == 0


def test_another_server_key_makes_every_secret_worthless(root: Path) -> None:
    """A database on a server with another key lets nobody in, instead of accepting other secrets."""
    ana = new_account(root, "ana")
    (root / SERVER_KEY).unlink()
    with serving(root) as platform, Client(WsgiAdapter(platform.application), ana) as client:
        assert client.call("GET", f"{client.root}/eihealth-projects").status_code == 401
    (root / SERVER_KEY).write_bytes(b"short")
    with pytest.raises(LocalPlatformError, match="damaged"):
        open_accounts(root)


def test_names_and_grants_that_cannot_be(root: Path) -> None:
    """Both are refused with what to do."""
    with pytest.raises(LocalPlatformError, match="no name for an account"):
        new_account(root, "Ana Example")
    with pytest.raises(LocalPlatformError, match="no account"):
        grant(root, "ghost", "demo", Role.VIEWER)


def test_workspaces_are_spaces(root: Path) -> None:
    """A job is submitted, read and listed by those who have a role in its workspace."""
    ana, bob = new_account(root, "ana"), new_account(root, "bob")
    with serving(root) as platform:
        grant(root, "ana", "w1", Role.DEVELOPER)
        mine, theirs = (_dlc(platform, account) for account in (ana, bob))
        given = desired(spec())
        made = mine.handler("Job").create(given)
        assert mine.handler("Job").read(given.address, made.remote_id) is not None
        with pytest.raises(Forbidden, match="bob may not read the space w1"):
            theirs.handler("Job").read(given.address, made.remote_id)
        mine.close()
        theirs.close()


def test_an_address_of_a_file_is_good_for_anybody(root: Path) -> None:
    """It is signed by the service, not by the account that asked for it, which it does not name."""
    ana = new_account(root, "ana")
    with serving(root) as platform, Client(WsgiAdapter(platform.application), ana) as client:
        grant(root, "ana", "demo", Role.VIEWER)
        shown = client.call("GET", f"{client.space}/datas/demo%3A%7Csamples%7Creads.txt").json()
        fetched = client.session.get(shown["download_url"])
        assert (fetched.status_code, fetched.content[:6]) == (200, b"read-9")


def test_a_token_ends_with_its_account(root: Path) -> None:
    """A key that is revoked takes the tokens along that were got with it: they are nobody's, and open nothing."""
    ana = new_account(root, "ana")
    with serving(root) as platform, requests.Session() as session:
        session.mount("http://platform.test", WsgiAdapter(platform.application))
        grant(root, "ana", "demo", Role.VIEWER)
        user = {"name": "ana", "password": ana.password, "domain": {"name": ana.domain}}
        scope = {"project": {"name": "local"}}
        identity = {"methods": ["password"], "password": {"user": user}}
        asked = {"auth": {"identity": identity, "scope": scope}}
        issued = session.post("http://platform.test/v3/auth/tokens", json=asked)
        login = {"username": ana.access_key, "password": ana.secret_key}
        bearer = session.post("http://platform.test/api/v1/auth/login", json=login).json()["data"]["token"]
        made = session.post(f"http://platform.test/operating/user/access_token/create?token={ana.secret_key}").json()
        token = made["result"]["access_token"]
        calls = {
            f"/v1/{ana.project_id}/eihealth-projects": {"X-Auth-Token": issued.headers["X-Subject-Token"]},
            f"/v2/{ana.project_id}/training-quotas": {"X-Auth-Token": issued.headers["X-Subject-Token"]},
            "/model-training-platform/api/v1/storages": {"Authorization": f"Bearer {bearer}"},
        }

        def opened() -> list[bool]:
            answers = [session.get(f"http://platform.test{path}", headers=sent) for path, sent in calls.items()]
            answers.append(session.post(f"http://platform.test/query/user/info?token={token}"))
            return [a.ok and a.json().get("code", 0) == 0 and a.json().get("success", 1) == 1 for a in answers]

        assert opened() == [True] * 4
        told = session.post(f"http://platform.test/query/user/info?token={token}").json()
        assert told["result"]["user_name"] == "ana"
        elsewhere = f"http://platform.test/v1/{ana.project_id}/eihealth-projects"
        assert session.get(elsewhere, headers={"X-Auth-Token": token}).status_code == 401
        revoke(root, "ana")
        assert opened() == [False] * 4


def test_tasks_are_their_accounts_own(root: Path) -> None:
    """HAI knows who made a task: others may have one of the same name, and can neither stop it nor take its token."""
    ana, bob = new_account(root, "ana"), new_account(root, "bob")
    task = {
        "version": 2,
        "name": "t",
        "resource": {"group": "training", "node_count": 1},
        "spec": {"workspace": "/ws", "entrypoint": "x.sh", "environments": {"SIMULATED_SECONDS": "inf"}},
    }
    with serving(root) as platform, requests.Session() as session:
        session.mount("http://platform.test", WsgiAdapter(platform.application))

        def ask(who: Account, path: str, body: Any = None, **query: str) -> Any:
            params = {**query, "token": who.secret_key}
            return session.post(f"http://platform.test{path}", json=body, params=params)

        chains = [ask(who, "/operating/task/create", task).json()["task"]["chain_id"] for who in (ana, bob)]
        assert ask(bob, "/operating/task/stop", chain_id=chains[0]).status_code == 403
        assert ask(bob, "/query/task", nb_name="t").json()["result"]["task"]["chain_id"] == chains[1]
        assert ask(ana, "/operating/task/stop", nb_name="t").json()["success"] == 1
        token = ask(ana, "/operating/user/access_token/create").json()["result"]["access_token"]
        wanted = {"from_user_name": "ana", "access_user_name": "ana", "access_scope": "all"}
        assert ask(bob, "/operating/user/access_token/create", **wanted).json()["result"]["access_token"] != token
        assert token not in ask(bob, "/query/user/access_token/list").text
        assert ask(bob, "/operating/user/access_token/delete", access_token=token).json()["success"] == 0


def test_a_token_that_shares_one_thing_opens_no_account(root: Path) -> None:
    """Whoever is given a link to a TensorBoard is not given the account that made it."""
    ana = new_account(root, "ana")
    with serving(root) as platform, requests.Session() as session:
        session.mount("http://platform.test", WsgiAdapter(platform.application))
        grant(root, "ana", "*", Role.DEVELOPER)
        through = Transport(adapter=WsgiAdapter(platform.application))
        keys = {"access_key": ana.access_key, "secret_key": ana.secret_key}
        connection = connect(Target("prod", "pai-dlc", "http://platform.test"), keys, through)
        job: Any = connection.handler("Job")
        wanted = desired(spec())
        found = job.links(wanted.address, job.create(wanted).remote_id, shared=True)
        (token,) = [link.url for link in found if link.name == "token"]
        path = f"http://platform.test/v1/{ana.project_id}/eihealth-projects"
        assert session.get(path, headers={"X-Auth-Token": token}).status_code == 401
        connection.close()


def test_accounts_log_in_where_a_platform_wants_that(root: Path) -> None:
    """AIHub and the identity service of the cloud give a token for name and password; a wrong one gives none."""
    ana, bob = new_account(root, "ana"), new_account(root, "bob")
    with serving(root) as platform, requests.Session() as session:
        session.mount("http://platform.test", WsgiAdapter(platform.application))
        for user, password in ((ana.access_key, ana.secret_key), (ana.access_key, bob.secret_key)):
            login = {"username": user, "password": password}
            told = session.post("http://platform.test/api/v1/auth/login", json=login).json()
            assert (told["code"] == 0) is (password == ana.secret_key), told
            if told["code"] == 0:
                assert platform.services.store.account_of_token(told["data"]["token"], 0.0) == "ana"


def test_monitoring_needs_no_key(root: Path) -> None:
    """Health and metrics answer anybody, with counts; they are no part of a platform for one."""
    with serving(root) as platform, requests.Session() as session:
        session.mount("http://platform.test", WsgiAdapter(platform.application))
        assert session.get("http://platform.test/healthz").json()["status"] == "ok"
        text = session.get("http://platform.test/metrics").text
        assert "# TYPE reconciler_runs gauge" in text
        assert 'reconciler_objects{platform="ai4s",kind="Space"} 1' in text
        session.get("http://platform.test/nowhere")
        assert 'reconciler_requests_total{status="404"} 1' in session.get("http://platform.test/metrics").text


@pytest.mark.parametrize(
    ("listen", "times", "fine"),
    [
        ("127.0.0.1:80", 0, True),
        ("[::1]:80", 0, True),
        ("localhost:80", 0, True),
        ("0.0.0.0:80", 0, False),
        ("0.0.0.0:80", 1, False),
        ("0.0.0.0:80", 2, True),
        ("login.example.org:80", 0, False),
        ("80", 2, False),
        ("host:99999", 2, False),
    ],
)
def test_others_are_served_without_tls_only_when_that_is_said_twice(listen: str, times: int, fine: bool) -> None:
    """Loopback needs nothing; everything else needs a certificate, or two words."""
    if fine:
        assert team_listening(listen, None, None, without_tls=times)[1] == 80
        return
    with pytest.raises(LocalPlatformError):
        team_listening(listen, None, None, without_tls=times)


def test_a_copy_is_put_back(root: Path, tmp_path: Path) -> None:
    """What was there at the copy is there again, what came later beside it; wrong files and live servers refuse."""
    new_account(root, "ana")
    back_up(root, tmp_path / "copy")
    with pytest.raises(LocalPlatformError, match="exists already"):
        back_up(root, tmp_path / "copy")
    new_account(root, "bob")
    lock = Lock(root / "server.lock")
    assert lock.take()
    with pytest.raises(LocalPlatformError, match="a server uses"):
        restore(root, tmp_path / "copy")
    lock.release()
    (tmp_path / "none").write_text("not a database")
    with pytest.raises(LocalPlatformError, match="no backup"):
        restore(root, tmp_path / "none")
    restore(root, tmp_path / "copy")
    accounts, store = open_accounts(root)
    assert [key.name for key in accounts.every_key()] == ["ana"]
    store.database.close()
    before = sqlite3.connect(root / "platform.sqlite3.before")
    assert before.execute("SELECT COUNT(*) FROM accounts").fetchone() == (2,)
    before.close()


def test_served_with_tls_from_the_command_line(tmp_path: Path) -> None:
    """`reconciler serve` answers over TLS to an account that a command has made, and work outlives it."""
    certificate, key = self_signed(tmp_path)
    data = tmp_path / "service"
    told = _command("accounts", "create", "ana", "--admin", "--data", str(data), "--format", "json")
    access = json.loads(told)
    row = next(iter(next(value for value in access.values() if isinstance(value, list))))
    assert row["account"] == "ana"
    port = _free_port()
    listen = f"127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "serve", "--data", str(data), "--listen", listen,
         "--tls-cert", str(certificate), "--tls-key", str(key)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        answer = _get(f"https://{listen}/healthz", certificate)
        assert answer == {"status": "ok", "version": answer["version"]}
        large = requests.post(f"https://{listen}/v1/x", data=b"x" * 300_000, verify=str(certificate), timeout=30)
        assert large.status_code == 404
        with pytest.raises(requests.ConnectionError):
            requests.get(f"http://{listen}/healthz", timeout=5)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        said = process.stderr.read().decode()
        process.stderr.close()
        assert process.wait(timeout=PATIENCE) == 0, said
    assert said == f"serving {data} at {listen} with engine process; stop with Ctrl-C or SIGTERM\n"


def test_what_cannot_serve_does_not_say_that_it_does(tmp_path: Path) -> None:
    """Neither without TLS for others, nor at a port that is taken: the error is all that is said."""
    data = str(tmp_path / "service")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for listen, why in (
            ("0.0.0.0:0", "0.0.0.0 is reached from other machines"),
            (f"127.0.0.1:{taken.getsockname()[1]}", "cannot listen on port"),
        ):
            words = [sys.executable, "-m", "reconciler", "serve", "--listen", listen, "--data", data]
            done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE)
            assert done.returncode == 1
            assert done.stderr.startswith(f"error: {why}")


def _dlc(platform: Platform, account: Account) -> Any:
    """A connection of that account's."""
    keys = {"access_key": account.access_key, "secret_key": account.secret_key}
    transport = Transport(
        backoff=0.001, deadline=20, clock=platform.services.clock.now, adapter=WsgiAdapter(platform.application)
    )
    return connect(Target("pai-dlc", "pai-dlc", "http://platform.test"), keys, transport)


def _command(*words: str) -> str:
    done = subprocess.run([sys.executable, "-m", "reconciler", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _get(url: str, certificate: Path) -> Any:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return requests.get(url, verify=str(certificate), timeout=5).json()
        except requests.ConnectionError:
            assert time.monotonic() < end
            time.sleep(0.1)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])
