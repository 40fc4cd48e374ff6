"""The vault: what is put in comes out, for every process, and is not to be read in the database."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from outreach.clock import MovableClock
from outreach.store.session import Store
from outreach.store.tables import vault
from outreach.store.vault import StoredVault


def _vault(store: Store, clock: MovableClock, *, key: bytes = b"a secret key", owner: str = "one") -> StoredVault:
    return StoredVault(store, secret_key=key, clock=clock, owner=owner)


def test_an_entry_comes_out_as_it_went_in(store: Store, clock: MovableClock) -> None:
    _vault(store, clock).put("pipedrive:1", "first")
    _vault(store, clock, owner="two").put("pipedrive:1", "çok gizli")

    assert _vault(store, clock).get("pipedrive:1") == "çok gizli"
    assert _vault(store, clock).get("another") is None


def test_what_lies_in_the_table_says_nothing(store: Store, clock: MovableClock) -> None:
    _vault(store, clock).put("pipedrive:1", "refresh-token-1")

    with store.read() as connection:
        [sealed] = connection.execute(select(vault.c.sealed)).scalars()

    assert b"refresh" not in sealed


def test_an_entry_of_another_key_counts_as_missing(store: Store, clock: MovableClock) -> None:
    _vault(store, clock).put("pipedrive:1", "first")

    assert _vault(store, clock, key=b"another").get("pipedrive:1") is None


def test_one_process_has_the_turn_until_it_ends_it_or_is_gone(store: Store, clock: MovableClock) -> None:
    one, two = _vault(store, clock), _vault(store, clock, owner="two")
    span = timedelta(seconds=90)

    assert one.take_turn("a", lasting=span)
    assert not two.take_turn("a", lasting=span)
    assert two.take_turn("b", lasting=span)
    one.end_turn("a")
    assert two.take_turn("a", lasting=span)
    clock.advance(timedelta(seconds=91))
    assert one.take_turn("a", lasting=span)
