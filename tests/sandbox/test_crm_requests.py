"""The stand-ins of CRMs refuse what the vendors' descriptions do not have, in the way the vendor would say so."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from outreach.sandbox import (
    clinchpad_requests,
    hubspot_requests,
    investglass_requests,
    lagrowthmachine_requests,
    salesforce_requests,
    salesmate_requests,
)
from outreach.sandbox.clinchpad_server import FakeClinchPad
from outreach.sandbox.described import Description, Undescribed
from outreach.sandbox.lagrowthmachine_server import FakeLaGrowthMachine
from outreach.sandbox.salesmate_server import FakeSalesmate

TABLES = {
    "hubspot": (hubspot_requests.DESCRIPTION, "https://api.hubapi.com"),
    "salesforce": (salesforce_requests.DESCRIPTION, "https://example.my.salesforce.com"),
    "salesmate": (salesmate_requests.DESCRIPTION, "https://demo.salesmate.io"),
    "lagrowthmachine": (lagrowthmachine_requests.DESCRIPTION, "https://apiv2.lagrowthmachine.com"),
    "clinchpad": (clinchpad_requests.DESCRIPTION, "https://www.clinchpad.com"),
    "investglass": (investglass_requests.DESCRIPTION, "https://app.investglass.com"),
}
_OBJECTS, _DATA = "/crm/objects/2026-09", "/services/data/v68.0"
_SEARCH = {"filterGroups": [], "properties": [], "limit": 100, "after": "0", "sorts": []}
_DEAL = {"Name": "x", "StageName": "Open", "CloseDate": "2026-03-02"}
_TASK = {"Subject": "Re: x", "WhoId": "003000000000101AAA", "Status": "Completed"}
_LINK = {"x-linkname": "demo.salesmate.io"}
_SOLD = {"title": "x", "primaryContact": 7, "owner": 5, "pipeline": "Sales", "status": "Open", "stage": "New"}
_LOGIN = {"authorization": "Basic " + base64.b64encode(b"api-key:sample").decode()}
_ID = "521f26eccce8b4310e00000a"


def _part(body: dict[str, Any]) -> dict[str, Any]:
    url = f"{_DATA}/sobjects/Opportunity"
    return {"compositeRequest": [{"method": "POST", "url": url, "referenceId": "deal", "body": body}]}


@pytest.mark.parametrize(
    ("vendor", "method", "path", "asked", "said"),
    [
        ("hubspot", "POST", f"{_OBJECTS}/contacts", {"json": {"properties": {}}}, "associations: missing"),
        ("hubspot", "POST", f"{_OBJECTS}/contacts/search", {"json": _SEARCH | {"limit": 201}}, "limit: not from"),
        ("hubspot", "POST", f"{_OBJECTS}/contacts/search", {"json": _SEARCH | {"after": 0}}, "after: no text"),
        ("hubspot", "POST", f"{_OBJECTS}/deals/batch/read", {"json": {"inputs": [{"id": "1"}]}}, "History: missing"),
        ("hubspot", "PATCH", f"{_OBJECTS}/deals/7", {"json": {"properties": {"amount": 7}}}, "amount: no text"),
        ("hubspot", "GET", "/crm/properties/2026-09/contacts?dataSensitivity=all", {}, "none of highly_sensitive"),
        ("hubspot", "GET", "/crm/pipelines/2026-09/deals?limit=100", {}, "limit: not described"),
        ("hubspot", "GET", "/crm/v3/owners", {}, "nothing at GET"),
        ("salesforce", "POST", f"{_DATA}/sobjects/Lead", {"json": {"LastName": "Kaya"}}, "Company: missing"),
        ("salesforce", "POST", f"{_DATA}/sobjects/Task", {"json": _TASK | {"WhoId": "7"}}, "WhoId: not of the form"),
        ("salesforce", "POST", f"{_DATA}/composite", {"json": _part(_DEAL | {"Amount": "10"})}, "Amount: no number"),
        ("salesforce", "POST", f"{_DATA}/composite", {"json": _part({"Name": "x"})}, "CloseDate: missing"),
        ("salesforce", "GET", f"{_DATA}/query?q=DELETE", {}, "q: not of the form"),
        ("salesforce", "PATCH", f"{_DATA}/sobjects/Lead/Email/a", {"json": {}}, "nothing at PATCH"),
        ("salesmate", "POST", "/apis/deal/v4", {"json": _SOLD | {"owner": "5"}, "headers": _LINK}, "owner: no integer"),
        ("salesmate", "POST", "/apis/contact/v4", {"json": {"owner": 5}, "headers": _LINK}, "lastName: missing"),
        ("salesmate", "GET", "/apis/core/v4/users?status=active", {}, "header x-linkname: missing"),
        ("salesmate", "GET", "/apis/contact/v2/7", {"headers": _LINK}, "nothing at GET"),
        ("lagrowthmachine", "POST", "/flow/leads", {"json": {"proEmail": "a@example.com"}}, "audience: missing"),
        ("lagrowthmachine", "POST", "/flow/leads", {"json": {"audience": "a", "email": "b"}}, "email: not described"),
        ("lagrowthmachine", "POST", "/flow/leads/status", {"data": {"status": "HOT"}}, "status: none of PAUSED"),
        ("lagrowthmachine", "GET", "/flow/audiences/a1/leads?limit=101", {}, "limit: no integer from 1 to 100"),
        ("clinchpad", "GET", "/api/v1/leads", {"headers": _LOGIN}, "pipeline_id: missing"),
        ("clinchpad", "POST", "/api/v1/leads", {"json": {"name": "x"}, "headers": _LOGIN}, "pipeline_id: missing"),
        ("clinchpad", "GET", "/api/v1/users", {}, "header authorization: missing"),
        ("investglass", "POST", "/api/v1/contacts", {"json": {"email": "a@example.com"}}, "contact: missing"),
    ],
)
def test_what_a_vendor_does_not_describe_is_refused(
    vendor: str, method: str, path: str, asked: dict[str, Any], said: str
) -> None:
    description, host = TABLES[vendor]

    with pytest.raises(Undescribed, match=said):
        description.prove(httpx.Request(method, f"{host}{path}", **asked))


@pytest.mark.parametrize(
    ("vendor", "method", "path", "asked"),
    [
        ("hubspot", "POST", f"{_OBJECTS}/contacts", {"json": {"properties": {"a": "b"}, "associations": []}}),
        ("salesforce", "POST", f"{_DATA}/composite", {"json": _part(_DEAL | {"Amount": 10, "Own__c": [1]})}),
        ("salesmate", "POST", "/apis/deal/v4", {"json": _SOLD, "headers": _LINK}),
        ("lagrowthmachine", "GET", "/flow/members?apikey=sample", {}),
        ("clinchpad", "POST", "/api/v1/leads", {"json": {"name": "x", "pipeline_id": _ID}, "headers": _LOGIN}),
        ("investglass", "POST", "/api/v1/contacts", {"json": {"contact": {"email": "a@example.com"}}}),
    ],
)
def test_what_a_vendor_describes_passes(vendor: str, method: str, path: str, asked: dict[str, Any]) -> None:
    description: Description = TABLES[vendor][0]

    description.prove(httpx.Request(method, f"{TABLES[vendor][1]}{path}", **asked))


@pytest.mark.parametrize(
    ("fake", "url", "status", "body"),
    [
        (
            FakeSalesmate(),
            "https://demo.salesmate.io/apis/contact/v3/7",
            404,
            {"Status": "failure", "Error": {"Name": "ObjectNotFound", "Code": "404"}},
        ),
        (FakeClinchPad(), "https://www.clinchpad.com/api/v1/tags", 404, {}),
        (FakeLaGrowthMachine(), "https://apiv2.lagrowthmachine.com/flow/tags", 404, {}),
    ],
)
def test_a_stand_in_says_so_in_its_own_words(fake: Any, url: str, status: int, body: dict[str, Any]) -> None:
    answer = fake.handle(httpx.Request("GET", url))

    assert answer.status_code == status
    assert "nothing at GET" in answer.text
    assert answer.json().get("Status") == body.get("Status")
