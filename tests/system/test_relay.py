import socket

import pytest

from aezoo.system.relay import relayed


def test_both_ways_and_past_the_end_of_the_server():
    with socket.create_server(("127.0.0.1", 0)) as server:
        near = socket.create_connection(("127.0.0.1", relayed(*server.getsockname())))
        far, _ = server.accept()
        near.sendall(b"there")
        assert far.recv(10) == b"there"
        far.sendall(b"back")
        assert near.recv(10) == b"back"
        far.close()
    near.settimeout(0.3)
    with pytest.raises(TimeoutError):  # b"" would be its end
        near.recv(10)
    near.close()
