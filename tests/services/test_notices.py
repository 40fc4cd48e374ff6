"""What the team is told: once, by the ways it wants, gathered, later when nobody listens; and nothing unasked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from outreach import errands, settings
from outreach.crms.memory import Memory
from outreach.domain.notice import Notice, NoticeKind
from outreach.errors import ConfigError, OutcomeUnknown, RateLimited, Refused, Unauthorized, Unavailable
from outreach.sandbox.http_host import HttpHost
from outreach.sandbox.slack_server import SlackServer
from outreach.services.crm import sync
from outreach.services.watching import notices as service
from outreach.services.watching.status import status
from outreach.services.watching.tell_team import tell_team
from outreach.store import crm_jobs
from outreach.store.tables import notices, tasks
from outreach.testing.field import FILES, Field

MakeField = Callable[[Mapping[str, str]], Field]

LINKEDIN = "https://www.linkedin.com/in/ada-sample"
MAIL = "notify: {email: {to: [team@example.com], sender: anna}}\n"
ASK = {
    "config/senders.yaml": FILES["config/senders.yaml"] + "  linkedin: {use: memory}\n",
    "sequences/two-mails.yaml": "name: two-mails\npipeline: default\nsenders: [anna]\nschedule: always\nsteps:\n"
    "  - id: ask\n    linkedin.invite:\n",
}


def wanting(notify: str, files: Mapping[str, str] | None = None) -> dict[str, str]:
    return {**(files or {}), "config/outreach.yaml": FILES["config/outreach.yaml"] + notify}


def tell(field: Field) -> int:
    """What the worker does while it looks."""
    return field.loop.run_until_complete(tell_team(field.engine, partial(errands.way_of, field.app)))


def told(field: Field) -> list[str]:
    """The texts that reached the team by mail."""
    return [message.text for message in field.memory().sent if message.to == "team@example.com"]


def say(field: Field, key: str, kind: NoticeKind = NoticeKind.GUARD) -> None:
    with field.app.store.begin() as connection:
        notice = Notice(kind=kind, key=key, text=f"{key} happened")
        service.tell(connection, field.engine.notify, notice, field.clock.now())


def test_a_restricted_account_stops_that_action_and_somebody_is_told(make_field: MakeField) -> None:
    field = make_field(wanting(MAIL, ASK))
    lead = field.add_lead("ada@example.com")
    field.add_address(lead, "linkedin", LINKEDIN)
    refusal = Unauthorized("unipile", "account_restricted", only_this_action=True)
    field.memory("anna", "linkedin").will(refusal, refusal)

    field.enroll(lead)
    field.settle()
    tell(field)

    (text,) = told(field)
    assert text.startswith("anna/linkedin.invite is paused: unipile: account_restricted.")
    field.go(days=1)
    assert tell(field) == 0
    assert len(told(field)) == 1


def test_nothing_is_written_where_nobody_wants_to_be_told(make_field: MakeField) -> None:
    field = make_field(ASK)
    lead = field.add_lead("ada@example.com")
    field.add_address(lead, "linkedin", LINKEDIN)
    field.memory("anna", "linkedin").will(Unauthorized("unipile", "account_restricted"))

    field.enroll(lead)
    field.settle()

    assert field.rows(notices) == []
    assert [pause.value for pause in status(field.engine).pauses] == ["anna/linkedin"]


def test_a_provider_that_fails_is_told_once_and_not_at_each_try(make_field: MakeField) -> None:
    field = make_field(wanting(MAIL, ASK))
    lead = field.add_lead("ada@example.com")
    field.add_address(lead, "linkedin", LINKEDIN)
    field.memory("anna", "linkedin").will(*[Unavailable("unipile", "no connection")] * 3)

    field.enroll(lead)
    field.settle()
    for _ in range(3):
        field.go(minutes=30)
        tell(field)

    (text,) = told(field)
    assert "anna/linkedin.invite waits until" in text


@pytest.mark.parametrize(("minutes", "is_told"), [(20, False), (24 * 60, True)])
def test_only_a_limit_that_holds_for_long_is_news(make_field: MakeField, minutes: int, is_told: bool) -> None:
    field = make_field(wanting(MAIL))
    field.memory().will(RateLimited("smtp", "slow down", retry_after=timedelta(minutes=minutes)))

    field.enroll(field.add_lead("ada@example.com"))
    field.settle()
    tell(field)

    assert bool(told(field)) is is_told


def test_a_message_in_doubt_is_told_when_only_a_person_can_settle_it(make_field: MakeField) -> None:
    field = make_field(wanting(MAIL))
    field.memory().will(OutcomeUnknown("smtp", "lost after the dot"))
    field.enroll(field.add_lead("ada@example.com", first_name="Ada", last_name="Sample"))
    field.settle()

    assert service.tell_of_what_waits(field.engine) == 0
    field.clock.advance(timedelta(minutes=11))
    assert service.tell_of_what_waits(field.engine) == 1
    assert service.tell_of_what_waits(field.engine) == 0
    tell(field)

    (text,) = told(field)
    assert text.startswith("Nobody knows whether intro of two-mails reached Ada Sample of example.com (from anna)")


def test_a_task_whose_time_is_over_is_told_once(make_field: MakeField) -> None:
    field = make_field(wanting(MAIL))
    lead = field.add_lead("ada@example.com")
    now = field.clock.now()
    row = {"lead_id": lead, "kind": "call", "state": "open", "created_at": now, "due_at": now + timedelta(hours=1)}
    with field.app.store.begin() as connection:
        connection.execute(tasks.insert().values(id="t1", **row))
        connection.execute(tasks.insert().values(id="t2", **row, snoozed_until=now + timedelta(days=9)))

    assert service.tell_of_what_waits(field.engine) == 0
    field.clock.advance(timedelta(hours=2))
    found = [service.tell_of_what_waits(field.engine) for _ in range(2)]

    assert found == [1, 0]
    assert field.row(notices)["key"] == "overdue:t1"


def test_what_a_crm_refuses_for_good_is_told(make_field: MakeField) -> None:
    field = make_field(wanting(MAIL))
    lead = field.add_lead("ada@example.com", first_name="Ada")
    field.enroll(lead)
    field.settle()
    crm = field.app.crms["team"].crm
    assert isinstance(crm, Memory)
    crm.fail_next("upsert_person", Refused("memory", "the property is read-only"))

    field.reply("ada@example.com")
    field.settle()
    field.sync()

    row = field.row(notices)
    assert row["kind"] == "crm_failed"
    assert "was not written to team: memory: the property is read-only" in row["text"]


def test_a_crm_job_given_up_after_eight_dead_workers_is_told_like_any_other(make_field: MakeField) -> None:
    field = make_field(wanting(MAIL))
    lead = field.add_lead("ada@example.com", first_name="Ada")
    field.enroll(lead)
    field.settle()
    field.reply("ada@example.com")
    field.settle()

    for number in range(8):
        assert field.rows(notices) == []
        claim_and_die(field, f"claim-{number}")
        field.app.sweep_sync()

    row = field.row(notices)
    assert (row["kind"], row["lead_id"]) == ("crm_failed", lead)
    assert "person was not written to team: the worker ended in the middle of it, for the 8th time" in row["text"]
    assert [each.error for each in sync.failed(field.app.store)] == [
        "the worker ended in the middle of it, for the 8th time"
    ]


def claim_and_die(field: Field, claim_id: str) -> None:
    """What a worker that is killed leaves behind, and then its lease is over."""
    now = field.clock.now()
    wanted = crm_jobs.Claim(id=claim_id, owner="gone", connection="team", most=1, lease_until=now)
    with field.app.store.begin() as connection:
        assert crm_jobs.claim(connection, wanted, now)
    field.clock.advance(timedelta(minutes=6))


def test_replies_are_told_where_they_are_wanted(make_field: MakeField) -> None:
    field = make_field(wanting("notify: {kinds: [reply], email: {to: [team@example.com], sender: anna}}\n"))
    lead = field.add_lead("ada@example.com", first_name="Ada")
    field.enroll(lead)
    field.settle()

    field.reply("ada@example.com", "my secret wish")
    field.settle()
    tell(field)

    assert told(field) == ["Ada of example.com answered (email). See: outreach inbox"]


def test_what_happens_within_a_minute_comes_as_one_message(make_field: MakeField) -> None:
    field = make_field(wanting(MAIL))

    say(field, "first")
    tell(field)
    for number in range(30):
        say(field, f"event {number}")
        assert tell(field) == 0
    field.clock.advance(timedelta(seconds=61))
    tell(field)

    first, many = told(field)
    assert first == "first happened"
    assert many.splitlines()[0] == "• event 0 happened"
    assert many.splitlines()[-1] == "… and 10 more. See: outreach status"
    assert field.memory().sent[-1].subject == "30 notices: event 0 happened"


def test_the_same_key_is_told_once(make_field: MakeField) -> None:
    field = make_field(wanting(MAIL))

    say(field, "once")
    tell(field)
    say(field, "once")
    field.clock.advance(timedelta(hours=1))

    assert tell(field) == 0


def test_what_cannot_be_told_now_is_told_later_and_stays_together(make_field: MakeField) -> None:
    field = make_field(wanting(MAIL))
    say(field, "first")
    say(field, "second")
    field.memory().will(Unavailable("smtp", "down"))

    tell(field)
    say(field, "third")
    keys = {row["batch_id"] for row in field.rows(notices) if row["batch_id"]}
    field.clock.advance(timedelta(minutes=2))
    while tell(field):
        field.clock.advance(timedelta(minutes=2))

    assert len(keys) == 1
    assert told(field) == ["• first happened\n• second happened", "third happened"]
    assert {message.key for message in field.memory().sent} >= keys


def test_what_nobody_takes_for_days_is_given_up_and_shown(make_field: MakeField) -> None:
    field = make_field(wanting(MAIL))
    say(field, "first")
    field.memory().will(*[Unavailable("smtp", "down")] * 40)

    for _ in range(40):
        tell(field)
        field.clock.advance(timedelta(hours=2))

    assert (status(field.engine).notices_waiting, status(field.engine).notices_failed) == (0, 1)


def test_a_worker_that_never_came_back_leaves_nothing_behind(make_field: MakeField) -> None:
    field = make_field(wanting(MAIL))
    say(field, "first")

    async def die(*_: object, **__: object) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        field.loop.run_until_complete(tell_team(field.engine, lambda _: type("Dead", (), {"send": die})()))
    assert tell(field) == 0
    field.clock.advance(timedelta(minutes=6))

    assert tell(field) == 1


def test_a_stage_may_name_who_is_told(make_field: MakeField) -> None:
    field = make_field({})
    lead = field.add_lead("ada@example.com", owner="anna")

    with field.app.store.begin() as connection:
        for number, to in enumerate(["owner", "boss@example.com"]):
            notice = Notice(kind=NoticeKind.STAGE, key=f"s{number}", text="Ada is won", lead_id=lead)
            service.tell_person(connection, field.engine, notice, to=to)
    tell(field)

    assert [message.to for message in field.memory().sent] == ["anna@sender.example", "boss@example.com"]


@dataclass
class Heard:
    """A colleague's endpoint."""

    bodies: list[dict[str, str]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        self.bodies.append(await request.json())
        self.keys.append(request.headers["idempotency-key"])
        return JSONResponse({})


@contextmanager
def served(application: Starlette) -> Iterator[str]:
    host = HttpHost(application, name="team")
    host.start()
    try:
        yield host.url
    finally:
        host.stop()


def test_slack_and_a_request_of_ones_own_are_told_each_what_it_wants(make_field: MakeField) -> None:
    slack, heard = SlackServer(path="/services/T0/B0/secret", signing_secret="s"), Heard()
    mine = Starlette(routes=[Route("/hook", heard.take, methods=["POST"])])
    with served(slack.application) as slack_url, served(mine) as url:
        field = make_field(
            wanting(
                f"notify:\n  slack: {{url: {slack_url}/services/T0/B0/secret, kinds: [guard]}}\n"
                f"  http: {{url: {url}/hook, allow: [127.0.0.1/32], kinds: [guard, circuit]}}\n"
            )
        )
        say(field, "a <guard>")
        say(field, "a circuit", NoticeKind.CIRCUIT)

        assert tell(field) == 2

    assert slack.said == ["a &lt;guard&gt; happened"]
    assert [body["text"] for body in heard.bodies] == ["• a <guard> happened\n• a circuit happened"]
    assert heard.bodies[0]["kinds"] == "guard circuit"
    assert heard.keys == [heard.bodies[0]["key"]]


@pytest.mark.parametrize(
    ("notify", "said"),
    [
        ("notify: {email: {to: [team@example.com], sender: ana}}\n", "Did you mean 'anna'?"),
        ("notify: {kinds: [restrictions], slack: {url: https://hooks.slack.com/services/T/B/x}}\n", "restriction"),
        ("notify: {telegraph: {}}\n", "unknown key 'telegraph'"),
        ("notify: {slack: {url: https://hooks.slack.com/services/T/B/x, kind: [guard]}}\n", "Did you mean 'kinds'?"),
        ("notify: {email: {sender: anna}}\n", "'to' is missing"),
    ],
)
def test_a_wrong_setting_is_told_at_load(tmp_path: Path, notify: str, said: str) -> None:
    for name, text in wanting(notify).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "config/senders.yaml").write_text(FILES["config/senders.yaml"], encoding="utf-8")

    with pytest.raises(ConfigError, match=re.escape(said)):
        settings.load(tmp_path, {})
