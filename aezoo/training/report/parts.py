"""What the sections of a page are made of."""

from collections.abc import Iterable, Sequence
from typing import Any

from aezoo.plots.markup import Element, element

FILE = "report.html"


def section(title: str, *children: Any) -> Element:
    """A part of the page with its heading.

    Args:
        title: String.
        *children: As of `aezoo.plots.markup.element`.

    Returns:
        `Element`.
    """
    return element("section", element("h2", title), *children)


def cells(tag: str, values: Sequence[Any], count: int | None = None) -> list[Element]:
    """Cells of a row of a table, empty ones at its end.

    Args:
        tag: String, `"th"` or `"td"`.
        values: Sequence of what stands in them.
        count: Integer, how many there are to be.

    Returns:
        List of `Element`.
    """
    every = [*values, *[""] * ((count or len(values)) - len(values))]
    return [element(tag, value, scope="col" if tag == "th" else None) for value in every]


def table(head: Sequence[Any], rows: Iterable[tuple[Any, Sequence[Any]]]) -> Element:
    """A table whose rows have a heading, too.

    Args:
        head: Sequence of the columns' headings.
        rows: Iterable of pairs: a row's heading, and a sequence of what stands in it.

    Returns:
        `Element`.
    """
    body = [
        element("tr", element("th", name, scope="row"), cells("td", values, len(head) - 1))
        for name, values in rows
    ]
    return element(
        "table", element("thead", element("tr", cells("th", head))), element("tbody", body)
    )


def facts(pairs: Iterable[tuple[str, Any]]) -> Element:
    """Names and what they are, without those of nothing.

    Args:
        pairs: Iterable of a name, and a string, a number or `None`.

    Returns:
        `Element`.
    """
    told = [
        element("div", element("dt", name), element("dd", _text(value)))
        for name, value in pairs
        if value not in (None, "")
    ]
    return element("dl", told, class_="facts")


def _text(value):
    return f"{value:,}" if isinstance(value, int) else str(value)
