"""Tokens of opt-out links."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.opt_out_token import sign, touch_of

SECRET = b"a secret of the workspace"


@given(st.text(min_size=1))
def test_a_token_leads_back_to_its_touch(touch_id: str) -> None:
    assert touch_of(sign(touch_id, SECRET), SECRET) == touch_id


@given(st.text())
def test_what_we_did_not_make_leads_nowhere(token: str) -> None:
    assert touch_of(token, SECRET) is None


def test_each_altered_character_fails() -> None:
    token = sign("001kjpnhfc0425mcahzrb3x5", SECRET)

    altered = [token[:n] + ("A" if token[n] != "A" else "B") + token[n + 1 :] for n in range(len(token) - 1)]

    assert [touch_of(each, SECRET) for each in altered] == [None] * len(altered)


def test_another_secret_makes_another_token() -> None:
    assert touch_of(sign("touch", SECRET), b"another") is None
