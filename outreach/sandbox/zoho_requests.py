"""Requests Zoho's API descriptions of CRM v8 allow, of those an adapter has a use for.

Read in the newest of them (OpenAPI 3.1) for records, deleted records, search, notes, related records, tags, fields,
layouts, pipelines, users and the organisation, and in the client Zoho makes (`zohocrmsdk8_0` 7.0). Names in a record
are those of the organisation's fields, so any is described.
"""

from __future__ import annotations

from collections.abc import Mapping

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
    one_of,
    or_null,
    shape,
    switch,
    text,
    up_to,
)

_ID = "{id:[0-9]{1,19}}"
_MODULE = "{module:Leads|Contacts|Deals}"
_BIG = like(r"[0-9]{1,19}")  # ids are longer than a JSON number keeps
_FIELDS = like(r"[A-Za-z_]\w*(,[A-Za-z_]\w*)*", 1000)
_NAME = like(r"[A-Za-z_$]\w*")
_DAY = like(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([+-]\d\d:\d\d|Z)")
_ORDER = one_of("asc", "desc")
_BY = one_of("id", "Created_Time", "Modified_Time")
_BOTH = one_of("true", "false", "both")
_PAGED = {"page": digits(least=1), "per_page": digits(200, 1)}
_RELATED = {
    "page": digits(10_000, 1),
    "perPage": digits(200, 1),
    "page_token": up_to(500),
    "sort_order": _ORDER,
    "sort_by": _BY,
    "ids": listed(_BIG, 200),
}
_TRIGGER = many(one_of("approval", "workflow", "blueprint", "pathfinder", "orchestration"))
_NAMED: dict[str, Kind] = {"$append_values": up_to(10), "Layout": shape({"id*": _BIG})}
_RECORD, _KNOWN = shape(_NAMED, others=anything), shape({**_NAMED, "id*": _BIG}, others=anything)
_FEATURES = many(shape({"name*": text}))
_NOTE = shape(
    {
        "Note_Title": up_to(120),
        "Note_Content": up_to(65_535),
        "Parent_Id": shape({"module*": shape({"api_name": up_to(50), "id": _BIG}), "id*": _BIG}),
    }
)
_TAG = shape({"name": or_null(up_to(25)), "color_code": or_null(up_to(7))})
_USERS = (
    *("CurrentUser", "DeletedUsers", "DeactiveUsers", "NotConfirmedUsers", "ConfirmedUsers", "ActiveUsers"),
    *("AdminUsers", "ActiveConfirmedAdmins", "ActiveConfirmedUsers", "DeveloperUsers", "AllUsers", "AllActiveUsers"),
    *("ActiveLiteUser", "ActiveAndDeactive", "ChildRoleUsers", "ParentRoleUsers", "SubordinateRoleUsers"),
    "ConfirmedReportingUsers",
)
_TOKEN = {
    "grant_type*": one_of("refresh_token", "authorization_code"),
    "client_id*": text,
    "client_secret*": text,
    "refresh_token": text,
    "code": text,
    "redirect_uri": text,
}
_FEATURED: dict[str, Kind] = {"apply_feature_execution": _FEATURES, "skip_feature_execution": _FEATURES}
_UPSERTED: dict[str, Kind] = {
    "lar_id": like(r"[1-9][0-9]{0,18}"),
    "duplicate_check_fields": many(up_to(100)),
    "wf_trigger": or_null(up_to(50)),
}


def _data(record: Kind, more: Mapping[str, Kind], most: int = 100) -> Kind:
    return shape({"data*": many(record, most=most, least=1), "trigger": _TRIGGER, **more})


DESCRIPTION = Description(
    {
        "GET /org": Call(),
        "GET /users": Call(
            {**_PAGED, "type": one_of(*_USERS), "include_lite_users": switch, "role_id": _BIG, "query_id": text}
            | {"child_data": text, "ids": text, "fields": text, "type__s": text}
        ),
        "GET /settings/fields": Call(
            {"module*": up_to(30), "type": one_of("all", "unused", "used")}
            | {"include": one_of("allowed_permissions_to_update")}
        ),
        "GET /settings/layouts": Call(
            {"module*": up_to(50), "mode": one_of("all", "business_card", "quick_create")}
            | {"include": one_of("total_profiles", "portal_user_types"), "include_inner_details": up_to(255)}
            | {"include_element_types": one_of("field", "mirror_field")}
        ),
        "GET /settings/pipeline": Call({"layout_id*": _BIG}),
        f"GET /{_MODULE}": Call(
            {**_PAGED, "fields*": listed(_NAME, 50), "ids": listed(_BIG, 100), "cvid": _BIG, "page_token": text}
            | {"sort_order": _ORDER, "sort_by": _BY, "converted": _BOTH, "include_child": switch}
        ),
        f"GET /{_MODULE}/search": Call(
            {**_PAGED, "criteria": up_to(3000), "email": up_to(255), "word": up_to(100), "converted": _BOTH}
            | {"phone": like(r"[+]?[0-9\s\-().]{3,50}"), "fields": up_to(2000), "sort_by": text, "sort_order": _ORDER}
        ),
        f"GET /{_MODULE}/deleted": Call(
            {**_PAGED, "type": one_of("all", "recycle", "permanent")}, headers={"if-modified-since": _DAY}
        ),
        f"POST /{_MODULE}": Call(body=_data(_RECORD, {"lar_id": _BIG, "wf_trigger": up_to(50), **_FEATURED})),
        f"POST /{_MODULE}/upsert": Call(body=_data(_RECORD, _UPSERTED)),
        f"GET /{_MODULE}/{_ID}": Call(),
        f"PUT /{_MODULE}/{_ID}": Call(body=_data(_KNOWN, _FEATURED, most=1)),
        f"DELETE /{_MODULE}/{_ID}": Call({"wf_trigger": switch}),
        f"GET /{_MODULE}/{_ID}/Notes": Call({**_RELATED, "fields": _FIELDS}),
        f"POST /{_MODULE}/{_ID}/Notes": Call(body=shape({"data*": many(_NOTE, most=100, least=1)})),
        f"POST /{_MODULE}/{_ID}/actions/add_tags": Call(
            body=shape({"tags*": many(_TAG, most=3), "over_write": or_null(flag), "ids": or_null(text)})
        ),
        f"GET /{_MODULE}/{_ID}/Deals": Call({**_RELATED, "fields*": _FIELDS, "converted": _BOTH, "approved": _BOTH}),
    },
    base="/crm/v8",
    beside={"POST /oauth/v2/token": Call(form=_TOKEN)},
)
