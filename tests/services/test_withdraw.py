"""Old invitations are taken back within the limits; acceptance is found by looking, before the provider tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from outreach import errands, settings
from outreach.channel import Relation
from outreach.domain.event import EventKind
from outreach.errors import ConfigError, RateLimited, Refused, Unauthorized, Unavailable
from outreach.services.sending.relations import look_at_relations
from outreach.services.sending.withdraw import withdraw_old
from outreach.store.tables import events, pauses, senders, tasks, withdrawals
from outreach.testing.field import FILES, Field

MakeField = Callable[[Mapping[str, str]], Field]

ASK = (
    "name: two-mails\npipeline: default\nsenders: [anna]\nschedule: always\nsteps:\n  - id: ask\n    linkedin.invite:\n"
)
WAITING = ASK + "  - wait_for: linkedin.accepted\n    at_most: 60 days\n    then:\n      - {id: intro, email: intro}\n"


def linked(account: str = "withdraw_after: 21 days", sequence: str = ASK) -> dict[str, str]:
    own = f"  linkedin: {{use: memory, limits: {{invite: {{}}, withdraw: {{per_day: 2, gap: 1 hours}}}}, {account}}}\n"
    return {"config/senders.yaml": FILES["config/senders.yaml"] + own, "sequences/two-mails.yaml": sequence}


def profile(number: int) -> str:
    return f"https://www.linkedin.com/in/ada-{number}"


def invited(field: Field, count: int = 1) -> list[str]:
    leads = [field.add_lead(f"ada{number}@example.com") for number in range(count)]
    for number, lead in enumerate(leads):
        field.add_address(lead, "linkedin", profile(number))
    field.enroll(*leads)
    field.settle()
    return leads


def sweep(field: Field, **later: float) -> int:
    field.clock.advance(timedelta(**later))
    work = withdraw_old(field.engine, errands.withdraw_ages(field.app), field.app.channel_of)
    return field.loop.run_until_complete(work)


def withdrawn(field: Field) -> list[str]:
    return [each.to for each in field.memory("anna", "linkedin").sent if each.action == "linkedin.withdraw"]


def test_an_invitation_that_nobody_answered_is_taken_back_once(make_field: MakeField) -> None:
    field = make_field(linked())
    invited(field)

    assert sweep(field, days=20) == 0
    assert sweep(field, days=2) == 1
    assert [sweep(field, hours=3) for _ in range(20)] == [0] * 20
    assert withdrawn(field) == [profile(0)]
    assert field.row(withdrawals)["state"] == "done"


def test_an_accepted_one_stays(make_field: MakeField) -> None:
    field = make_field(linked())
    (lead,) = invited(field)
    row = {"kind": EventKind.ACCEPTED, "channel": "linkedin", "at": field.clock.now(), "lead_id": lead, "data": {}}
    with field.app.store.begin() as connection:
        connection.execute(events.insert().values(key="a", created_at=field.clock.now(), **row))

    assert sweep(field, days=30) == 0
    assert field.rows(withdrawals) == []


def test_without_the_setting_nothing_is_taken_back(make_field: MakeField) -> None:
    field = make_field(linked() | linked_without())
    invited(field)

    assert sweep(field, days=60) == 0


def linked_without() -> dict[str, str]:
    return {"config/senders.yaml": FILES["config/senders.yaml"] + "  linkedin: {use: memory}\n"}


def test_limits_hold_for_taking_back_as_well(make_field: MakeField) -> None:
    field = make_field(linked())
    invited(field, 5)

    first_day = [sweep(field, days=22 if not hour else 0, minutes=30) for hour in range(10)]

    assert sum(first_day) == 2
    assert sum(sweep(field, hours=2) for _ in range(40)) == 3
    assert sorted(withdrawn(field)) == [profile(number) for number in range(5)]


@pytest.mark.parametrize(
    "pause", [("all", ""), ("sender", "anna"), ("account", "anna/linkedin"), ("action", "anna/linkedin.withdraw")]
)
def test_nothing_is_taken_back_while_paused(make_field: MakeField, pause: tuple[str, str]) -> None:
    field = make_field(linked())
    invited(field)
    row = {"scope": pause[0], "value": pause[1], "reason": "test", "by": "test", "created_at": field.clock.now()}
    with field.app.store.begin() as connection:
        connection.execute(pauses.insert().values(**row))

    assert sweep(field, days=30) == 0


def test_a_limit_of_the_account_waits_and_uses_no_attempt(make_field: MakeField) -> None:
    field = make_field(linked())
    invited(field)
    field.memory("anna", "linkedin").will(RateLimited("unipile", "slow", retry_after=timedelta(hours=2)))

    assert sweep(field, days=22) == 0

    row = field.row(withdrawals)
    assert (row["state"], row["attempts"], row["used_at"]) == ("waiting", 0, None)
    assert field.row(senders, name="anna/linkedin.withdraw")["circuit_open_until"]
    assert sweep(field, hours=3) == 1


def test_a_refusal_is_kept_and_not_repeated(make_field: MakeField) -> None:
    field = make_field(linked())
    invited(field)
    field.memory("anna", "linkedin").will(Refused("unipile", "no such person"))

    assert [sweep(field, days=22) for _ in range(3)] == [0, 0, 0]

    assert (field.row(withdrawals)["state"], field.row(withdrawals)["said"]) == ("failed", "unipile: no such person")


def test_a_restricted_account_stops_taking_back(make_field: MakeField) -> None:
    field = make_field(linked())
    invited(field)
    field.memory("anna", "linkedin").will(Unauthorized("unipile", "restricted", only_this_action=True))

    assert [sweep(field, days=22), sweep(field, days=1)] == [0, 0]

    assert field.row(pauses)["value"] == "anna/linkedin.withdraw"


def test_an_account_that_cannot_do_it_makes_a_task(make_field: MakeField) -> None:
    field = make_field(linked())
    (lead,) = invited(field)

    field.clock.advance(timedelta(days=22))
    for _ in range(2):
        field.loop.run_until_complete(withdraw_old(field.engine, errands.withdraw_ages(field.app), lambda *_: None))

    task = field.row(tasks)
    assert (task["lead_id"], task["kind"], task["to"]) == (lead, "linkedin", profile(0))


def test_only_linkedin_has_invitations(tmp_path: Path) -> None:
    senders = FILES["config/senders.yaml"] + "  x: {use: memory, withdraw_after: 21 days}\n"
    (tmp_path / "config").mkdir()
    (tmp_path / "config/outreach.yaml").write_text(FILES["config/outreach.yaml"], encoding="utf-8")
    (tmp_path / "config/senders.yaml").write_text(senders, encoding="utf-8")

    with pytest.raises(ConfigError, match="'x' withdraws nothing"):
        settings.load(tmp_path, {})


class Network:
    """Who is connected; counts how often it was asked."""

    def __init__(self, *people: Relation) -> None:
        self.people = people
        self.asked = 0
        self.error: Exception | None = None

    async def relations(self, since: datetime) -> Sequence[Relation]:
        self.asked += 1
        if self.error:
            raise self.error
        return self.people


def look(field: Field, network: Network) -> int:
    return field.loop.run_until_complete(look_at_relations(field.engine, {"anna": network.relations}))


def test_acceptance_is_found_among_the_relations_and_the_path_goes_on(make_field: MakeField) -> None:
    field = make_field(linked(sequence=WAITING))
    lead, _ = invited(field, 2)
    network = Network(Relation(provider_id="ACo0", profile_url=profile(0)), Relation(provider_id="ACo9"))

    assert look(field, network) == 1
    field.settle()

    event = field.row(events, kind="accepted")
    assert (event["lead_id"], event["data"]["provider_id"]) == (lead, "ACo0")
    assert [message.to for message in field.memory().sent] == ["ada0@example.com"]


def test_relations_are_asked_for_a_few_times_a_day_and_at_no_night(make_field: MakeField) -> None:
    field = make_field(linked(sequence=WAITING))
    invited(field)
    network = Network()

    for _ in range(24 * 12):
        look(field, network)
        field.clock.advance(timedelta(minutes=5))

    assert 6 <= network.asked <= 12


def test_without_open_invitations_nobody_is_asked(make_field: MakeField) -> None:
    field = make_field(linked())
    network = Network()

    look(field, network)

    assert network.asked == 0


def test_a_network_that_does_not_answer_is_asked_at_the_next_turn(make_field: MakeField) -> None:
    field = make_field(linked(sequence=WAITING))
    invited(field)
    network = Network(Relation(provider_id="ACo0", profile_url=profile(0)))
    network.error = Unavailable("unipile", "503")

    assert look(field, network) == 0
    network.error = None
    field.clock.advance(timedelta(hours=3))

    assert look(field, network) == 1
    assert look(field, network) == 0
