"""Who is who, and what a second look at the same person adds."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.lead import Address, AddressKind, LeadDraft, additions
from outreach.domain.lead_matching import People, Placed

ADA = Address(AddressKind.EMAIL, "ada@example.com")
ADA_AT_HOME = Address(AddressKind.EMAIL, "ada@private.example")
BOB = Address(AddressKind.EMAIL, "bob@example.com")
PROFILE = Address(AddressKind.LINKEDIN, "https://www.linkedin.com/in/ada")
OTHER_PROFILE = Address(AddressKind.LINKEDIN, "https://www.linkedin.com/in/other")
SWITCHBOARD = Address(AddressKind.PHONE, "+4930901820")

EMPTY: dict[str, object] = {
    "first_name": None,
    "last_name": None,
    "title": None,
    "language": None,
    "timezone": None,
    "country": None,
    "owner": None,
    "score": 0,
    "tags": [],
    "fields": {},
}


def _ids() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"new{next(numbers)}"


def test_a_lead_is_found_by_any_address_and_takes_the_others() -> None:
    people = People({"lead1": [ADA]}, _ids())

    assert people.place([ADA, PROFILE]) == Placed("lead1", False, (PROFILE,), ())
    assert people.place([PROFILE]) == Placed("lead1", False, (), ())


def test_a_stranger_is_a_new_lead_who_is_known_from_then_on() -> None:
    people = People({}, _ids())

    assert people.place([ADA, PROFILE]) == Placed("new1", True, (ADA, PROFILE), ())
    assert people.place([ADA_AT_HOME, PROFILE]) == Placed("new1", False, (ADA_AT_HOME,), ())


def test_colleagues_with_one_number_are_two_people() -> None:
    people = People({"lead1": [ADA, SWITCHBOARD]}, _ids())

    assert people.place([BOB, SWITCHBOARD]) == Placed("new1", True, (BOB,), (SWITCHBOARD,))


def test_a_number_alone_names_its_owner() -> None:
    people = People({"lead1": [ADA, SWITCHBOARD]}, _ids())

    assert people.place([SWITCHBOARD]).lead_id == "lead1"
    assert people.place([PROFILE, SWITCHBOARD]) == Placed("lead1", False, (PROFILE,), ())
    assert people.place([OTHER_PROFILE, SWITCHBOARD]).is_new


def test_of_two_leads_with_its_addresses_the_first_address_decides() -> None:
    people = People({"lead1": [ADA], "lead2": [PROFILE]}, _ids())

    assert people.place([ADA, PROFILE]) == Placed("lead1", False, (), (PROFILE,))


@given(
    drafts=st.lists(
        st.lists(
            st.sampled_from([ADA, ADA_AT_HOME, BOB, PROFILE, OTHER_PROFILE, SWITCHBOARD]),
            min_size=1,
            unique=True,
        )
    )
)
def test_every_lead_has_an_address_and_no_address_two_leads(drafts: list[list[Address]]) -> None:
    people = People({"lead1": [ADA, SWITCHBOARD]}, _ids())

    placed = [people.place(draft) for draft in drafts]

    owned = [address for lead_id in {place.lead_id for place in placed} for address in people.addresses_of(lead_id)]
    assert len(owned) == len(set(owned))
    assert all(place.added for place in placed if place.is_new)
    assert [people.place(draft).is_new for draft in drafts] == [False] * len(drafts)


def test_nothing_new_changes_nothing() -> None:
    present = EMPTY | {"first_name": "Ada", "tags": ["vip"], "fields": {"city": "Bonn"}, "score": 3}
    draft = LeadDraft(
        addresses=(ADA,), source="web", first_name="Adelheid", tags=("vip",), fields={"city": "Bonn", "x": ""}, score=9
    )

    assert additions(present, draft) == {}


def test_what_is_missing_is_filled_tags_are_added_and_own_fields_updated() -> None:
    present = EMPTY | {"first_name": "Ada", "tags": ["vip"], "fields": {"city": "Bonn", "size": "5"}}
    draft = LeadDraft(
        addresses=(ADA,),
        source="web",
        last_name="Lang",
        owner="anna",
        stage="won",
        tags=("new", "vip"),
        fields={"city": "Köln"},
        score=9,
    )

    assert additions(present, draft) == {
        "last_name": "Lang",
        "owner": "anna",
        "score": 9,
        "tags": ["vip", "new"],
        "fields": {"city": "Köln", "size": "5"},
    }
