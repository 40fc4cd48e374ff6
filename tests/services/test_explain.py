"""Why somebody does (not) get a message, by the rules that sending asks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import pytest

from outreach.domain.rules import RULES
from outreach.domain.suppression import Scope, SuppressionReason
from outreach.errors import OutcomeUnknown, Unavailable, UsageError
from outreach.services.hearing import stop
from outreach.services.hearing.stop import Target, Width
from outreach.services.people.note import write_note
from outreach.services.watching.explain import EnrollmentView, explain_lead
from outreach.services.watching.explain_sequence import explain_sequence
from outreach.services.watching.status import status
from outreach.store.tables import leads
from outreach.testing.field import Field

MakeField = Callable[[Mapping[str, str]], Field]

OFFICE_HOURS = {
    "sequences/two-mails.yaml": """
name: two-mails
pipeline: default
senders: [anna]
schedule: {timezone: lead, days: mon-fri, hours: "09:00-17:30", holidays: none}
steps:
  - id: intro
    email: intro
  - wait: 3 days
  - id: bump
    email: bump
    thread: intro
"""
}
ONE_A_DAY = {
    "config/senders.yaml": """
anna:
  name: Anna Example
  timezone: Europe/Istanbul
  email: {address: anna@sender.example, use: memory, limits: {per_day: 1}}
"""
}
DAYS_OFF = {
    "config/senders.yaml": """
anna:
  name: Anna Example
  timezone: Europe/Istanbul
  email: {address: anna@sender.example, use: memory}
  freeze: [2026-03-02, 2026-03-03]
"""
}
OF_THE_SENDER = (
    *("not_on_a_day_off", "only_within_the_allowance"),
    *("only_within_the_recipients_caps", "only_in_its_turn"),
)
BRANCHES = {
    "sequences/branches.yaml": """
name: branches
pipeline: default
senders: [anna]
schedule: always
steps:
  - id: intro
    email: intro
  - wait_for: open
    at_most: 5 days
    then:
      - id: opened
        email: bump
    else:
      - stop: nobody looked
"""
}
NEEDS_A_NAME = {"templates/intro.md": "---\nsubject: Hello\n---\nHi {{ lead.first_name }}, a word about your work.\n"}


def _one(field: Field, lead: str) -> EnrollmentView:
    return explain_lead(field.engine, lead).enrollments[-1]


def _blocking(view: EnrollmentView) -> list[tuple[str, str]]:
    return [(verdict.rule, verdict.because) for verdict in view.verdicts if verdict.blocks]


def test_every_rule_that_sending_asks_is_answered_in_its_order(field: Field) -> None:
    lead = field.add_lead("ayse@one.example")
    field.enroll(lead)
    field.settle()

    asked = [verdict.rule for verdict in _one(field, lead).verdicts]

    assert asked == ["only_when_due", *(rule.__name__ for rule in RULES), *OF_THE_SENDER]


def test_a_wait_says_until_when_and_what_follows(field: Field) -> None:
    lead = field.add_lead("ayse@one.example")
    field.enroll(lead)
    field.settle()

    view = _one(field, lead)

    assert _blocking(view) == [("only_when_due", "its time has not come")]
    assert view.verdicts[0].until == field.clock.now() + timedelta(days=3)
    assert view.touch is not None
    assert (view.touch.step, view.after) == ("bump", "the end")


def test_outside_the_window_the_next_opening_is_named(make_field: MakeField) -> None:
    field = make_field(OFFICE_HOURS)
    lead = field.add_lead("ayse@one.example", timezone="America/New_York")  # 02:00 on a Monday there
    field.enroll(lead)
    field.settle()

    view = _one(field, lead)

    opens_at = datetime.fromisoformat("2026-03-02T09:00-05:00")
    assert ("only_inside_the_window", "outside the window") in _blocking(view)
    assert next(verdict for verdict in view.verdicts if verdict.rule == "only_inside_the_window").until == opens_at
    assert view.zone == "America/New_York"


def test_a_missing_value_is_named(make_field: MakeField) -> None:
    field = make_field(NEEDS_A_NAME)
    lead = field.add_lead("ayse@one.example", first_name="Ayşe")
    field.enroll(lead)
    with field.app.store.begin() as connection:
        connection.execute(leads.update().values(first_name=None))
    field.settle()

    assert any(
        rule == "only_with_every_value" and "first_name" in because for rule, because in _blocking(_one(field, lead))
    )


def test_a_pause_of_any_width_is_named_with_its_reason(field: Field) -> None:
    lead = field.add_lead("ayse@one.example")
    field.enroll(lead)
    field.settle()
    stop.pause(field.engine, Target(width=Width.DOMAIN, value="one.example"), reason="negotiating", by="anna")

    assert ("not_while_paused", "paused: domain one.example (negotiating)") in _blocking(_one(field, lead))


def test_an_unread_delivery_is_what_holds_it(field: Field) -> None:
    lead = field.add_lead("ayse@one.example")
    field.enroll(lead)
    field.settle()
    field.reply("ayse@one.example")

    assert "not_while_a_reply_is_unread" in dict(_blocking(_one(field, lead)))


def test_the_senders_cap_is_named(make_field: MakeField) -> None:
    field = make_field(ONE_A_DAY)
    first, second = field.add_lead("ayse@one.example"), field.add_lead("bora@two.example")
    field.enroll(first)
    field.settle()
    field.clock.advance(timedelta(minutes=1))
    field.enroll(second)
    field.settle()

    view = _one(field, second)

    assert _blocking(view) == [("only_within_the_allowance", "cap of 1 a day reached")]
    assert "waits, cap of 1 a day reached" in view.next


def test_a_day_off_of_the_sender_is_named_until_the_first_day_that_is_none(make_field: MakeField) -> None:
    field = make_field(DAYS_OFF)
    lead = field.add_lead("ayse@one.example")
    field.enroll(lead)
    field.settle()

    blocking = [verdict for verdict in _one(field, lead).verdicts if verdict.blocks]

    assert [verdict.because for verdict in blocking] == ["a day off of sender anna"]
    assert blocking[0].until == datetime.fromisoformat("2026-03-04T00:00+03:00")
    assert explain_sequence(field.engine, "two-mails").reasons == {"a day off of sender anna": 1}
    assert status(field.engine).senders[0].queues[0].because == "a day off of sender anna"


def test_a_failing_provider_is_named(field: Field) -> None:
    lead = field.add_lead("ayse@one.example")
    field.memory().will(Unavailable("memory", "connection refused"))
    field.enroll(lead)
    for claim_id in field.claim():
        field.carry_out(claim_id)

    assert "not_while_the_circuit_is_open" in dict(_blocking(_one(field, lead)))


def test_doubt_about_the_last_message_is_named(field: Field) -> None:
    lead = field.add_lead("ayse@one.example")
    field.memory().will(OutcomeUnknown("memory", "no answer"))
    field.enroll(lead)
    field.settle()

    view = _one(field, lead)

    assert view.touch is not None
    assert view.touch.state == "unknown"
    assert "a person decides" in _blocking(view)[0][1]


def test_where_nothing_is_in_the_way_it_says_so(field: Field) -> None:
    lead = field.add_lead("ayse@one.example")
    field.enroll(lead)
    field.settle()
    field.clock.advance(timedelta(days=3))

    view = _one(field, lead)

    assert _blocking(view) == []
    assert "it goes with the next batch" in view.next


def test_between_two_touches_it_tells_what_is_waited_for(make_field: MakeField) -> None:
    field = make_field(BRANCHES)
    lead = field.add_lead("ayse@one.example")
    field.enroll(lead, sequence="branches")
    field.settle()

    view = _one(field, lead)

    assert view.touch is None
    assert view.stands == "waits for open, at most 5 days"
    assert view.look_again_at == field.clock.now() + timedelta(days=5)
    assert view.after == "email opened if it happens, else stop: nobody looked"
    assert _blocking(view) == []


def test_a_pause_shows_between_two_touches_too(make_field: MakeField) -> None:
    field = make_field(BRANCHES)
    lead = field.add_lead("ayse@one.example")
    field.enroll(lead, sequence="branches")
    field.settle()
    stop.pause(field.engine, Target(width=Width.LEAD, value=lead), reason="later", by="anna")

    assert _blocking(_one(field, lead)) == [("not_while_paused", "paused: this enrollment")]


def test_a_finished_enrollment_says_why(field: Field) -> None:
    lead = field.add_lead("ayse@one.example")
    field.enroll(lead)
    field.settle()
    stop.suppress(field.engine, Scope.LEAD, lead, reason=SuppressionReason.BY_HAND, by="anna")

    view = _one(field, lead)

    assert (view.state, view.reason, view.next) == ("finished", "suppressed", "nothing: it is finished")
    assert view.verdicts == ()


def test_the_history_tells_everything_in_the_order_of_time(field: Field) -> None:
    lead = field.add_lead("ayse@one.example", first_name="Ayşe")
    field.enroll(lead)
    field.settle()
    field.clock.advance(timedelta(hours=1))
    field.reply("ayse@one.example", "Call me")
    field.settle()
    field.clock.advance(timedelta(hours=1))
    write_note(field.engine, lead, "Called her", by="anna")

    told = [(entry.kind, entry.what) for entry in explain_lead(field.engine, lead).history]

    assert told[0] == ("enrolled", "sender anna")
    assert ("sent", "email to ayse@one.example: Hello Ayşe") in told
    assert ("replied", "email: Call me") in told
    assert told[-1] == ("note", "anna: Called her")
    assert ("finished", "replied") in told


def test_explaining_changes_nothing(field: Field) -> None:
    lead = field.add_lead("ayse@one.example")
    field.enroll(lead)
    before = dict(field.enrollment(lead))

    explain_lead(field.engine, lead)

    assert dict(field.enrollment(lead)) == before
    assert field.counts() == {}


def test_it_is_json(field: Field) -> None:
    lead = field.add_lead("ayse@one.example")
    field.enroll(lead)
    field.settle()

    written = json.loads(json.dumps(explain_lead(field.engine, lead).to_json()))

    assert written["lead_id"] == lead
    assert written["enrollments"][0]["touch"]["step"] == "bump"


def test_nobody_is_nobody(field: Field) -> None:
    with pytest.raises(UsageError, match="there is no lead 'nope'"):
        explain_lead(field.engine, "nope")


def test_everybody_inside_a_sequence_is_counted_once(make_field: MakeField) -> None:
    field = make_field(ONE_A_DAY)
    people = [field.add_lead(f"lead{number}@one{number}.example") for number in range(5)]
    field.enroll(*people)
    field.settle()
    stop.pause(field.engine, Target(width=Width.LEAD, value=people[0]), reason="later", by="anna")

    found = explain_sequence(field.engine, "two-mails")

    assert (found.revision, found.active, found.paused) == (1, 4, 1)
    assert sum(found.reasons.values()) == 5
    assert found.reasons["paused: this enrollment"] == 1
    assert sum(n for reason, n in found.reasons.items() if "cap of 1 a day reached" in reason) in (3, 4)


def test_the_finished_are_counted_by_their_reason(field: Field) -> None:
    first, second = field.add_lead("ayse@one.example"), field.add_lead("bora@two.example")
    field.enroll(first, second)
    field.settle()
    field.reply("ayse@one.example")
    field.settle()

    found = explain_sequence(field.engine, "two-mails")

    assert (found.active, found.finished) == (1, {"replied": 1})
    assert found.steps == {"bump": 1}
    assert found.reasons == {"its time has not come": 1}


def test_a_wide_pause_is_the_reason_for_all_it_covers(field: Field) -> None:
    field.enroll(field.add_lead("ayse@one.example"), field.add_lead("bora@two.example"))
    stop.pause(field.engine, Target(width=Width.ALL), reason="holidays", by="anna")
    while field.claim():
        pass

    found = explain_sequence(field.engine, "two-mails")

    assert found.reasons == {"paused: all": 2}


def test_people_between_two_touches_are_counted_by_where_they_stand(make_field: MakeField) -> None:
    field = make_field(BRANCHES)
    field.enroll(field.add_lead("ayse@one.example"), sequence="branches")
    field.settle()

    found = explain_sequence(field.engine, "branches")

    assert found.reasons == {"no touch is open: waits for open, at most 5 days": 1}


def test_a_sequence_nobody_applied_is_unknown(field: Field) -> None:
    with pytest.raises(UsageError, match=r"'nope' is not applied\. Applied: two-mails"):
        explain_sequence(field.engine, "nope")
