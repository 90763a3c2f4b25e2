"""Links of built pages: each leads to a file or a place in one, without asking a network."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """What a page links to, and the names of its places."""

    def __init__(self, path: Path):
        super().__init__()
        self.links: list[str] = []
        self.places = {"", "top"}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.places |= {found[key] for key in ("id", "name") if found.get(key)}
        self.links += [found[key] for key in ("href", "src") if found.get(key)]


def check(app, exception):
    """Ends a build whose pages have dead links."""
    if exception is not None or app.builder.format != "html":
        return
    dead = broken(Path(app.outdir))
    if dead:
        raise ValueError(f"{len(dead)} dead links: " + "; ".join(dead))


def broken(folder: Path) -> list[str]:
    """The links within a folder of pages that lead nowhere.

    Args:
        folder: Path of it.

    Returns:
        List of strings, each the page and its link.
    """
    pages = {path.resolve(): Page(path) for path in folder.rglob("*.html")}
    dead = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists():
                dead.append(f"{path.relative_to(folder.resolve())}: {link}")
            elif target in pages and unquote(parts.fragment) not in pages[target].places:
                dead.append(f"{path.relative_to(folder.resolve())}: {link} (no such place)")
    return dead
