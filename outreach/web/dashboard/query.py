"""What pages take from an address: bounded, and without the one character no database keeps."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from pydantic import Field

ACTOR = "dashboard"
"""Who did it, for audit and history: there is no login yet."""

_NO_NUL = r"^[^\x00]*$"  # PostgreSQL knows no text with it

Text = Annotated[str, Field(max_length=200, pattern=_NO_NUL)]
"""One part of a question, for models of whole addresses."""

Expression = Annotated[str, Field(max_length=2_000, pattern=_NO_NUL)]
Words = Annotated[str, Query(max_length=200, pattern=_NO_NUL)]
Id = Annotated[str, Path(max_length=128, pattern=_NO_NUL)]
