"""The lock before a database that takes one writer at a time."""

from __future__ import annotations

import threading

from outreach.store.turns import Turns


def test_threads_get_their_turns_in_the_order_in_which_they_asked() -> None:
    turns, order, has_asked = Turns(), list[int](), threading.Semaphore(0)

    def work(number: int) -> None:
        has_asked.release()
        with turns:
            order.append(number)

    with turns:
        threads = []
        for number in range(8):
            threads.append(threading.Thread(target=work, args=(number,)))
            threads[-1].start()
            assert has_asked.acquire(timeout=10)
            while turns.waiting <= number:
                threading.Event().wait(0.001)
        order.append(-1)
    for thread in threads:
        thread.join(10)

    assert order == [-1, *range(8)]


def test_two_are_never_inside() -> None:
    turns, inside, most = Turns(), 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(200):
            with turns:
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert (most, inside, turns.waiting) == (1, 0, 0)


def test_who_fails_inside_lets_the_next_in() -> None:
    turns = Turns()
    try:
        with turns:
            raise ValueError("broken")
    except ValueError:
        pass

    with turns:
        assert turns.waiting == 0
