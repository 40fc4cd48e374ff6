"""What is known of an e-mail address before anything is sent to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Verdict(StrEnum):
    """What `leads verify` found. Only `valid` lets somebody into a sequence that asks for verified addresses."""

    VALID = "valid"
    CATCH_ALL = "catch_all"  # the domain takes mail for any name, so nobody can tell
    ROLE = "role"  # a desk and not a person: info@, sales@
    DISPOSABLE = "disposable"  # a mailbox for ten minutes
    INVALID = "invalid"  # no such domain, or none that takes mail
    UNKNOWN = "unknown"  # nobody answered; asked again next time


@dataclass(frozen=True, slots=True)
class Verified:
    """A verdict and why, in words people read."""

    verdict: Verdict
    reason: str = ""


class AddressVerifier(Protocol):
    """The team's own verifier, asked about addresses that nothing speaks against.

    It gets a normalised e-mail address and answers what it knows; None: nothing. It may be called from several threads
    at once; whatever it raises counts as `unknown`.
    """

    def __call__(self, email: str) -> Verified | None: ...
