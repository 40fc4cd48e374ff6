"""What the codes of mail servers mean when a message is returned; asked when their words say nothing."""

from __future__ import annotations

import re

from outreach.mail.understood import BounceReason

CODES: tuple[tuple[re.Pattern[str], BounceReason], ...] = tuple(
    (re.compile(pattern), reason)
    for pattern, reason in (
        (r"[45]\.1\.2$", BounceReason.NO_DOMAIN),
        (r"5\.1\.20$", BounceReason.CONTENT),
        (r"[45]\.1\.[78]$", BounceReason.POLICY),
        (r"[45]\.1\.", BounceReason.NO_MAILBOX),
        (r"[45]\.2\.1$", BounceReason.DISABLED),
        (r"[45]\.2\.2$", BounceReason.FULL),
        (r"[45]\.(?:2\.3|3\.4)$", BounceReason.CONTENT),
        (r"[45]\.3\.1$", BounceReason.FULL),
        (r"[45]\.3\.", BounceReason.NETWORK),
        (r"5\.4\.4$", BounceReason.NO_DOMAIN),
        (r"[45]\.4\.(?:7|300|312|317)$", BounceReason.EXPIRED),
        (r"[45]\.4\.", BounceReason.NETWORK),
        (r"[45]\.5\.[1-6]$", BounceReason.NETWORK),
        (r"[45]\.6\.", BounceReason.CONTENT),
        (r"[45]\.7\.", BounceReason.POLICY),
    )
)
"""Enhanced status codes (RFC 3463, RFC 5248) to reasons; asked when the words say nothing."""

SMTP_CODES = {
    "421": BounceReason.NETWORK,
    "422": BounceReason.FULL,
    "450": BounceReason.OTHER,
    "451": BounceReason.NETWORK,
    "452": BounceReason.FULL,
    "521": BounceReason.NO_DOMAIN,
    "550": BounceReason.NO_MAILBOX,
    "551": BounceReason.NO_MAILBOX,
    "552": BounceReason.FULL,
    "553": BounceReason.NO_MAILBOX,
    "556": BounceReason.NO_DOMAIN,
}
"""Basic reply codes (RFC 5321), asked last."""
