"""Numbers -> charts, as SVG that stands in a page: no style, no script, colours that the page may change.

Belongs here: drawing (matplotlib does it) and taking the SVG into a page. What is drawn says nothing that a table of
the page does not say too.
"""

import io
import re
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree as Tree

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

Row = dict[str, Any]
# Each is a name in the page's style sheet, which has a light and a dark one for it.
INK, PALE, GOOD, BAD, DOUBT, ACCEPTED = "#101010", "#a0a0a0", "#2f7d4f", "#b3362b", "#b07d1a", "#7a4fa3"
_SVG = "http://www.w3.org/2000/svg"
Tree.register_namespace("", _SVG)
Tree.register_namespace("xlink", "http://www.w3.org/1999/xlink")


def trend(points: Sequence[Row], title: str) -> str:
    """Return the scores of a scope over its snapshots, as an SVG element."""
    return _svg(_trend(points), title)


def trend_picture(points: Sequence[Row]) -> bytes:
    """Return the same as a PNG, for a page that is not ours."""
    drawn = io.BytesIO()
    FigureCanvasAgg(_trend(points)).print_png(drawn)  # type: ignore[no-untyped-call]
    return drawn.getvalue()


def _trend(points: Sequence[Row]) -> Figure:
    figure = Figure(figsize=(6.0, 2.2), layout="constrained")
    axes = figure.add_subplot()
    moments = [row["as_of"] for row in points]
    for name, label, colour in (("score", "with waivers", ACCEPTED), ("strict_score", "strict", INK)):
        axes.plot(moments, [row[name] for row in points], color=colour, marker="o", markersize=3, label=label)
    axes.set_ylabel("score, %")
    axes.set_ylim(0, 103)
    locator = AutoDateLocator(maxticks=7)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.legend(loc="lower left", frameon=False, labelcolor=INK)
    return figure


def coverage(controls: Sequence[Row], title: str) -> str:
    """Return how much of what is asked passes, fails, is accepted or unknown, a bar a control, as an SVG element."""
    figure = Figure(figsize=(4.2, 0.36 * len(controls) + 0.7))
    axes = figure.add_subplot()
    kinds = (
        ("passes", "pass", GOOD),
        ("waived", "waived", ACCEPTED),
        ("unknowns", "unknown", DOUBT),
        ("fails", "fail", BAD),
    )
    for place, row in enumerate(reversed(controls)):
        total = sum(int(row[name]) for name, _, _ in kinds) or 1
        begin = 0.0
        for name, label, colour in kinds:
            share = 100 * int(row[name]) / total
            axes.barh(place, share, left=begin, color=colour, height=0.62, label=label if place == 0 else None)
            begin += share
    axes.set_yticks(range(len(controls)), [row["control_id"] for row in reversed(controls)])
    axes.set_xlim(0, 100)
    axes.set_xlabel("% of subjects that it applies to")
    axes.legend(
        loc="upper center",
        bbox_to_anchor=(0.4, 1.0 + 0.5 / max(len(controls), 1)),
        ncols=4,
        frameon=False,
        labelcolor=INK,
    )
    return _svg(figure, title)


def _svg(figure: Figure, title: str) -> str:
    for axes in figure.axes:
        axes.set_facecolor("none")
        axes.tick_params(colors=INK, labelsize=9)
        axes.xaxis.label.set_color(INK)
        axes.yaxis.label.set_color(INK)
        for side, spine in axes.spines.items():
            spine.set_visible(side in ("left", "bottom"))
            spine.set_color(PALE)
    figure.patch.set_alpha(0.0)
    drawn = io.BytesIO()
    salt = re.sub(r"\W", "", title)
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": salt, "font.size": 9}):
        FigureCanvasSVG(figure).print_figure(drawn, format="svg", bbox_inches="tight", metadata={"Date": None})
    return _bare(Tree.fromstring(drawn.getvalue().decode()), title, salt)  # noqa: S314 - drawn here


def _bare(svg: Tree.Element, title: str, salt: str) -> str:
    """Return an SVG without style: what it says becomes attributes, so that a strict page shows it."""
    for parent in svg.iter():
        for child in list(parent):
            if child.tag in (f"{{{_SVG}}}style", f"{{{_SVG}}}metadata"):
                parent.remove(child)
    for element in svg.iter():
        for name, value in _declared(element.attrib.pop("style", "")):
            element.set(name, value)
        for name, value in element.attrib.items():  # ids are of the whole page
            if name == "id":
                element.set(name, f"{salt}-{value}")
            elif "#" in value and (name.endswith("href") or value.startswith("url(#")):
                element.set(name, value.replace("#", f"#{salt}-", 1))
    svg.attrib.pop("width", None)
    svg.attrib.pop("height", None)
    svg.set("role", "img")
    svg.set("aria-label", title)
    svg.set("class", "chart")
    return Tree.tostring(svg, encoding="unicode")


def _declared(style: str) -> list[tuple[str, str]]:
    found = [part.partition(":")[::2] for part in style.split(";") if ":" in part]
    told = {name.strip(): value.strip() for name, value in found}
    if font := told.pop("font", None):  # no attribute has the short form
        told["font-size"] = next(word for word in font.split() if word.endswith("px"))
    told.pop("font-family", None)  # the page's
    return list(told.items())
