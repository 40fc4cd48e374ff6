"""Ids: each is another one, also in processes that were made from one another."""

from __future__ import annotations

from multiprocessing import get_context

from outreach.clock import SystemClock


def test_ids_sort_by_birth_and_never_repeat() -> None:
    clock = SystemClock()

    ids = [clock.fresh_id() for _ in range(2_000)]

    assert len(set(ids)) == len(ids)
    assert {len(each) for each in ids} == {24}
    assert [each[:11] for each in ids] == sorted(each[:11] for each in ids)


def test_a_forked_process_does_not_give_out_the_ids_of_its_parent() -> None:
    clock = SystemClock()
    clock.fresh_id()  # numbers are drawn in advance from here on

    with get_context("fork").Pool(1) as children:
        theirs = children.apply(_random_parts)
    ours = _random_parts()

    assert not theirs & ours


def _random_parts() -> set[str]:
    clock = SystemClock()
    return {clock.fresh_id()[11:] for _ in range(100)}
