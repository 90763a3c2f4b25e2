from html.parser import HTMLParser

import pytest

from aezoo.plots.markup import document, element, text_of

HOSTILE = "</title></script><b onclick='x'>\"&amp;"


def parsed(page):
    """The elements of a page with their attributes, and its texts."""
    tags, texts = [], []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append((tag, dict(attributes)))
    parser.handle_data = texts.append
    parser.feed(page)
    return tags, "".join(texts)


def test_no_text_is_markup():
    body = element("p", HOSTILE, element("i", HOSTILE), HOSTILE, title=HOSTILE)
    tags, text = parsed(document(HOSTILE, body, style="p {}"))
    names = [name for name, _ in tags]
    assert names == ["html", "head", "meta", "meta", "meta", "title", "style", "body", "p", "i"]
    assert dict(tags)["p"] == {"title": HOSTILE}
    assert text.count(HOSTILE) == 4


def test_children_and_attributes():
    found = element("p", None, ["a", (1, element("br"))], 2.5, id="x", hidden=True, lang=None)
    assert text_of(found) == '<p id="x" hidden="hidden">a1<br>2.5</p>'
    assert text_of(element("meta", http_equiv="x", class_="y")) == '<meta http-equiv="x" class="y">'


@pytest.mark.parametrize("text", ["\udc80", "\x00", "😀"])
def test_every_text_can_be_written(text):
    page = document("title", element("p", text), style="", script="const a = 1 < 2;")
    page.encode("utf-8")
    assert "const a = 1 < 2;" in page
    assert "default-src 'none'" in page
