"""Requests of Salesmate's published collection, v4, of those an adapter has a use for.

The collection has examples and no schemas: names and kinds are those of its examples. Whatever else a contact or a deal
has is a field of the account, under the name the account gave it.
"""

from __future__ import annotations

from outreach.sandbox.described import (
    Call,
    Description,
    Kind,
    any_of,
    anything,
    digits,
    flag,
    like,
    many,
    one_of,
    shape,
    text,
    whole,
)

_NUMBER = r"{number:\d+}"
_PAGED = {"rows*": digits(250, 1), "from*": digits()}
_HEADERS = {"accesstoken": text, "sessiontoken": text, "x-linkname*": like(r"[A-Za-z0-9-]+\.salesmate\.io")}
_CONTACT: dict[str, Kind] = {
    **dict.fromkeys(("firstName", "email", "mobile", "phone", "otherPhone", "website", "designation"), text),
    **dict.fromkeys(("linkedInHandle", "twitterHandle", "skypeId", "currency", "tags", "description"), text),
    "lastName*": like(".+"),
    "owner*": whole,
    "company": whole,
    "emailOptOut": flag,
}
_DEAL: dict[str, Kind] = {
    **dict.fromkeys(("title*", "pipeline*", "stage*"), like(".+")),
    "status*": one_of("Open", "Close", "Won", "Lost"),
    "primaryContact*": whole,
    "owner*": whole,
    "primaryCompany": whole,
    **dict.fromkeys(("dealValue", "currency", "estimatedCloseDate", "source", "priority", "tags", "description"), text),
}


def _search(module: str, number: int) -> Kind:
    """What is asked of contacts (1) and deals (4); rules are joined by one operator."""
    name = like(rf"{module}\.[\w.]+")
    field = shape({"fieldName*": name, "displayName*": text, "type*": text})
    rule = shape(
        {
            "condition*": like("[A-Z_]+"),
            "moduleName*": one_of(module.title()),
            "field*": field,
            "data*": text,
            "eventType*": text,
        }
    )
    group = shape({"operator*": one_of("AND", "OR"), "rules*": many(rule)})
    return shape(
        {
            "displayingFields*": many(name, least=1),
            "filterQuery*": shape({"group*": group}),
            "sort*": shape({"fieldName*": name, "order*": one_of("asc", "desc")}),
            "moduleId*": lambda value: "" if value == number else f"not {number}",
            "reportType*": one_of("get_data"),
            "getRecordsCount*": flag,
        }
    )


_NOTE = shape({"note*": like("<div>.*</div>"), "type*": one_of("Note"), "attachments*": many(anything)})
_ANY_FIELD = any_of(text, flag, whole)

DESCRIPTION = Description(
    {
        "GET /core/v4/users": Call({"status*": one_of("active")}, headers=_HEADERS),
        "POST /contact/v4/search": Call(_PAGED, body=_search("contact", 1), headers=_HEADERS),
        "POST /contact/v4": Call(body=shape(_CONTACT, others=_ANY_FIELD), headers=_HEADERS),
        f"GET /contact/v4/{_NUMBER}": Call(headers=_HEADERS),
        f"PUT /contact/v4/{_NUMBER}": Call(body=shape(_CONTACT, others=_ANY_FIELD), headers=_HEADERS),
        f"DELETE /contact/v4/{_NUMBER}": Call(headers=_HEADERS),
        f"POST /contact/v4/modules/1/object/{_NUMBER}/notes": Call(body=_NOTE, headers=_HEADERS),
        f"GET /module/v4/modules/1/objects/{_NUMBER}/notes": Call(headers=_HEADERS),
        "POST /deal/v4/search": Call(_PAGED, body=_search("deal", 4), headers=_HEADERS),
        "POST /deal/v4": Call(body=shape(_DEAL, others=_ANY_FIELD), headers=_HEADERS),
        f"PUT /deal/v4/{_NUMBER}": Call(body=shape(_DEAL, others=_ANY_FIELD), headers=_HEADERS),
    },
    base="/apis",
)
