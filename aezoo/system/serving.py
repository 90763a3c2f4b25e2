"""A folder of files for browsers on this machine, and for nobody else."""

import functools
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote, urlsplit

LOOPBACK = "127.0.0.1"
TYPES = {
    ".css": "text/css",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".json": "application/json",
    ".tflite": "application/octet-stream",
    ".wasm": "application/wasm",
}
HEADERS = {
    "Cache-Control": "no-cache",  # a page that was written anew is what one wants to see
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def server_of(folder: Path, port: int = 0) -> ThreadingHTTPServer:
    """A server of a folder on the loopback address, with the headers of an isolated page.

    Nothing outside of the folder is sent, be it by `..` or by a link, and no list of its files.
    Requests that name another host are refused: a page from elsewhere cannot read these files by
    a name of its own that leads here.

    Args:
        folder: `pathlib.Path` with an `index.html`.
        port: Integer from 0 to 65535, where 0 is any that is free.

    Returns:
        `http.server.ThreadingHTTPServer`, bound to its `server_port` and not yet serving.

    Raises:
        FileNotFoundError: If the folder has no `index.html`.
        ValueError: If there is no such port.
        OSError: If the port is taken.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "index.html").write_text("hello")
    ...     with server_of(Path(folder)) as server:
    ...         print(server.server_address[0])
    127.0.0.1
    """
    if not 0 <= port <= 65535:
        raise ValueError(f"A port is a number from 0 to 65535. Received: {port}")
    if not (folder / "index.html").is_file():
        raise FileNotFoundError(
            f"There is no {folder / 'index.html'}: expected a folder from aezoo page."
        )
    root = folder.resolve()
    handler = functools.partial(_Handler, directory=str(root))
    try:
        return _Server((LOOPBACK, port), handler)
    except OSError as error:
        raise OSError(
            error.errno, f"{error.strerror}: choose another port with --port", str(port)
        ) from error


class _Server(ThreadingHTTPServer):
    daemon_threads = True  # a browser keeps its connections open

    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), ConnectionError):  # a browser that has left is none
            super().handle_error(request, client_address)


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    extensions_map: ClassVar = {**SimpleHTTPRequestHandler.extensions_map, **TYPES}

    def send_head(self):
        port = self.server.server_address[1]
        if self.headers.get("Host") not in (f"{LOOPBACK}:{port}", f"localhost:{port}"):
            self.send_error(403, "Not for this host")
            return None
        wanted = Path(self.translate_path(self.path))
        if unquote(urlsplit(self.path).path).endswith("/"):
            wanted /= "index.html"
        try:
            is_ours = wanted.is_file() and wanted.resolve().is_relative_to(self.directory)
        except OSError:  # a name that is too long
            is_ours = False
        if not is_ours:
            self.send_error(404, "No such file")
            return None
        return super().send_head()

    def end_headers(self):
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format, *values):
        pass
