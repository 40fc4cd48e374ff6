"""How a small REST CRM is described to the adapter. What is left out is as InvestGlass is taken to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from outreach.crm import Operation
from outreach.crms.option_types import require_mapping

PROVIDER = "investglass"
_ALWAYS = frozenset({Operation.PERSON, Operation.LOG_REPLY, Operation.LOG})
_SETTINGS = {
    Operation.OWNER: "owner_field",
    Operation.STATUS: "status_property",
    Operation.STAGE: "stage_field",
    Operation.TAGS: "tags_field",
    Operation.DO_NOT_CONTACT: "do_not_contact_field",
}
LACKS = {operation: f"`{name}` has to say where it is kept" for operation, name in _SETTINGS.items()} | {
    Operation.DEAL: "deals of InvestGlass are not known well enough",
    Operation.FORGET: "how InvestGlass deletes contacts is not known well enough",
}
_METHODS = ("POST", "PUT", "PATCH")


def _note_body() -> dict[str, str]:
    return {"contact_id": "{person_id}", "title": "{subject}", "content": "{text}"}


def _fields() -> dict[str, str]:
    return {"email": "email", "first_name": "first_name", "last_name": "last_name", "company": "company_name"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`field_map`: our names → theirs. `…_field`: the person's field that holds it; empty: it cannot be written.

    A wrapper is the key that an object or a list stands under; empty: none. Holes in `note_body` and in the parameters:
    `{email}`, `{person_id}`, `{subject}`, `{text}`, `{at}`.
    """

    key: str = field(repr=False)
    base_url: str = "https://app.investglass.com/api/v1"
    auth_header: str = "Authorization"
    auth_scheme: str = "Bearer"
    person_path: str = "/contacts"
    person_wrapper: str = "contact"
    people_wrapper: str = "contacts"
    find_params: Mapping[str, str] = field(default_factory=lambda: {"email": "{email}"})
    create_method: str = "POST"
    update_method: str = "PUT"
    id_field: str = "id"
    field_map: Mapping[str, str] = field(default_factory=_fields)
    note_path: str = "/contact_reports"
    note_wrapper: str = "contact_report"
    notes_wrapper: str = "contact_reports"
    note_params: Mapping[str, str] = field(default_factory=lambda: {"contact_id": "{person_id}"})
    note_body: Mapping[str, str] = field(default_factory=_note_body)
    note_is_html: bool = False
    users_path: str = "/users"
    users_wrapper: str = "users"
    owner_field: str = ""
    status_property: str = ""
    stage_field: str = ""
    known_stages: tuple[str, ...] = ()
    tags_field: str = ""
    do_not_contact_field: str = ""

    def __post_init__(self) -> None:
        if not self.key.strip():
            raise ValueError('the key is empty. Write key: "${INVESTGLASS_KEY}" and set it in the environment.')
        for name in ("create_method", "update_method"):
            if getattr(self, name) not in _METHODS:
                raise ValueError(f"{name} is '{getattr(self, name)}'. Write one of {', '.join(_METHODS)}.")
        for name in ("person_path", "note_path", "users_path"):
            if not getattr(self, name).startswith("/"):
                raise ValueError(f"{name} does not begin with a slash. Write it as /contacts.")
        for name in ("field_map", "find_params", "note_params", "note_body"):
            require_mapping(name, getattr(self, name), "{<name>: <value>}")
        if "email" not in self.field_map:
            raise ValueError("field_map has no 'email': without it nobody is found. Write `email: <their field>`.")
        if not any("{text}" in value for value in self.note_body.values()):
            raise ValueError('note_body has no place for the text. Write `<their field>: "{text}"`.')

    @property
    def can(self) -> frozenset[Operation]:
        """What there is a setting for."""
        return _ALWAYS | {operation for operation, name in _SETTINGS.items() if getattr(self, name)}
