"""Requests of ClinchPad's API v1, of those an adapter has a use for: as its pages and two clients have them.

The pages describe no schemas: what a body may hold is what they list for each call.
"""

from __future__ import annotations

from outreach.sandbox.described import Call, Description, Kind, digits, like, many, number, or_null, shape, text

_ID = like(r"[0-9a-f]{24}")
_AT = r"{id:[\w-]+}"
_PAGED = {"page": digits(), "size": digits(999, 1)}
_LOGIN = {"authorization*": like("Basic [A-Za-z0-9+/=]+")}
_FIELDS = many(shape({"_id*": _ID, "value*": or_null(text)}))
_CONTACT: dict[str, Kind] = {
    **dict.fromkeys(("email", "designation", "phone", "address"), text),
    "organization_id": _ID,
    "fields": _FIELDS,
}
_LEAD: dict[str, Kind] = {"size": number, "user_id": _ID, "fields": _FIELDS}
_VALUE = shape({"value*": text})

DESCRIPTION = Description(
    {
        "GET /users": Call(headers=_LOGIN),
        "GET /pipelines": Call(headers=_LOGIN),
        f"GET /pipelines/{_AT}/stages": Call(headers=_LOGIN),
        "GET /contacts": Call({"email": text, **_PAGED}, headers=_LOGIN),
        "POST /contacts": Call(body=shape({"name*": like(".+"), **_CONTACT}), headers=_LOGIN),
        f"GET /contacts/{_AT}": Call(headers=_LOGIN),
        f"PUT /contacts/{_AT}": Call(body=shape({"name*": text, **_CONTACT, "email*": text}), headers=_LOGIN),
        f"PUT /contacts/{_AT}/fields/{_AT}": Call(body=_VALUE, headers=_LOGIN),
        "GET /leads": Call({"pipeline_id*": _ID, **_PAGED}, headers=_LOGIN),
        "POST /leads": Call(body=shape({"name*": like(".+"), "pipeline_id*": _ID, **_LEAD}), headers=_LOGIN),
        f"GET /leads/{_AT}": Call(headers=_LOGIN),
        f"PUT /leads/{_AT}": Call(body=shape({"name": text, "stage_id": _ID, **_LEAD}), headers=_LOGIN),
        f"GET /leads/{_AT}/contacts": Call(_PAGED, headers=_LOGIN),
        f"PUT /leads/{_AT}/contacts/{_AT}": Call(headers=_LOGIN),
        f"GET /leads/{_AT}/fields": Call(_PAGED, headers=_LOGIN),
        f"POST /leads/{_AT}/fields": Call(body=shape({"name*": like(".+"), "value*": text}), headers=_LOGIN),
        f"PUT /leads/{_AT}/fields/{_AT}": Call(body=_VALUE, headers=_LOGIN),
        f"GET /leads/{_AT}/notes": Call(_PAGED, headers=_LOGIN),
        f"POST /leads/{_AT}/notes": Call(body=shape({"content*": like(".+"), "user_id*": _ID}), headers=_LOGIN),
        "GET /activities": Call({"filter_type": text, **_PAGED}, headers=_LOGIN),
    },
    base="/api/v1",
)
