"""Answers on the command line: read, assigned, marked; a list that must not be contacted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from outreach.clock import SystemClock
from outreach.store.session import open_store
from outreach.store.tables import deliveries, events, leads

if TYPE_CHECKING:
    from tests.cli.conftest import Shell


def _reply(shell: Shell, *, of: str | None, number: int = 1, text: str = "No thanks.") -> None:
    """A delivery and the reply understood from it, as the web and a worker leave them."""
    now = SystemClock().now()
    delivery: dict[str, Any] = {
        "id": f"d{number}",
        "connection": "replies",
        "key": f"k{number}",
        "method": "POST",
        "url": "/",
    }
    delivery |= {"headers": {}, "body": b"?", "received_at": now, "state": "understood", "attempts": 1}
    event: dict[str, Any] = {
        "key": f"e{number}",
        "kind": "replied",
        "channel": "email",
        "at": now,
        "created_at": now,
        "text": text,
    }
    event |= {"delivery_id": f"d{number}", "lead_id": of, "data": {"from": "bob@two.example"}}
    store = open_store(f"sqlite:///{shell.root / 'outreach.db'}")
    with store.begin() as connection:
        connection.execute(insert(deliveries).values(**delivery))
        connection.execute(insert(events).values(**event))
    store.dispose()


def _first_lead(shell: Shell) -> str:
    store = open_store(f"sqlite:///{shell.root / 'outreach.db'}")
    with store.read() as connection:
        found: str = connection.execute(select(leads.c.id).order_by(leads.c.id)).scalars().first() or ""
    store.dispose()
    return found


def test_answers_are_listed_with_their_class_and_the_words_that_told(stocked: Shell) -> None:
    lead_id = _first_lead(stocked)
    _reply(stocked, of=lead_id)

    listed = stocked.run("inbox", "--json").json
    said = stocked.run("inbox").out

    assert [(each["lead_id"], each["reply_class"]) for each in listed["answers"]] == [(lead_id, "not_interested")]
    assert "because of: “No thanks”" in said
    assert stocked.run("inbox", "--class", "interested", "--json").json["answers"] == []
    assert stocked.run("inbox", "--class", "intrested").code == 2


def test_what_belongs_to_nobody_is_assigned(stocked: Shell) -> None:
    lead_id = _first_lead(stocked)
    _reply(stocked, of=None)

    assert "bob@two.example" in stocked.run("inbox", "--unmatched").out
    assigned = stocked.run("inbox", "assign", "d1", lead_id)
    again = stocked.run("inbox", "assign", "d1", lead_id)

    assert assigned.out == f"Assigned to {lead_id}: replied.\n"
    assert again.code == 2
    assert stocked.run("inbox", "--json").json["unmatched"] == []
    assert stocked.run("leads", "show", lead_id, "--json").json["status"] == "not_interested"


def test_a_class_is_corrected(stocked: Shell) -> None:
    lead_id = _first_lead(stocked)
    _reply(stocked, of=lead_id)
    number = stocked.run("inbox", "--json").json["answers"][0]["number"]

    marked = stocked.run("reply", "mark", str(number), "not_now", "--until", "2030-01-07")

    assert marked.out == f"Reply {number} is not_now now; it was not_interested.\n"
    answer = stocked.run("inbox", "--json").json["answers"][0]
    assert (answer["reply_class"], answer["suggested"], answer["until"]) == ("not_now", "not_interested", "2030-01-07")
    assert stocked.run("reply", "mark", str(number), "not_now", "--until", "soon").code == 2
    assert stocked.run("reply", "mark", "999", "interested").code == 2
    assert stocked.run("audit", "verify").code == 0


def test_deliveries_since_a_time_are_understood_again(stocked: Shell) -> None:
    _reply(stocked, of=None)

    assert stocked.run("inbound", "replay", "--only", "failed").out == "Tried again: 0 deliveries.\n"
    assert stocked.run("inbound", "replay", "--since", "1 days").out == "Tried again: 1 delivery.\n"
    assert stocked.run("inbound", "replay", "--since", "yesterday").code == 2
    assert stocked.run("inbound", "replay", "--only", "understood").code == 2


def test_a_whole_list_is_suppressed(stocked: Shell) -> None:
    rows = "name;mail\nAda;ada@one.example\nBob;Bob <bob@two.example>\nAll of them;three.example\nNobody;-\n"
    path = stocked.write("stop.csv", rows)

    done = stocked.run("suppress", "--file", str(path), "--yes", "--reason", "register")
    again = stocked.run("suppress", "--file", str(path), "--yes")

    assert done.out == again.out == "Suppressed 3 rows: 0 enrollments ended; rejected 1 row.\n"
    assert f"{path}:5: no address and no domain" in done.err
    listed = {(each["scope"], each["value"], each["detail"]) for each in stocked.run("suppress", "list", "--json").json}
    assert listed == {
        ("address", "email:ada@one.example", "register"),
        ("address", "email:bob@two.example", "register"),
        ("domain", "three.example", "register"),
    }
    assert stocked.run("suppress", "--file", str(path)).code == 2


def test_many_mails_are_parsed_in_the_order_they_were_named(shell: Shell) -> None:
    paths = [shell.write(f"mail/{number}.eml", f"Subject: Re: {number}\n\nYes {number}.\n") for number in range(201)]

    said = shell.spawn("inbound", "parse", *map(str, paths))

    assert said.code == 0
    assert [line["text"] for line in said.lines] == [f"Yes {number}." for number in range(201)]
