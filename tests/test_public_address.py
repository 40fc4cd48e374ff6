"""Where a URL of somebody's own choosing may lead: looked up for real, and every address it has is checked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from outreach.public_address import NotAllowed, Target, networks, split_outside, target_of


def target(url: str, *addresses: str, allow: Sequence[str] = ()) -> Target:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    given = resolve if addresses else None
    return asyncio.run(target_of(url, allowed=networks(allow), resolve=given))


def test_the_machine_itself_is_not_outside() -> None:
    for url in ("https://localhost/x", "https://127.0.0.1/x", "https://[::1]/x", "https://2130706433/x"):
        with pytest.raises((NotAllowed, OSError)):
            target(url)


def test_an_allowed_network_may_be_called_also_in_the_clear() -> None:
    found = target("http://localhost:8080/x", allow=("127.0.0.0/8", "::1"))

    assert (found.host, found.base_url.rpartition(":")[2]) == ("localhost:8080", "8080")


def test_the_address_that_was_checked_is_the_one_that_is_called() -> None:
    found = target("https://api.example.com:8443/x", "93.184.215.14", "93.184.215.15")

    assert found == Target("https://93.184.215.14:8443", "api.example.com:8443", {"sni_hostname": "api.example.com"})


def test_an_address_of_version_six_stands_in_brackets() -> None:
    assert (
        target("https://api.example.com/x", "2606:2800:21f:cb07::1").base_url == "https://[2606:2800:21f:cb07::1]:443"
    )


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(NotAllowed, match=r"leads to 10\.0\.0\.7"):
        target("https://api.example.com/x", "93.184.215.14", "10.0.0.7")


def test_a_mapped_address_is_judged_by_what_it_stands_for() -> None:
    assert target("https://api.example.com/x", "::ffff:93.184.215.14").base_url.startswith("https://[::ffff:")
    with pytest.raises(NotAllowed):
        target("https://api.example.com/x", "::ffff:192.168.0.1")


def test_a_name_without_any_address_cannot_be_called() -> None:
    async def nothing(host: str, port: int) -> Sequence[str]:
        return []

    with pytest.raises(OSError, match="no address"):
        asyncio.run(target_of("https://api.example.com/x", resolve=nothing))


@pytest.mark.parametrize(
    "url", ["ftp://example.com", "file:///etc/passwd", "https://", "//x", "https://a:99999/", "gopher://x"]
)
def test_other_schemes_and_half_urls_are_refused(url: str) -> None:
    with pytest.raises(NotAllowed):
        split_outside(url)
