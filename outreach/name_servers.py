"""Questions to the domain name system (RFC 1035): records as text, nothing cached, an end to waiting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from outreach.errors import Unavailable

if TYPE_CHECKING:
    import dns.resolver

PROVIDER = "dns"
_SECONDS = 5.0


class Resolver(Protocol):
    """Whom services ask. Tests bring a table in its place."""

    def look_up(self, name: str, kind: str) -> tuple[str, ...]:
        """Records of a kind: TXT as joined text, MX as `10 mx.example.com`, PTR and A as they are; none: empty.

        A question about an address (`192.0.2.1`, PTR) is asked under its reverse name. Raises Unavailable when nobody
        answers: that says nothing about the record.
        """
        ...


class NameServers:
    """Those this machine is set up with, unless others are named."""

    def __init__(self, *, seconds: float = _SECONDS, servers: Sequence[str] = (), port: int = 53) -> None:
        """`servers`: addresses to ask in place of those of this machine."""
        self._seconds, self._servers, self._port = seconds, tuple(servers), port
        self._resolver: dns.resolver.Resolver | None = None

    def look_up(self, name: str, kind: str) -> tuple[str, ...]:
        import dns.exception  # noqa: PLC0415  # half a tenth of a second, which most commands do without
        import dns.name  # noqa: PLC0415  # as above
        import dns.resolver  # noqa: PLC0415  # as above
        import dns.reversename  # noqa: PLC0415  # as above

        try:
            asked = dns.reversename.from_address(name) if kind == "PTR" else dns.name.from_text(name)
            answer = self._opened().resolve(asked, kind, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.name.EmptyLabel, dns.name.LabelTooLong):
            return ()
        except (dns.exception.DNSException, OSError) as error:
            raise Unavailable(PROVIDER, f"no answer about {name} ({type(error).__name__})") from None
        return tuple(_text(record, kind) for record in answer)

    def _opened(self) -> dns.resolver.Resolver:
        import dns.resolver  # noqa: PLC0415  # as above

        if self._resolver is None:
            self._resolver = dns.resolver.Resolver(configure=not self._servers)
            self._resolver.lifetime = self._seconds
            if self._servers:
                self._resolver.nameservers, self._resolver.port = list(self._servers), self._port
        return self._resolver


def _text(record: object, kind: str) -> str:
    if kind == "TXT":
        pieces: tuple[bytes, ...] = getattr(record, "strings", ())
        return b"".join(pieces).decode("utf-8", "replace")
    return str(record).rstrip(".")
