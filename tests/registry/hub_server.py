"""A Hub on this machine, as much of it as downloads need: for `huggingface_hub` itself.

    python tests/registry/hub_server.py      # prints its port, and serves until it is ended

It has one repository, `someone/deep-digits`, with one commit, `COMMIT`, called `main`.
"""

import hashlib
import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlparse

COMMIT = hashlib.sha1(b"first").hexdigest()
FILES = {"card.json": b"{}", "model.weights.h5": b"first", "README.md": b"not asked for"}
OF_MODEL = re.compile(r"/api/models/someone/deep-digits(?:/(revision|tree)/(.+))?")
OF_FILE = re.compile(rf"/someone/deep-digits/resolve/{COMMIT}/(.+)")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = unquote(urlparse(self.path).path)
        if found := OF_FILE.fullmatch(path):
            content = FILES[found[1]]
            tag = f'"{hashlib.sha1(content).hexdigest()}"'
            self.answer(200, content, {"ETag": tag, "X-Repo-Commit": COMMIT})
        elif not (found := OF_MODEL.fullmatch(path)):
            self.answer(404, b"", {"X-Error-Code": "RepoNotFound"})
        elif found[2] not in (None, "main", COMMIT):
            self.answer(404, b"", {"X-Error-Code": "RevisionNotFound"})
        elif found[1] == "tree":
            self.document([{**told(name), "type": "file", "path": name} for name in FILES])
        else:
            files = [{**told(name), "rfilename": name} for name in FILES]
            self.document({"id": "someone/deep-digits", "sha": COMMIT, "siblings": files})

    do_HEAD = do_GET  # noqa: N815

    def document(self, what):
        self.answer(200, json.dumps(what).encode(), {"Content-Type": "application/json"})

    def answer(self, status, content, headers):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": len(content)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *_):
        pass


def told(name):
    return {"size": len(FILES[name]), "oid": "0" * 40, "blobId": "0" * 40}


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
