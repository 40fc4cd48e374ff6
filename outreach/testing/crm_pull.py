"""What every CRM that can be read back is held to, beside CrmContract."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import pytest

from outreach.crm import Deal, DealState, Operation, Pulls, RemotePerson, Selection, Wanted
from outreach.domain.crm_news import Change
from outreach.errors import Outcome, Refused
from outreach.testing.crm_world import AYSE, World, run


class PullWorld(World, Protocol):
    """A world whose system can be read back. The methods do what somebody of the team would do in it.

    `tells`: which changes a pull can report; what the system does not know is left out and never asked for.
    """

    tells: frozenset[Change]

    def pulled(self) -> Pulls:
        """The adapter, as what it offers beside `crm`."""
        ...

    def later(self) -> datetime:
        """Let time pass in the system, an hour say; the instant that it is now."""
        ...

    def select(self, by: Selection, person_id: str) -> str:
        """See to it that this person alone is selected by it; the value to ask for."""
        ...

    def change(self, person_id: str, change: Change, value: str) -> None:
        """Do it by hand. `value`: status value, stage id, owner's address, amount, id of the survivor; else empty."""
        ...


class PullContract:
    """Subclass it beside CrmContract, and give a fixture `world` that is a PullWorld."""

    def test_everybody_comes_once_with_what_is_known_of_them(self, world: PullWorld) -> None:
        typed = world.add_person("ayse@example.com", first_name="Ayşe", **{world.text_field: "CTO"})
        others = [world.add_person(f"p{number}@example.com") for number in range(4)]

        people = everybody(world.pulled(), Wanted(fields=(world.text_field,)))

        assert sorted(person.person_id for person in people) == sorted([typed, *others])
        [ayse] = [person for person in people if person.person_id == typed]
        assert (ayse.emails[0], ayse.first_name) == ("ayse@example.com", "Ayşe")
        assert ayse.values == {world.text_field: "CTO"}
        assert not ayse.is_deleted
        assert not ayse.is_opted_out

    def test_a_stopped_pull_goes_on_from_its_cursor_in_another_process(self, world: PullWorld) -> None:
        ids = {world.add_person(f"p{number}@example.com") for number in range(7)}
        first = run(world.pulled().pull(Wanted(), cursor=None))

        rest = everybody(world.pulled(), Wanted(), cursor=first.cursor) if first.cursor else []

        assert first.cursor is None or isinstance(first.cursor, str)
        assert {person.person_id for person in (*first.people, *rest)} == ids

    @pytest.mark.parametrize("by", [Selection.LIST, Selection.FILTER, Selection.STAGE, Selection.DEAL])
    def test_only_those_come_who_are_selected(self, world: PullWorld, by: Selection) -> None:
        wanted, _ = world.add_person("wanted@example.com"), world.add_person("other@example.com")

        if by not in world.pulled().selections:
            return
        value = world.select(by, wanted)

        assert ids_of(everybody(world.pulled(), Wanted(by=by, value=value))) == {wanted}

    def test_one_record_can_be_asked_for_by_its_id_and_one_that_is_gone_is_no_error(self, world: PullWorld) -> None:
        kept, gone = world.add_person("kept@example.com"), world.add_person("gone@example.com")
        world.remove_person(gone)

        if Selection.PERSON not in world.pulled().selections:
            return
        [here] = everybody(world.pulled(), Wanted(by=Selection.PERSON, value=kept))
        [away] = everybody(world.pulled(), Wanted(by=Selection.PERSON, value=gone))

        assert (here.person_id, here.is_deleted) == (kept, False)
        assert (away.person_id, away.is_deleted) == (gone, True)

    @pytest.mark.parametrize("by", [Selection.LIST, Selection.STAGE])
    def test_an_unknown_list_or_stage_is_an_error_that_names_it(self, world: PullWorld, by: Selection) -> None:
        typed = world.add_person("typed@example.com")

        if by not in world.pulled().selections or (by is Selection.STAGE and world.unknown_stage is None):
            return
        world.select(by, typed)
        with pytest.raises(Refused) as refusal:
            everybody(world.pulled(), Wanted(by=by, value=world.unknown_stage or "nowhere"))

        assert refusal.value.outcome is Outcome.CONFIG
        assert (world.unknown_stage or "nowhere") in refusal.value.said

    def test_only_what_changed_since_comes(self, world: PullWorld) -> None:
        world.add_person("old@example.com")
        since = world.later()
        fresh = world.add_person("fresh@example.com")
        world.later()

        people = everybody(world.pulled(), Wanted(since=since))

        assert ids_of(people) == {fresh}
        assert all(person.changed_at and person.changed_at >= since for person in people)

    @pytest.mark.parametrize("change", [Change.STATUS, Change.OWNER, Change.DO_NOT_CONTACT, Change.STAGE])
    def test_what_somebody_changed_comes_as_it_is_now(self, world: PullWorld, change: Change) -> None:
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id
        if {Operation.DEAL, Operation.STAGE} <= world.crm.can:
            run(world.crm.ensure_deal(person, Deal(name="x", pipeline=world.pipeline, stage=world.stage)))
        since = world.later()

        if change not in world.tells:
            return
        values = {Change.STATUS: world.status, Change.OWNER: world.owner, Change.STAGE: world.other_stage}
        world.change(person, change, values.get(change, ""))
        world.later()
        found = {each.person_id: each for each in everybody(world.pulled(), Wanted(since=since))}[person]

        said = {Change.STATUS: found.status, Change.OWNER: found.owner, Change.STAGE: found.stage}
        assert said.get(change, "") == values.get(change, "")
        assert bool(found.is_opted_out) == (change is Change.DO_NOT_CONTACT)

    @pytest.mark.parametrize("change", [Change.WON, Change.LOST])
    def test_a_closed_deal_comes_with_its_result(self, world: PullWorld, change: Change) -> None:
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id

        if change not in world.tells:
            return
        run(world.crm.ensure_deal(person, Deal(name="x", pipeline=world.pipeline, stage=world.stage)))
        since = world.later()
        world.change(person, change, "1200")
        world.later()
        found = {each.person_id: each for each in everybody(world.pulled(), Wanted(since=since))}[person]

        assert found.deal
        assert found.deal.state is DealState(str(change))
        assert change is Change.LOST or found.deal.value in ("1200", "1200.0", "1200.00")

    def test_what_was_removed_or_merged_away_is_reported(self, world: PullWorld) -> None:
        removed, loser, survivor = (world.add_person(f"{name}@example.com") for name in ("a", "b", "c"))
        since = world.later()

        if Change.DELETED in world.tells:
            world.remove_person(removed)
        if Change.MERGED in world.tells:
            world.change(loser, Change.MERGED, survivor)
        world.later()
        found = {each.person_id: each for each in everybody(world.pulled(), Wanted(since=since))}

        if Change.DELETED in world.tells:
            assert found[removed].is_deleted
        if Change.MERGED in world.tells:
            assert found[loser].merged_into == survivor


def everybody(crm: Pulls, wanted: Wanted, cursor: str | None = None) -> list[RemotePerson]:
    """The people of every page, from the cursor on; it has to come to an end."""
    people: list[RemotePerson] = []
    for _ in range(50):
        page = run(crm.pull(wanted, cursor=cursor))
        people += page.people
        if page.cursor is None:
            return people
        assert page.cursor != cursor
        cursor = page.cursor
    raise AssertionError("the pull does not end")


def ids_of(people: list[RemotePerson]) -> set[str]:
    return {person.person_id for person in people}
