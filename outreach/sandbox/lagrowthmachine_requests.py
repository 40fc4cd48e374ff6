"""Requests of La Growth Machine's flow API as the vendor's own connectors make them, of those an adapter has a use for.

Paths, ways to send the key and names in the query are those of its connectors for n8n and `lgm-mcp`; the
names of a lead, of a status and of a note are those of clients that were tried against the service.
"""

from __future__ import annotations

from outreach.crms.lagrowthmachine_options import FIELDS, STATUSES
from outreach.sandbox.described import Call, Description, Kind, digits, flag, like, one_of, shape, text

_KEY: dict[str, Kind] = {"apikey": text}
_LEAD_ID = like(r"[0-9a-f]{24}|[\w-]+")
_PAGED = {"skip": digits(), "limit": digits(100, 1)}
_IDENTITIES = ("leadId", "linkedinUrl", "crmId", "linkedinId", "linkedinPublicId")
_SOUGHT = dict.fromkeys(("email", *_IDENTITIES, "firstname", "lastname", "companyName", "companyUrl"), text)
_LEAD = {
    **dict.fromkeys((*FIELDS, "proEmail"), like(".+")),
    "leadId": _LEAD_ID,
    "gender": one_of("man", "woman"),
    "audience*": like(".+"),
    "excludeContactedLeads": flag,
}
_STATUS = {
    "status*": one_of(*STATUSES),
    "campaign*": like(".+"),
    "identifier*": like(".+"),
    "from": text,
    "memberEmail": text,
}
_NOTE = shape(
    {
        **dict.fromkeys(("conversationId", "leadId", "email", "linkedinUrl"), like(".+")),
        "note*": like(".+"),
        "mode*": one_of("append", "replace"),
    }
)

DESCRIPTION = Description(
    {
        "GET /members": Call(_KEY),
        "GET /audiences": Call(_KEY),
        r"GET /audiences/{id:[\w-]+}/leads": Call({**_PAGED, **_KEY}),
        "GET /leads/search": Call({**_SOUGHT, **_KEY}),
        "POST /leads": Call(_KEY, body=shape(_LEAD)),
        "POST /leads/status": Call(_KEY, form=_STATUS),
        "POST /inbox/conversations/note": Call(_KEY, body=_NOTE),
    },
    base="/flow",
)
