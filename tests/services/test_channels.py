"""Touches on every channel: by an account, by a person, past who has no address; what a restricted account stops."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from outreach.domain.action import ACTIONS, Wording, address_kind
from outreach.errors import RateLimited, Unauthorized
from outreach.services.hearing import stop
from outreach.services.hearing.stop import Target, Width
from outreach.services.sending.advance import advance
from outreach.services.sequences import apply_files
from outreach.services.watching.explain_sequence import explain_sequence
from outreach.services.watching.history import history
from outreach.services.watching.status import status
from outreach.store import touches as stored_touches
from outreach.store.tables import pauses, senders, tasks, touches
from outreach.testing.field import FILES, Field

MakeField = Callable[[Mapping[str, str]], Field]

ADDRESSES = {
    "linkedin": "https://www.linkedin.com/in/ada-sample",
    "x": "@ada_sample",
    "phone": "+905551112233",
    "whatsapp": "+905551112233",
    "telegram": "@ada_sample",
}
HEAD = "name: two-mails\npipeline: default\nsenders: [anna]\nschedule: always\nsteps:\n"
ALL = [*ACTIONS, "http.ping"]


TEMPLATES = {"linkedin.voice": "spoken", "whatsapp.template": "approved"}
"""Actions whose text needs more than words."""


def step(name: str) -> str:
    takes_text = name in ACTIONS and ACTIONS[name].wording is Wording.NEEDED
    template = TEMPLATES.get(name, "intro") if takes_text else ""
    return f"  - id: {name.replace('.', '-')}\n    {name}: {template}\n"


def files(*names: str, accounts: str = "", after: str = "") -> dict[str, str]:
    return {
        "config/senders.yaml": FILES["config/senders.yaml"] + accounts,
        "sequences/two-mails.yaml": HEAD + "".join(map(step, names)) + after,
        "templates/spoken.md": "---\nattachments: [hello.m4a]\n---\nHi {{ lead.first_name }}\n",
        "templates/approved.md": "---\napproved_as: hello\n---\nHi {{ lead.first_name }}\n",
        "attachments/hello.m4a": "sound",
    }


def account(channel: str, limits: str = "") -> str:
    return f"  {channel}: {{use: memory{limits}}}\n"


def ada(field: Field, *kinds: str) -> str:
    lead = field.add_lead("ada@example.com", first_name="Ada")
    for kind in kinds:
        field.add_address(lead, kind, ADDRESSES[kind])
    return lead


def test_accounts_do_every_action_at_the_address_of_its_channel(make_field: MakeField) -> None:
    channels = dict.fromkeys(name.partition(".")[0] for name in ALL)
    field = make_field(files(*ALL, accounts="".join(account(channel) for channel in channels)))
    lead = ada(field, *ADDRESSES)

    field.enroll(lead)
    for _ in range(len(ALL)):
        field.settle()

    sent = [message for channel in channels for message in field.memory("anna", channel).sent]
    kinds = {message.action: address_kind(message.action.partition(".")[0]) for message in sent}
    assert sorted(kinds) == sorted(ALL)
    assert [message.to for message in sent] == [ADDRESSES.get(kinds[message.action] or "", "") for message in sent]
    assert field.enrollment(lead)["reason"] == "completed"


def test_without_accounts_each_action_is_a_task_with_its_text(make_field: MakeField) -> None:
    field = make_field(files(*ACTIONS))
    lead = ada(field, *ADDRESSES)

    field.enroll(lead)
    field.settle()

    made = {row["note"].partition("(")[2].partition(" ")[0]: row for row in field.rows(tasks)}
    assert set(made) == set(ACTIONS)
    assert made["x.dm"]["text"].startswith("Hi Ada")
    assert (made["x.dm"]["kind"], made["x.dm"]["to"]) == ("custom", "@ada_sample")
    assert made["linkedin.visit"]["note"] == "Visit the profile on LinkedIn (linkedin.visit by hand)"
    assert (made["linkedin.visit"]["kind"], made["linkedin.visit"]["text"]) == ("linkedin", "")


def test_who_has_no_such_address_is_passed_over(make_field: MakeField) -> None:
    after = "  - id: intro\n    email: intro\n"
    field = make_field(files("x.dm", "sms", accounts=account("x") + account("sms"), after=after))

    lead = ada(field)
    field.enroll(lead)
    field.settle()

    assert field.counts() == {"sent": 1, "skipped": 2}
    assert field.enrollment(lead)["reason"] == "completed"


ASK = files(
    "linkedin.invite", accounts=account("linkedin", ", limits: {invite: {}}"), after="  - {id: intro, email: intro}\n"
)


def test_a_limit_of_one_action_parks_that_action_alone(make_field: MakeField) -> None:
    field = make_field(ASK)
    invited, other = ada(field, "linkedin"), field.add_lead("bob@example.com")
    limit = RateLimited("memory", "too many invitations", retry_after=timedelta(hours=3))
    field.memory("anna", "linkedin").will(limit)

    field.enroll(invited, other)
    field.settle()

    assert field.row(senders, name="anna")["circuit_open_until"] is None
    assert field.row(senders, name="anna/linkedin.invite")["circuit_reason"] == "memory: too many invitations"
    assert [message.to for message in field.memory().sent] == ["bob@example.com"]
    (anna,) = [line for line in status(field.engine).senders if line.name == "anna"]
    (queue,) = [queue for queue in anna.queues if queue.action == "linkedin.invite"]
    assert (queue.left, queue.because) == (0, "memory: too many invitations")
    field.go(hours=4)
    assert len(field.memory("anna", "linkedin").sent) == 1


def test_a_restricted_account_stops_that_action_and_says_so(make_field: MakeField) -> None:
    both = files("linkedin.invite", "linkedin.visit", accounts=account("linkedin"))
    field = make_field(both)
    first = ada(field, "linkedin")
    linkedin = field.memory("anna", "linkedin")
    linkedin.will(Unauthorized("memory", "you cannot invite at the moment", only_this_action=True))
    field.enroll(first)

    field.settle()

    (pause,) = status(field.engine).pauses
    assert (pause.scope, pause.value) == ("action", "anna/linkedin.invite")
    assert pause.reason == "memory: you cannot invite at the moment"
    field.go(days=2)
    assert linkedin.sent == []
    assert explain_sequence(field.engine, "two-mails").reasons == {"paused: action anna/linkedin.invite": 1}
    stop.resume(field.engine, Target(width=Width.SENDER, value="anna"), by="test")
    field.settle()
    field.go(hours=1)
    assert [message.action for message in linkedin.sent] == ["linkedin.invite", "linkedin.visit"]
    assert field.rows(pauses) == []


def test_an_account_that_is_signed_out_stops_its_channel_and_no_mail(make_field: MakeField) -> None:
    field = make_field(ASK)
    field.memory("anna", "linkedin").will(Unauthorized("memory", "signed out"))
    field.enroll(ada(field, "linkedin"), field.add_lead("bob@example.com"))

    field.settle()
    field.go(days=1)

    assert (field.row(pauses)["scope"], field.row(pauses)["value"]) == ("account", "anna/linkedin")
    assert [message.to for message in field.memory().sent] == ["bob@example.com"]


def test_cautious_limits_hold_where_none_are_written(make_field: MakeField) -> None:
    field = make_field(files("linkedin.invite", accounts=account("linkedin")))
    for number in range(30):
        lead = field.add_lead(f"person{number}@example.com")
        field.add_address(lead, "linkedin", f"https://www.linkedin.com/in/person-{number}")
        field.enroll(lead)

    for _ in range(30):
        field.go(minutes=20)

    assert len(field.memory("anna", "linkedin").sent) == 15


def test_a_voice_message_carries_the_recording_of_its_template(make_field: MakeField) -> None:
    spoken = "---\nattachments: [hello.m4a]\n---\nHello {{ lead.first_name }}, a word about your work.\n"
    field = make_field(
        files("linkedin.voice", accounts=account("linkedin"))
        | {"templates/intro.md": spoken, "attachments/hello.m4a": "sample sound"}
    )
    keep(field)

    field.enroll(ada(field, "linkedin"))
    field.settle()

    (message,) = field.memory("anna", "linkedin").sent
    assert [(each.name, each.content_type) for each in message.attachments] == [("hello.m4a", "audio/mp4")]


def keep(field: Field) -> None:
    """What `apply` does with attached files."""
    apply_files.apply(field.engine, field.app.workspace, by="test")


def test_what_spin_chose_is_kept_with_the_touch_and_told_in_the_history(make_field: MakeField) -> None:
    spinning = "---\nsubject: A word\n---\n{{ spin('Hi', 'Hello') }} {{ lead.first_name }}\n"
    field = make_field({"templates/intro.md": spinning})
    lead = ada(field)

    field.enroll(lead)
    field.settle()

    wording = field.row(touches, step="intro")["wording"]
    assert wording in ("Hi", "Hello")
    assert f"{wording} Ada" in field.memory().sent[0].text
    with field.engine.store.read() as connection:
        told = [entry.what for entry in history(connection, lead)]
    assert any(f"(wording: {wording})" in what for what in told)


def test_more_queues_than_one_statement_takes_are_looked_at(make_field: MakeField) -> None:
    field = make_field({})
    field.enroll(ada(field))
    advance(field.engine)
    queues = [(f"sender{number}", "email") for number in range(900)] + [("anna", "email")]

    with field.engine.store.read() as connection:
        assert stored_touches.due_queues(connection, queues, field.clock.now()) == [("anna", "email")]
        assert stored_touches.due_queues(connection, [], field.clock.now()) == []
