"""Every error raised on purpose.

OutreachError
├── ConfigError             a file somebody wrote is wrong: which file, which line, what to write instead
├── UsageError              a command or request asks for something that cannot be: what to ask instead
├── StoreError              the database is missing, too old, or not the one we expect
├── AdapterError            something outside went wrong (provider, what it said)
│   ├── Unavailable         nothing was accepted; the same call may be made later
│   │   └── RateLimited     … and the provider said when (retry_after)
│   ├── OutcomeUnknown      it may have been accepted; ask before sending again
│   ├── Refused             understood and declined; it will be declined again
│   └── Unauthorized        our credentials are wrong; nothing from this sender will pass
├── WebhookRejected         not provably from the provider
└── NotNow                  the last look before handing over said no; nothing was handed over
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Outcome(StrEnum):
    """The finer reason an adapter gives; the engine decides on the class of the error and reports this."""

    DEFERRED = "deferred"
    THROTTLED = "throttled"
    REJECTED_RECIPIENT = "rejected_recipient"
    REJECTED_CONTENT = "rejected_content"
    SUPPRESSED = "suppressed"
    ACCOUNT_BLOCKED = "account_blocked"
    NOT_READY = "not_ready"
    UNKNOWN = "unknown"
    VALIDATION = "validation"
    DUPLICATE = "duplicate"
    NOT_FOUND = "not_found"
    AMBIGUOUS = "ambiguous"
    CONFIG = "config"


class OutreachError(Exception):
    """Base of all errors raised on purpose; `str(error)` is a sentence for the person who reads it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file somebody wrote. `line` and `column` count from 1; 0 means the whole file.

    Warnings have a `code`, by which they can be switched off.
    """

    file: str
    line: int
    column: int
    message: str
    remedy: str = ""
    code: str = ""

    def __str__(self) -> str:
        place = self.file if not self.line else f"{self.file}:{self.line}:{self.column}"
        words = f"{self.code} {self.message}" if self.code else self.message
        return f"{place}: {words}" + (f" {self.remedy}" if self.remedy else "")


class ConfigError(OutreachError):
    """Files are wrong; `problems` holds every one found, so that all are shown at once."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class UsageError(OutreachError):
    """What was asked for cannot be done as asked; the text says what to ask instead."""


class StoreError(OutreachError):
    """The database is missing, too old or too new; the text names the command that mends it."""


class AdapterError(OutreachError):
    """Something outside went wrong. `said` is the provider's own word, without secrets."""

    default_outcome = Outcome.UNKNOWN

    def __init__(self, provider: str, said: str, *, outcome: Outcome | None = None, code: str = "") -> None:
        self.provider = provider
        self.said = said
        self.outcome = outcome or self.default_outcome
        self.code = code
        super().__init__(f"{provider}: {said}")


class Unavailable(AdapterError):
    """Nothing was accepted; the same call may be made later."""

    default_outcome = Outcome.DEFERRED


class RateLimited(Unavailable):
    """Nothing was accepted, and the sender or connection has to wait for `retry_after`."""

    default_outcome = Outcome.THROTTLED

    def __init__(
        self, provider: str, said: str, *, retry_after: timedelta, outcome: Outcome | None = None, code: str = ""
    ) -> None:
        super().__init__(provider, said, outcome=outcome, code=code)
        self.retry_after = retry_after


class OutcomeUnknown(AdapterError):
    """It may have been accepted; ask the provider or a person before sending again."""


class Refused(AdapterError):
    """Understood and declined; the same request will be declined again."""

    default_outcome = Outcome.REJECTED_CONTENT


class Unauthorized(AdapterError):
    """Our credentials are wrong or blocked; nothing from this sender or connection will pass.

    `only_this_action`: the account may not do this, and what else it does still passes.
    """

    default_outcome = Outcome.ACCOUNT_BLOCKED

    def __init__(
        self,
        provider: str,
        said: str,
        *,
        outcome: Outcome | None = None,
        code: str = "",
        only_this_action: bool = False,
    ) -> None:
        super().__init__(provider, said, outcome=outcome, code=code)
        self.only_this_action = only_this_action


class WebhookRejected(OutreachError):
    """Not provably from the provider. The reason is for our log; the caller gets one answer for every cause."""


class NotNow(OutreachError):
    """Raised by a last look that refuses; the channel ends the transaction so that nothing is handed over."""
