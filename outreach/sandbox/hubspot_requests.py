"""Requests HubSpot's published descriptions allow at 2026-09, of those an adapter has a use for.

Read in its collection of API descriptions, call by call: contacts (whose shape all objects share), associations, lists,
pipelines, properties, owners, subscriptions, account information and OAuth. The limits of batches and pages, and of
the groups of a search, are from its pages.
"""

from __future__ import annotations

from outreach.sandbox.described import (
    Call,
    Description,
    at_most,
    digits,
    many,
    mapping,
    one_of,
    shape,
    switch,
    text,
    up_to,
    whole,
)

_ID = shape({"id*": text})
_SENSITIVITIES = ("highly_sensitive", "non_sensitive", "sensitive")
_KINDS = "{kind:contacts|deals|notes|emails|communications}"
_OBJECTS = f"/crm/objects/2026-09/{_KINDS}"
_PAGED = {"after": text, "limit": digits(100, 1)}
_SHOWN = {"properties": text, "propertiesWithHistory": text, "associations": text, "archived": switch}
_PROPERTIES = mapping(text)
_TYPE = shape(
    {
        "associationCategory*": one_of("HUBSPOT_DEFINED", "INTEGRATOR_DEFINED", "USER_DEFINED", "WORK"),
        "associationTypeId*": whole,
    }
)
_OPERATORS = (
    *("BETWEEN", "CONTAINS_TOKEN", "EQ", "GT", "GTE", "HAS_PROPERTY", "IN", "LT", "LTE", "NEQ"),
    *("NOT_CONTAINS_TOKEN", "NOT_HAS_PROPERTY", "NOT_IN"),
)
_FILTER = shape(
    {
        "propertyName*": text,
        "operator*": one_of(*_OPERATORS),
        "value": text,
        "values": many(text),
        "highValue": text,
    }
)
_SEARCH = shape(
    {
        "after*": text,
        "filterGroups*": many(shape({"filters*": many(_FILTER, most=6)}), most=5),
        "limit*": at_most(200),
        "properties*": many(text),
        "sorts*": many(text),
        "query": up_to(3000),
    }
)
_CREATED = shape(
    {
        "properties*": _PROPERTIES,
        "associations*": many(shape({"to*": _ID, "types*": many(_TYPE)})),
        "objectWriteTraceId": text,
    }
)
_READ = shape(
    {
        "inputs*": many(_ID, most=100, least=1),
        "properties*": many(text),
        "propertiesWithHistory*": many(text),
        "idProperty": text,
    }
)
_PAIRS = shape({"inputs*": many(shape({"id*": text, "after": text}), most=1000, least=1)})

_TOKEN = {
    "grant_type*": one_of("refresh_token", "authorization_code"),
    **dict.fromkeys(("client_id*", "client_secret*"), text),
    **dict.fromkeys(("refresh_token", "code", "redirect_uri", "code_verifier", "scope"), text),
}

DESCRIPTION = Description(
    {
        f"GET {_OBJECTS}": Call({**_SHOWN, **_PAGED}),
        f"POST {_OBJECTS}": Call(body=_CREATED),
        f"POST {_OBJECTS}/search": Call(body=_SEARCH),
        f"POST {_OBJECTS}/batch/read": Call({"archived": switch}, body=_READ),
        f"GET {_OBJECTS}/{{id}}": Call({**_SHOWN, "idProperty": text}),
        f"PATCH {_OBJECTS}/{{id}}": Call(
            {"idProperty": text}, body=shape({"properties*": _PROPERTIES, "objectWriteTraceId": text})
        ),
        f"GET {_OBJECTS}/{{id}}/associations/{{other}}": Call({"after": text, "limit": digits(500, 1)}),
        "POST /crm/associations/2026-09/{from}/{to}/batch/read": Call(body=_PAIRS),
        "GET /crm/owners/2026-09": Call({**_PAGED, "email": text, "archived": switch}),
        "GET /crm/pipelines/2026-09/{kind}": Call(),
        "GET /crm/properties/2026-09/{kind}": Call(
            {"archived": switch, "dataSensitivity": one_of(*_SENSITIVITIES), "locale": text, "properties": text}
        ),
        "GET /crm/lists/2026-09/{id}/memberships": Call({"after": text, "before": text, "limit": digits(250, 1)}),
        "GET /crm/lists/2026-09/object-type-id/{type}/name/{name}": Call({"includeFilters": switch}),
        "GET /communication-preferences/2026-09/definitions": Call(
            {"businessUnitId": digits(), "includeTranslations": switch}
        ),
        "POST /communication-preferences/2026-09/statuses/{email}/unsubscribe-all": Call(
            {"channel*": one_of("EMAIL"), "businessUnitId": digits(), "verbose": switch}
        ),
        "GET /account-info/2026-09/details": Call(),
        f"DELETE {_OBJECTS}/{{id}}": Call(),
        "POST /crm/objects/2026-09/contacts/gdpr-delete": Call(body=shape({"objectId*": text, "idProperty": text})),
        "POST /oauth/2026-09/token": Call(form=_TOKEN),
    }
)
