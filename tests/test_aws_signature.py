"""Signature Version 4, by the vectors Amazon publishes (its test suite and its documentation's example)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from outreach.aws_signature import Key, Request, canonical_request, signed_headers, signing_key

SUITE = Key(
    access_key_id="AKIDEXAMPLE",
    secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    region="us-east-1",
    service="service",
)
AT = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
HOST = "example.amazonaws.com"


@pytest.mark.parametrize(
    ("request_", "signature"),
    [
        (
            Request(method="GET", host=HOST),
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            Request(method="POST", host=HOST),
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        (
            Request(method="GET", host=HOST, query=(("Param2", "value2"), ("Param1", "value1"))),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
    ],
    ids=["get-vanilla", "post-vanilla", "get-vanilla-query-order-key-case"],
)
def test_the_published_suite_is_signed_as_published(request_: Request, signature: str) -> None:
    headers = signed_headers(SUITE, request_, now=AT)

    assert headers["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders=host;x-amz-date, Signature={signature}"
    )
    assert headers["X-Amz-Date"] == "20150830T123600Z"


def test_the_documented_request_to_iam_is_signed_as_documented() -> None:
    key = Key(
        access_key_id="AKIDEXAMPLE",
        secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        region="us-east-1",
        service="iam",
    )
    request = Request(
        method="GET",
        host="iam.amazonaws.com",
        query=(("Action", "ListUsers"), ("Version", "2010-05-08")),
        headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
    )

    headers = signed_headers(key, request, now=AT)

    assert signing_key(key, "20150830").hex() == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
    assert headers["Authorization"].endswith(
        "SignedHeaders=content-type;host;x-amz-date, "
        "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    )


def test_a_session_token_is_sent_and_signed() -> None:
    key = Key(access_key_id="A", secret_access_key="s", region="r", service="ses", session_token="temporary")

    headers = signed_headers(key, Request(method="GET", host=HOST), now=AT)

    assert headers["X-Amz-Security-Token"] == "temporary"
    assert "x-amz-security-token" in headers["Authorization"]
    assert "temporary" not in repr(key)


def test_each_part_of_the_request_changes_the_signature() -> None:
    plain = Request(method="POST", host=HOST, path="/v2/x", headers={"Content-Type": "a"}, body=b"1")
    others = [
        Request(method="PUT", host=HOST, path="/v2/x", headers={"Content-Type": "a"}, body=b"1"),
        Request(method="POST", host="other.amazonaws.com", path="/v2/x", headers={"Content-Type": "a"}, body=b"1"),
        Request(method="POST", host=HOST, path="/v2/y", headers={"Content-Type": "a"}, body=b"1"),
        Request(method="POST", host=HOST, path="/v2/x", headers={"Content-Type": "b"}, body=b"1"),
        Request(method="POST", host=HOST, path="/v2/x", headers={"Content-Type": "a"}, body=b"2"),
    ]

    signed = {signed_headers(SUITE, each, now=AT)["Authorization"] for each in (plain, *others)}

    assert len(signed) == 6


def test_a_path_outside_ascii_is_encoded_once() -> None:
    canonical = canonical_request(Request(method="GET", host=HOST, path="/bucket/posta kutusu/ş"), {"Host": HOST})

    assert canonical.splitlines()[1] == "/bucket/posta%20kutusu/%C5%9F"
