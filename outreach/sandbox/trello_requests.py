"""Requests Trello's published API description (OpenAPI 0.0.1) allows, of those an adapter has a use for.

Every parameter, form and limit is as it stands there. Four things are otherwise, and meant to be:
- A board's short link, where the description has an id of 24 hexadecimal digits: it is looked up once.
- Numbers of custom fields are texts, as Atlassian's page on custom fields has them; the description says number.
- Of a custom field's body just one kind of value is taken; the description's two alternatives both fit every body.
- Key and token travel in a header (Atlassian's page on authorization); the description names them in the query.
"""

from __future__ import annotations

from outreach.sandbox.described import (
    Call,
    Description,
    Kind,
    any_of,
    digits,
    like,
    listed,
    one_of,
    shape,
    switch,
    text,
)

_HEX = "[0-9a-fA-F]{24}"
_CARD, _BOARD = f"/cards/{{id:{_HEX}}}", f"/boards/{{id:{_HEX}|[A-Za-z0-9]{{8}}}}"
_ID = like(_HEX)
_POSITION = any_of(one_of("top", "bottom"), like(r"\d+(\.\d+)?"))
_SHOWN = one_of("all", "closed", "none", "open")
_COLORS = one_of("yellow", "purple", "blue", "red", "green", "orange", "black", "sky", "pink", "lime")
_INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
_MOMENT = any_of(_ID, like(f"{_INSTANT}Z"))
_WRITTEN: dict[str, Kind] = {
    "name": text,
    "desc": text,
    "pos": _POSITION,
    "due": text,
    "start": text,
    "dueComplete": switch,
    "address": text,
    "locationName": text,
    "coordinates": text,
}
_MADE: dict[str, Kind] = {
    **_WRITTEN,
    "idList*": _ID,
    "idMembers": listed(_ID, 50),
    "idLabels": listed(_ID, 50),
    "urlSource": text,
    "mimeType": text,
    "idCardSource": _ID,
    "keepFromSource": text,
}
_CHANGED: dict[str, Kind] = {
    **_WRITTEN,
    "closed": switch,
    "idMembers": listed(_ID, 50),
    "idLabels": listed(_ID, 50),
    "idAttachmentCover": _ID,
    "idList": _ID,
    "idBoard": _ID,
    "subscribed": switch,
}
_SEARCH: dict[str, Kind] = {
    "query*": like(".+", 16_384),
    "idBoards": any_of(one_of("mine"), _ID),
    "idOrganizations": text,
    "idCards": text,
    "modelTypes": text,
    "board_fields": text,
    "boards_limit": digits(1000),
    "board_organization": switch,
    "card_fields": text,
    "cards_limit": digits(1000),
    "cards_page": digits(100),
    "card_board": switch,
    "card_list": switch,
    "card_members": switch,
    "card_stickers": switch,
    "card_attachments": text,
    "organization_fields": text,
    "organizations_limit": digits(1000),
    "member_fields": text,
    "members_limit": digits(1000),
    "partial": switch,
}
_ONE_BOARD: dict[str, Kind] = {
    **dict.fromkeys(("actions", "boardStars", "cards", "checklists", "fields", "labels", "lists", "members"), text),
    **dict.fromkeys(("card_pluginData", "customFields", "pluginData", "organization", "myPrefs", "tags"), switch),
    "memberships": text,
    "organization_pluginData": switch,
}
_ONE_CARD: dict[str, Kind] = {
    **dict.fromkeys(("fields", "actions", "attachments", "attachment_fields", "member_fields"), text),
    **dict.fromkeys(("memberVoted_fields", "checklists", "checklist_fields", "board_fields", "sticker_fields"), text),
    **dict.fromkeys(("members", "membersVoted", "checkItemStates", "board", "list", "pluginData"), switch),
    **dict.fromkeys(("stickers", "customFieldItems"), switch),
}
_ACTIONS: dict[str, Kind] = {
    **dict.fromkeys(("filter", "idModels", "member_fields", "memberCreator_fields"), text),
    **dict.fromkeys(("member", "memberCreator", "reactions"), switch),
    "format": one_of("list", "count"),
    "limit": digits(1000),
    "page": digits(),
    "before": _MOMENT,
    "since": _MOMENT,
}
_VALUE = any_of(
    shape({"text*": text}),
    shape({"number*": like(r"-?\d+(\.\d+)?")}),
    shape({"date*": like(rf"{_INSTANT}(\.\d+)?Z")}),
    shape({"checked*": switch}),
)

DESCRIPTION = Description(
    {
        "GET /members/{id}": Call({"fields": one_of("id")}),
        "GET /search": Call(_SEARCH),
        f"GET {_BOARD}": Call(_ONE_BOARD),
        f"GET {_BOARD}/lists": Call({"cards": _SHOWN, "card_fields": text, "filter": _SHOWN, "fields": text}),
        f"GET {_BOARD}/labels": Call({"limit": digits(1000)}),
        f"GET {_BOARD}/members": Call(),
        f"GET {_BOARD}/customFields": Call(),
        f"GET {_BOARD}/actions": Call(_ACTIONS),
        f"GET {_CARD}": Call(_ONE_CARD),
        f"GET {_CARD}/actions": Call({"filter": text, "page": digits(19)}),
        "POST /cards": Call(_MADE),
        f"PUT {_CARD}": Call(_CHANGED),
        f"DELETE {_CARD}": Call(),
        f"POST {_CARD}/actions/comments": Call({"text*": like(".+", 16_384)}),
        f"POST {_CARD}/idLabels": Call({"value": _ID}),
        f"POST {_CARD}/idMembers": Call({"value": _ID}),
        "POST /labels": Call({"name*": text, "color*": _COLORS, "idBoard*": text}),
        f"PUT {_CARD}/customField/{{field:{_HEX}}}/item": Call(
            body=any_of(shape({"value*": _VALUE}), shape({"idValue*": _ID}))
        ),
    },
    base="/1",
)
