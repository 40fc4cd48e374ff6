"""A million leads with three million touches and three hundred thousand events, made by the database itself.

They spread over the 330 days before now. Every lead is sample data: names and addresses of example domains.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, text

from outreach.testing.field import FILES

SENDERS = ("anna", *(f"sender{number}" for number in range(1, 20)))
SEQUENCES = ("launch", "webinar", "referral", "winback")
STEPS = ("intro", "bump", "invite", "story", "nudge", "close")

_SENDER = """
{name}:
  name: Sample {name}
  timezone: Europe/Istanbul
  email: {{address: {name}@sender.example, use: memory}}
"""

_SEQUENCE = """
name: {name}
pipeline: default
senders: [{senders}]
schedule: always
stages: {{first_touch: contacted, reply: responded, no_reply: nurture}}
steps:
{steps}
"""


def _steps() -> str:
    lines = [f"  - id: {step}\n    email: {'intro' if step == 'intro' else 'bump'}" for step in STEPS]
    return "\n  - wait: 4 days\n".join(lines)


WORKSPACE: Mapping[str, str] = {
    **FILES,
    "config/senders.yaml": "".join(_SENDER.format(name=name) for name in SENDERS),
    "config/goals.yaml": (
        "- {name: Meetings of the year, kpi: meetings, target: 9000, owner: anna, start: FIRST, deadline: LAST,"
        " attainable_because: sample data}\n"
        "- {name: Revenue of the year, kpi: revenue, target: 90000000, owner: anna, start: FIRST, deadline: LAST,"
        " attainable_because: sample data}\n"
    ),
    **{
        f"sequences/{name}.yaml": _SEQUENCE.format(name=name, senders=", ".join(SENDERS), steps=_steps())
        for name in SEQUENCES
    },
}
"""Files of the workspace; FIRST and LAST are days."""

_BEGIN = "(date_trunc('day', now()) - interval '330 days')"
_ENTERED = f"({_BEGIN} + n * interval '56 seconds')"
_LEAD = "'l' || lpad(n::text, 9, '0')"
_ANSWERED = (
    f"({_ENTERED} + (n / 5 % 6) * interval '4 days' + interval '1 minute'"
    " + (n::bigint * 7919 % 259200) * interval '1 second')"
)
_WON = f"({_ANSWERED} + interval '20 days')"
_PARKED = f"({_ENTERED} + interval '26 days')"
_STAGE = f"""CASE WHEN n > :leads / 2 THEN 'prospect' WHEN n % 50 = 0 AND {_WON} < now() THEN 'won'
                  WHEN n % 5 = 0 AND {_ANSWERED} < now() THEN 'responded'
                  WHEN n % 10 = 9 AND {_PARKED} < now() THEN 'nurture' ELSE 'contacted' END"""

STATEMENTS = (
    """INSERT INTO companies (id, name, domain, fields, created_at)
    SELECT 'c' || n, 'Company ' || n || (ARRAY[' Pay', ' Ledger', ' Bank', ' Labs'])[1 + n % 4],
           'company' || n || '.example', jsonb_build_object('size', (n * 7) % 5000),
           timestamptz '2025-06-01' + n * interval '1 second'
    FROM generate_series(1, :leads / 4) n""",
    f"""INSERT INTO leads (id, company_id, first_name, last_name, title, language, timezone, country, owner, source,
                          status, pipeline, stage, stage_since_at, score, tags, fields, created_at, updated_at)
    SELECT {_LEAD}, 'c' || (1 + n % (:leads / 4)),
           (ARRAY['Ayse','Jan','Maria','Luca','Sofia','Mehmet','Anna','Omar'])[1 + n % 8] || n % 997,
           (ARRAY['Demir','Nowak','Silva','Rossi','Weber','Kaya','Jansen'])[1 + n % 7] || n % 9973,
           (ARRAY['Founder','CTO','Head of Compliance','CFO','Engineer'])[1 + n % 5],
           'en', 'Europe/Istanbul', (ARRAY['TR','DE','PL','PT','IT'])[1 + n % 5],
           CASE WHEN n % 1000 = 7 THEN 'rare' WHEN n % 3 = 0 THEN 'anna' ELSE 'deniz' END,
           (ARRAY['webinar','import:fair.csv','website','referral'])[1 + n % 4],
           CASE WHEN n > :leads / 2 THEN 'new' WHEN n % 5 = 0 THEN 'responded' WHEN n % 10 = 9 THEN 'not_interested'
                ELSE 'in_sequence' END,
           'default', {_STAGE}, {_ENTERED}, (n * 37) % 100,
           CASE WHEN n % 500 = 3 THEN '["vip", "fintech"]'::jsonb ELSE '["fintech"]'::jsonb END,
           jsonb_build_object('industry', (ARRAY['bank','insurance','payments'])[1 + n % 3], 'employees', n % 3000,
                              'segment', (ARRAY['large','middle','small'])[1 + n % 3])
           || CASE WHEN n % 50 = 0 THEN jsonb_build_object('value', (n % 90 + 1) * 100) ELSE '{{}}'::jsonb END,
           CASE WHEN n <= :leads / 2 THEN {_ENTERED} - interval '2 days'
                ELSE {_BEGIN} + (n - :leads / 2) * interval '56 seconds' END, now()
    FROM generate_series(1, :leads) n""",
    """INSERT INTO addresses (id, lead_id, kind, value, is_dead, created_at)
    SELECT 'a' || n, 'l' || lpad(n::text, 9, '0'), 'email',
           'person' || n || '@company' || (1 + n % (:leads / 4)) || '.example', n % 50 = 0, timestamptz '2026-01-01'
    FROM generate_series(1, :leads) n""",
    f"""INSERT INTO enrollments (id, lead_id, company_id, sequence, revision_id, sender, state, reason, cursor,
                                cursor_at, zone, entered_at, finished_at)
    SELECT 'e' || n, {_LEAD}, 'c' || (1 + n % (:leads / 4)), s.name, s.revision_id,
           (CAST(:senders AS text[]))[1 + n % 20],
           CASE WHEN {_ENTERED} < now() - interval '20 days' THEN 'finished' ELSE 'active' END,
           CASE WHEN {_ENTERED} < now() - interval '20 days' THEN 'completed' END, 'bump', {_ENTERED},
           'Europe/Istanbul', {_ENTERED},
           CASE WHEN {_ENTERED} < now() - interval '20 days' THEN {_ENTERED} + interval '24 days' END
    FROM generate_series(1, :leads / 2) n
    JOIN sequences s ON s.name = (CAST(:sequences AS text[]))[1 + n % 4]""",
    f"""INSERT INTO touches (id, enrollment_id, lead_id, sequence, revision_id, step, action, channel, variant, sender,
                            state, is_first, wanted_at, due_at, attempts, used_at, sent_at, finished_at, recipient,
                            message_id, crossed)
    SELECT 't' || n || '-' || k, 'e' || n, {_LEAD}, s.name, s.revision_id, (CAST(:steps AS text[]))[1 + k],
           CASE WHEN k = 2 THEN 'linkedin.invite' ELSE 'email' END, CASE WHEN k = 2 THEN 'linkedin' ELSE 'email' END,
           CASE WHEN k = 0 AND n % 2 = 0 THEN 'story' END, (CAST(:senders AS text[]))[1 + n % 20],
           CASE WHEN at < now() THEN 'sent' ELSE 'planned' END, k = 0, at, CASE WHEN at >= now() THEN at END,
           CASE WHEN at < now() THEN 1 ELSE 0 END, CASE WHEN at < now() THEN at END, CASE WHEN at < now() THEN at END,
           CASE WHEN at < now() THEN at END, 'person' || n || '@company.example',
           'm' || n || '-' || k || '@sender.example', false
    FROM (SELECT n, k, {_ENTERED} + k * interval '4 days' AS at
          FROM generate_series(1, :leads / 2) n, generate_series(0, 5) k) made
    JOIN sequences s ON s.name = (CAST(:sequences AS text[]))[1 + n % 4]
    WHERE at < now() + interval '4 days'""",
    f"""INSERT INTO events (key, kind, channel, at, lead_id, enrollment_id, touch_id, subject, text, reason, data,
                           created_at)
    SELECT kind || n, kind, 'email', at, {_LEAD}, 'e' || n,
           CASE WHEN n % 50 <> 25 THEN 't' || n || '-' || step END, 'Re: hello', 'Sounds good', '', '{{}}', at
    FROM (SELECT n, 'replied' AS kind, n / 5 % 6 AS step, {_ANSWERED} AS at
          FROM generate_series(5, :leads / 2, 5) n
          UNION ALL SELECT n, 'booked', n / 5 % 6, {_ANSWERED} + interval '1 day'
          FROM generate_series(100, :leads / 2, 100) n
          UNION ALL SELECT n, 'cancelled', n / 5 % 6, {_ANSWERED} + interval '2 days'
          FROM generate_series(1000, :leads / 2, 1000) n
          UNION ALL SELECT n, 'autoresponded', 1, {_ENTERED} + interval '97 hours'
          FROM generate_series(1, :leads / 2, 20) n
          UNION ALL SELECT n, 'bounced', 0, {_ENTERED} + interval '1 minute' FROM generate_series(2, :leads / 2, 50) n
          UNION ALL SELECT n, 'unsubscribed', 2, {_ENTERED} + interval '200 hours'
          FROM generate_series(3, :leads / 2, 100) n
          UNION ALL SELECT n, 'accepted', 2, {_ENTERED} + interval '210 hours'
          FROM generate_series(4, :leads / 2, 10) n
          UNION ALL SELECT n, 'opened', 0, {_ENTERED} + interval '1 hour' FROM generate_series(1, :leads / 2, 5) n) made
    WHERE at < now() ORDER BY at""",
    """INSERT INTO replies (event_number, reply_class, suggested, suggested_by, evidence)
    SELECT number, class, class, 'rules', '[]'::jsonb
    FROM (SELECT number, (ARRAY['interested','question','objection','not_interested','not_now','meeting','unclear'])
                         [1 + number % 7] AS class FROM events WHERE kind = 'replied') each""",
    f"""INSERT INTO stage_moves (id, lead_id, pipeline, from_stage, to_stage, reason, by, at)
    SELECT 'm' || n || to_stage, {_LEAD}, 'default', from_stage, to_stage, reason, 'engine', at
    FROM (SELECT n, 'prospect' AS from_stage, 'contacted' AS to_stage, 'first touch' AS reason, {_ENTERED} AS at
          FROM generate_series(1, :leads / 2) n
          UNION ALL SELECT n, 'contacted', 'responded', 'reply', {_ANSWERED} FROM generate_series(5, :leads / 2, 5) n
          UNION ALL SELECT n, 'responded', 'won', 'signed', {_WON} FROM generate_series(50, :leads / 2, 50) n
          UNION ALL SELECT n, 'contacted', 'nurture', 'no reply', {_PARKED}
          FROM generate_series(9, :leads / 2, 10) n) made
    WHERE at < now()""",
    """INSERT INTO tasks (id, lead_id, kind, assignee, note, state, due_at, created_at)
    SELECT 'task' || n, 'l' || lpad(n::text, 9, '0'), 'call', 'anna', 'Ask about the audit', 'open',
           now() - interval '20 days' + n * interval '5 minutes', now() - interval '30 days'
    FROM generate_series(1, :leads / 100) n""",
    f"""INSERT INTO tasks (id, lead_id, kind, assignee, note, state, due_at, created_at, finished_at)
    SELECT 'done' || n, {_LEAD}, CASE WHEN n % 2 = 0 THEN 'call' ELSE 'todo' END, 'anna', 'Ask about the audit', 'done',
           {_ENTERED}, {_ENTERED}, {_ENTERED} + interval '10 days'
    FROM generate_series(10, :leads / 2, 20) n WHERE {_ENTERED} + interval '10 days' < now()""",
)


def fill(connection: Connection, leads: int) -> None:
    """Write them. The sequences of `WORKSPACE` are applied already."""
    known = {"leads": leads, "senders": list(SENDERS), "sequences": list(SEQUENCES), "steps": list(STEPS)}
    for statement in STATEMENTS:
        connection.execute(text(statement), {name: known[name] for name in known if f":{name}" in statement})
