"""status, explain, tasks, unknown, db export, audit verify, crm, inbound."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from outreach.clock import SystemClock
from outreach.store.session import open_store
from outreach.store.tables import audit, crm_jobs, deliveries, tasks, touches
from outreach.testing.servers import PostgresServer
from tests.cli.conftest import Shell

TABLES = ("touches", "events", "leads", "enrollments", "sync")


def _insert(shell: Shell, table: object, **values: object) -> None:
    store = open_store(f"sqlite:///{shell.root / 'outreach.db'}")
    with store.begin() as connection:
        connection.execute(table.insert().values(**values))  # type: ignore[attr-defined]  # a table
    store.dispose()


def _lead(shell: Shell, address: str = "ada@one.example") -> str:
    found: str = shell.run("leads", "show", address, "--json").json["id"]
    return found


def _touch(shell: Shell, state: str) -> str:
    """A touch of Ada's enrollment in that state."""
    shell.run("enroll", "welcome", "--lead", "ada@one.example", "--yes")
    (enrollment,) = shell.run("db", "export", "--what", "enrollments").lines
    with sqlite3.connect(shell.root / "outreach.db") as database:
        (revision,) = database.execute("select id from revisions").fetchone()
        database.execute("update enrollments set due_at = null")
    now = SystemClock().now()
    row = {"id": "t1", "enrollment_id": enrollment["enrollment_id"], "lead_id": enrollment["lead_id"]}
    row |= {"sequence": "welcome", "revision_id": revision, "step": "intro", "action": "email", "channel": "email"}
    row |= {"sender": "anna", "state": state, "wanted_at": now, "attempts": 1, "handed_over_at": now}
    _insert(shell, touches, **row, finished_at=now, recipient="ada@one.example", subject="Hello", reason="no answer")
    return "t1"


def test_status_for_people_and_for_programs(stocked: Shell) -> None:
    for_people, for_programs = stocked.run("status"), stocked.run("status", "--json")

    assert (for_people.code, for_programs.code) == (0, 0)
    assert "Today:    0 sent, 0 failed, 0 replies" in for_people.out
    assert "Forgotten: 5 open leads without a next action (5 never enrolled)" in for_people.out
    assert for_programs.json["forgotten_by"] == {"never enrolled": 5}


def test_nobody_is_forgotten_once_everybody_is_enrolled(stocked: Shell) -> None:
    stocked.run("enroll", "welcome", "--all", "--yes")

    assert "Forgotten: nobody." in stocked.run("status").out


def test_explain_asks_every_rule(stocked: Shell) -> None:
    stocked.run("enroll", "welcome", "--all", "--yes")
    stocked.run("pause", "--all", "--reason", "holidays")

    for_people = stocked.run("explain", "ada@one.example")
    for_programs = stocked.run("explain", "ada@one.example", "--json").json

    assert "✗ not while paused: paused: all (holidays) (until something changes)" in for_people.out
    assert for_programs["enrollments"][0]["sequence"] == "welcome"


def test_explain_a_sequence_counts_everybody(stocked: Shell) -> None:
    stocked.run("enroll", "welcome", "--all", "--yes")

    for_people = stocked.run("explain", "--sequence", "welcome")
    found = stocked.run("explain", "--sequence", "welcome", "--json").json

    assert "5 active, 0 paused, 0 held" in for_people.out
    assert sum(found["reasons"].values()) == 5


@pytest.mark.parametrize("arguments", [(), ("ada@one.example", "--sequence", "welcome"), ("--sequence", "nope")])
def test_explain_needs_one_thing_that_exists(stocked: Shell, arguments: tuple[str, ...]) -> None:
    assert stocked.run("explain", *arguments).code == 2


def test_tasks_are_listed_done_and_skipped(stocked: Shell) -> None:
    lead, now = _lead(stocked), SystemClock().now()
    for task_id in ("a1", "a2"):
        row = {"id": task_id, "lead_id": lead, "kind": "call", "state": "open", "text": "Hi Ada", "created_at": now}
        _insert(stocked, tasks, **row)

    listed = stocked.run("tasks")
    done = stocked.run("tasks", "done", "a1", "--outcome", "she is in")
    skipped = stocked.run("tasks", "skip", "a2", "--reason", "no number")

    assert "Ada Example <ada@one.example>" in listed.out
    assert "Hi Ada" in listed.out
    assert (done.out, skipped.code) == ("Done: call for Ada Example <ada@one.example>.\n", 0)
    assert stocked.run("tasks", "list", "--json").json == []
    both = stocked.run("tasks", "--all", "--json").json
    assert {task["outcome"] for task in both} == {"she is in", "no number"}


def test_a_task_that_is_over_stays_over(stocked: Shell) -> None:
    said = stocked.run("tasks", "done", "nope")

    assert said.code == 2
    assert "there is no task 'nope'" in said.err


def test_a_person_decides_about_the_unknown(stocked: Shell) -> None:
    touch_id = _touch(stocked, "unknown")

    listed = stocked.run("unknown")
    accepted = stocked.run("unknown", "accept", touch_id)

    assert "ada@one.example" in listed.out
    assert "outreach unknown resend ID" in listed.out
    assert accepted.code == 0
    assert stocked.run("unknown", "list", "--json").json == []
    assert stocked.run("unknown", "resend", touch_id).code == 2
    assert stocked.run("db", "export", "--what", "touches").lines[0]["state"] == "sent"


def test_what_did_not_arrive_is_planned_again(stocked: Shell) -> None:
    touch_id = _touch(stocked, "unknown")

    assert stocked.run("unknown", "resend", touch_id).code == 0
    assert stocked.run("db", "export", "--what", "touches").lines[0]["state"] == "planned"


def test_failed_touches_are_listed_on_demand(stocked: Shell) -> None:
    _touch(stocked, "failed")

    assert stocked.run("unknown", "--json").json == []
    assert [each["state"] for each in stocked.run("unknown", "--failed", "--json").json] == ["failed"]


@pytest.mark.parametrize("what", TABLES)
def test_every_table_can_be_taken_out(stocked: Shell, what: str) -> None:
    stocked.run("enroll", "welcome", "--all", "--yes")

    said = stocked.run("db", "export", "--what", what)

    assert said.code == 0
    assert len(said.lines) == (5 if what in ("leads", "enrollments") else 0)


@pytest.mark.parametrize("arguments", [("--what", "everything"), (), ("--what", "leads", "--after", "3")])
def test_an_export_of_nothing_we_have_is_a_mistake(stocked: Shell, arguments: tuple[str, ...]) -> None:
    assert stocked.run("db", "export", *arguments).code == 2


def test_upgrade_says_where_the_database_is(shell: Shell) -> None:
    fresh, again = shell.run("db", "upgrade"), shell.run("db", "upgrade")

    assert fresh.code == 0
    assert again.out.rstrip().endswith("as before.")


def test_an_altered_audit_trail_is_found(stocked: Shell) -> None:
    whole = stocked.run("audit", "verify")
    with sqlite3.connect(stocked.root / "outreach.db") as database:
        database.execute("update audit set actor = 'somebody else' where number = 1")

    broken = stocked.run("audit", "verify", "--json")

    assert (whole.code, whole.out) == (0, "The audit trail is whole.\n")
    assert (broken.code, broken.json["first_break"]) == (1, 1)
    assert audit.name == "audit"


def test_the_mapping_of_each_crm_is_proved(shell: Shell) -> None:
    said = shell.run("crm", "check", "--json")

    assert said.code == 0
    assert {row["connection"] for row in said.json} == {"crm-file"}
    assert all(row["is_ok"] for row in said.json)


def test_a_mapping_that_does_not_fit_fails(shell: Shell) -> None:
    shell.write(
        "config/crm.yaml",
        "hubspot:\n  use: hubspot\n  base_url: http://127.0.0.1:9\n  token: t\n  when: {reply: [person]}\n",
    )

    said = shell.run("crm", "check")

    assert said.code == 1
    assert "WRONG" in said.out


def test_failed_crm_work_is_listed_and_runs_again(stocked: Shell) -> None:
    now = SystemClock().now()
    row = {"connection": "crm-file", "lead_id": _lead(stocked), "operation": "person", "key": "e1:person"}
    _insert(stocked, crm_jobs, **row, state="dead", attempts=8, error="no such field", created_at=now)

    listed = stocked.run("crm", "failed", "--json").json
    wrong = stocked.run("crm", "retry", "999")
    again = stocked.run("crm", "retry", str(listed[0]["number"]))

    assert [each["error"] for each in listed] == ["no such field"]
    assert wrong.code == 2
    assert again.out == "Runs again: 1 job.\n"
    assert stocked.run("crm", "failed", "--json").json == []
    assert stocked.run("crm", "failed", "--connection", "hubspto").code == 2


def test_a_mail_is_parsed_without_a_workspace(tmp_path: Path, shell: Shell) -> None:
    mail = tmp_path / "reply.eml"
    mail.write_bytes(b"From: Ada <ada@one.example>\r\nSubject: Re: Hello\r\n\r\nSounds good.\r\n")

    said = shell.spawn("inbound", "parse", str(mail), str(mail), "--own", "anna@example.com", cwd=tmp_path)

    assert said.code == 0
    assert [line["kind"] for line in said.lines] == ["reply", "reply"]
    assert said.lines[0]["from"] == "ada@one.example"
    assert " ".join(said.lines[0]) == (
        "file kind reason text in_reply_to references to recipients from subject until status"
    )


def test_our_own_mail_is_known_by_the_workspace(shell: Shell) -> None:
    mail = shell.write("own.eml", "From: anna@example.com\r\nTo: ada@one.example\r\nSubject: Hello\r\n\r\nHello\r\n")

    assert [line["kind"] for line in shell.run("inbound", "parse", str(mail), "--json").lines] == ["own"]


def test_deliveries_that_were_not_understood_are_tried_again(stocked: Shell) -> None:
    now = SystemClock().now()
    row = {"id": "d1", "connection": "replies", "key": "k1", "method": "POST", "url": "/", "headers": {}, "body": b"?"}
    _insert(stocked, deliveries, **row, received_at=now, state="failed", attempts=5, error="ValueError: not JSON")

    listed = stocked.run("inbound", "failed", "--json").json
    wrong = stocked.run("inbound", "replay", "nope")
    again = stocked.run("inbound", "replay", "--json")

    assert [(each["id"], each["error"]) for each in listed] == [("d1", "ValueError: not JSON")]
    assert wrong.code == 2
    assert again.json == {"replayed": ["d1"]}
    assert stocked.run("status", "--json").json["deliveries_waiting"] == 1


def test_a_delivery_in_trouble_is_listed_before_it_is_given_up(stocked: Shell) -> None:
    now = SystemClock().now()
    row = {"id": "d2", "connection": "replies", "key": "k2", "method": "POST", "url": "/", "headers": {}, "body": b"?"}
    due = now + timedelta(hours=1)
    _insert(stocked, deliveries, **row, received_at=now, state="stored", attempts=1, due_at=due, error="ValueError: x")

    listed = stocked.run("inbound", "failed", "--json").json

    assert [(each["id"], each["attempts"], each["next_at"] is None) for each in listed] == [("d2", 1, False)]
    assert stocked.run("inbound", "replay", "--only", "failed", "--json").json == {"replayed": ["d2"]}
    assert stocked.run("inbound", "failed", "--json").json == []


def test_postgresql_asks_for_the_upgrade_and_then_is_fine(shell: Shell, postgres: PostgresServer) -> None:
    url = postgres.create("upgrade_by_hand")

    before = shell.spawn("status", OUTREACH_DATABASE_URL=url)
    upgraded = shell.spawn("db", "upgrade", OUTREACH_DATABASE_URL=url)
    after = shell.spawn("status", OUTREACH_DATABASE_URL=url)
    postgres.drop("upgrade_by_hand")

    assert (before.code, upgraded.code, after.code) == (1, 0, 0)
    assert "Run: outreach db upgrade" in before.err
