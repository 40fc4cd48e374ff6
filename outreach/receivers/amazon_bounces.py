"""Amazon's words for bounces (SES, and senders who build on it): type and sub-type, and what the server said."""

from __future__ import annotations

from outreach.domain.event import EventKind
from outreach.mail.understood import BounceReason
from outreach.receivers.mail_news import News, bounced

# docs.aws.amazon.com/ses, "Amazon SNS notification contents", bounce types. Suppressed ones were not sent at all,
# because the address has bounced before.
_GONE = News(EventKind.BOUNCED, BounceReason.NO_MAILBOX, True)
_UNSAID = {
    "NoEmail": BounceReason.NO_MAILBOX,
    "MailboxFull": BounceReason.FULL,
    "MessageTooLarge": BounceReason.CONTENT,
    "ContentRejected": BounceReason.CONTENT,
    "AttachmentRejected": BounceReason.CONTENT,
    "CustomTimeoutExceeded": BounceReason.EXPIRED,
}


def amazon_bounce(kind: str, sub_kind: str, *, said: str, status: str = "") -> News:
    """`kind` is Permanent, Transient or Undetermined."""
    if sub_kind in ("Suppressed", "OnAccountSuppressionList"):
        return _GONE
    unsaid = _UNSAID.get(sub_kind, BounceReason.OTHER)
    return bounced(said, status=status, is_permanent=kind == "Permanent", unsaid=unsaid)
