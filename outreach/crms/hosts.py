"""Names from settings and token answers that become part of a host, proved before they do.

A name with a slash, an @ or a port in it would send credentials to a host somebody else chose.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import httpx

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"  # RFC 1123 §2.1


def label(value: str, what: str) -> str:
    """One label of a host name, in lower case. Raises ValueError for anything else."""
    lowered = value.strip().lower()
    if not re.fullmatch(_LABEL, lowered):
        raise ValueError(f"{what} '{value[:80]}' is no part of a host name. Write it as in the browser: example")
    return lowered


def origin_below(answer: Mapping[str, Any], key: str, suffixes: tuple[str, ...]) -> str:
    """The `https` origin an answer names under `key`. ValueError unless it is one of `suffixes`, or lies below one."""
    url = httpx.URL(str(answer[key]))
    host = url.host.lower()
    is_known = any(host == suffix or host.endswith(f".{suffix}") for suffix in suffixes)
    if url.scheme != "https" or url.port is not None or url.userinfo or not is_known:
        raise ValueError(f"{key} names a host that is not the provider's")
    if not all(re.fullmatch(_LABEL, part) for part in host.split(".")):
        raise ValueError(f"{key} names no host")
    return f"https://{host}"
