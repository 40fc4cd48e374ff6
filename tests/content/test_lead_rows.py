"""From a row of a file to a lead."""

from __future__ import annotations

import pytest

from outreach.content.lead_columns import guess_columns
from outreach.content.lead_rows import Terms, Understood, understand
from outreach.domain.lead import Address, AddressKind, Company, LeadDraft


def _read(source: str | None = None, **cells: str) -> Understood:
    columns = guess_columns([name.replace("__", ".") for name in cells])
    terms = Terms(
        columns=columns,
        default_source="import:leads.csv",
        source=source,
        default_country="TR",
        stages=("prospect", "meeting_booked"),
    )
    return understand(tuple(cells.values()), terms)


def test_a_full_row_is_understood() -> None:
    understood = _read(
        email="Ayse@Example.com",
        first_name=" Ayşe ",
        last_name="Yılmaz",
        company="Example  Ltd",
        title="CFO",
        phone="0532 123 45 67",
        linkedin="linkedin.com/in/Ayse",
        country="Türkiye",
        timezone="Europe/Istanbul",
        language="Turkish",
        source="fair",
        tags="vip; fintech,vip",
        score="25",
        owner="anna",
        stage="Meeting booked",
        pain_point="audit",
    )

    assert understood == Understood(
        LeadDraft(
            addresses=(
                Address(AddressKind.EMAIL, "ayse@example.com"),
                Address(AddressKind.LINKEDIN, "https://www.linkedin.com/in/ayse"),
                Address(AddressKind.PHONE, "+905321234567"),
            ),
            source="fair",
            company=Company(name="Example Ltd", domain="example.com"),
            first_name="Ayşe",
            last_name="Yılmaz",
            title="CFO",
            language="tr",
            timezone="Europe/Istanbul",
            country="TR",
            owner="anna",
            stage="meeting_booked",
            score=25,
            tags=("vip", "fintech"),
            fields={"pain_point": "audit"},
        ),
        (),
    )


@pytest.mark.parametrize(
    ("whole", "first", "last"),
    [
        ("Ayşe Yılmaz", "Ayşe", "Yılmaz"),
        ("Ada Maria Lovelace", "Ada Maria", "Lovelace"),
        ("Yılmaz, Ayşe", "Ayşe", "Yılmaz"),
        ("Ayşe", "Ayşe", ""),
    ],
)
def test_a_whole_name_gives_first_and_last(whole: str, first: str, last: str) -> None:
    draft = _read(email="a@example.com", name=whole).draft

    assert (draft.first_name, draft.last_name) == (first, last)


def test_several_addresses_in_one_cell_are_all_kept() -> None:
    draft = _read(email="a@example.com; b@example.com", phone="0532 123 45 67 / 0533 123 45 67").draft

    assert [address.value for address in draft.addresses] == [
        "a@example.com",
        "b@example.com",
        "+905321234567",
        "+905331234567",
    ]


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"email": "not an address"}, "'not an address' is not an e-mail address"),
        ({"email": "", "linkedin": "n/a"}, "holds no address"),
        ({"email": "", "phone": "12"}, "'12' is not a phone number"),
        ({"email": "a@example.com", "timezone": "Europe/Istambul"}, "Did you mean 'Europe/Istanbul'?"),
        ({"email": "a@example.com", "stage": "prospekt"}, "Did you mean 'prospect'?"),
        ({"email": ";".join(f"a{number}@example.com" for number in range(21))}, "at most 20"),
    ],
)
def test_a_row_that_is_wrong_is_refused_with_what_to_write(cells: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError) as refusal:  # noqa: PT011
        _read(**cells)

    assert says in str(refusal.value)


def test_everything_wrong_is_told_at_once() -> None:
    with pytest.raises(ValueError, match=r"e-mail address.*time zone"):
        _read(email="none at all", timezone="Mars")


def test_what_is_not_clear_is_left_out_and_kept_as_it_was_written() -> None:
    understood = _read(
        email="a@example.com", phone="ask Bob", country="Atlantis", score="high", language="klingonish", website="none?"
    )

    assert understood.remarks == ("country", "phone", "domain", "language", "score")
    assert understood.draft.fields == {
        "country_as_written": "Atlantis",
        "phone_as_written": "ask Bob",
        "domain_as_written": "none?",
        "language_as_written": "klingonish",
        "score_as_written": "high",
    }
    assert (understood.draft.country, understood.draft.score) == ("", 0)


def test_cells_that_say_nothing_are_nothing() -> None:
    understood = _read(email="a@example.com", phone="n/a", last_name="-", country="unknown", city="  ")

    assert understood.remarks == ()
    assert understood.draft.fields == {}
    assert understood.draft.last_name == ""


def test_the_country_of_the_row_is_stronger_than_the_default_for_its_phone() -> None:
    draft = _read(email="a@example.com", phone="030 901820", country="Germany").draft

    assert draft.addresses[1].value == "+4930901820"


def test_the_source_is_what_was_given_then_the_column_then_the_file() -> None:
    by_hand = _read(source="fair", email="a@example.com", lead_source="web").draft

    assert (by_hand.source, by_hand.fields) == ("fair", {"source_as_written": "web"})
    assert _read(email="a@example.com", lead_source="web").draft.source == "web"
    assert _read(email="a@example.com", lead_source="").draft.source == "import:leads.csv"


@pytest.mark.parametrize(
    ("cells", "company"),
    [
        ({"email": "a@mail.example.com"}, Company(domain="example.com")),
        ({"email": "a@gmail.com"}, Company()),
        ({"email": "a@gmail.com", "company": "Example"}, Company(name="Example")),
        ({"email": "a@gmail.com", "website": "https://www.example.com/x"}, Company(domain="example.com")),
        ({"email": "a@agency.example", "website": "example.com"}, Company(domain="example.com")),
        (
            {"email": "a@example.com", "company_size": "51-200"},
            Company(domain="example.com", fields={"size": "51-200"}),
        ),
        ({"email": "a@gmail.com", "website": "https://www.linkedin.com/company/example"}, Company()),
    ],
)
def test_the_company_is_known_by_website_then_by_e_mail(cells: dict[str, str], company: Company) -> None:
    assert _read(**cells).draft.company == company


def test_what_is_said_of_no_company_stays_with_the_lead() -> None:
    assert _read(email="a@gmail.com", company_size="50").draft.fields == {"company_size": "50"}


def test_a_neutralised_formula_is_taken_back() -> None:
    assert _read(email="a@example.com", phone="'+90 532 123 45 67").draft.addresses[1].value == "+905321234567"
