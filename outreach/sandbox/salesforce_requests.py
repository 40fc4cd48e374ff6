"""Requests Salesforce documents for version 68.0, of those an adapter has a use for.

Paths and parameters are from the REST API Developer Guide, the shape of a composite request from its page there, the
grants from the guide to OAuth. Standard fields and their kinds are those of the standard schema that Salesforce's own
client library for the command line ships; fields of an organisation end with `__c`, and may hold anything.
"""

from __future__ import annotations

from outreach.sandbox.described import (
    Call,
    Description,
    Kind,
    any_of,
    anything,
    flag,
    like,
    many,
    number,
    one_of,
    or_null,
    shape,
    switch,
    text,
    up_to,
)

_DESCRIBED = "{kind:Lead|Contact|Opportunity}"
_KEPT = "{kind:Lead|Contact|Opportunity|OpportunityContactRole|Task}"
_RECORD = "{id:[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?}"
_ID = like(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")
_ID_OR_PART = any_of(_ID, like(r"@\{\w+\.id\}"))  # what another part of a composite request made
_DAY = like(r"\d{4}-\d\d-\d\d")
_PERSON: dict[str, Kind] = {
    **dict.fromkeys(
        ("FirstName", "Email", "Title", "Phone", "MobilePhone", "LeadSource", "Description"), or_null(text)
    ),
    **dict.fromkeys(("HasOptedOutOfEmail", "DoNotCall"), flag),
    "OwnerId": _ID,
    "LastName": up_to(80),
}
_LEAD = {**_PERSON, "Company": up_to(255), "Status": text, "NumberOfEmployees": number}
_CONTACT = {**_PERSON, "AccountId": _ID}
_TASK: dict[str, Kind] = {
    "Subject": up_to(255),
    "Description": up_to(32_000),
    "WhoId": _ID,
    "Status": text,
    "TaskSubtype": one_of("Task", "Email", "Call", "ListEmail"),
    "ActivityDate": _DAY,
}
_OPPORTUNITY: dict[str, Kind] = {
    "Name": up_to(120),
    "StageName": text,
    "CloseDate": _DAY,
    "Amount": number,
    "AccountId": _ID,
    "RecordTypeId": _ID,
    "OwnerId": _ID,
}
_ROLE = {"OpportunityId": _ID_OR_PART, "ContactId": _ID, "IsPrimary": flag, "Role": text}


def _made(names: dict[str, Kind], *required: str) -> Kind:
    """A new record. What is not named here is a field of the organisation."""
    return shape({f"{name}*" if name in required else name: kind for name, kind in names.items()}, others=anything)


_NEW = {
    "Lead": _made(_LEAD, "LastName", "Company"),
    "Contact": _made(_CONTACT, "LastName"),
    "Task": _made(_TASK, "Subject", "WhoId", "Status"),
    "Opportunity": _made(_OPPORTUNITY, "Name", "StageName", "CloseDate"),
    "OpportunityContactRole": _made(_ROLE, "OpportunityId", "ContactId"),
}
_CHANGED = {"Lead": _made(_LEAD), "Contact": _made(_CONTACT), "Opportunity": _made(_OPPORTUNITY)}
_PART = any_of(
    *(
        shape(
            {
                "method*": one_of("POST"),
                "url*": like(rf"/services/data/v\d+\.0/sobjects/{kind}"),
                "referenceId*": like(r"[A-Za-z][A-Za-z0-9_]*"),
                "body*": body,
            }
        )
        for kind, body in _NEW.items()
    )
)
_COMPOSITE = {"compositeRequest*": many(_PART, most=25, least=1), "allOrNone": flag, "collateSubrequests": flag}
_TOKEN = {
    "grant_type*": one_of(
        "refresh_token",
        "authorization_code",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
    ),
    **dict.fromkeys(("client_id", "client_secret", "refresh_token", "code", "redirect_uri", "assertion"), text),
    "code_verifier": text,
}
_SAVES = {"sforce-duplicate-rule-header": one_of("allowSave=true", "allowSave=false")}

DESCRIPTION = Description(
    {
        "GET /query": Call({"q*": like(r"SELECT .+ FROM \w+.*", 100_000)}),
        "GET /queryAll": Call({"q*": like(r"SELECT .+ FROM \w+.*", 100_000)}),
        r"GET /query/{locator:[\w-]+}": Call(),
        f"GET /sobjects/{_DESCRIBED}/describe": Call(),
        f"GET /sobjects/{{kind:Lead|Contact}}/{_RECORD}": Call({"fields": like(r"\w+(\.\w+)*(,\w+(\.\w+)*)*")}),
        **{f"POST /sobjects/{kind}": Call(body=body, headers=_SAVES) for kind, body in _NEW.items()},
        **{f"PATCH /sobjects/{kind}/{_RECORD}": Call(body=body, headers=_SAVES) for kind, body in _CHANGED.items()},
        **{
            f"PATCH /sobjects/{kind}/{{field:\\w+__c}}/{{value}}": Call(
                {"updateOnly": switch}, body=_NEW[kind], headers=_SAVES
            )
            for kind in ("Lead", "Contact")
        },
        f"DELETE /sobjects/{_KEPT}/{_RECORD}": Call(),
        "POST /composite": Call(body=shape(_COMPOSITE), headers=_SAVES),
    },
    base="/services/data/v68.0",
    beside={"POST /services/oauth2/token": Call(form=_TOKEN)},
)
