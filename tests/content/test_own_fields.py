"""Fields of the team's own have types, and values one form."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from outreach.content.lead_columns import Column
from outreach.content.lead_rows import Terms, understand
from outreach.content.own_fields import FieldType, read
from outreach.content.workspace import load
from outreach.errors import ConfigError
from outreach.services.watching.new_workspace import make


@pytest.mark.parametrize(
    ("written", "kind", "value"),
    [
        ("1200", "number", "1200"),
        ("1,200.5", "number", "1200.5"),
        ("1.200,5", "number", "1200.5"),
        ("12,5", "number", "12.5"),
        ("+3", "number", "3"),
        ("many", "number", None),
        ("2026-03-02", "date", "2026-03-02"),
        ("2026-03-02 00:00:00", "date", "2026-03-02"),
        ("2026-03-02 09:30", "date", "2026-03-02T09:30:00"),
        ("2.3.2026", "date", "2026-03-02"),
        ("31.2.2026", "date", None),
        ("03/02/2026", "date", None),
        ("Evet", "yes_no", "true"),
        ("Hayır", "yes_no", "false"),
        ("perhaps", "yes_no", None),
        ("perhaps", "text", "perhaps"),
    ],
)
def test_a_value_is_brought_to_the_form_of_its_type(written: str, kind: str, value: str | None) -> None:
    assert read(written, FieldType(kind)) == value


def test_a_value_of_another_type_is_set_aside(tmp_path: Path) -> None:
    columns = tuple(
        map(Column, "abcde", ("email", "fields.seats", "fields.renewal_on", "company.fields.size", "consent_on"))
    )
    types = {"seats": FieldType.NUMBER, "renewal_on": FieldType.DATE, "company.size": FieldType.NUMBER}
    terms = Terms(columns=columns, default_source="list", field_types=types)

    found = understand(("a@one.com", "1.200,5", "soon", "big", "1.4.2025"), terms)

    kept = {"seats": "1200.5", "consent_on": "2025-04-01"}
    aside = {"renewal_on_as_written": "soon", "company_size_as_written": "big"}
    assert dict(found.draft.fields) == kept | aside
    assert set(found.remarks) == {"renewal_on", "company_size"}


@pytest.fixture
def workspace(tmp_path: Path) -> Callable[[str, str], None]:
    """Load a new workspace with these fields, and a sequence that has this condition."""

    def load_it(fields: str, when: str) -> None:
        root = tmp_path / "workspace"
        make(root)
        settings = root / "config/outreach.yaml"
        settings.write_text(f"{settings.read_text('utf-8')}\nfields: {fields}\n", "utf-8")
        text = f"name: own\nsenders: [anna]\nenter: {{when: {when!r}}}\nsteps:\n  - {{id: call, task: call}}\n"
        (root / "sequences/own.yaml").write_text(text, "utf-8")
        load(root, {})

    return load_it


def test_a_condition_names_declared_fields_only(workspace: Callable[[str, str], None]) -> None:
    with pytest.raises(ConfigError) as error:
        workspace("{seats: number}", "lead.seets > 5")

    assert "Unknown name 'lead.seets'. Did you mean 'lead.seats'?" in str(error.value)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ("{email: text}", "'email' is there already"),
        ("{Seats: number}", "'Seats' is no name of a field"),
        ("{team.size: number}", "'team.size' is no name of a field"),
        ("{seats: numbr}", "number"),
    ],
)
def test_a_declaration_that_is_wrong_is_told(workspace: Callable[[str, str], None], fields: str, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        workspace(fields, "lead.score > 5")

    assert told in str(error.value)
