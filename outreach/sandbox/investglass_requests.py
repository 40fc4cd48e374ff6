"""Requests of a small REST CRM as the adapter's settings have it when nothing is set.

Of InvestGlass its help pages confirm the base address, JSON, one key around every object, and methods whose meaning is
the reverse of custom; the paths, parameters and names here are what the adapter takes it to be (unverified).
"""

from __future__ import annotations

from outreach.sandbox.described import Call, Description, Kind, any_of, anything, digits, shape, text

_AT = r"{id:[\w-]+}"
_PERSON = shape({"contact*": shape({}, others=any_of(text, anything))})
_NOTE_NAMES: dict[str, Kind] = dict.fromkeys(("contact_id*", "title*", "content*"), text)
_NOTE = shape({"contact_report*": shape(_NOTE_NAMES)})

DESCRIPTION = Description(
    {
        "GET /users": Call(),
        "GET /contacts": Call({"email": text}),
        f"GET /contacts/{_AT}": Call(),
        **{f"{method} /contacts": Call(body=_PERSON) for method in ("POST", "PUT")},
        **{f"{method} /contacts/{_AT}": Call(body=_PERSON) for method in ("POST", "PUT", "PATCH")},
        "GET /contact_reports": Call({"contact_id": digits()}),
        **{f"{method} /contact_reports": Call(body=_NOTE) for method in ("POST", "PUT")},
    },
    base="/api/v1",
)
