"""Trello: the contracts against a board that keeps state, then exact requests and what is particular."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from outreach.crm import Deal, DealState, Field, Mode, Operation, Selection, Wanted
from outreach.crms.trello import Options, Trello
from outreach.domain.crm_mapping import CrmMapping, CrmTrigger, DealRule, FieldRule
from outreach.domain.crm_news import Change
from outreach.errors import Outcome, RateLimited, Refused
from outreach.sandbox.trello_server import BOARD, ELSEWHERE, FIELDS, KEY, LISTS, MEMBERS, TOKEN, FakeTrello
from outreach.services.crm.crm_check import check
from outreach.testing.crm import AYSE, REPLY, CrmContract, PullContract, everybody, run
from tests.crms.failures import FailureContract

_MEMBERS = {"anna@example.com": "Anna", "deniz@example.com": "deniz", "gone@example.com": "gone"}
_FIELD = {name: field_id for field_id, (name, _, _) in FIELDS.items()}
_LIST = {name: list_id for list_id, name in LISTS.items()}


class TrelloWorld:
    secrets = (TOKEN, KEY)
    text_field = "Title"
    stage, other_stage, unknown_stage, pipeline = "New", "Talking", "nowhere", "Sales"
    status, owner = "Responded", "anna@example.com"
    tells = frozenset({Change.STATUS, Change.OWNER, Change.DO_NOT_CONTACT, Change.STAGE, Change.DELETED, Change.WON})

    def __init__(self, **options: Any) -> None:
        self.fake = FakeTrello()
        given: dict[str, Any] = {"key": KEY, "token": TOKEN, "board": BOARD, "members": _MEMBERS}
        given |= {"status_property": "Outreach status", "value_field": "Value", "won_list": "Won"}
        self.crm = Trello(Options(**given | options), httpx.AsyncClient(transport=self.fake.transport()))

    def pulled(self) -> Trello:
        return self.crm

    def is_write(self, request: httpx.Request) -> bool:
        return request.method != "GET"

    def add_person(self, email: str, **values: str) -> str:
        first = values.pop("first_name", "")
        card = self.fake.add(f"{first} ({email})" if first else email)
        for name, value in values.items():
            card.values[_FIELD[name]] = {"value": {"text": value}}
        return card.id

    def remove_person(self, person_id: str) -> None:
        self.fake.delete(person_id)

    def people(self) -> list[str]:
        return [card.name for card in self.fake.cards.values()]

    def value(self, person_id: str, field: str) -> str:
        card = self.fake.cards[person_id]
        match field:
            case "first_name":
                return card.name.partition(" (")[0].removesuffix(" Kaya")
            case "tags":
                return ";".join(self.fake.labels[one][0] for one in card.labels)
            case "owner":
                return next(email for email, name in _MEMBERS.items() if name.lower() == MEMBERS[card.members[-1]])
            case "status":
                chosen = card.values[_FIELD["Outreach status"]]["idValue"]
                return FIELDS[_FIELD["Outreach status"]][2][chosen]
        return str(card.values.get(_FIELD[field], {}).get("value", {}).get("text", ""))

    def entries(self, person_id: str) -> list[str]:
        return [text for _, text in self.fake.cards[person_id].comments]

    def deals(self, person_id: str) -> list[str]:
        return [LISTS[self.fake.cards[person_id].list_id]]

    def is_opted_out(self, person_id: str) -> bool:
        return self.value(person_id, "tags") == "Do not contact"

    def later(self) -> datetime:
        return self.fake.later()

    def select(self, by: Selection, person_id: str) -> str:
        self.fake.move(person_id, _LIST["Talking"])
        return "Talking" if by is Selection.STAGE else person_id

    def change(self, person_id: str, change: Change, value: str) -> None:
        card = self.fake.cards[person_id]
        match change:
            case Change.STATUS:
                options = FIELDS[_FIELD["Outreach status"]][2]
                chosen = next(one for one, text in options.items() if text == value)
                card.values[_FIELD["Outreach status"]] = {"idValue": chosen}
            case Change.OWNER:
                card.members.append(next(one for one, name in MEMBERS.items() if name == _MEMBERS[value].lower()))
            case Change.DO_NOT_CONTACT:
                card.labels.append(self.fake.label("Do not contact"))
            case Change.WON:
                card.values[_FIELD["Value"]] = {"value": {"number": value}}
                card.list_id = _LIST["Won"]
            case _:
                card.list_id = _LIST[value]
        self.fake.note("updateCard", card)


@pytest.fixture
def world() -> TrelloWorld:
    return TrelloWorld()


class TestTrello(CrmContract, PullContract, FailureContract):
    @pytest.fixture
    def world(self) -> TrelloWorld:
        return TrelloWorld()


class TestRequests:
    def test_a_card_is_made_by_one_request_that_says_whose_it_is(self, world: TrelloWorld) -> None:
        run(world.crm.upsert_person(AYSE, person_id=None))

        [request] = [one for one in world.fake.requests if one.method == "POST"]
        assert request.url.path == "/1/cards"
        assert dict(request.url.params) == {
            "idList": _LIST["New"],
            "name": "Ayşe Kaya (ayse@example.com)",
            "desc": "Email: ayse@example.com\nCompany: Example GmbH\n\noutreach: lead-1",
            "pos": "top",
        }
        assert request.content == b""

    def test_nothing_secret_stands_in_a_url(self, world: TrelloWorld) -> None:
        run(world.crm.check())

        assert not [url for _, url in world.fake.sent() if KEY in url or TOKEN in url]

    def test_a_custom_field_is_the_only_thing_written_as_json(self, world: TrelloWorld) -> None:
        person = world.add_person(AYSE.email)
        fields = (Field(name="Title", value="CTO"), Field(name="Value", value="1200", mode=Mode.OVERWRITE))

        run(world.crm.upsert_person(replace(AYSE, fields=fields), person_id=person))

        path = f"/1/cards/{person}/customField"
        assert world.fake.sent()[-2:] == [("PUT", f"{path}/{_FIELD[name]}/item") for name in ("Title", "Value")]
        assert (world.fake.body(-2), world.fake.body(-1)) == ({"value": {"text": "CTO"}}, {"value": {"number": "1200"}})

    @pytest.mark.parametrize(
        ("name", "value", "held"),
        [
            ("Since", "2026-03-02", {"date": "2026-03-02T00:00:00.000Z"}),
            ("Since", "2026-03-02T10:00:00+01:00", {"date": "2026-03-02T09:00:00.000Z"}),
            ("Value", "1200,5", {"number": "1200.5"}),
        ],
    )
    def test_days_and_numbers_are_written_as_a_card_holds_them(
        self, world: TrelloWorld, name: str, value: str, held: dict[str, str]
    ) -> None:
        person = world.add_person(AYSE.email)
        mapped = replace(AYSE, fields=(Field(name=name, value=value, mode=Mode.OVERWRITE),))

        run(world.crm.upsert_person(mapped, person_id=person))
        writes = len(world.fake.requests)
        run(world.crm.upsert_person(mapped, person_id=person))

        assert world.fake.body(writes - 1) == {"value": held}
        assert [method for method, _ in world.fake.sent()[writes:]] == ["GET"]

    @pytest.mark.parametrize(("name", "value"), [("Since", "soon"), ("Value", "a lot")])
    def test_what_is_no_day_and_no_number_is_refused(self, world: TrelloWorld, name: str, value: str) -> None:
        mapped = replace(AYSE, fields=(Field(name=name, value=value),))

        with pytest.raises(Refused, match=f"is no value of the field '{name}'") as refusal:
            run(world.crm.upsert_person(mapped, person_id=world.add_person(AYSE.email)))

        assert refusal.value.outcome is Outcome.VALIDATION

    def test_nothing_to_change_is_not_written(self, world: TrelloWorld) -> None:
        fields = (Field(name="Title", value="CTO", mode=Mode.OVERWRITE),)
        person = run(world.crm.upsert_person(replace(AYSE, fields=fields), person_id=None)).person_id
        before = len(world.fake.requests)

        run(world.crm.upsert_person(replace(AYSE, fields=fields), person_id=person))

        assert [method for method, _ in world.fake.sent()[before:]] == ["GET"]

    def test_a_short_link_stands_for_the_board(self) -> None:
        world = TrelloWorld(board="aBcD1234")

        made = run(world.crm.upsert_person(AYSE, person_id=None))

        assert [one.person_id for one in run(world.crm.find_person(AYSE.email))] == [made.person_id]

    def test_a_long_comment_is_cut_and_keeps_its_marker(self, world: TrelloWorld) -> None:
        person = world.add_person(AYSE.email)
        long = replace(REPLY, text="ş" * 20_000)

        run(world.crm.log(person, long, look_first=False))
        run(world.crm.log(person, long, look_first=True))

        [text] = world.entries(person)
        assert text.endswith(f"…\n\n{long.marker}")
        assert text.startswith("**Reply on email: Re: A question**")

    def test_a_comment_notifies_nobody_by_an_at_sign(self, world: TrelloWorld) -> None:
        person = world.add_person(AYSE.email)

        run(world.crm.log(person, replace(REPLY, text="@board see ann@example.com"), look_first=False))

        assert "@board" not in world.entries(person)[0]
        assert "ann@example.com" in world.entries(person)[0]

    def test_looking_for_a_comment_turns_every_page(self, world: TrelloWorld) -> None:
        person = world.add_person(AYSE.email)
        run(world.crm.log(person, REPLY, look_first=False))
        world.fake.cards[person].comments += [(f"c{number}", "typed") for number in range(120)]

        run(world.crm.log(person, REPLY, look_first=True))

        assert len(world.entries(person)) == 121


class TestCards:
    def test_a_card_that_search_does_not_know_yet_is_found_by_its_title(self, world: TrelloWorld) -> None:
        fresh = world.fake.add(f"Ayşe ({AYSE.email})", is_indexed=False)

        assert [one.person_id for one in run(world.crm.find_person(AYSE.email))] == [fresh.id]

    @pytest.mark.parametrize("is_list", [True, False])
    def test_search_may_answer_as_described_or_as_it_does(self, world: TrelloWorld, is_list: bool) -> None:
        world.fake.is_list_reply = is_list
        typed = world.fake.add("Ayşe", "E-Mail: [ayse@example.com](mailto:ayse@example.com)\nMet at the fair")

        assert [one.person_id for one in run(world.crm.find_person(AYSE.email))] == [typed.id]

    @pytest.mark.parametrize(
        ("name", "desc"),
        [
            ("Somebody", "Knows ayse@example.com from Berlin"),
            ("bayse@example.com", ""),
            ("ayse@example.com.tr", ""),
            ("", "Email: ayse@example.com, zoe@example.com and others"),
        ],
    )
    def test_a_card_that_only_mentions_the_address_is_somebody_elses(
        self, world: TrelloWorld, name: str, desc: str
    ) -> None:
        world.fake.add(name, desc)

        assert run(world.crm.find_person(AYSE.email)) == ()

    def test_the_oldest_card_comes_first_with_the_instant_it_was_made(self, world: TrelloWorld) -> None:
        first = world.add_person(AYSE.email)
        at = world.fake.now
        world.later()
        world.add_person(AYSE.email)

        found = run(world.crm.find_person(AYSE.email))

        assert (found[0].person_id, found[0].created_at) == (first, at)
        assert found[1].created_at == at + timedelta(hours=1)

    def test_two_cards_of_one_address_are_ambiguous_for_a_write_without_id(self, world: TrelloWorld) -> None:
        ids = [world.add_person(AYSE.email), world.add_person(AYSE.email)]

        with pytest.raises(Refused, match=ids[1]) as refusal:
            run(world.crm.upsert_person(AYSE, person_id=None))

        assert refusal.value.outcome is Outcome.AMBIGUOUS

    def test_a_card_on_another_board_is_gone_from_ours(self, world: TrelloWorld) -> None:
        person = world.add_person(AYSE.email)
        world.fake.cards[person].board = ELSEWHERE

        with pytest.raises(Refused, match="another board") as refusal:
            run(world.crm.set_stage(person, "Talking"))

        assert refusal.value.outcome is Outcome.NOT_FOUND
        assert run(world.crm.find_person(AYSE.email)) == ()

    def test_an_archived_card_takes_comments_and_is_not_moved(self, world: TrelloWorld) -> None:
        person = world.add_person(AYSE.email)
        world.fake.cards[person].closed = True

        run(world.crm.log(person, REPLY, look_first=False))

        assert not run(world.crm.set_stage(person, "Talking"))
        assert len(world.entries(person)) == 1

    def test_a_deal_brings_an_archived_card_back(self, world: TrelloWorld) -> None:
        person = world.add_person(AYSE.email)
        world.fake.cards[person].closed = True

        run(world.crm.ensure_deal(person, Deal(name="x", pipeline="Sales", stage="Talking")))

        assert not world.fake.cards[person].closed
        assert world.deals(person) == ["Talking"]

    def test_a_deal_moves_a_new_card_and_leaves_one_that_somebody_moved(self, world: TrelloWorld) -> None:
        new, moved = world.add_person("a@example.com"), world.add_person("b@example.com")
        world.fake.move(moved, _LIST["Won"])
        deal = Deal(name="x", pipeline=BOARD, stage="Talking", value="1200")

        for person in (new, moved):
            run(world.crm.ensure_deal(person, deal))

        assert (world.deals(new), world.deals(moved)) == (["Talking"], ["Won"])
        assert world.fake.cards[new].values[_FIELD["Value"]] == {"value": {"number": "1200"}}

    def test_a_title_somebody_wrote_stays(self, world: TrelloWorld) -> None:
        typed = world.fake.add("Our friend at Example", "Email: ayse@example.com").id

        run(world.crm.upsert_person(AYSE, person_id=None))

        assert world.fake.cards[typed].name == "Our friend at Example"


class TestWhatIsRefused:
    def test_an_owner_needs_the_members_and_a_status_its_field(self) -> None:
        world = TrelloWorld(members={}, status_property="")

        assert {Operation.OWNER, Operation.STATUS}.isdisjoint(world.crm.can)

    @pytest.mark.parametrize("email", ["nobody@example.com", "gone@example.com"])
    def test_an_unknown_owner_is_a_mistake_in_the_settings(self, world: TrelloWorld, email: str) -> None:
        with pytest.raises(Refused, match=r"There are: anna, deniz|Known addresses: anna@") as refusal:
            run(world.crm.assign_owner(world.add_person(AYSE.email), email))

        assert refusal.value.outcome is Outcome.CONFIG

    def test_a_status_that_the_list_does_not_offer_names_those_it_does(self, world: TrelloWorld) -> None:
        with pytest.raises(Refused, match="Options: Responded, Not interested") as refusal:
            run(world.crm.set_status(world.add_person(AYSE.email), "Hot"))

        assert refusal.value.outcome is Outcome.CONFIG

    @pytest.mark.parametrize("name", ["Titel", "Done"])
    def test_a_field_that_cannot_hold_text_is_refused(self, world: TrelloWorld, name: str) -> None:
        mapped = replace(AYSE, fields=(Field(name=name, value="CTO"),))

        with pytest.raises(Refused, match="There are: Title, Outreach status, Value"):
            run(world.crm.upsert_person(mapped, person_id=world.add_person(AYSE.email)))

    def test_a_board_that_is_gone_says_nothing_about_the_person(self) -> None:
        world = TrelloWorld(board="5abbe4b7ddc1b351ef961499")

        with pytest.raises(Refused, match="not open to this token") as refusal:
            run(world.crm.set_stage(world.add_person(AYSE.email), "Talking"))

        assert refusal.value.outcome is Outcome.CONFIG

    def test_a_list_that_two_have_the_name_of_is_refused(
        self, world: TrelloWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(LISTS, "5f0000000000000000000009", "Talking")

        with pytest.raises(Refused, match="two open lists"):
            run(world.crm.set_stage(world.add_person(AYSE.email), "Talking"))

    def test_a_mapping_is_proved_against_the_board(self, world: TrelloWorld) -> None:
        mapping = CrmMapping(
            name="trello",
            fields=(FieldRule(remote="Title", source="title"), FieldRule(remote="Titel", source="title")),
            status_property="Outreach status",
            statuses={"responded": "Responded", "bounced": "Bounced"},
            stages={"default": {"won": "Won", "lost": "Lst"}},
            owners={"anna": "anna@example.com", "kim": "gone@example.com"},
            deal=DealRule(pipeline="Sales", stage="Talking"),
            when={CrmTrigger.REPLY: ("person", "log_reply", "tags")},
        )

        wrong = {row.subject for row in run(check(mapping, world.crm)) if not row.is_ok}

        assert wrong == {"field Titel", "status bounced", "stage default.lost", "owner kim"}

    @pytest.mark.parametrize("wrong", [{"key": " "}, {"board": ""}, {"members": ("anna",)}, {"label_color": "navy"}])
    def test_a_setting_that_cannot_be_is_refused_when_it_is_read(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=r"is empty|Write"):
            Options(**{"key": KEY, "token": TOKEN, "board": BOARD} | wrong)

    def test_a_limit_lasts_ten_seconds(self, world: TrelloWorld) -> None:
        limit = {"error": "API_TOKEN_LIMIT_EXCEEDED", "message": "Rate limit exceeded"}
        world.fake.before = lambda request: httpx.Response(429, json=limit)

        with pytest.raises(RateLimited) as limited:
            run(world.crm.find_person(AYSE.email))

        assert (limited.value.retry_after, limited.value.code) == (timedelta(seconds=10), "API_TOKEN_LIMIT_EXCEEDED")


class TestPull:
    def test_what_stands_on_a_card_is_told(self, world: TrelloWorld) -> None:
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id
        run(world.crm.add_tags(person, ("warm",)))
        run(world.crm.set_do_not_contact(person, AYSE.email))

        [told] = everybody(world.crm, Wanted())

        assert (told.first_name, told.last_name, told.company) == ("Ayşe", "Kaya", "Example GmbH")
        assert (told.tags, told.is_opted_out, told.stage) == (("warm",), True, "New")
        assert told.deal
        assert (told.deal.state, told.deal.pipeline) == (DealState.OPEN, "Sales")

    def test_archived_cards_are_not_imported(self, world: TrelloWorld) -> None:
        world.fake.cards[world.add_person(AYSE.email)].closed = True

        assert everybody(world.crm, Wanted()) == []

    def test_a_list_may_be_longer_than_a_page(self, world: TrelloWorld) -> None:
        ids = {world.add_person(f"p{number}@example.com") for number in range(60)}

        people = everybody(world.crm, Wanted())

        assert {person.person_id for person in people} == ids
        assert len(people) == 60
