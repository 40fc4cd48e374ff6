"""Requests Trello allows, of those an adapter has a use for, by its published API description as far as it was read.

A board's lists, labels, a part of search and the body of a custom field are from Atlassian's pages.

Ids are 24 hexadecimal digits there. A board's short link, which the service takes as well, is the one exception here:
it is looked up once.
"""

from __future__ import annotations

from outreach.sandbox.described import (
    Call,
    Description,
    any_of,
    digits,
    like,
    listed,
    one_of,
    shape,
    switch,
    text,
    up_to,
)

_HEX = "[0-9a-fA-F]{24}"
_CARD, _BOARD = f"/cards/{{id:{_HEX}}}", f"/boards/{{id:{_HEX}|[A-Za-z0-9]{{8}}}}"
_ID = like(_HEX)
_POSITION = any_of(one_of("top", "bottom"), like(r"\d+(\.\d+)?"))
_SHOWN = one_of("all", "closed", "none", "open")
_COLORS = one_of("yellow", "purple", "blue", "red", "green", "orange", "black", "sky", "pink", "lime", "null")
_WRITTEN = {
    "name": text,
    "desc": up_to(16_384),
    "pos": _POSITION,
    "due": text,
    "start": text,
    "dueComplete": switch,
    "idMembers": listed(_ID, 50),
    "idLabels": listed(_ID, 50),
    "address": text,
    "locationName": text,
}
_VALUE = any_of(
    shape({"text*": text}),
    shape({"number*": like(r"-?\d+(\.\d+)?")}),
    shape({"date*": text}),
    shape({"checked*": switch}),
    one_of(""),
)

DESCRIPTION = Description(
    {
        "GET /members/{id}": Call({"fields": text}),
        "GET /search": Call(
            {"query*": like(".+", 16_384), "idBoards": any_of(one_of("mine"), listed(_ID, 100)), "modelTypes": text}
            | {"board_fields": text, "boards_limit": digits(1000), "card_fields": text, "cards_limit": digits(1000)}
            | {"cards_page": digits(100), "card_board": switch, "card_list": switch, "partial": switch}
        ),
        f"GET {_BOARD}": Call({"fields": text, "lists": text, "labels": text, "members": text, "customFields": switch}),
        f"GET {_BOARD}/lists": Call({"cards": _SHOWN, "card_fields": text, "filter": _SHOWN, "fields": text}),
        f"GET {_BOARD}/labels": Call({"fields": text, "limit": digits(1000)}),
        f"GET {_BOARD}/members": Call(),
        f"GET {_BOARD}/customFields": Call(),
        f"GET {_BOARD}/actions": Call(
            {
                "filter": text,
                "format": one_of("list", "count"),
                "idModels": text,
                "limit": digits(1000),
                "page": digits(),
            }
            | {"member": switch, "memberCreator": switch, "member_fields": text, "memberCreator_fields": text}
            | {"reactions": switch, "before": text, "since": text}
        ),
        f"GET {_CARD}": Call(
            {"fields": text, "actions": text, "attachments": text, "members": switch, "member_fields": text}
            | {"checkItemStates": switch, "checklists": text, "board": switch, "list": switch, "pluginData": switch}
            | {"stickers": switch, "customFieldItems": switch}
        ),
        f"GET {_CARD}/actions": Call({"filter": text, "page": digits(19)}),
        "POST /cards": Call(
            {**_WRITTEN, "idList*": _ID, "urlSource": text, "idCardSource": _ID, "keepFromSource": text}
        ),
        f"PUT {_CARD}": Call({**_WRITTEN, "closed": switch, "idList": _ID, "idBoard": _ID, "subscribed": switch}),
        f"DELETE {_CARD}": Call(),
        f"POST {_CARD}/actions/comments": Call({"text*": like(".+", 16_384)}),
        f"POST {_CARD}/idLabels": Call({"value": _ID}),
        f"POST {_CARD}/idMembers": Call({"value": _ID}),
        "POST /labels": Call({"name*": text, "color*": _COLORS, "idBoard*": _ID}),
        f"PUT {_CARD}/customField/{{field:{_HEX}}}/item": Call(
            body=any_of(shape({"value*": _VALUE}), shape({"idValue*": text, "value": _VALUE}))
        ),
    },
    base="/1",
)
