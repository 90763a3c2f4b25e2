"""A way to a server that seems to go on when the server has gone."""

import socket
import threading
from contextlib import suppress


def relayed(host: str, port: int) -> int:
    """Passes on what comes to a port of this machine to a server, and what that answers.

    JAX ends a process at once, with a native stack trace, where the connection to its coordination
    service breaks. Over a relay it does not see that, and who knows better can say what happened.

    Args:
        host: String, the server's machine.
        port: Integer, the server's port.

    Returns:
        Integer, a port of this machine. It is open for as long as the process lives.
    """
    server = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_serve, args=(server, host, port), daemon=True).start()
    return server.getsockname()[1]


def _serve(server, host, port):
    while True:
        near, _ = server.accept()
        try:
            far = socket.create_connection((host, port))
        except OSError:
            near.close()  # who has come tries again
            continue
        for a, b, lasting in ((near, far, False), (far, near, True)):
            threading.Thread(target=_pass, args=(a, b, lasting), daemon=True).start()


def _pass(source, target, lasting):
    """What comes is passed on; the end of it, too, if it is not to last."""
    with suppress(OSError):
        while data := source.recv(2**16):
            target.sendall(data)
    if not lasting:
        target.close()
        source.close()
