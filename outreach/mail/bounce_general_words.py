"""General words of mail servers that return a message: asked when neither particular words nor a code tell a reason."""

from __future__ import annotations

import re

from outreach.mail.understood import BounceReason
from outreach.mail.words import pattern

WEAK: tuple[tuple[BounceReason, re.Pattern[str]], ...] = (
    (
        BounceReason.NO_MAILBOX,
        pattern(
            r"(?:server|host) (?:has )?rejected (?:the )?(?:recipients?|address)|recipient is not accepted",
            r"does not like recipient\.(?! remote host said)",
            r"addresses had permanent fatal errors(?=.{0,300}\b55[013]\b)",
        ),
    ),
    (
        BounceReason.DELAYED,
        pattern(
            (
                r"delivery (?:is|was|has been|to the following recipients? has been) delayed|will (?:continue"
                r"|keep) (?:to )?try"
            ),
            (
                r"no action is required on your part|delivery attempts? will (?:continue|be (?:made|continued))"
                r"|this is (?:only )?a warning"
                r"|warning message only|you do not need to resend|still (?:being )?(?:retried|trying)|retr(?:y"
                r"|ied) (?:for|until)"
            ),
            (
                r"not yet been delivered|has not (?:yet )?been (?:possible|delivered) (?:yet|so far)|delayed mail"
                r"|zustellung.{0,30}verzögert"
            ),
            (
                r"retard de (?:remise|livraison)|remise différée|entrega (?:se ha )?retrasad|entrega atrasada"
                r"|consegna.{0,20}ritard"
                r"|bezorging.{0,20}vertraagd|opóźnion|geciktir|gecikti|配信が遅れ|delivery.{0,30}(?:deferred"
                r"|postponed)"
            ),
        ),
    ),
    (
        BounceReason.POLICY,
        pattern(
            (
                r"\bspam\b|spamhaus|spamcop|\bdnsbl\b|\brbl\b|block ?list|black ?list|blocked|deny ?list|barracuda"
                r"|proofpoint|mimecast|cloudmark|sorbs"
            ),
            (
                r"\bpolic(?:y|ies)\b|reputation|not (?:authorized|authorised|permitted|allowed)|unauthori[sz]ed"
                r"|access denied|permission|prohibited"
                r"|\bdmarc\b|\bspf\b|\bdkim\b|unauthenticated|authentication (?:required|failed|checks?)"
                r"|relay(?:ing)? (?:access )?(?:denied|not|is not)"
                r"|unable to relay|relaying|reject(?:ed|s|ion)|refused (?:by|to accept|your|mail)|not accepted"
                r"|greylist|gr[ae]y-?list|unsolicited|junk"
                r"|too many (?:messages|recipients|connections|errors)|rate limit|throttl"
                r"|sender (?:address )?(?:rejected|denied|verif|blocked)|reverse dns"
                r"|\bptr\b|challenge|restricted|only accepts? (?:mail|messages)|abgelehnt|verweigert|refusé"
                r"|rechazad|rejeitad|rifiutat|geweigerd|odrzucon|reddedil"
            ),
        ),
    ),
    (
        BounceReason.EXPIRED,
        pattern(
            (
                r"(?:message|delivery|queue|time|lifetime)\W{0,3}(?:\w+ )?(?:expired|time.?out exceeded"
                r"|time.?limit)|expired|retry time.?out exceeded"
                r"|retry time not reached|queue too long|too old|maximum (?:queue )?(?:lifetime"
                r"|time|retries)|retries exceeded"
                r"|has been in the queue|not (?:be )?delivered (?:within|for)|undeliverable for"
                r"|not been collected after|cannot send message for"
                r"|delivery time (?:has )?(?:expired|exceeded)"
                r"|(?:for|after|in) (?:more than |over |the last )?\d+(?:\.\d+)? ?(?:hours?|days?|minutes?)"
                r"|zeitüberschreitung|délai .{0,20}(?:dépassé|expiré)"
            ),
        ),
    ),
    (
        BounceReason.NETWORK,
        pattern(
            (
                r"tim(?:ed|e) ?out|connection (?:refused|reset|timed|dropped|lost|failed|closed|was|to)"
                r"|could ?n.t (?:connect|establish)|could not connect"
            ),
            (
                r"no route to host|(?:network|host) (?:is )?unreachable|not reachable|unable to connect"
                r"|cannot connect"
                r"|lost connection|temporary (?:dns|lookup|failure"
                r"|name|problem|error|local)|temporar(?:y|ily)|try (?:again )?later|not responding|did not respond"
                r"|no answer from|name server|nameserver"
                r"|dns (?:error|failure|lookup|problem|server)|(?:mail )?loop|too many hops|hop count|tls|ssl"
                r"|handshake|service unavailable|system (?:problem"
                r"|error|not)|internal (?:error|server)|local error|configuration (?:error|problem)|resources"
                r"|host not found, try|keine verbindung"
            ),
        ),
    ),
)
"""What is asked when neither particular words nor the status code tell a reason."""
