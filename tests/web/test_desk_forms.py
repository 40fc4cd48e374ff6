"""Forms of the dashboard: what each writes, what it says when it cannot, and which ones are refused."""

from __future__ import annotations

import pytest

from outreach.store.tables import audit, crm_jobs, enrollments, events, leads, notes, pauses, replies, tasks, touches
from outreach.web.forms import COOKIE
from tests.web.desk import Desk

FORMS = (
    "/leads/lead-1/note",
    "/leads/lead-1/stage",
    "/leads/lead-1/pause",
    "/leads/lead-1/resume",
    "/pipeline/default/move",
    "/inbox/1/mark",
    "/inbox/deliveries/d1/assign",
    "/tasks/t1/done",
    "/tasks/t1/skip",
    "/tasks/t1/snooze",
    "/tasks/t1/assign",
    "/sequences/two-mails/pause",
    "/sequences/two-mails/resume",
    "/senders/anna/pause",
    "/senders/anna/resume",
    "/crm/retry",
    "/unknown/u1/accept",
    "/unknown/u1/resend",
)


def test_no_form_is_taken_without_its_token_or_from_somewhere_else(desk: Desk) -> None:
    here = {"origin": str(desk.web.base_url).rstrip("/")}
    token = desk.token("/leads/lead-1")
    fields = {"text": "hello", "stage": "lost", "reason": "no", "lead": "lead-2", "class": "objection"}

    for path in FORMS:
        answers = {
            "no token": desk.web.post(path, data=fields, headers=here),
            "another token": desk.web.post(path, data={**fields, "token": "x" * 43}, headers=here),
            "no origin": desk.web.post(path, data={**fields, "token": token}),
            "another origin": desk.web.post(
                path, data={**fields, "token": token}, headers={"origin": "https://evil.example"}
            ),
            "a hidden origin": desk.web.post(path, data={**fields, "token": token}, headers={"origin": "null"}),
            "another port": desk.web.post(
                path, data={**fields, "token": token}, headers={"origin": "http://127.0.0.1:1"}
            ),
            "another site": desk.web.post(
                path, data={**fields, "token": token}, headers={**here, "sec-fetch-site": "cross-site"}
            ),
        }
        assert {why: answer.status_code for why, answer in answers.items()} == dict.fromkeys(answers, 403), path

    assert desk.rows(audit, actor="dashboard") == []
    assert [row["id"] for row in desk.rows(notes)] == ["n1"]


def test_a_form_without_the_cookie_is_refused_whatever_it_carries(desk: Desk) -> None:
    token = desk.token("/leads/lead-1")
    desk.web.cookies.clear()

    answer = desk.web.post(
        "/leads/lead-1/note",
        data={"token": token, "text": "hello"},
        headers={"origin": str(desk.web.base_url).rstrip("/")},
    )

    assert answer.status_code == 403
    assert "This form is not one of ours, or too old." in answer.text


def test_the_cookie_is_for_us_alone(desk: Desk) -> None:
    told = desk.web.get("/leads/lead-1").headers["set-cookie"]

    assert told.startswith(f"{COOKIE}=")
    assert "HttpOnly" in told
    assert "SameSite=strict" in told
    assert "set-cookie" not in desk.web.get("/leads/lead-1").headers


@pytest.mark.parametrize("body", [b"text=" + b"x" * 70_000, b"text=%ff", b"&".join([b"a=1"] * 60), b"text=%00"])
def test_a_body_that_is_no_form_is_refused(desk: Desk, body: bytes) -> None:
    headers = {
        "origin": str(desk.web.base_url).rstrip("/"),
        "content-type": "application/x-www-form-urlencoded",
    }
    filled = body + b"&token=" + desk.token("/leads/lead-1").encode()

    assert desk.web.post("/leads/lead-1/note", content=filled, headers=headers).status_code in (400, 413)


def test_a_note_is_kept_and_shown(desk: Desk) -> None:
    answer = desk.send("/leads/lead-1/note", "/leads/lead-1", text="Likes <b>tea</b>\nand talks")

    assert (answer.status_code, answer.headers["location"]) == (303, "/leads/lead-1?said=noted")
    assert desk.rows(notes, author="dashboard")[0]["text"] == "Likes <b>tea</b>\nand talks"
    page = desk.web.get(answer.headers["location"]).text
    assert "The note is kept." in page
    assert "&lt;b&gt;tea&lt;/b&gt;" in page


def test_an_empty_note_is_refused_beside_its_field(desk: Desk) -> None:
    answer = desk.send("/leads/lead-1/note", "/leads/lead-1", text="   ")

    assert answer.status_code == 422
    assert 'aria-describedby="note-wrong"' in answer.text
    assert "the note is empty" in answer.text


def test_a_lead_moves_with_what_the_stage_needs(desk: Desk) -> None:
    refused = desk.send("/leads/lead-2/stage", "/leads/lead-2", stage="won")
    moved = desk.send("/leads/lead-2/stage", "/leads/lead-2", **{"stage": "won", "set.value": "900"})

    assert (refused.status_code, moved.status_code) == (422, 303)
    assert "needs value, which the lead lacks" in refused.text
    (lead,) = desk.rows(leads, id="lead-2")
    assert (lead["stage"], lead["fields"]["value"]) == ("won", "900")
    assert desk.rows(enrollments, lead_id="lead-2")[0]["state"] == "finished"


def test_a_card_moves_by_its_menu_and_says_beside_it_why_not(desk: Desk) -> None:
    moved = desk.send("/pipeline/default/move", "/pipeline", lead="lead-2", stage="contacted")
    refused = desk.send("/pipeline/default/move", "/pipeline", lead="lead-3", stage="won")
    unknown = desk.send("/pipeline/default/move", "/pipeline", lead="nobody", stage="won")

    assert (moved.status_code, moved.headers["location"]) == (303, "/pipeline/default?said=moved")
    assert desk.rows(leads, id="lead-2")[0]["stage"] == "contacted"
    assert (refused.status_code, unknown.status_code) == (422, 422)
    assert 'id="wrong-lead-3"' in refused.text
    assert "there is no lead &#39;nobody&#39;" in unknown.text


def test_a_lead_is_paused_and_goes_on(desk: Desk) -> None:
    paused = desk.send("/leads/lead-2/pause", "/leads/lead-2", reason="on holiday")
    state = desk.rows(enrollments, lead_id="lead-2")[0]["state"]
    resumed = desk.send("/leads/lead-2/resume", "/leads/lead-2")

    assert (paused.status_code, state) == (303, "paused")
    assert (resumed.status_code, desk.rows(enrollments, lead_id="lead-2")[0]["state"]) == (303, "active")


def test_the_class_of_a_reply_is_corrected(desk: Desk) -> None:
    (reply,) = desk.rows(replies)
    path = f"/inbox/{reply['event_number']}/mark"

    refused = desk.send(path, "/inbox", **{"class": "cheerful"})
    no_day = desk.send(path, "/inbox", **{"class": "not_now", "until": "soon"})
    marked = desk.send(path, "/inbox", **{"class": "objection"})

    assert (refused.status_code, no_day.status_code, marked.status_code) == (422, 422, 303)
    assert "is no class of replies" in refused.text
    assert "2026-03-01" in no_day.text
    (after,) = desk.rows(replies)
    assert (after["reply_class"], after["suggested"], after["marked_by"]) == ("objection", "meeting", "dashboard")


def test_what_nobody_was_found_for_is_assigned(desk: Desk) -> None:
    refused = desk.send("/inbox/deliveries/d1/assign", "/inbox", lead="nobody@nowhere.example")
    assigned = desk.send("/inbox/deliveries/d1/assign", "/inbox", lead="ayse@bosphorus.example")

    assert (refused.status_code, assigned.status_code) == (422, 303)
    assert desk.rows(events, key="e2")[0]["lead_id"] == "lead-1"


def test_a_task_is_done_put_off_given_away_and_skipped(desk: Desk) -> None:
    given = desk.send("/tasks/t1/assign", "/tasks", assignee="deniz")
    never = desk.send("/tasks/t1/snooze", "/tasks", until="when pigs fly")
    off = desk.send("/tasks/t1/snooze", "/tasks", until="3 days")
    done = desk.send("/tasks/t1/done", "/leads/lead-1", outcome="They want a quote")
    again = desk.send("/tasks/t1/skip", "/leads/lead-1", reason="late")

    assert [each.status_code for each in (given, never, off, done, again)] == [303, 422, 303, 303, 422]
    assert "is no time" in never.text
    (task,) = desk.rows(tasks)
    assert (task["state"], task["outcome"], task["assignee"]) == ("done", "They want a quote", "deniz")
    assert "is done already" in again.text


def test_sequences_and_senders_are_paused_with_a_reason(desk: Desk) -> None:
    desk.send("/sequences/two-mails/pause", "/sequences/two-mails", reason="new texts")
    desk.send("/senders/anna/pause", "/senders", reason="moving house")

    assert {(row["scope"], row["reason"]) for row in desk.rows(pauses)} == {
        ("sequence", "new texts"),
        ("sender", "moving house"),
    }
    assert "new texts" in desk.web.get("/sequences").text
    assert "moving house" in desk.web.get("/senders").text

    desk.send("/sequences/two-mails/resume", "/sequences/two-mails")
    desk.send("/senders/anna/resume", "/senders")

    assert desk.rows(pauses) == []
    assert desk.send("/senders/nobody/pause", "/senders").status_code == 404
    assert desk.send("/sequences/nothing/pause", "/senders").status_code == 404


def test_what_failed_in_the_crm_runs_again(desk: Desk) -> None:
    (job,) = desk.rows(crm_jobs, state="dead")

    answer = desk.send("/crm/retry", "/crm", number=str(job["number"]))

    assert answer.headers["location"] == "/crm?said=retried"
    assert desk.rows(crm_jobs, number=job["number"])[0]["state"] == "waiting"
    assert desk.send("/crm/retry", "/leads/lead-1", number="x").status_code == 400
    assert desk.send("/crm/retry", "/leads/lead-1", connection="nowhere").status_code == 400


@pytest.mark.parametrize(("decision", "state"), [("accept", "sent"), ("resend", "planned")])
def test_a_person_decides_about_what_is_unknown(desk: Desk, decision: str, state: str) -> None:
    answer = desk.send(f"/unknown/u1/{decision}", "/unknown")
    again = desk.send(f"/unknown/u1/{decision}", "/leads/lead-1")

    assert (answer.status_code, desk.rows(touches, id="u1")[0]["state"]) == (303, state)
    assert (again.status_code, "not unknown" in again.text) == (422, True)


def test_the_trail_says_that_it_was_done_on_a_page(desk: Desk) -> None:
    desk.send("/pipeline/default/move", "/pipeline", lead="lead-2", stage="contacted")

    assert [row["action"] for row in desk.rows(audit, actor="dashboard")] == ["stage"]
