"""What every CRM adapter is held to. A test class subclasses CrmContract and says how to build its world."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, cast

import pytest

from outreach.crm import Deal, Field, Forgets, Mode, Operation, Person
from outreach.errors import AdapterError, Outcome, Refused
from outreach.testing.crm_pull import PullContract, PullWorld, everybody, ids_of
from outreach.testing.crm_world import AYSE, REPLY, World, run

__all__ = ["AYSE", "REPLY", "CrmContract", "PullContract", "PullWorld", "World", "everybody", "ids_of", "run"]


def _lacks(world: World, operation: Operation) -> bool:
    """This connection does not offer it; that it refuses with the reason is a promise of its own."""
    return operation not in world.crm.can


def _optional(world: World, person: str) -> dict[Operation, Callable[[], Coroutine[Any, Any, object]]]:
    """One attempt at each operation that a system may lack, but for the opt-out, which some know by address alone."""
    crm = world.crm
    return {
        Operation.STATUS: lambda: crm.set_status(person, world.status),
        Operation.STAGE: lambda: crm.set_stage(person, world.stage),
        Operation.DEAL: lambda: crm.ensure_deal(person, Deal(name="x", pipeline=world.pipeline, stage=world.stage)),
        Operation.OWNER: lambda: crm.assign_owner(person, world.owner),
        Operation.TAGS: lambda: crm.add_tags(person, ("a",)),
    }


def outcome_of(work: Coroutine[Any, Any, None]) -> Outcome | None:
    """What it was refused with; None: it was done."""
    try:
        run(work)
    except Refused as error:
        return error.outcome
    return None


class CrmContract:
    """Subclass it, and give a fixture `world`."""

    def test_an_unknown_address_finds_nobody(self, world: World) -> None:
        assert run(world.crm.find_person("nobody@example.com")) == ()

    @pytest.mark.parametrize(
        "address", ["a+tag@example.com", "Ann.Lee@Example.com", "zoë@example.com", "o'neil/x@example.com"]
    )
    def test_a_person_is_found_again_by_an_odd_address(self, world: World, address: str) -> None:
        made = run(world.crm.upsert_person(replace(AYSE, email=address), person_id=None))

        found = run(world.crm.find_person(address))

        assert [record.person_id for record in found] == [made.person_id]

    def test_creating_the_same_address_again_updates_the_one_record(self, world: World) -> None:
        first = run(world.crm.upsert_person(AYSE, person_id=None))

        second = run(world.crm.upsert_person(AYSE, person_id=None))

        assert second.person_id == first.person_id
        assert len(world.people()) == 1

    def test_a_record_somebody_typed_is_found_whatever_its_case(self, world: World) -> None:
        typed = world.add_person("ayse@example.com")

        made = run(world.crm.upsert_person(replace(AYSE, email="Ayse@Example.com"), person_id=None))

        assert made.person_id == typed

    def test_filling_leaves_what_people_typed(self, world: World) -> None:
        typed = world.add_person(AYSE.email, first_name="Ayşe Gül", **{world.text_field: "typed"})
        ours = (Field(name=world.text_field, value="ours", mode=Mode.FILL),)

        run(world.crm.upsert_person(replace(AYSE, fields=ours), person_id=typed))

        assert world.value(typed, world.text_field) == "typed"
        assert world.value(typed, "first_name") == "Ayşe Gül"

    def test_filling_writes_where_there_is_nothing(self, world: World) -> None:
        typed = world.add_person(AYSE.email)
        ours = (Field(name=world.text_field, value="ours", mode=Mode.FILL),)

        run(world.crm.upsert_person(replace(AYSE, fields=ours), person_id=typed))

        assert world.value(typed, world.text_field) == "ours"
        assert world.value(typed, "first_name") == "Ayşe"

    def test_overwriting_replaces_what_was_there(self, world: World) -> None:
        typed = world.add_person(AYSE.email, **{world.text_field: "typed"})
        ours = (Field(name=world.text_field, value="ours", mode=Mode.OVERWRITE),)

        run(world.crm.upsert_person(replace(AYSE, fields=ours), person_id=typed))

        assert world.value(typed, world.text_field) == "ours"

    def test_an_unknown_value_wipes_nothing(self, world: World) -> None:
        typed = world.add_person(AYSE.email, first_name="Ayşe", **{world.text_field: "typed"})
        empty = (Field(name=world.text_field, value="", mode=Mode.OVERWRITE),)

        run(world.crm.upsert_person(Person(email=AYSE.email, fields=empty), person_id=typed))

        assert world.value(typed, world.text_field) == "typed"
        assert world.value(typed, "first_name") == "Ayşe"

    def test_an_entry_is_on_the_timeline_with_its_text_and_marker(self, world: World) -> None:
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id

        entry = run(world.crm.log(person, REPLY, look_first=False))

        assert entry
        [text] = world.entries(person)
        assert "Sounds good" in text
        assert REPLY.is_marked(text)

    @pytest.mark.parametrize(
        ("kind", "channel"), [("reply", "email"), ("reply", "linkedin"), ("reply", "x"), ("note", "")]
    )
    def test_in_doubt_the_same_entry_is_written_once(self, world: World, kind: str, channel: str) -> None:
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id
        activity = replace(REPLY, kind=kind, channel=channel)
        first = run(world.crm.log(person, activity, look_first=False))

        second = run(world.crm.log(person, activity, look_first=True))

        assert second == first
        assert len(world.entries(person)) == 1

    def test_looking_first_does_not_take_a_longer_key_for_ours(self, world: World) -> None:
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id
        run(world.crm.log(person, replace(REPLY, key="evt-10"), look_first=False))

        run(world.crm.log(person, replace(REPLY, key="evt-1"), look_first=True))

        assert len(world.entries(person)) == 2

    def test_a_key_with_odd_characters_is_recognised(self, world: World) -> None:
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id
        odd = replace(REPLY, key='<CAF=x&"y"+z@mail.example.com>')
        run(world.crm.log(person, odd, look_first=False))

        run(world.crm.log(person, odd, look_first=True))

        assert len(world.entries(person)) == 1

    def test_the_status_is_written(self, world: World) -> None:
        if _lacks(world, Operation.STATUS):
            return
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id

        run(world.crm.set_status(person, world.status))

        assert world.value(person, "status") == world.status

    def test_the_owner_is_written(self, world: World) -> None:
        if _lacks(world, Operation.OWNER):
            return
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id

        run(world.crm.assign_owner(person, world.owner))

        assert world.value(person, "owner") == world.owner

    def test_one_open_deal_a_person_and_pipeline(self, world: World) -> None:
        if _lacks(world, Operation.DEAL):
            return
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id
        deal = Deal(name="Example GmbH", pipeline=world.pipeline, stage=world.stage)

        first = run(world.crm.ensure_deal(person, deal))
        second = run(world.crm.ensure_deal(person, deal))

        assert second == first
        assert world.deals(person) == [world.stage]

    def test_the_deal_moves_to_the_stage(self, world: World) -> None:
        if _lacks(world, Operation.STAGE) or _lacks(world, Operation.DEAL):
            return
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id
        run(world.crm.ensure_deal(person, Deal(name="Example", pipeline=world.pipeline, stage=world.stage)))

        was_moved = run(world.crm.set_stage(person, world.other_stage))

        assert was_moved
        assert world.deals(person) in ([world.other_stage], [])  # []: this system keeps the stage on the person

    def test_an_unknown_stage_is_an_error_that_names_it_and_the_valid_ones(self, world: World) -> None:
        if world.unknown_stage is None or _lacks(world, Operation.STAGE) or _lacks(world, Operation.DEAL):
            return
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id
        deal = Deal(name="Example", pipeline=world.pipeline, stage=world.unknown_stage)

        with pytest.raises(Refused) as moved:
            run(world.crm.set_stage(person, world.unknown_stage))
        with pytest.raises(Refused) as opened:
            run(world.crm.ensure_deal(person, deal))

        for error in (moved.value, opened.value):
            assert error.outcome is Outcome.CONFIG
            assert world.unknown_stage in error.said
            assert world.stage in error.said

    def test_tags_are_added_and_none_is_replaced(self, world: World) -> None:
        if _lacks(world, Operation.TAGS):
            return
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id

        run(world.crm.add_tags(person, ("fintech", "berlin")))
        run(world.crm.add_tags(person, ("berlin", "warm")))

        assert world.value(person, "tags").split(";") == ["fintech", "berlin", "warm"]

    def test_an_opt_out_is_marked_and_may_be_marked_again(self, world: World) -> None:
        if _lacks(world, Operation.DO_NOT_CONTACT):
            return
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id

        run(world.crm.set_do_not_contact(person, AYSE.email))
        run(world.crm.set_do_not_contact(person, AYSE.email))

        assert world.is_opted_out(person)

    def test_a_removed_record_is_reported_by_every_operation(self, world: World) -> None:
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id
        world.remove_person(person)
        crm = world.crm
        attempts = {
            Operation.PERSON: lambda: crm.upsert_person(AYSE, person_id=person),
            Operation.LOG: lambda: crm.log(person, REPLY, look_first=False),
            Operation.LOG_REPLY: lambda: crm.log(person, REPLY, look_first=True),
            **_optional(world, person),
        }

        for operation, attempt in attempts.items():
            with pytest.raises(Refused) as refusal:
                run(attempt())
            assert refusal.value.outcome is (Outcome.NOT_FOUND if operation in crm.can else Outcome.CONFIG)

    def test_what_it_cannot_do_is_refused_with_the_reason(self, world: World) -> None:
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id

        for operation, attempt in _optional(world, person).items():
            if _lacks(world, operation):
                with pytest.raises(Refused) as refusal:
                    run(attempt())
                assert refusal.value.outcome is Outcome.CONFIG
                assert len(refusal.value.said) > 10

    def test_several_records_of_one_address_are_all_found_or_impossible(self, world: World) -> None:
        ids = [world.add_person("twin@example.com"), world.add_person("twin@example.com")]

        found = run(world.crm.find_person("twin@example.com"))

        assert [record.person_id for record in found] == list(dict.fromkeys(ids))

    def test_two_tasks_may_share_it(self, world: World) -> None:
        people = [replace(AYSE, email=f"p{number}@example.com") for number in range(12)]

        async def all_at_once() -> list[str]:
            made = await asyncio.gather(*(world.crm.upsert_person(person, person_id=None) for person in people))
            await asyncio.gather(*(world.crm.log(record.person_id, REPLY, look_first=False) for record in made))
            return [record.person_id for record in made]

        made = run(all_at_once())

        assert len(set(made)) == len(world.people()) == 12
        assert all(len(world.entries(person_id)) == 1 for person_id in made)

    def test_the_account_is_described(self, world: World) -> None:
        account = run(world.crm.check())

        assert account.name
        assert not account.stages or world.stage in account.stages
        assert not account.users or world.owner in account.users
        assert not account.status_values or world.status in account.status_values
        assert not account.fields or world.text_field in account.fields

    def test_no_secret_is_shown(self, world: World) -> None:
        shown = [repr(world.crm), repr(getattr(world.crm, "options", "")), repr(getattr(world.crm, "_options", ""))]
        try:
            run(world.crm.set_status("missing-record", world.status))
        except AdapterError as error:
            shown += [str(error), repr(error), error.said]

        assert not [secret for secret in world.secrets for text in shown if secret in text]

    def test_everything_it_says_it_can_is_known(self, world: World) -> None:
        assert world.crm.can <= frozenset(Operation)
        assert {Operation.PERSON, Operation.LOG_REPLY, Operation.LOG} <= world.crm.can

    def test_pull_is_offered_whole_or_not_at_all(self, world: World) -> None:
        """Who lists it in `can` has it, and is held to PullContract as well."""
        assert (Operation.PULL in world.crm.can) == hasattr(world.crm, "pull") == hasattr(world.crm, "selections")
        assert (Operation.PULL in world.crm.can) == isinstance(self, PullContract)

    def test_a_record_is_deleted_with_what_is_on_it_or_that_is_not_offered(self, world: World) -> None:
        if Operation.FORGET not in world.crm.can:
            assert not hasattr(world.crm, "forget")
            return
        crm = cast(Forgets, world.crm)
        gone = run(world.crm.upsert_person(AYSE, person_id=None)).person_id
        run(world.crm.log(gone, REPLY, look_first=False))
        run(world.crm.upsert_person(replace(AYSE, email="deniz@example.com", key="lead-2"), person_id=None))

        run(crm.forget(gone))

        [left] = world.people()
        assert "deniz@example.com" in left

    def test_deleting_what_is_gone_is_told_as_such_and_does_no_harm(self, world: World) -> None:
        if Operation.FORGET not in world.crm.can:
            return
        crm = cast(Forgets, world.crm)
        gone = run(world.crm.upsert_person(AYSE, person_id=None)).person_id
        run(crm.forget(gone))

        said = outcome_of(crm.forget(gone))

        assert said in (None, Outcome.NOT_FOUND)
        assert world.people() == []
