"""`winner: auto`: the variant that is surely better is what people get who come to the step afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, RowMapping

from outreach.content.configuration import ReportSettings
from outreach.content.revision import freeze
from outreach.content.workspace import load
from outreach.domain.period import month_of
from outreach.domain.simulation import Rates
from outreach.scheduler import Scheduler
from outreach.services.measuring import winners
from outreach.services.measuring.report import Wish, report
from outreach.services.measuring.winners import PATIENCE, look, look_now
from outreach.services.sequences import revise
from outreach.services.simulating import simulate_list
from outreach.services.simulating.simulate_list import Question
from outreach.services.simulating.simulate_stored import people_of
from outreach.services.watching.explain import explain_lead
from outreach.services.watching.explain_sequence import explain_sequence
from outreach.services.watching.status import status
from outreach.store.tables import audit, enrollments, events, leads, notices, replies, sequences, touches, trials
from outreach.testing.field import FILES, Field

MakeField = Callable[[Mapping[str, str]], Field]

NAME = "two-mails"
STORY = "---\nsubject: A story\n---\nHi {{ lead.first_name | default('there') }}, let me tell you a story.\n"
PATH = f"sequences/{NAME}.yaml"


def sequence(winner: str = "auto", *, rest: str = "") -> str:
    return (
        f"name: {NAME}\nsenders: [anna]\nschedule: always\nsteps:\n"
        f"  - id: intro\n    email: intro\n    variants: {{story: story}}\n    winner: {winner}\n{rest}"
    )


def files(winner: str = "{at_least: 20}", *, rest: str = "") -> dict[str, str]:
    return {PATH: sequence(winner, rest=rest), "templates/story.md": STORY}


def come(field: Field, number: int, name: str = "first") -> dict[str, str]:
    """Lead → variant, of so many people who get the first mail now."""
    ids = [field.add_lead(f"{name}{count}@{name}.example") for count in range(number)]
    field.enroll(*ids)
    field.settle()
    return {row["lead_id"]: row["variant"] for row in field.rows(touches, step="intro") if row["lead_id"] in ids}


def written(field: Field, number: int, name: str = "past") -> dict[str, str]:
    """Lead → variant, of so many people who got the first mail now, half of them each; nothing else is left of it."""
    now = field.clock.now()
    revision = field.row(sequences, name=NAME)["revision_id"]
    of = {f"{name}{count}": "main" if count % 2 else "story" for count in range(number)}
    person: dict[str, object] = {"source": "test", "status": "in_sequence", "pipeline": "default", "stage": "contacted"}
    person |= {"stage_since_at": now, "created_at": now, "updated_at": now}
    inside = {"sequence": NAME, "revision_id": revision, "sender": "anna", "zone": "UTC"}
    inside |= {"state": "finished", "reason": "completed", "entered_at": now, "cursor_at": now, "finished_at": now}
    mail = {"sequence": NAME, "revision_id": revision, "step": "intro", "action": "email", "channel": "email"}
    mail |= {"sender": "anna", "state": "sent", "wanted_at": now, "sent_at": now}
    with field.app.store.begin() as connection:
        connection.execute(leads.insert(), [{"id": lead, **person} for lead in of])
        connection.execute(enrollments.insert(), [{"id": lead, "lead_id": lead, **inside} for lead in of])
        rows = [
            {"id": lead, "enrollment_id": lead, "lead_id": lead, "variant": had, **mail} for lead, had in of.items()
        ]
        connection.execute(touches.insert(), rows)
    return of


def answer(field: Field, of: Mapping[str, str], **shares: float) -> None:
    """So large a share of the people who had a variant answers it."""
    for variant, share in shares.items():
        people = sorted(lead for lead, had in of.items() if had == variant)
        say(field, *people[: round(len(people) * share)])


def say(field: Field, *lead_ids: str, kind: str = "replied", meaning: str | None = None) -> None:
    first = {row["lead_id"]: row for row in field.rows(touches, step="intro")}
    at = field.clock.now()
    with field.app.store.begin() as connection:
        for touch in [first[lead] for lead in lead_ids]:
            _say(connection, touch, at, kind=kind, meaning=meaning)


def _say(connection: Connection, touch: RowMapping, at: datetime, *, kind: str, meaning: str | None) -> None:
    lead = touch["lead_id"]
    row = {"kind": kind, "channel": "email", "at": at, "created_at": at, "lead_id": lead, "touch_id": touch["id"]}
    number = connection.execute(events.insert().values(**row, key=f"{lead}.{kind}", data={})).inserted_primary_key
    if meaning and number:
        said = {"reply_class": meaning, "suggested": meaning, "suggested_by": "rules"}
        connection.execute(replies.insert().values(event_number=number[0], **said))


def change(field: Field, text: str, **templates: str) -> None:
    """Write the sequence and templates anew and apply it."""
    (field.root / PATH).write_text(text, encoding="utf-8")
    for name, source in templates.items():
        (field.root / f"templates/{name}.md").write_text(source, encoding="utf-8")
    workspace = load(field.root, {}, needs_secrets=False)
    revise.apply(field.engine, {NAME: freeze(workspace, NAME)}, hashes=workspace.hashes, by="test")


def decided(field: Field) -> list[str]:
    return [decision.won.variant for decision in look_now(field.engine)]


def test_whoever_comes_after_the_decision_gets_the_winner(make_field: MakeField) -> None:
    field = make_field(files())
    before = come(field, 60)
    answer(field, before, main=0.0, story=0.7)
    field.go(days=4)

    assert decided(field) == ["story"]
    after = come(field, 8, "later")

    assert set(before.values()) == {"main", "story"}
    assert set(after.values()) == {"story"}
    assert {row["variant"] for row in field.rows(touches) if row["lead_id"] in before} == {"main", "story"}
    assert look_now(field.engine) == []


def test_the_decision_is_kept_with_its_numbers_and_in_the_audit_trail(make_field: MakeField) -> None:
    field = make_field(files())
    had = written(field, 100)
    answer(field, had, main=0.0, story=0.6)
    field.go(days=4)
    look_now(field.engine)

    kept, entry = field.row(trials), field.row(audit, action="variant won")

    people = Counter(had.values())
    assert (kept["winner"], kept["looks"], kept["measure"]) == ("story", 1, "reply_rate")
    assert kept["counts"] == {"main": [people["main"], 0], "story": [people["story"], round(people["story"] * 0.6)]}
    assert kept["decided_at"] == field.clock.now()
    assert (entry["subject"], entry["actor"], entry["data"]["variant"]) == (f"{NAME}/intro", "engine", "story")


def test_the_team_is_told_once_who_has_won(make_field: MakeField) -> None:
    slack = "\nnotify: {slack: {url: https://hooks.slack.com/services/T/B/x}}\n"
    field = make_field({**files(), "config/outreach.yaml": FILES["config/outreach.yaml"] + slack})
    answer(field, written(field, 100), main=0.0, story=0.6)
    field.go(days=4)

    assert decided(field) == ["story"]
    look_now(field.engine)

    (told,) = field.rows(notices, kind="winner")
    assert told["text"].startswith(f"story has won in {NAME}/intro by reply_rate: ")
    assert "against main 0 of " in told["text"]


def test_a_touch_that_is_planned_already_keeps_its_variant(make_field: MakeField) -> None:
    first = "  - wait: 10 days\n"
    field = make_field({**files(), PATH: sequence("{at_least: 20}").replace("steps:\n", f"steps:\n{first}")})
    waiting = come(field, 10, "waits")
    answer(field, written(field, 60), main=0.0, story=0.6)
    field.go(days=4)
    planned = {row["lead_id"]: row["variant"] for row in field.rows(touches, state="planned")}

    assert decided(field) == ["story"]
    late = come(field, 4, "late")
    field.go(days=7)

    assert set(planned.values()) == {"main", "story"}
    assert {row["lead_id"]: row["variant"] for row in field.rows(touches) if row["lead_id"] in planned} == planned
    assert set(waiting) == set(planned)
    assert set(late.values()) == {"story"}


@pytest.mark.parametrize(
    ("people", "shares"),
    [(30, {"main": 0.0, "story": 0.9}), (100, {"main": 0.3, "story": 0.35}), (100, {"main": 0.0, "story": 0.0})],
    ids=["too few of each", "it may be chance", "nobody answers"],
)
def test_nothing_is_decided_before_it_is_sure(make_field: MakeField, people: int, shares: dict[str, float]) -> None:
    field = make_field(files("{at_least: 25}"))
    answer(field, written(field, people), **shares)
    field.go(days=4)

    assert look_now(field.engine) == []
    assert set(come(field, 10, "later").values()) == {"main", "story"}


def test_people_have_time_to_answer_before_they_count(make_field: MakeField) -> None:
    field = make_field(files())
    answer(field, written(field, 100), main=0.0, story=0.6)

    field.clock.advance(PATIENCE - timedelta(minutes=1))
    assert look_now(field.engine) == []
    assert field.rows(trials)[0]["looks"] == 0
    field.clock.advance(timedelta(minutes=2))
    assert decided(field) == ["story"]


def test_it_is_not_looked_again_before_there_are_twice_as_many(make_field: MakeField) -> None:
    field = make_field(files())
    first = written(field, 100)
    field.go(days=4)
    look_now(field.engine)
    answer(field, first, main=0.0, story=0.9)

    assert look_now(field.engine) == []
    assert field.row(trials)["looks"] == 1
    written(field, 140, "second")
    field.go(days=4)
    assert decided(field) == ["story"]
    assert field.row(trials)["looks"] == 2


def test_the_round_of_the_scheduler_comes_once_an_hour(make_field: MakeField) -> None:
    field = make_field(files())
    assert look(field.engine) == []
    answer(field, written(field, 100), main=0.0, story=0.6)
    field.clock.advance(timedelta(minutes=30))
    assert look(field.engine) == []

    field.go(days=4)

    Scheduler(field.app).sweep()

    assert field.row(trials)["winner"] == "story"


def test_positive_replies_may_be_what_counts(make_field: MakeField) -> None:
    field = make_field(files("{by: positive_reply_rate, at_least: 20}"))
    had = written(field, 100)
    for variant, meaning in (("main", "not_interested"), ("story", "interested")):
        say(field, *sorted(lead for lead, each in had.items() if each == variant)[:25], meaning=meaning)
    field.go(days=4)

    assert decided(field) == ["story"]


def test_auto_replies_and_opt_outs_are_no_replies(make_field: MakeField) -> None:
    field = make_field(files())
    story = [lead for lead, each in written(field, 100).items() if each == "story"]
    say(field, *story[:20], kind="autoresponded")
    say(field, *story[20:], kind="unsubscribed")
    field.go(days=4)

    assert look_now(field.engine) == []


def test_another_text_is_another_trial_that_begins_with_nothing(make_field: MakeField) -> None:
    field = make_field(files())
    answer(field, written(field, 100), main=0.0, story=0.6)
    field.go(days=4)
    look_now(field.engine)

    change(field, sequence("{at_least: 20}"), story=STORY.replace("a story", "another story"))

    assert set(come(field, 10, "later").values()) == {"main", "story"}
    assert look_now(field.engine) == []
    with field.app.store.read() as connection:
        (view,) = winners.trials(connection, field.engine, NAME)
    assert (view.winner, view.looks) == (None, 0)


def test_a_revision_with_the_same_texts_keeps_the_decision(make_field: MakeField) -> None:
    field = make_field(files())
    answer(field, written(field, 100), main=0.0, story=0.6)
    field.go(days=4)
    look_now(field.engine)

    change(field, sequence("{at_least: 20}", rest="  - wait: 3 days\n  - {id: bump, email: bump, thread: intro}\n"))

    assert set(come(field, 8, "later").values()) == {"story"}


def test_people_of_revisions_with_the_same_texts_count_together(make_field: MakeField) -> None:
    field = make_field(files())
    first = written(field, 50)
    change(field, sequence("{at_least: 40}", rest="  - wait: 3 days\n  - {id: bump, email: bump, thread: intro}\n"))
    second = written(field, 50, "second")
    answer(field, first | second, main=0.0, story=0.6)
    field.go(days=4)

    assert decided(field) == ["story"]


def test_without_the_key_nothing_is_ever_decided(make_field: MakeField) -> None:
    text = sequence().replace("    winner: auto\n", "")
    field = make_field({PATH: text, "templates/story.md": STORY})
    answer(field, written(field, 100), main=0.0, story=0.6)
    field.go(days=4)

    assert look_now(field.engine) == []
    assert field.rows(trials) == []


def test_who_moves_to_a_revision_without_the_key_is_divided_again(make_field: MakeField) -> None:
    field = make_field(files())
    answer(field, written(field, 100), main=0.0, story=0.6)
    field.go(days=4)
    look_now(field.engine)

    change(field, sequence().replace("    winner: auto\n", ""))

    assert set(come(field, 10, "later").values()) == {"main", "story"}


def test_a_simulation_gives_people_what_the_engine_gives_them(make_field: MakeField) -> None:
    field = make_field(files())
    answer(field, written(field, 100), main=0.0, story=0.6)
    field.go(days=4)
    new = [field.add_lead(f"new{number}@new{number}.example") for number in range(8)]

    undecided = simulated(field, new)
    look_now(field.engine)
    known = simulated(field, new)
    field.enroll(*new)
    field.settle()

    assert set(undecided.values()) == {"main", "story"}
    assert known == {row["lead_id"]: row["variant"] for row in field.rows(touches) if row["lead_id"] in new}
    assert set(known.values()) == {"story"}


def simulated(field: Field, lead_ids: list[str]) -> dict[str, str | None]:
    question = Question(sequence=NAME, start=field.clock.now(), days=2, rates=Rates())
    people = [known for known in people_of(field.app.store, NAME) if known.lead_id in lead_ids]
    simulation = simulate_list.begin(field.app.workspace, question, field.app.store)
    simulate_list.simulate(simulation, question, people)
    return {sent.person.known.lead_id: sent.variant for sent in simulation.record.sent()}


def test_status_explain_and_report_tell_of_the_trial(make_field: MakeField) -> None:
    field = make_field(files())
    had = written(field, 100)
    before = status(field.engine).trials
    answer(field, had, main=0.2, story=0.8)
    field.go(days=4)
    look_now(field.engine)
    lead = field.add_lead("late@late.example")
    field.enroll(lead)

    (view,) = status(field.engine).trials

    assert [winners.said(each) for each in before] == [
        "no winner by reply_rate yet; looked at again with 20 people of each"
    ]
    assert winners.said(view).startswith("story has won by reply_rate: 40 of 50 against main 10 of 50 (p = ")
    assert explain_sequence(field.engine, NAME).trials == (view,)
    told = explain_lead(field.engine, lead).enrollments[0]
    assert "email (step intro, variant story, which has won) is planned for" in told.next
    wish = Wish(period=month_of(field.clock.now().date(), "UTC"))
    assert report(field.engine, ReportSettings(), wish).trials == (view,)


def test_explain_says_which_variant_waits(make_field: MakeField) -> None:
    path = sequence("{at_least: 20}").replace("steps:\n", "steps:\n  - wait: 10 days\n")
    field = make_field({**files(), PATH: path})
    ((lead, variant),) = come(field, 1, "waits").items()

    touch = explain_lead(field.engine, lead).enrollments[0]

    assert touch.touch is not None
    assert touch.touch.variant == variant
    assert f"(step intro, variant {variant}) by anna" in touch.next
