"""A static page that runs an exported model in the browser."""

from aezoo.export.page.writing import export_page

__all__ = ["export_page"]
