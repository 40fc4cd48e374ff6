"""AWS Signature Version 4 for one request with a body: docs.aws.amazon.com, "Create a signed AWS API request".

Pure: the same request at the same instant has the same signature. Tested with the vectors Amazon publishes.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"
NO_BODY = hashlib.sha256(b"").hexdigest()  # S3 wants it as a header


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Who signs, and for which service in which region."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    region: str
    service: str
    session_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is signed. `path` is as it goes over the wire, before its second encoding; `query` is not encoded yet."""

    method: str
    host: str
    path: str = "/"
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def signed_headers(key: Key, request: Request, *, now: datetime) -> dict[str, str]:
    """The headers to send beside the request's own: date, token, and the signature over all of them."""
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    added = {"X-Amz-Date": stamp}
    if key.session_token:
        added["X-Amz-Security-Token"] = key.session_token
    headers = {**request.headers, **added, "Host": request.host}
    names = ";".join(sorted(name.lower() for name in headers))
    scope = f"{stamp[:8]}/{key.region}/{key.service}/aws4_request"
    signature = hmac.new(
        signing_key(key, stamp[:8]), string_to_sign(request, headers, scope, stamp).encode(), hashlib.sha256
    ).hexdigest()
    credential = f"Credential={key.access_key_id}/{scope}"
    added["Authorization"] = f"{ALGORITHM} {credential}, SignedHeaders={names}, Signature={signature}"
    return added


def signing_key(key: Key, day: str) -> bytes:
    """The secret, bound to day, region and service."""
    found = f"AWS4{key.secret_access_key}".encode()
    for part in (day, key.region, key.service, "aws4_request"):
        found = hmac.new(found, part.encode(), hashlib.sha256).digest()
    return found


def string_to_sign(request: Request, headers: Mapping[str, str], scope: str, stamp: str) -> str:
    canonical = hashlib.sha256(canonical_request(request, headers).encode()).hexdigest()
    return "\n".join((ALGORITHM, stamp, scope, canonical))


def canonical_request(request: Request, headers: Mapping[str, str]) -> str:
    """The request in the one form that both sides hash."""
    ordered = sorted((name.lower(), " ".join(value.split())) for name, value in headers.items())
    pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in request.query)
    return "\n".join(
        (
            request.method,
            quote(request.path, safe="/-_.~"),
            "&".join(f"{name}={value}" for name, value in pairs),
            *(f"{name}:{value}" for name, value in ordered),
            "",
            ";".join(name for name, _ in ordered),
            hashlib.sha256(request.body).hexdigest(),
        )
    )
