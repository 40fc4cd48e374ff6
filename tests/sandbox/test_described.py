"""What a description allows, and what it says of everything else."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from outreach.sandbox.described import (
    Call,
    Description,
    Undescribed,
    any_of,
    at_most,
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
from outreach.sandbox.hubspot_server import TOKEN, FakeHubSpot

DESCRIPTION = Description(
    {
        "GET /people": Call(
            {"limit": digits(100, 1), "ids": listed(digits(), 2), "sort": one_of("asc"), "all": switch}
        ),
        "GET /people/search": Call({"term*": text}),
        r"GET /people/{id:\d+}": Call(headers={"since": like(r"\d{4}-\d\d-\d\d")}),
        "POST /people": Call(
            body=shape(
                {
                    "name*": up_to(5),
                    "age": whole,
                    "score": number,
                    "tags": many(text, most=2),
                    "is_lead": flag,
                    "values": mapping(text),
                    "note": or_null(text),
                    "owner": any_of(whole, text),
                }
            )
        ),
        "GET /account": Call(headers={"x-account*": text}),
        "POST /pages": Call(body=shape({"size*": at_most(200, 1)})),
        "POST /open": Call(body=shape({"id*": text}, others=text)),
        "POST /token": Call(form={"grant_type*": one_of("refresh_token")}),
    },
    base="/v1",
)
WHOLE = {"name": "Ann", "age": 7, "score": 0.5, "tags": ["a"], "is_lead": True, "values": {"a": "b"}, "note": None}


def _asked(method: str, path: str, **kind: Any) -> httpx.Request:
    return httpx.Request(method, f"https://crm.example/v1{path}", **kind)


@pytest.mark.parametrize(
    "request_",
    [
        _asked("GET", "/people?limit=100&ids=1,2&sort=asc&all=true"),
        _asked("GET", "/people/search?term=a%40b.example"),
        _asked("GET", "/people/7", headers={"since": "2026-03-02", "x-other": "1"}),
        _asked("POST", "/people", json=WHOLE | {"owner": "anna"}),
        _asked("GET", "/account", headers={"X-Account": "demo"}),
        _asked("POST", "/pages", json={"size": 200}),
        _asked("POST", "/open", json={"id": "1", "Anything": "else"}),
        _asked("POST", "/token", data={"grant_type": "refresh_token"}),
    ],
)
def test_what_is_described_passes(request_: httpx.Request) -> None:
    DESCRIPTION.prove(request_)


@pytest.mark.parametrize(
    ("request_", "status", "said"),
    [
        (_asked("DELETE", "/people/7"), 404, "nothing at DELETE /v1/people/7"),
        (_asked("GET", "/people/ann"), 404, "nothing at GET /v1/people/ann"),
        (_asked("GET", "/people?limit=101"), 400, "query limit: no integer from 1 to 100"),
        (_asked("GET", "/people?limit=0"), 400, "query limit: no integer from 1 to 100"),
        (_asked("GET", "/people?page=1"), 400, "query page: not described"),
        (_asked("GET", "/people?ids=1,2,3"), 400, "query ids: no list of 0 to 2"),
        (_asked("GET", "/people?ids=1,b"), 400, r"query ids: \[1\] no integer from 0 to any"),
        (_asked("GET", "/people?all=1"), 400, "query all: none of true, false"),
        (_asked("GET", "/people?limit=1&limit=2"), 400, "query limit: twice"),
        (_asked("GET", "/people/search"), 400, "query term: missing"),
        (_asked("GET", "/people/7", headers={"since": "today"}), 400, "header since: not of the form"),
        (_asked("GET", "/account"), 400, "header x-account: missing"),
        (_asked("POST", "/pages", json={"size": 201}), 400, "size: not from 1 to 200"),
        (_asked("POST", "/pages", json={"size": "9"}), 400, "size: no integer"),
        (_asked("GET", "/people/7", json={}), 400, "there is a body"),
        (_asked("POST", "/people", json={"age": 7}), 400, "name: missing"),
        (_asked("POST", "/people", json=WHOLE | {"age": "7"}), 400, "age: no integer"),
        (_asked("POST", "/people", json=WHOLE | {"age": True}), 400, "age: no integer"),
        (_asked("POST", "/people", json=WHOLE | {"score": "1"}), 400, "score: no number"),
        (_asked("POST", "/people", json=WHOLE | {"name": "Annabel"}), 400, "name: not of the form"),
        (_asked("POST", "/people", json=WHOLE | {"tags": ["a", 1]}), 400, r"tags: \[1\] no text"),
        (_asked("POST", "/people", json=WHOLE | {"is_lead": "true"}), 400, "is_lead: neither true nor false"),
        (_asked("POST", "/people", json=WHOLE | {"values": {"a": None}}), 400, "values: a: no text"),
        (_asked("POST", "/people", json=WHOLE | {"owner": None}), 400, "owner: no integer and no text"),
        (_asked("POST", "/people", json=WHOLE | {"email": "a"}), 400, "email: not described"),
        (_asked("POST", "/people", json=[]), 400, "no object"),
        (_asked("POST", "/people", content=b"{", headers={"content-type": "application/json"}), 400, "no JSON"),
        (_asked("POST", "/people", data={"name": "Ann"}), 415, "write application/json"),
        (_asked("POST", "/open", json={"id": "1", "Anything": 2}), 400, "Anything: no text"),
        (_asked("POST", "/token", json={"grant_type": "refresh_token"}), 415, "x-www-form-urlencoded"),
        (_asked("POST", "/token", data={"grant_type": "password"}), 400, "form grant_type: none of"),
    ],
)
def test_everything_else_is_refused_with_its_place(request_: httpx.Request, status: int, said: str) -> None:
    with pytest.raises(Undescribed, match=said) as refusal:
        DESCRIPTION.prove(request_)

    assert refusal.value.status == status


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"inputs": [{"id": "1"}], "properties": []}, "propertiesWithHistory: missing"),
        ({"inputs": [{"id": 1}], "properties": [], "propertiesWithHistory": []}, "id: no text"),
    ],
)
def test_hubspot_refuses_a_batch_that_is_not_as_described_in_its_own_words(body: Any, said: str) -> None:
    url, headers = (
        "https://api.hubapi.com/crm/objects/2026-09/contacts/batch/read",
        {"authorization": f"Bearer {TOKEN}"},
    )

    response = FakeHubSpot().handle(httpx.Request("POST", url, json=body, headers=headers))

    assert response.status_code == 400
    assert response.json()["category"] == "VALIDATION_ERROR"
    assert said in response.json()["message"]
