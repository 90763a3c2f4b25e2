"""Pages of HTML from elements, in which no text of a user can become markup."""

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from typing import Any

Element = ET.Element
CLOSED = (  # a page that loads nothing, whatever is in it
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
)


def element(tag: str, *children: Any, **attributes: Any) -> Element:
    """An element with what is in it.

    Args:
        tag: String, such as `"p"`.
        *children: Elements, texts and numbers, or iterables of them; `None` is left out.
        **attributes: Strings or numbers; `True` for those without a value, `None` for none. Of
            names an underscore at the end is dropped, and others are hyphens: `class_`,
            `aria_label`.

    Returns:
        `Element`.

    Example:

    >>> from aezoo.plots.markup import element, text_of
    >>> text_of(element("p", "1 < 2, ", element("b", "so"), " it is", class_="said"))
    '<p class="said">1 &lt; 2, <b>so</b> it is</p>'
    """
    found = Element(tag)
    for name, value in attributes.items():
        if value is not None and value is not False:
            key = name.rstrip("_").replace("_", "-")
            found.set(key, key if value is True else str(value))
    _append(found, children)
    return found


def text_of(found: Element) -> str:
    """An element as HTML.

    Args:
        found: `Element`.

    Returns:
        String. What cannot be written in UTF-8, such as bytes in names of files, is `?`.
    """
    text = ET.tostring(found, encoding="unicode", method="html")
    return text.encode("utf-8", "replace").decode("utf-8")


def document(title: str, *body: Any, style: str, script: str = "") -> str:
    """A page, one file that needs no network.

    Args:
        title: String.
        *body: As the children of an `element`.
        style: String, CSS.
        script: String, JavaScript.

    Returns:
        String, HTML.

    Example:

    >>> from aezoo.plots.markup import document
    >>> "<title>a &lt; b</title>" in document("a < b", style="p { color: red }")
    True
    """
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=CLOSED),
        element("title", title),
        element("style", style),
    )
    scripts = [element("script", script)] if script else []
    page = element("html", head, element("body", *body, scripts), lang="en")
    return f"<!doctype html>\n{text_of(page)}\n"


def _append(parent, children):
    for child in children:
        if child is None:
            continue
        if isinstance(child, Element):
            parent.append(child)
        elif isinstance(child, Iterable) and not isinstance(child, str):
            _append(parent, child)
        elif len(parent):
            parent[-1].tail = (parent[-1].tail or "") + str(child)
        else:
            parent.text = (parent.text or "") + str(child)
