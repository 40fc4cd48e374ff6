"""Requests Pipedrive allows (v2; v1 for notes and users), of those an adapter has a use for.

Persons and the bodies of deals were read in its published description; the rest is from its documentation.
"""

from __future__ import annotations

from outreach.sandbox.described import (
    Call,
    Description,
    anything,
    digits,
    flag,
    like,
    listed,
    many,
    mapping,
    number,
    one_of,
    or_null,
    shape,
    switch,
    text,
    whole,
)

_ID = r"{id:\d+}"
_INSTANT = like(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_KEYS = mapping(anything)  # custom fields: 40 hexadecimal digits → what a field of that type takes
_PAGED = {"limit": digits(500, 1), "cursor": text}
_SORTED = {**_PAGED, "sort_by": one_of("id", "update_time", "add_time"), "sort_direction": one_of("asc", "desc")}
_FOUND = {
    **_SORTED,
    "filter_id": digits(),
    "ids": listed(digits(), 100),
    "owner_id": digits(),
    "org_id": digits(),
    "updated_since": _INSTANT,
    "updated_until": _INSTANT,
    "include_fields": text,
    "custom_fields": text,
}
_ONE = {"include_fields": text, "custom_fields": text}
_SEARCH = {**_PAGED, "term*": like(".+"), "fields": text, "exact_match": switch, "include_fields": text}
_CONTACT = many(shape({"value": text, "primary": flag, "label": text}))
_PERSON = {
    "name": text,
    "owner_id": whole,
    "org_id": whole,
    "add_time": text,
    "update_time": text,
    "visible_to": whole,
    "emails": _CONTACT,
    "phones": _CONTACT,
    "label_ids": many(whole),
    "custom_fields": _KEYS,
    "marketing_status": one_of("no_consent", "unsubscribed", "subscribed", "archived"),
}
_DEAL = {
    "owner_id": whole,
    "person_id": whole,
    "org_id": whole,
    "pipeline_id": whole,
    "stage_id": whole,
    "value": number,
    "currency": text,
    "status": text,
    "probability": or_null(number),
    "visible_to": whole,
    "is_deleted": flag,
    "is_archived": flag,
    "archive_time": text,
    "lost_reason": or_null(text),
    "close_time": or_null(text),
    "won_time": text,
    "lost_time": text,
    "label_ids": many(whole),
    "expected_close_date": like(r"\d{4}-\d\d-\d\d"),
    "custom_fields": _KEYS,
}
_ORGANIZATION = {
    "owner_id": whole,
    "add_time": text,
    "update_time": text,
    "visible_to": whole,
    "label_ids": many(whole),
    "custom_fields": _KEYS,
}
_TOKEN = {
    "grant_type*": one_of("refresh_token", "authorization_code"),
    "refresh_token": text,
    "code": text,
    "redirect_uri": text,
}


def _described(v1: str) -> Description:
    notes = {
        "user_id": digits(),
        "lead_id": text,
        "deal_id": digits(),
        "person_id": digits(),
        "org_id": digits(),
        "start": digits(),
        "limit": digits(500, 1),
        "start_date": text,
        "end_date": text,
        "sort": like(r"\w+ (ASC|DESC)(, \w+ (ASC|DESC))*"),
    }
    note = {
        "content*": text,
        "person_id": whole,
        "deal_id": whole,
        "org_id": whole,
        "lead_id": text,
        "user_id": whole,
        "add_time": text,
        "pinned_to_person_flag": whole,
        "pinned_to_deal_flag": whole,
    }
    return Description(
        {
            "POST /oauth/token": Call(form=_TOKEN),
            "GET /api/v2/persons/search": Call({**_SEARCH, "organization_id": digits()}),
            "GET /api/v2/organizations/search": Call(_SEARCH),
            "GET /api/v2/persons": Call({**_FOUND, "deal_id": digits()}),
            "GET /api/v2/deals": Call(
                {**_FOUND, "person_id": digits(), "pipeline_id": digits(), "stage_id": digits()}
                | {"status": one_of("open", "won", "lost", "deleted")}
            ),
            "GET /api/v2/stages": Call({**_PAGED, "pipeline_id": digits(), "sort_by": text, "sort_direction": text}),
            "GET /api/v2/personFields": Call({**_PAGED, "include_fields": text}),
            f"GET /api/v2/persons/{_ID}": Call(_ONE),
            f"GET /api/v2/deals/{_ID}": Call(_ONE),
            "POST /api/v2/persons": Call(body=shape(_PERSON)),
            "POST /api/v2/organizations": Call(body=shape({**_ORGANIZATION, "name*": text})),
            "POST /api/v2/deals": Call(body=shape({**_DEAL, "title*": text})),
            f"PATCH /api/v2/persons/{_ID}": Call(body=shape(_PERSON)),
            f"PATCH /api/v2/deals/{_ID}": Call(body=shape({**_DEAL, "title": text})),
            f"DELETE /api/v2/persons/{_ID}": Call(),
            f"GET {v1}/users": Call(),
            f"GET {v1}/users/me": Call(),
            f"GET {v1}/notes": Call(notes),
            f"POST {v1}/notes": Call(body=shape(note)),
        }
    )


DESCRIPTIONS = {v1: _described(v1) for v1 in ("/v1", "/api/v1")}
"""By where version 1 stands: below a company's own host it is under /api."""
