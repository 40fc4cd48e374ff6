"""Requests Pipedrive's API descriptions allow (v2; v1 for notes and users), of those an adapter has a use for.

Read in the client Pipedrive makes from them (version 33.7): paths, parameters with their choices, names and kinds in
bodies, what is required. The most that a page and a list of ids may hold stand in their words.
"""

from __future__ import annotations

from outreach.sandbox.described import (
    Call,
    Description,
    Kind,
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
    up_to,
    whole,
)

_ID = r"{id:\d+}"
_INSTANT = like(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_DAY = like(r"\d{4}-\d\d-\d\d")
_MOMENT = like(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_KEYS = mapping(anything)  # custom fields: 40 hexadecimal digits → what a field of that type takes
_PAGED: dict[str, Kind] = {"limit": digits(500, 1), "cursor": text}
_DIRECTION = one_of("asc", "desc")
_WITH = {"custom_fields": listed(text, 15), "include_option_labels": switch, "include_labels": switch}
_SHOWN_OF_DEALS = (
    *("next_activity_id", "last_activity_id", "first_won_time", "products_count", "files_count", "notes_count"),
    *("followers_count", "email_messages_count", "activities_count", "done_activities_count"),
    *("undone_activities_count", "participants_count", "last_incoming_mail_time", "last_outgoing_mail_time"),
    *("smart_bcc_email", "source_lead_id"),
)
_SHOWN_OF_PERSONS = (
    *("next_activity_id", "last_activity_id", "open_deals_count", "related_open_deals_count", "closed_deals_count"),
    *("related_closed_deals_count", "participant_open_deals_count", "participant_closed_deals_count"),
    *("email_messages_count", "activities_count", "done_activities_count", "undone_activities_count", "files_count"),
    *("notes_count", "followers_count", "won_deals_count", "related_won_deals_count", "lost_deals_count"),
    *("related_lost_deals_count", "last_incoming_mail_time", "last_outgoing_mail_time", "marketing_status"),
    *("doi_status", "smart_bcc_email"),
)
_PERSON_SHOWN: dict[str, Kind] = {"include_fields": listed(one_of(*_SHOWN_OF_PERSONS), 30), **_WITH}
_DEAL_SHOWN: dict[str, Kind] = {"include_fields": listed(one_of(*_SHOWN_OF_DEALS), 30), **_WITH}
_FOUND: dict[str, Kind] = {
    **_PAGED,
    "filter_id": digits(),
    "ids": listed(digits(), 100),
    "owner_id": digits(),
    "org_id": digits(),
    "updated_since": _INSTANT,
    "updated_until": _INSTANT,
    "sort_by": one_of("id", "update_time", "add_time"),
    "sort_direction": _DIRECTION,
}
_SEARCH: dict[str, Kind] = {**_PAGED, "term*": like(".+"), "exact_match": switch}
_CONTACT = many(shape({"value": text, "primary": flag, "label": text}))
_ADDRESS = shape({}, others=anything)
_PERSON: dict[str, Kind] = {
    "name": text,
    "owner_id": whole,
    "org_id": whole,
    "visible_to": whole,
    "emails": _CONTACT,
    "phones": _CONTACT,
    "label_ids": many(whole),
    "postal_address": _ADDRESS,
    "notes": up_to(10_000),
    "im": _CONTACT,
    "birthday": text,
    "job_title": text,
    "custom_fields": _KEYS,
    "marketing_status": one_of("no_consent", "unsubscribed", "subscribed", "archived"),
}
_DEAL: dict[str, Kind] = {
    "owner_id": whole,
    "person_id": or_null(whole),
    "org_id": or_null(whole),
    "pipeline_id": whole,
    "stage_id": whole,
    "value": number,
    "currency": text,
    "status": text,
    "probability": number,
    "visible_to": whole,
    "is_deleted": flag,
    "is_archived": flag,
    "archive_time": or_null(text),
    "lost_reason": text,
    "close_time": text,
    "won_time": text,
    "lost_time": text,
    "label_ids": many(whole),
    "expected_close_date": _DAY,
    "custom_fields": _KEYS,
}
_ORGANIZATION: dict[str, Kind] = {
    "name*": text,
    "owner_id": whole,
    "add_time": text,
    "visible_to": whole,
    "label_ids": many(whole),
    "address": _ADDRESS,
    "website": or_null(text),
    "linkedin": or_null(text),
    "industry": or_null(whole),
    "annual_revenue": or_null(number),
    "employee_count": or_null(whole),
    "custom_fields": _KEYS,
}
_FIELDS = ("ui_visibility", "important_fields", "required_fields")
_TOKEN: dict[str, Kind] = {
    "grant_type*": one_of("refresh_token", "authorization_code"),
    "refresh_token": text,
    "code": text,
    "redirect_uri": text,
    "code_verifier": text,
}
_ON = ("lead", "deal", "organization", "person", "project", "task")  # what a note can be pinned to
_PINNED_IN_QUERY = {f"pinned_to_{one}_flag": one_of("0", "1") for one in _ON}
_NOTES: dict[str, Kind] = {
    "user_id": digits(),
    "lead_id": text,
    "deal_id": digits(),
    "person_id": digits(),
    "org_id": digits(),
    "project_id": digits(),
    "task_id": digits(),
    "start": digits(),
    "limit": digits(500, 1),
    "start_date": _DAY,
    "end_date": _DAY,
    "updated_since": _INSTANT,
    "sort": like(r"\w+ (ASC|DESC)(, \w+ (ASC|DESC))*"),
    **_PINNED_IN_QUERY,
}
_NOTE: dict[str, Kind] = {
    "content*": up_to(100_000),
    "lead_id": text,
    "deal_id": whole,
    "person_id": whole,
    "org_id": whole,
    "project_id": whole,
    "task_id": whole,
    "user_id": whole,
    "add_time": _MOMENT,
    **{f"pinned_to_{one}_flag": whole for one in _ON},
}
_WHOSE = ("lead_id", "deal_id", "person_id", "org_id", "project_id", "task_id")


def _note(value: object) -> str:
    """A note belongs to something."""
    if isinstance(value, dict) and not any(name in value for name in _WHOSE):
        return f"one of {', '.join(_WHOSE)}: missing"
    return shape(_NOTE)(value)


def _described(v1: str) -> Description:
    return Description(
        {
            "POST /oauth/token": Call(form=_TOKEN),
            "GET /api/v2/persons/search": Call(
                {**_SEARCH, "organization_id": digits(), "include_fields": one_of("person.picture")}
                | {"fields": listed(one_of("custom_fields", "email", "notes", "phone", "name"), 5)}
            ),
            "GET /api/v2/organizations/search": Call(
                {**_SEARCH, "fields": listed(one_of("address", "custom_fields", "notes", "name"), 4)}
            ),
            "GET /api/v2/persons": Call({**_FOUND, **_PERSON_SHOWN, "deal_id": digits()}),
            "GET /api/v2/deals": Call(
                {**_FOUND, **_DEAL_SHOWN, "person_id": digits(), "pipeline_id": digits(), "stage_id": digits()}
                | {"status": listed(one_of("open", "won", "lost", "deleted"), 4)}
            ),
            "GET /api/v2/stages": Call(
                {**_PAGED, "pipeline_id": digits(), "sort_direction": _DIRECTION}
                | {"sort_by": one_of("id", "update_time", "add_time", "order_nr")}
            ),
            "GET /api/v2/personFields": Call({**_PAGED, "include_fields": listed(one_of(*_FIELDS), 3)}),
            f"GET /api/v2/persons/{_ID}": Call(_PERSON_SHOWN),
            f"GET /api/v2/deals/{_ID}": Call(_DEAL_SHOWN),
            "POST /api/v2/persons": Call(body=shape({**_PERSON, "add_time": text})),
            "POST /api/v2/organizations": Call(body=shape(_ORGANIZATION)),
            "POST /api/v2/deals": Call(body=shape({**_DEAL, "title*": text})),
            f"PATCH /api/v2/persons/{_ID}": Call(body=shape(_PERSON)),
            f"PATCH /api/v2/deals/{_ID}": Call(body=shape({**_DEAL, "title": text})),
            f"DELETE /api/v2/persons/{_ID}": Call(),
            f"GET {v1}/users": Call(),
            f"GET {v1}/users/me": Call(),
            f"GET {v1}/notes": Call(_NOTES),
            f"POST {v1}/notes": Call(body=_note),
        }
    )


DESCRIPTIONS = {v1: _described(v1) for v1 in ("/v1", "/api/v1")}
"""By where version 1 stands: below a company's own host it is under /api."""
