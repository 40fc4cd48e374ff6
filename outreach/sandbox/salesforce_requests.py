"""Requests Salesforce allows as far as is known (unverified), of those an adapter has a use for.

Names in a record are those of the organisation's fields, so any is described.
"""

from __future__ import annotations

from outreach.sandbox.described import (
    Call,
    Description,
    anything,
    flag,
    like,
    many,
    mapping,
    one_of,
    shape,
    switch,
    text,
)

_KIND = "{kind:[A-Za-z][A-Za-z0-9_]*}"
_ID = "{id:[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?}"
_RECORD = mapping(anything)
_PART = shape(
    {
        "method*": one_of("GET", "POST", "PATCH", "PUT", "DELETE"),
        "url*": like(r"/services/data/v\d+\.0/.+"),
        "referenceId*": like(r"[A-Za-z][A-Za-z0-9_]*"),
        "body": _RECORD,
    }
)
_COMPOSITE = {"compositeRequest*": many(_PART, most=25, least=1), "allOrNone": flag, "collateSubrequests": flag}
_TOKEN = {
    "grant_type*": one_of(
        "refresh_token",
        "authorization_code",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
    ),
    "client_id": text,
    "client_secret": text,
    "refresh_token": text,
    "code": text,
    "redirect_uri": text,
    "assertion": text,
}

DESCRIPTION = Description(
    {
        "GET /query": Call({"q*": text}),
        "GET /queryAll": Call({"q*": text}),
        "GET /query/{locator}": Call(),
        f"GET /sobjects/{_KIND}/describe": Call(),
        f"GET /sobjects/{_KIND}/{_ID}": Call({"fields": like(r"\w+(\.\w+)*(,\w+(\.\w+)*)*")}),
        f"POST /sobjects/{_KIND}": Call(body=_RECORD),
        f"PATCH /sobjects/{_KIND}/{_ID}": Call(body=_RECORD),
        f"PATCH /sobjects/{_KIND}/{{field:\\w+__c}}/{{value}}": Call({"updateOnly": switch}, body=_RECORD),
        f"DELETE /sobjects/{_KIND}/{_ID}": Call(),
        "POST /composite": Call(body=shape(_COMPOSITE)),
    },
    base="/services/data/v68.0",
    beside={"POST /services/oauth2/token": Call(form=_TOKEN)},
)
