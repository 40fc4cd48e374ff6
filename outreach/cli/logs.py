"""Log lines go to stderr: standard output belongs to what was asked for."""

from __future__ import annotations

import logging
import sys

import structlog


def only_warnings() -> None:
    """For commands that answer and end."""
    _configure(logging.WARNING)


def everything() -> None:
    """For the roles: one line for each event; JSON where nobody watches."""
    _configure(logging.INFO)


def _configure(level: int) -> None:
    rendered = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            rendered,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
