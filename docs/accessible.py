"""What the theme leaves out for those who use a keyboard or a screen reader."""

import re

SCROLLED = re.compile('(<pre|<div class="(?:table|math)-wrapper[^"]*")>')  # on a narrow screen
CAPTION = '<p class="caption" role="heading"'


def setup(app):
    app.connect("html-page-context", mended, priority=900)  # after the theme
    return {"parallel_read_safe": True}


def mended(app, pagename, templatename, context, doctree):
    """Keys reach what scrolls, and the headings beside a page have a level."""
    if "body" in context:
        context["body"] = SCROLLED.sub(r'\1 tabindex="0">', context["body"])
    tree = context.get("furo_navigation_tree", "")
    context["furo_navigation_tree"] = tree.replace(CAPTION, f'{CAPTION} aria-level="2"')
