"""From an empty directory to a reply in the CRM, by the commands a user types, over real SMTP and real HTTP."""

from __future__ import annotations

import base64
import csv
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from outreach.clock import SystemClock
from outreach.sandbox.http_host import HttpHost, free_port
from outreach.sandbox.hubspot_server import TOKEN, FakeHubSpot, served
from outreach.sandbox.smtp_sink import Sink
from outreach.testing.processes import Program, wait_until
from outreach.testing.servers import PostgresServer

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
SAMPLE = ("ada@one.example", "bilge@two.example", "clara@three.example")
ROLES = (("worker",), ("worker",), ("scheduler",), ("scheduler",))

_SENDERS = """
anna:
  name: Anna Example
  timezone: Europe/Istanbul
  email:
    address: anna@sender.example
    smtp: {{url: "{url}"}}
  signature: Anna Example
"""

_CRM = """
hubspot:
  use: hubspot
  base_url: {url}
  token: "${{HUBSPOT_TOKEN}}"
  fields: {{firstname: {{from: first_name, mode: fill}}}}
  status: {{property: hs_lead_status, values: {{responded: CONNECTED}}}}
  when: {{reply: [person, log_reply, status]}}
"""


class User:
    """A workspace made by `outreach init`, its servers, and the commands."""

    def __init__(self, directory: Path, environ: dict[str, str]) -> None:
        self.sink = Sink().start()
        self.hubspot = FakeHubSpot()
        self._host = HttpHost(served(self.hubspot), name="hubspot")
        self._host.start()
        self.url = f"http://127.0.0.1:{free_port()}"
        secrets = {"REPLIES_SECRET": SECRET, "HUBSPOT_TOKEN": TOKEN}
        own = {"OUTREACH_PUBLIC_URL": self.url, "OUTREACH_WEB__PORT": self.url.rpartition(":")[2]}
        self._environ = {**secrets, **own, **environ}
        Program(directory, {}).must("init", "w")
        self.root = directory / "w"
        self.program = Program(self.root, self._environ)
        self._leads = directory / "leads.csv"
        self._write()

    def _write(self) -> None:
        self.write("config/senders.yaml", _SENDERS.format(url=self.sink.url))
        self.write("config/crm.yaml", _CRM.format(url=self._host.url))
        workspace = self.read("config/outreach.yaml")
        hooks = 'webhooks:\n  replies: {use: standard, secrets: ["${REPLIES_SECRET}"]}\n'
        self.write("config/outreach.yaml", f"{workspace}\n{hooks}")
        # At any hour of any day.
        sequence = self.read("sequences/welcome.yaml")
        self.write("sequences/welcome.yaml", sequence.replace("schedule: office-hours", "schedule: always"))
        with self._leads.open("w", newline="") as out:
            rows = csv.writer(out)
            rows.writerow(("email", "first_name", "source"))
            rows.writerows((email, email.partition("@")[0].title(), "sample data") for email in SAMPLE)

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text, encoding="utf-8")

    def read(self, name: str) -> str:
        return (self.root / name).read_text(encoding="utf-8")

    def prepare(self) -> None:
        """From the list to people in the sequence."""
        self.program.must("leads", "import", "../leads.csv")
        self.program.must("apply", "--yes")
        self.program.must("enroll", "welcome", "--all", "--yes")

    def json(self, *arguments: str) -> Any:
        return json.loads(self.program.must(*arguments, "--json"))

    def wait(self, condition: Callable[[], Any], what: str) -> Any:
        try:
            return wait_until(condition, seconds=40, what=what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.program.said()[-6000:]}") from None

    def is_up(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz").status_code < 500
        except httpx.TransportError:
            return False

    def post(self, payload: dict[str, Any], *, key: bytes = b"", name: str = "msg_1") -> httpx.Response:
        """A delivery to the connection `replies`, signed as Standard Webhooks 1.0 says."""
        body = json.dumps(payload).encode()
        stamp = str(int(SystemClock().now().timestamp()))
        secret = key or base64.b64decode(SECRET.removeprefix("whsec_"))
        mac = hmac.new(secret, b".".join((name.encode(), stamp.encode(), body)), hashlib.sha256).digest()
        signature = "v1," + base64.b64encode(mac).decode()
        headers = {"webhook-id": name, "webhook-timestamp": stamp, "webhook-signature": signature}
        return httpx.post(f"{self.url}/webhooks/replies", content=body, headers=headers)

    def close(self) -> None:
        self.program.kill()
        self._host.stop()
        self.sink.stop()


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Callable[[dict[str, str]], User]]:
    """Makes the workspace of a user with that environment."""
    made: list[User] = []

    def make(environ: dict[str, str]) -> User:
        made.append(User(tmp_path, environ))
        return made[-1]

    yield make
    for each in made:
        each.close()


Make = Callable[[dict[str, str]], User]


def _walk(user: User) -> None:
    """Mail leaves once for each; a reply moves its lead and is in the CRM once."""
    user.wait(user.is_up, "the web server")
    user.wait(lambda: user.sink.accepted >= len(SAMPLE), "the first mails")
    assert sorted(user.sink.recipients()) == sorted(SAMPLE)
    first = next(mail for mail in user.sink.mails if mail.recipient == SAMPLE[0])
    reply = {"channel": "email", "from": SAMPLE[0], "text": "Call me", "in_reply_to": first.header("Message-ID")}

    answers = [user.post(reply), user.post(reply)]  # providers deliver twice now and then
    assert [answer.status_code // 100 for answer in answers] == [2, 2]

    user.wait(lambda: user.hubspot.contact(SAMPLE[0]), "the contact in the CRM")
    contact = user.hubspot.contact(SAMPLE[0])
    assert contact
    user.wait(lambda: contact.properties.get("hs_lead_status") == "CONNECTED", "the status in the CRM")
    (entry,) = user.hubspot.of("emails", contact.id)
    assert "Call me" in entry.properties["hs_email_text"]
    lead = user.json("leads", "show", SAMPLE[0])
    assert (lead["status"], lead["stage"]) == ("responded", "responded")
    assert user.hubspot.contact(SAMPLE[1]) is None
    assert set(user.program.stop()) == {0}
    assert user.sink.accepted == len(SAMPLE)


def test_the_whole_path_in_one_process_with_nothing_installed(path: Make) -> None:
    user = path({})
    user.prepare()

    user.program.start("run")

    _walk(user)


def test_the_whole_path_on_postgresql_and_redis(path: Make, postgres: PostgresServer, redis_url: str) -> None:
    user = path({"OUTREACH_DATABASE_URL": postgres.create("users_path"), "OUTREACH_BROKER_URL": redis_url})
    user.program.must("db", "upgrade")
    user.prepare()

    for role in (*ROLES, ("web",)):
        user.program.start(*role)

    _walk(user)


def test_the_whole_path_in_three_processes_without_a_broker(path: Make) -> None:
    user = path({})
    user.prepare()

    for role in ("worker", "scheduler", "web"):
        user.program.start(role)

    _walk(user)


def test_bad_input_leaves_nothing_half_done(path: Make) -> None:
    user = path({})
    sequence = user.read("sequences/welcome.yaml")

    for wrong in (sequence + "steps: [", sequence.replace("welcome/bump", "welcome/bmp"), sequence + "colour: red\n"):
        user.write("sequences/welcome.yaml", wrong)
        refused = user.program.call("apply", "--yes")
        assert refused.returncode == 2
        assert "sequences/welcome.yaml:" in refused.stderr
    user.write("sequences/welcome.yaml", sequence)
    assert "new, revision 1" in user.program.must("apply", "--yes")

    user.write("nobody.csv", "first_name,source\nAda,sample data\n")
    assert user.program.call("leads", "import", "nobody.csv").returncode == 2
    user.write("wrong.csv", "email,source\nnot-an-address,sample data\nada@one.example,sample data\n")
    user.program.must("leads", "import", "wrong.csv")
    assert [row["address"] for row in user.json("leads", "list")["rows"]] == [SAMPLE[0]]

    user.program.start("web")
    user.wait(user.is_up, "the web server")
    reply = {"channel": "email", "from": SAMPLE[0], "text": "Call me"}
    assert user.post(reply, key=b"another key").status_code == 401
    assert user.post({**reply, "text": "x" * 30_000_000}).status_code == 413
    assert user.json("leads", "show", SAMPLE[0])["status"] == "new"
