"""What every chart has in common: colours, size, letters, and how a figure becomes SVG or PNG.

A chart is drawn once. Its PNG is light. Its SVG takes its colours from the page it stands in: each colour is replaced
by a variable of the page's style, so that the same drawing is light and dark. Importing this loads matplotlib.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

LIGHT: Mapping[str, str] = {
    "ink": "#1b1f24",
    "dim": "#57616b",
    "line": "#d8dde2",
    "paper": "#fefefe",
    "blue": "#2f6fb2",
    "orange": "#c2571a",
    "green": "#3f8a5a",
    "grey": "#a3adb6",
    "violet": "#8b5fb0",
}
DARK: Mapping[str, str] = {
    "ink": "#e6e9ec",
    "dim": "#a2acb6",
    "line": "#363d45",
    "paper": "#171a1e",
    "blue": "#6ea8e5",
    "orange": "#f0955c",
    "green": "#7cc796",
    "grey": "#6f7a85",
    "violet": "#c39be6",
}
WIDTH = 5.7
"""Inches: 410 points, which stay readable when a phone shows them on 340 pixels."""

_DOTS = 180
_STYLE: Any = {
    "font.size": 11,
    "font.family": "DejaVu Sans",
    "svg.fonttype": "none",
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": LIGHT["ink"],
    "axes.labelcolor": LIGHT["dim"],
    "axes.titlecolor": LIGHT["dim"],
    "axes.edgecolor": LIGHT["line"],
    "xtick.color": LIGHT["dim"],
    "ytick.color": LIGHT["dim"],
    "axes.facecolor": LIGHT["paper"],
    "figure.facecolor": LIGHT["paper"],
    "legend.frameon": False,
    "legend.fontsize": 10,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
}


@dataclass(frozen=True, slots=True)
class Chart:
    """One drawing. `says` is what it shows, in a sentence for who cannot see it."""

    name: str
    title: str
    says: str
    figure: Figure

    def svg(self) -> str:
        """To stand inside a page: sized by it, colours as `var(--ink)`, `var(--blue)`, …"""
        made = io.StringIO()
        with mpl.rc_context({**_STYLE, "svg.hashsalt": self.name}):
            FigureCanvasSVG(self.figure)
            self.figure.savefig(made, format="svg", metadata={"Date": None, "Creator": None})
        text = made.getvalue()
        text = text[text.index("<svg") :]
        text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
        text = re.sub(r'(<svg [^>]*?) height="[^"]*"', r"\1", text, count=1)
        text = re.sub(r'(<svg [^>]*?) width="[^"]*"', r"\1", text, count=1)
        text = re.sub(r"font: ([\d.]+)px '[^;\"]*", r"font: \1px system-ui, sans-serif", text)
        for name, colour in LIGHT.items():
            text = text.replace(colour, f"var(--{name})")
        return text.replace("<svg ", f'<svg role="img" aria-labelledby="about-{self.name}" ', 1)

    def png(self) -> bytes:
        """Light, about a thousand pixels wide."""
        made = io.BytesIO()
        with mpl.rc_context(_STYLE):
            FigureCanvasAgg(self.figure)
            self.figure.savefig(made, format="png", dpi=_DOTS, metadata={"Software": None})
        return made.getvalue()


def canvas(height: float, rows: int = 1, **more: Any) -> tuple[Figure, list[Axes]]:
    """A figure of the common width with that many rows of axes."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        axes = figure.subplots(rows, 1, squeeze=False, **more)
    return figure, list(axes[:, 0])


def styled() -> AbstractContextManager[None]:
    """The context in which axes are drawn on, so that letters and colours are ours."""
    return mpl.rc_context(_STYLE)


def plain_bars(axes: Axes) -> None:
    """Axes for horizontal bars: names on the left, no scale, the first on top."""
    axes.invert_yaxis()
    axes.xaxis.set_visible(False)
    for side in ("bottom", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", labelcolor=LIGHT["ink"])


def thin_grid(axes: Axes) -> None:
    axes.grid(axis="y", color=LIGHT["line"], linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)
