import socket
import threading
import time

import pytest

from aezoo.system.meeting import Meeting, Place


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def together(*works, processes=None, ranks=None, told=None, wait=10, port):
    """What functions of a meeting return or raise, each in a thread, as one process would."""
    found = {}

    def one(i, work):
        place = Place("127.0.0.1", port, processes or len(works), (ranks or range(9))[i])
        try:
            own = {} if told is None else told[i]
            with Meeting.of(place, own, lambda: {"port": 7}, wait) as meeting:
                found[i] = work(meeting)
        except (OSError, ValueError, KeyError) as error:
            found[i] = error

    threads = [threading.Thread(target=one, args=each) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return [found[i] for i in range(len(works))]


def test_what_the_first_says(port):
    def first(meeting):
        meeting.say([1, 2])
        return meeting.word

    assert together(first, Meeting.heard, Meeting.heard, port=port) == [{"port": 7}, [1, 2], [1, 2]]


def test_all_leave_in_peace(port):
    def late(meeting):
        time.sleep(0.5)
        return meeting.lost

    def early(meeting):
        return meeting.lost

    assert together(late, early, late, port=port) == [None] * 3


def test_what_one_was_told_otherwise(port):
    told = [{"setting epochs": "3", "data": "a"}, {"setting epochs": "3", "data": "b"}]
    errors = together(*[lambda meeting: None] * 2, told=told, port=port)
    for error in errors:
        assert isinstance(error, ValueError)
        assert str(error).startswith("All processes need the same data. Received: 'a' of The")
        assert "rank 1" in str(error)


def test_two_of_one_rank(port):
    errors = together(*[lambda m: None] * 3, ranks=(0, 1, 1), port=port, wait=3)
    kinds = [type(error) for error in errors]
    assert kinds[0] is ValueError
    assert ValueError in kinds[1:]
    assert "a rank of its own" in str(errors[0])


def test_who_did_not_come(port):
    begin = time.monotonic()
    errors = together(*[lambda m: None] * 2, processes=4, port=port, wait=1.0)
    assert 0.9 < time.monotonic() - begin < 4
    for error in errors:
        assert isinstance(error, TimeoutError)
        assert "4 processes that of ranks 2, 3 did not come" in str(error)
        assert "within 1 seconds" in str(error)


def test_nobody_is_there(port):
    place = Place("127.0.0.1", port, 2, 1)
    with pytest.raises(TimeoutError, match="that of rank 0 did not come"):
        Meeting.of(place, {}, dict, 0.5)


def test_port_in_use():
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = Place("127.0.0.1", server.getsockname()[1], 2, 0)
        with pytest.raises(ConnectionError, match="in use, by another process of rank 0 perhaps"):
            Meeting.of(place, {}, dict, 1)


def test_strangers_are_sent_away(port):
    def stranger():
        for _ in range(50):
            try:
                with socket.create_connection(("127.0.0.1", port)) as connection:
                    connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
                    connection.recv(10)
                    return
            except ConnectionRefusedError:
                time.sleep(0.02)

    threading.Thread(target=stranger).start()

    def later(meeting):
        return meeting.word

    assert together(later, later, port=port) == [{"port": 7}] * 2


@pytest.mark.parametrize("failing", [0, 1])
def test_one_that_fails_ends_all(port, failing):
    called = []

    def fail(meeting):
        time.sleep(0.2)
        raise KeyError("no such thing")

    def wait(meeting):
        meeting.on_lost(lambda: called.append(meeting.place.rank))
        meeting.check(10)

    works = [wait, wait, wait]
    works[failing] = fail
    begin = time.monotonic()
    errors = together(*works, port=port)
    assert time.monotonic() - begin < 9  # before those who wait give up
    for rank in {0, 1, 2} - {failing}:
        assert isinstance(errors[rank], ConnectionError)
        assert f"rank {failing}" in str(errors[rank])
        assert "failed: 'no such thing'" in str(errors[rank])
    while len(called) < 2 and time.monotonic() - begin < 9:  # threads of their own
        time.sleep(0.02)
    assert sorted(called) == sorted({0, 1, 2} - {failing})


def test_one_that_is_gone_without_a_word(port):
    def vanish(meeting):
        for link in meeting._links.values():
            link.socket.shutdown(socket.SHUT_RDWR)

    def wait(meeting):
        meeting.check(10)

    errors = together(wait, wait, vanish, port=port)
    for error in errors[:2]:
        assert isinstance(error, ConnectionError)
        assert "rank 2" in str(error)
        assert str(error).endswith("has ended.")
