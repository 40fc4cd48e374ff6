"""Files and environment become settings, or every problem they have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from pathlib import Path

import pytest

from outreach import settings
from outreach.content.configuration import OAuthSettings, Organisation, UnknownPolicy
from outreach.crm import Mode, Operation
from outreach.domain.cautious import CAUTIOUS
from outreach.domain.crm_mapping import CrmTrigger, DealRule, FieldRule, TieBreak
from outreach.domain.quota import Limits, Ramp
from outreach.errors import ConfigError

Maker = Callable[..., Path]

ENVIRON = {
    "REPLIES_SECRET": "whsec_c2VjcmV0",
    "HOOK_PASSWORD": "hook-password",
    "ANNA_PASSWORD": "anna-password",
    "UNIPILE_TOKEN": "unipile-token",
    "HUBSPOT_TOKEN": "hubspot-token",
}

OUTREACH = """\
database_url: sqlite:///outreach.db
broker_url: null
public_url: https://outreach.example.com/
organisation: {name: Example Ltd, postal_address: "1 Example St, Istanbul"}
defaults: {max_late: 36 hours, unknown: resend_once}
schedules:
  mornings: {timezone: sender, days: mon-thu, hours: "08:00-12:00", holidays: TR}
webhooks:
  replies: {use: standard, secrets: ["${REPLIES_SECRET}"]}
  postmark: {use: postmark, user: hook, password: "${HOOK_PASSWORD}"}
web: {port: 9090}
secret_key: a long key
"""

SENDERS = """\
anna:
  name: Anna Yılmaz
  timezone: Europe/Istanbul
  email:
    address: anna@example.com
    smtp: {url: "smtps://smtp.example.com:465", username: anna@example.com, password: "${ANNA_PASSWORD}"}
    imap: {url: "imaps://imap.example.com:993", username: anna@example.com, password: "${ANNA_PASSWORD}"}
    limits: {per_day: 40, gap: 9 minutes, jitter: 5 minutes, ramp: {start: 5, step: 2}}
  linkedin:
    use: unipile
    base_url: https://api1.example.com:13111
    account: acc_1
    token: "${UNIPILE_TOKEN}"
    limits: {invite: {per_day: 15, per_7_days: 80, gap: 10 minutes}, message: {per_hour: 4}}
  signature: |
    Anna Yılmaz
    Example Ltd
  booking_url: https://cal.example.com/anna
  freeze: [2026-12-24]
"""

CRM = """\
hubspot:
  use: hubspot
  base_url: https://api.example.com
  token: "${HUBSPOT_TOKEN}"
  fields: {firstname: {from: first_name}, jobtitle: {from: fields.title, mode: overwrite}}
  status: {property: hs_lead_status, values: {responded: CONNECTED}}
  stages: {default: {meeting_booked: "42"}}
  owners: {anna: anna@example.com}
  deal: {create_on: meeting, pipeline: default, stage: appointmentscheduled}
  tie_break: newest
  when: {reply: [person, log_reply], meeting: [stage, deal], unsubscribe: [do_not_contact]}
"""


def problems(root: Path, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        settings.load(root, environ or {})
    return [str(problem) for problem in caught.value.problems]


def test_everything_that_is_written_is_kept(a_config: Maker) -> None:
    root = a_config(OUTREACH, senders=SENDERS, crm=CRM)

    found = settings.load(root, ENVIRON)

    assert found.database_url == f"sqlite:///{root}/outreach.db"
    assert (found.broker_url, found.public_url) == (None, "https://outreach.example.com")
    assert found.organisation == Organisation(name="Example Ltd", postal_address="1 Example St, Istanbul")
    assert (found.defaults.max_late, found.defaults.unknown) == (timedelta(hours=36), UnknownPolicy.RESEND_ONCE)
    assert (found.web.host, found.web.port, found.secret_key) == ("127.0.0.1", 9090, "a long key")


def test_what_is_left_out_has_its_usual_value(a_config: Maker) -> None:
    found = settings.load(a_config(), {})

    assert found.database_url.endswith("/outreach.db")
    assert (found.defaults.max_late, found.defaults.unknown) == (timedelta(days=2), UnknownPolicy.HOLD)
    assert (found.organisation, found.secret_key, found.senders, found.crm, found.webhooks) == (None, None, {}, {}, {})
    assert set(found.schedules) == {"always", "office-hours"}


def test_own_schedules_stand_beside_the_built_in_ones(a_config: Maker) -> None:
    text = OUTREACH.replace("  mornings:", "  always: {days: sat}\n  mornings:")

    schedules = settings.load(a_config(text), ENVIRON).schedules

    assert set(schedules) == {"always", "office-hours", "mornings"}
    assert schedules["always"].days == {5}
    assert (schedules["mornings"].opens, schedules["mornings"].closes) == (time(8), time(12))


def test_a_webhook_keeps_the_options_of_its_receiver(a_config: Maker) -> None:
    webhooks = settings.load(a_config(OUTREACH), ENVIRON).webhooks

    assert (webhooks["replies"].use, webhooks["replies"].options) == ("standard", {"secrets": ["whsec_c2VjcmV0"]})
    assert webhooks["postmark"].options == {"user": "hook", "password": "hook-password"}


def test_a_sender_has_its_mailbox_and_its_channels(a_config: Maker) -> None:
    anna = settings.load(a_config(senders=SENDERS), ENVIRON).senders["anna"]

    assert (anna.name, anna.display_name, anna.timezone) == ("anna", "Anna Yılmaz", "Europe/Istanbul")
    assert (anna.signature, set(anna.freeze)) == ("Anna Yılmaz\nExample Ltd", {date(2026, 12, 24)})
    assert anna.email is not None
    assert anna.email.smtp is not None
    assert (anna.email.smtp.url, anna.email.smtp.password) == ("smtps://smtp.example.com:465", "anna-password")
    assert anna.email.imap is not None
    assert anna.email.limits == Limits(
        per_day=40, gap=timedelta(minutes=9), jitter=timedelta(minutes=5), ramp=Ramp(5, 2)
    )
    linkedin = anna.channels["linkedin"]
    assert (linkedin.use, linkedin.options["token"], linkedin.options["account"]) == (
        "unipile",
        "unipile-token",
        "acc_1",
    )
    assert linkedin.limits["invite"].per_7_days == 80


def test_the_engine_asks_a_sender_for_limits_by_action(a_config: Maker) -> None:
    sender = settings.load(a_config(senders=SENDERS), ENVIRON).senders["anna"].sender()

    assert sender.channels == {"email", "linkedin"}
    assert sender.limits_for("email").per_day == 40
    assert sender.limits_for("linkedin.message").per_hour == 4
    assert sender.limits_for("linkedin.visit") == CAUTIOUS["linkedin.visit"]
    assert sender.limits_for("x.dm") == Limits()
    assert (sender.name, sender.display_name, sender.zone, sender.email) == (
        "anna", "Anna Yılmaz", "Europe/Istanbul", "anna@example.com",
    )  # fmt: skip


def test_limits_that_are_written_take_the_place_of_the_cautious_ones(a_config: Maker) -> None:
    senders = (
        "anna:\n  name: Anna\n  timezone: Europe/Istanbul\n"
        "  x: {use: x, limits: {dm: {per_day: 200}, like: {}}}\n"
        "  sms: {use: twilio, limits: {per_day: 50}}\n"
    )

    sender = settings.load(a_config(senders=senders), ENVIRON).senders["anna"].sender()

    assert sender.limits_for("x.dm") == Limits(per_day=200)
    assert sender.limits_for("x.like") == Limits()
    assert sender.limits_for("x.follow") == CAUTIOUS["x.follow"]
    assert sender.limits_for("sms") == Limits(per_day=50)


def test_a_crm_connection_has_its_mapping(a_config: Maker) -> None:
    hubspot = settings.load(a_config(crm=CRM), ENVIRON).crm["hubspot"]

    assert hubspot.options == {"base_url": "https://api.example.com", "token": "hubspot-token"}
    assert hubspot.fields["jobtitle"].mode is Mode.OVERWRITE
    mapping = hubspot.mapping()
    assert FieldRule(remote="firstname", source="first_name") in mapping.fields
    assert FieldRule(remote="jobtitle", source="fields.title", is_overwriting=True) in mapping.fields
    assert mapping.status_value("responded") == "CONNECTED"
    assert mapping.stage_value("default", "meeting_booked") == "42"
    assert mapping.deal == DealRule(pipeline="default", stage="appointmentscheduled", create_on=CrmTrigger.MEETING)
    assert (mapping.tie_break, mapping.owners) == (TieBreak.NEWEST, {"anna": "anna@example.com"})
    assert mapping.when[CrmTrigger.REPLY] == ("person", "log_reply")


@pytest.mark.parametrize(
    ("more", "operations"),
    [
        ("", ["person", "log_reply", "tags"]),
        ("  owners: {anna: anna@example.com}\n", ["person", "owner", "log_reply", "tags"]),
        ("  status: {property: s, values: {responded: x}}\n", ["person", "log_reply", "status", "tags"]),
        ("  stages: {default: {won: x}}\n", ["person", "log_reply", "stage", "tags"]),
    ],
)
def test_without_when_a_reply_writes_what_is_configured(a_config: Maker, more: str, operations: list[str]) -> None:
    crm = settings.load(a_config(crm=f"c:\n  use: csv_file\n{more}"), {}).crm["c"]

    assert crm.when == {CrmTrigger.REPLY: tuple(Operation(name) for name in operations)}
    assert crm.tie_break is TieBreak.OLDEST


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("sqlite:///{root}/a.db", "sqlite:///{root}/a.db"),
        ("sqlite:///data/a.db", "sqlite:///{root}/data/a.db"),
        ("postgresql://u@h/n", "postgresql+psycopg://u@h/n"),
        ("postgres://u@h/n", "postgresql+psycopg://u@h/n"),
        ("postgresql+psycopg://u@h/n", "postgresql+psycopg://u@h/n"),
    ],
)
def test_a_database_is_found_from_anywhere(a_config: Maker, written: str, read: str) -> None:
    root = a_config()

    found = settings.load(root, {"OUTREACH_DATABASE_URL": written.format(root=root)})

    assert found.database_url == read.format(root=root)


@pytest.mark.parametrize(
    "url", ["smtp://127.0.0.1:1025", "smtp://localhost", "smtp://[::1]:25", "smtp+starttls://mail.example.com:587"]
)
def test_a_server_may_be_this_machine_or_protected(a_config: Maker, url: str) -> None:
    senders = settings.load(a_config(senders=_sender(f"smtp: {{url: '{url}'}}")), {}).senders

    email = senders["anna"].email
    assert email is not None
    assert email.smtp is not None
    assert email.smtp.url == url


def test_plain_text_to_another_machine_must_be_asked_for(a_config: Maker) -> None:
    found = settings.load(
        a_config(senders=_sender("smtp: {url: 'smtp://mail.example.com', allow_plaintext: true}")), {}
    )

    email = found.senders["anna"].email
    assert email is not None
    assert email.smtp is not None
    assert email.smtp.allow_plaintext


def test_oauth_stands_in_place_of_a_password(a_config: Maker) -> None:
    oauth = "oauth: {provider: google, client_id: a, client_secret: b, refresh_token: c}"
    root = a_config(senders=_sender(f"smtp: {{url: 'smtps://smtp.example.com', username: anna, {oauth}}}"))

    email = settings.load(root, {}).senders["anna"].email

    assert email is not None
    assert email.smtp is not None
    expected = OAuthSettings(provider="google", client_id="a", client_secret="b", refresh_token="c", username="anna")
    assert email.smtp.oauth == expected


def test_another_kind_of_mailbox_keeps_its_options(a_config: Maker) -> None:
    email = settings.load(a_config(senders=_sender("use: memory, thread_id: t")), {}).senders["anna"].email

    assert email is not None
    assert (email.use, email.smtp, email.options) == ("memory", None, {"thread_id": "t"})


def _sender(email: str) -> str:
    return f"anna: {{name: Anna, timezone: UTC, email: {{address: anna@example.com, {email}}}}}\n"


def test_no_secret_shows_when_settings_are_printed(a_config: Maker) -> None:
    root = a_config(OUTREACH, senders=SENDERS, crm=CRM)
    environ = ENVIRON | {
        "OUTREACH_DATABASE_URL": "postgresql://u:db-password@h/n",
        "OUTREACH_REDIS_URL": "redis://:red-password@h",
    }

    shown = repr(settings.load(root, environ))

    hidden = [*ENVIRON.values(), "db-password", "red-password", "a long key"]
    assert [secret for secret in hidden if secret in shown] == []


OUTREACH_PROBLEMS = [
    ("databse_url: x\n", "config/outreach.yaml:1:1: unknown key 'databse_url'. Did you mean 'database_url'?"),
    (
        "database_url: mysql://root:word@h/n\n",
        "config/outreach.yaml:1:15: 'database_url' is not a database this can use. Write sqlite:",
    ),
    ("database_url: 'sqlite:///:memory:'\n", "'database_url' is not a database this can use."),
    ("database_url: 'sqlite://'\n", "'database_url' is not a database this can use."),
    (
        "broker_url: kafka://h\n",
        "config/outreach.yaml:1:13: 'broker_url' is not a queue this can use. Write redis://host:6379/0",
    ),
    ("broker_url: 'redis://h:port'\n", "'broker_url' is not a URL. Write it as scheme://host:port."),
    (
        "broker_url: redis://a\nredis_url: redis://b\n",
        "config/outreach.yaml:2:1: 'redis_url' and 'broker_url' differ. Keep one of them.",
    ),
    (
        "public_url: outreach.example.com\n",
        "'public_url' is not a web address. Write it as https://outreach.example.com.",
    ),
    ("organisation: {name: Example}\n", "in 'organisation', 'postal_address' is missing. Write `postal_address: …`."),
    (
        "organisation: {name: Example, postal_adress: x}\n",
        "unknown key 'postal_adress'. Did you mean 'postal_address'?",
    ),
    ("organisation: Example\n", "config/outreach.yaml:1:15: 'organisation' must be a mapping of keys to values."),
    ("defaults: {unknown: hodl}\n", "config/outreach.yaml:1:21: 'unknown' cannot be 'hodl'. Did you mean 'hold'?"),
    ("defaults: {max_late: 2}\n", "config/outreach.yaml:1:22: 'max_late': '2' is not a duration."),
    ("web: {port: 99999}\n", "config/outreach.yaml:1:13: 'port' must be at most 65535."),
    ("web: {port: eighty}\n", "config/outreach.yaml:1:13: 'port' must be a whole number."),
    ("schedules: {a b: {}}\n", "config/outreach.yaml:1:13: 'a b' is not a name."),
    ("schedules: {late: {hours: 9-5}}\n", "config/outreach.yaml:1:27: 'hours': '9-5' is not a range of hours."),
    (
        "webhooks: {replies: {secrets: [x]}}\n",
        "config/outreach.yaml:1:21: in 'replies', 'use' is missing. Write `use: …`.",
    ),
    ("webhooks: {replies: standard}\n", "config/outreach.yaml:1:21: 'replies' must be a mapping of keys to values."),
    ("webhooks: {replies: {use: standard, secrets: ['${A B}']}}\n", "the variable A B is not set."),
    ("- a\n", "config/outreach.yaml:1:1: the file must be a mapping of keys to values."),
    ("a: [\n", "config/outreach.yaml:2:1: something is missing here"),
]


@pytest.mark.parametrize(("text", "sentence"), OUTREACH_PROBLEMS)
def test_what_is_wrong_in_the_main_file_is_said(a_config: Maker, text: str, sentence: str) -> None:
    told = problems(a_config(text))

    assert [problem for problem in told if sentence in problem], told
    assert len(told) == 1
    assert "root:word" not in told[0]


ANNA = "anna: {name: Anna, timezone: UTC, "
SENDER_PROBLEMS = [
    ("anna: 5\n", "config/senders.yaml:1:7: 'anna' must be a mapping."),
    ("- anna\n", "config/senders.yaml:1:1: the file must be a mapping."),
    ("anna: {timezone: UTC}\n", "config/senders.yaml:1:7: in 'anna', 'name' is missing. Write `name: …`."),
    ("Anna B: {name: Anna, timezone: UTC}\n", "config/senders.yaml:1:1: 'Anna B' is not a name."),
    ("anna: {name: Anna, timezone: Istanbul}\n", "senders.yaml:1:30: 'timezone': 'Istanbul' is not a time zone."),
    ("anna: {name: Anna, timezone: +03:00}\n", "'timezone': '+03:00' is not a time zone. "),
    ('anna: {name: "A\\nB", timezone: UTC}\n', "'name' must be a single line without control characters."),
    (ANNA + "signatur: x}\n", "config/senders.yaml:1:35: unknown key 'signatur'. Did you mean 'signature'?"),
    (ANNA + "emial: {address: a@example.com}}\n", "unknown key 'emial'. Did you mean 'email'?"),
    (ANNA + "sms: {token: x}}\n", "config/senders.yaml:1:40: in 'sms', 'use' is missing. Write `use: …`."),
    (ANNA + "in-mail: {use: x}}\n", "'in-mail' is not a channel. Use small letters, digits and '_'."),
    (ANNA + "x: {use: x, limits: {per_day: 5}}}\n", "limits of a channel are written for each action. Write"),
    (ANNA + "x: {use: x, limits: {dm: {per_dya: 5}}}}\n", "unknown key 'per_dya'. Did you mean 'per_day'?"),
    (ANNA + "x: {use: x, limits: {dms: {per_day: 5}}}}\n", "'x' has no action 'dms'. Did you mean 'dm'?"),
    (ANNA + "sms: {use: x, limits: {per_dya: 5, gap: 1 hour}}}\n", "unknown key 'per_dya'. Did you mean 'per_day'?"),
    (ANNA + "sms: {use: x, limit: {}}}\n", "unknown key 'limit'. Did you mean 'limits'?"),
    (ANNA + "email: {smtp: {url: 'smtp://127.0.0.1'}}}\n", "in 'email', 'address' is missing."),
    (ANNA + "email: 5}\n", "config/senders.yaml:1:42: 'email' must be a mapping of keys to values."),
    (ANNA + "email: {address: anna, smtp: {url: 'smtp://127.0.0.1'}}}\n", "'anna' is not an e-mail address. Write it"),
    (ANNA + "email: {address: a@example.com}}\n", "senders.yaml:1:42: in 'email', 'smtp' is missing."),
    (_sender("smtp: {url: 'http://h'}"), "'url' is not the address of an SMTP server. Write smtps://host (TLS)"),
    (_sender("smtp: {url: 'smtp://h.example.com'}"), "'smtp' uses smtp://, which sends everything in the clear. Write"),
    (_sender("smtp: {url: 'smtp://localhost.example.com'}"), "'smtp' uses smtp://, which sends"),
    (_sender("smtp: {url: 'smtps://u:p@h'}"), "'url' must not hold a user name. Write it as username and password"),
    (_sender("smtp: {url: 'smtps://h', username: u}"), "'smtp' has only one of username and password. Write"),
    (_sender("smtp: {url: 'smtps://h', password: 5}"), "'password' must be text. Put it in quotes."),
    (_sender("smtp: {url: 'smtps://h', pasword: x}"), "unknown key 'pasword'. Did you mean 'password'?"),
    (_sender("smtp: {url: 'smtps://h'}, imap: {url: 'smtps://h'}"), "'url' is not the address of an IMAP server."),
    (_sender("smtp: {url: 'smtps://h'}, limits: {per_day: -1}"), "'per_day' must be at least 0."),
    (_sender("smtp: {url: 'smtps://h'}, limits: {per_day: many}"), "'per_day' must be a whole number."),
    (_sender("smtp: {url: 'smtps://h'}, limits: {gap: 9}"), "'gap': '9' is not a duration. Write a number and a unit"),
    (_sender("smtp: {url: 'smtps://h'}, limits: {ramp: {start: 5}}"), "in 'ramp', 'step' is missing."),
    (_sender("smtp: {url: 'smtps://h'}, something: 1"), "unknown key 'something'."),
    (ANNA + "booking_url: cal}\n", "'booking_url' is not a web address."),
    (ANNA + "freeze: [tomorrow]}\n", "entry 1 of 'freeze': 'tomorrow' is not a date. Write it as 2026-12-24."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), SENDER_PROBLEMS)
def test_what_is_wrong_with_a_sender_is_said(a_config: Maker, text: str, sentence: str) -> None:
    told = problems(a_config(senders=text))

    assert [problem for problem in told if sentence in problem], told
    assert len(told) == 1


CRM_PROBLEMS = [
    ("c: {token: x}\n", "config/crm.yaml:1:4: in 'c', 'use' is missing."),
    ("c: 5\n", "config/crm.yaml:1:4: 'c' must be a mapping of keys to values."),
    ("- c\n", "config/crm.yaml:1:1: the file must be a mapping."),
    ("c: {use: x, filds: {}}\n", "unknown key 'filds'. Did you mean 'fields'?"),
    ("c: {use: x, fields: {a: first_name}}\n", "'a' must be a mapping of keys to values."),
    ("c: {use: x, fields: {a: {form: first_name}}}\n", "unknown key 'form'. Did you mean 'from'?"),
    ("c: {use: x, fields: {a: {from: 'first name'}}}\n", "'first name' is not a value of a lead."),
    ("c: {use: x, fields: {a: {from: b, mode: append}}}\n", "'mode' cannot be 'append'. Write one of: fill,"),
    ("c: {use: x, status: {property: p, values: {replied: y}}}\n", "unknown key 'replied'. Did you mean"),
    ("c: {use: x, owners: {anna: anna}}\n", "'anna' is not an e-mail address."),
    ("c: {use: x, deal: {create_on: metting, pipeline: p, stage: s}}\n", "'metting'. Did you mean 'meeting'?"),
    ("c: {use: x, tie_break: random}\n", "'tie_break' cannot be 'random'. Write one of: newest, oldest."),
    ("c: {use: x, when: {replied: [person]}}\n", "config/crm.yaml:1:20: unknown key 'replied'. Did you mean 'reply'?"),
    ("c: {use: x, when: {reply: [persn]}}\n", "entry 1 of 'reply' cannot be 'persn'. Did you mean 'person'?"),
    ("c: {use: x, when: {reply: [person, status]}}\n", "'status' is asked for, but 'c' has no 'status'."),
    ("c: {use: x, when: {meeting: [deal]}}\n", "'deal' is asked for, but 'c' has no 'deal'."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), CRM_PROBLEMS)
def test_what_is_wrong_with_a_crm_connection_is_said(a_config: Maker, text: str, sentence: str) -> None:
    told = problems(a_config(crm=text))

    assert [problem for problem in told if sentence in problem], told


def test_every_problem_of_every_file_is_told_at_once(a_config: Maker) -> None:
    told = problems(a_config("web: {port: x}\nnope: 1\n", senders="anna: 5\nbob: 6\n", crm="c: {}\n"))

    assert len(told) == 5


def test_a_folder_without_the_main_file_is_no_workspace(tmp_path: Path) -> None:
    assert problems(tmp_path)[0].startswith("config/outreach.yaml: this file does not exist. Begin a workspace with")
