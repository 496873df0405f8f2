"""Charts of scores and coverage, drawn by matplotlib, as SVG elements of the page or as PNG.

The SVG has neither style elements nor scripts, so a strict Content-Security-Policy shows it. The page's style sheet
replaces the colours. Tables of the page have the same numbers.
"""

import io
import re
from collections.abc import Sequence
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from pipelines.reports.page_data import Coverage
from pipelines.reports.scores import Score

# style.css replaces each of these colours, for light and dark screens.
INK, PALE, GOOD, BAD, DOUBT, WAIVED = "#101010", "#a0a0a0", "#2f7d4f", "#b3362b", "#b07d1a", "#7a4fa3"
_SVG_NAMESPACE = "http://www.w3.org/2000/svg"
_XLINK_NAMESPACE = "http://www.w3.org/1999/xlink"


def trend_svg(points: Sequence[Score], title: str) -> str:
    """Return the scores of a scope over time as an SVG element."""
    return _to_svg(_trend_figure(points), title)


def trend_png(points: Sequence[Score]) -> bytes:
    """Return the scores of a scope over time as a PNG image."""
    png = io.BytesIO()
    FigureCanvasAgg(_trend_figure(points)).print_png(png)  # type: ignore[no-untyped-call]
    return png.getvalue()


def _trend_figure(points: Sequence[Score]) -> Figure:
    figure = Figure(figsize=(6.0, 2.2), layout="constrained")
    axes = figure.add_subplot()
    times = [point.as_of for point in points]
    lines = (
        ([point.score for point in points], "with waivers", WAIVED),
        ([point.strict_score for point in points], "strict", INK),
    )
    for scores, label, colour in lines:
        axes.plot(times, scores, color=colour, marker="o", markersize=3, label=label)  # type: ignore[arg-type]
    axes.set_ylabel("score, %")
    axes.set_ylim(0, 103)
    locator = AutoDateLocator(maxticks=7)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.legend(loc="lower left", frameon=False, labelcolor=INK)
    return figure


def coverage_svg(controls: Sequence[Coverage], title: str) -> str:
    """Return the share of subjects by status as an SVG element, with one bar per control."""
    figure = Figure(figsize=(4.2, 0.36 * len(controls) + 0.7))
    axes = figure.add_subplot()
    labels, colours = ("pass", "waived", "unknown", "fail"), (GOOD, WAIVED, DOUBT, BAD)
    for position, control in enumerate(reversed(controls)):
        counts = (control.passes, control.waived, control.unknowns, control.fails)
        total = sum(counts) or 1
        left = 0.0
        for count, label, colour in zip(counts, labels, colours, strict=True):
            share = 100 * count / total
            axes.barh(position, share, left=left, color=colour, height=0.62, label=label if position == 0 else None)
            left += share
    axes.set_yticks(range(len(controls)), [control.control_id for control in reversed(controls)])
    axes.set_xlim(0, 100)
    axes.set_xlabel("% of applicable subjects")
    axes.legend(
        loc="upper center",
        bbox_to_anchor=(0.4, 1.0 + 0.5 / max(len(controls), 1)),
        ncols=4,
        frameon=False,
        labelcolor=INK,
    )
    return _to_svg(figure, title)


def _to_svg(figure: Figure, title: str) -> str:
    for axes in figure.axes:
        axes.set_facecolor("none")
        axes.tick_params(colors=INK, labelsize=9)
        axes.xaxis.label.set_color(INK)
        axes.yaxis.label.set_color(INK)
        for side, spine in axes.spines.items():
            spine.set_visible(side in ("left", "bottom"))
            spine.set_color(PALE)
    figure.patch.set_alpha(0.0)
    svg = io.BytesIO()
    id_prefix = re.sub(r"\W", "", title)
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": id_prefix, "font.size": 9}):
        FigureCanvasSVG(figure).print_figure(svg, format="svg", bbox_inches="tight", metadata={"Date": None})
    return _embeddable(ElementTree.fromstring(svg.getvalue().decode()), title, id_prefix)  # noqa: S314 - drawn here


def _embeddable(svg: ElementTree.Element, title: str, id_prefix: str) -> str:
    """Return an SVG element for the page: styles become attributes, and IDs are unique on the page."""
    for parent in svg.iter():
        for child in list(parent):
            if child.tag in (f"{{{_SVG_NAMESPACE}}}style", f"{{{_SVG_NAMESPACE}}}metadata"):
                parent.remove(child)
    for element in svg.iter():
        for name, value in _style_attributes(element.attrib.pop("style", "")).items():
            element.set(name, value)
        for name, value in element.attrib.items():
            if name == "id":
                element.set(name, f"{id_prefix}-{value}")
            elif "#" in value and (name.endswith("href") or value.startswith("url(#")):
                element.set(name, value.replace("#", f"#{id_prefix}-", 1))
    svg.attrib.pop("width", None)
    svg.attrib.pop("height", None)
    svg.set("role", "img")
    svg.set("aria-label", title)
    svg.set("class", "chart")
    ElementTree.register_namespace("", _SVG_NAMESPACE)
    ElementTree.register_namespace("xlink", _XLINK_NAMESPACE)
    return ElementTree.tostring(svg, encoding="unicode")


def _style_attributes(style: str) -> dict[str, str]:
    """Return the declarations of a style attribute as attributes of their own."""
    declarations = [part.partition(":")[::2] for part in style.split(";") if ":" in part]
    attributes = {name.strip(): value.strip() for name, value in declarations}
    if font := attributes.pop("font", None):  # the short form is not an attribute
        attributes["font-size"] = next(word for word in font.split() if word.endswith("px"))
    attributes.pop("font-family", None)  # the page sets it
    return attributes
