import http.client
import threading

import pytest

from aezoo.system.serving import server_of


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "page"
    (folder / "runtime").mkdir(parents=True)
    for name in ("index.html", "page.js", "model.tflite", "runtime/core.js", "runtime/a.wasm"):
        (folder / name).write_text(name)
    (tmp_path / "secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    return folder


@pytest.fixture
def ask(folder):
    with server_of(folder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def answer(path, host=None, method="GET"):
            connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
            connection.putrequest(method, path, skip_host=True)
            connection.putheader("Host", host or f"127.0.0.1:{server.server_port}")
            connection.endheaders()
            response = connection.getresponse()
            content = response.read()
            connection.close()
            return response, content

        yield answer
        server.shutdown()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/page.js", "text/javascript"),
        ("/page.js?again", "text/javascript"),
        ("/runtime/a.wasm", "application/wasm"),
        ("/model.tflite", "application/octet-stream"),
    ],
)
def test_types_and_isolation(ask, path, kind):
    response, content = ask(path)
    assert response.status == 200
    assert response.headers["Content-Type"] == kind
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert content.decode() == (path.strip("/").partition("?")[0] or "index.html")
    assert ask(path, method="HEAD")[1] == b""


@pytest.mark.parametrize(
    "path",
    [
        *("/../secret", "/%2e%2e/secret", "/runtime/../../secret", "/link", "/runtime"),
        *(
            "/runtime/",
            "//etc/passwd",
            "/nothing",
            "/page.js/",
            "/%00",
            "/a" * 5000,
            "/" + "a" * 300,
        ),
    ],
)
def test_nothing_else_is_sent(ask, path):
    response, content = ask(path)
    assert response.status in (400, 404)
    assert b"secret" not in content.replace(b"/secret", b"")


def test_other_names_that_lead_here_are_refused(ask):
    assert ask("/", host="example.org")[0].status == 403
    assert ask("/")[0].status == 200


def test_wrong_arguments(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match="expected a folder from aezoo page"):
        server_of(tmp_path)
    with pytest.raises(ValueError, match="from 0 to 65535. Received: 70000"):
        server_of(folder, 70000)
    with server_of(folder) as server, pytest.raises(OSError, match="another port with --port"):
        server_of(folder, server.server_port)
