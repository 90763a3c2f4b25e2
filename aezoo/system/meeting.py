"""Processes on several machines that know of each other, and of the end of each other."""

import json
import os
import queue
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

RETRY = 0.2  # seconds between attempts to reach the first process
HELLO = 5.0  # seconds for a line from what has just connected, which may be anything
LEAVING = 15.0  # seconds for the others to leave once they know that they are to
QUIET = (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3))  # lost after 25 seconds
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Place(NamedTuple):
    """Which of several processes this is, and where they meet.

    Attributes:
        host: String, the machine of the process of rank 0.
        port: Integer, where that process listens.
        processes: Positive integer, how many there are.
        rank: Integer, 0 or more, which of them this is.
    """

    host: str
    port: int
    processes: int
    rank: int


class Meeting:
    """One process of several, of which that of rank 0 has a connection to each other.

    They come together in `Meeting.of`, which returns on all or raises on all. From then on a
    thread listens: a process that dies or fails is known to all others within a second, and one
    whose machine is gone within half a minute.

    Attributes:
        place: `Place`.
        word: What the process of rank 0 has told all at the start.
        lost: String, why they are together no longer, or `None`.

    Example:

    >>> from aezoo.system.meeting import Meeting, Place
    >>> with Meeting.of(Place("127.0.0.1", 0, 1, 0), {"epochs": 3}, lambda: "begin", 10) as meeting:
    ...     print(meeting.word, meeting.lost)
    begin None
    """

    def __init__(self, place: Place, links: Mapping[int, "_Link"], word: Any) -> None:
        self.place, self.word, self.lost = place, word, None
        self._links, self._said = links, queue.Queue()
        self._over = threading.Event()
        self._on_lost: Callable[[], None] = lambda: None
        if links:
            threading.Thread(target=self._listen, daemon=True).start()

    @classmethod
    def of(
        cls, place: Place, told: Mapping[str, Any], word: Callable[[], Any], wait: float
    ) -> "Meeting":
        """Waits until all have come, and compares what each was told.

        Args:
            place: `Place` of this process.
            told: Mapping of strings to what JSON can hold, which must be the same on all.
            word: Function of no argument; what it returns on rank 0 is the `word` of all.
            wait: Positive float, seconds to wait for the others.

        Returns:
            `Meeting`.

        Raises:
            TimeoutError: If not all came in that time.
            ConnectionError: If the port is in use, or a process ended.
            ValueError: If two have one rank, or processes were told different things.
        """
        hello = {"rank": place.rank, "who": _who(place.rank), "told": dict(told)}
        hello["told"]["processes"] = place.processes
        hello = json.loads(json.dumps(hello))
        return cls(place, *(_joined if place.rank else _gathered)(place, hello, word, wait))

    def __enter__(self) -> "Meeting":
        return self

    def __exit__(self, kind, error, _):
        if error is None:
            self._end({"bye": True})
        else:
            told = f"failed: {str(error) or kind.__name__}"
            told = "was interrupted." if kind is KeyboardInterrupt else told
            self._end({"lost": f"{_who(self.place.rank)} {told}"})

    def on_lost(self, function: Callable[[], None]) -> None:
        """Calls a function, in a thread of its own, once a process is lost."""
        self._on_lost = function
        if self.lost is not None:
            threading.Thread(target=function, daemon=True).start()

    def check(self, patience: float = 0.0) -> None:
        """Raises `ConnectionError` if a process is lost, or is found to be in so many seconds."""
        end = time.monotonic() + patience
        while self.lost is None and time.monotonic() < end:
            time.sleep(0.05)
        if self.lost is not None:
            raise ConnectionError(self.lost)

    def say(self, value: Any) -> None:
        """Tells all others something that JSON can hold; for rank 0."""
        for link in self._links.values():
            link.send({"said": value})

    def heard(self) -> Any:
        """Waits for what rank 0 says.

        Raises:
            ConnectionError: If a process is lost before.
        """
        found = self._said.get()
        if self.lost is not None:
            raise ConnectionError(self.lost)
        return found["said"]

    def _end(self, last):
        """Leaves: says why; that of rank 0, which JAX's service needs, goes last."""
        for link in self._links.values():
            link.send(last)
        in_peace = "bye" in last and self.lost is None
        if in_peace and self._links:
            self._over.wait(HELLO)
        self._over.set()
        end = time.monotonic() + LEAVING
        for link in self._links.values():
            if self.place.rank == 0 and not in_peace:
                link.wait_for_end(end)
            link.close()

    def _listen(self):
        with selectors.DefaultSelector() as selector:
            for link in self._links.values():
                selector.register(link.socket, selectors.EVENT_READ, link)
            ready = [(link, False) for link in self._links.values()]  # with the first line, perhaps
            while not self._over.is_set():
                for link, waiting in ready:
                    for message in link.messages(waiting):
                        if "said" in message:
                            self._said.put(message)
                        elif "bye" in message:
                            selector.unregister(link.socket)
                            break
                        elif not self._over.is_set():
                            self._lose(message.get("lost") or f"{link.who} has ended.")
                            return
                if not selector.get_map():
                    break
                ready = [(key.data, True) for key, _ in selector.select(timeout=0.2)]
        self._over.set()

    def _lose(self, why):
        self.lost = why
        for link in self._links.values():
            link.send({"lost": why})
        self._said.put({})
        self._on_lost()


class _Link:
    """A connection over which lines of JSON come and go."""

    def __init__(self, connection: socket.socket, who: str = "") -> None:
        self.socket, self.who, self._read = connection, who, b""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in QUIET:
            if hasattr(socket, name):
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

    def send(self, message: Mapping[str, Any]) -> None:
        with suppress(OSError):  # the thread that listens says what has happened
            self.socket.sendall(json.dumps(message).encode() + b"\n")

    def messages(self, waiting: bool = True) -> Iterator[dict[str, Any]]:
        """What has come; an empty one for the end.

        Args:
            waiting: Boolean, whether there is something to read, besides what was read before.
        """
        if waiting:
            try:
                found = self.socket.recv(2**16)
            except OSError:
                found = b""
            if not found:
                yield {}
                return
            self._read += found
        *lines, self._read = self._read.split(b"\n")
        yield from map(json.loads, lines)

    def line(self, seconds: float) -> dict[str, Any] | None:
        """The next message, `None` if there is none in that time, or what comes is none."""
        end = time.monotonic() + seconds
        while b"\n" not in self._read:
            try:
                self.socket.settimeout(max(0.01, end - time.monotonic()))
                found = self.socket.recv(2**16)
            except OSError:
                return None
            if not found or len(self._read) > 2**24:
                return None
            self._read += found
        self.socket.settimeout(None)
        first, _, self._read = self._read.partition(b"\n")
        try:
            message = json.loads(first)
        except ValueError:
            return None
        return message if isinstance(message, dict) else None

    def wait_for_end(self, end: float) -> None:
        """Waits until the other side has left, or the clock says so."""
        with suppress(OSError):
            self.socket.settimeout(max(0.01, end - time.monotonic()))
            while time.monotonic() < end and self.socket.recv(2**16):
                pass

    def close(self) -> None:
        self.socket.close()


def _gathered(place, hello, word, wait):
    """The first process: the connections of all others, and what it has told them."""
    end, links, told = time.monotonic() + wait, {}, {0: hello}
    refusal: Exception | None = None
    with _listening(place) as server:
        while len(links) < place.processes - 1 and refusal is None:
            server.settimeout(max(0.01, end - time.monotonic()))
            try:
                link = _Link(server.accept()[0])
            except TimeoutError:
                missing = sorted(set(range(place.processes)) - set(told))
                refusal = TimeoutError(_absent(missing, place, wait))
                break
            theirs = link.line(HELLO)
            if theirs is None or not {"rank", "who", "told"} <= theirs.keys():
                link.close()  # something that is none of ours
                continue
            link.who = theirs["who"]
            refusal = _difference(told, theirs)
            links[theirs["rank"] if refusal is None else -1] = link
            told[theirs["rank"]] = theirs
    said = word() if refusal is None else None
    answer = {"word": said} if refusal is None else {"refused": _told(refusal)}
    for link in links.values():
        link.send(answer)
    if refusal is not None:
        for link in links.values():
            link.close()
        raise refusal
    return links, said


def _joined(place, hello, word, wait):
    """Another process: its connection to the first, and what that has told it."""
    end = time.monotonic() + wait
    link = None
    while link is None:
        try:
            link = _Link(socket.create_connection((place.host, place.port), timeout=HELLO))
        except OSError as error:
            if time.monotonic() + RETRY > end:
                raise TimeoutError(_absent([0], place, wait) + f" ({error})") from None
            time.sleep(RETRY)
    link.who = f"The process of rank 0 ({place.host}:{place.port})"
    link.send(hello)
    answer = link.line(wait + HELLO)  # the first process gives up before
    if answer is None or not {"word", "refused"} & answer.keys():
        link.close()
        raise ConnectionError(f"{link.who} has ended before all had come.")
    if "refused" in answer:
        link.close()
        kind, message = answer["refused"]
        raise {"ValueError": ValueError, "TimeoutError": TimeoutError}[kind](message)
    return {0: link}, answer["word"]


def _difference(told, theirs):
    """What is wrong with a process that has come, as an error, or `None`."""
    rank = theirs["rank"]
    if rank in told:
        both = f"{told[rank]['who']} and {theirs['who']}"
        return ValueError(f"Each process needs a rank of its own. Received: {both}.")
    first = told[0]
    for name in sorted(first["told"].keys() | theirs["told"].keys()):
        a, b = first["told"].get(name), theirs["told"].get(name)
        if a != b:
            return ValueError(
                f"All processes need the same {name}. Received: {a!r} of {first['who']}, and "
                f"{b!r} of {theirs['who']}."
            )
    return None


def _listening(place):
    host = place.host if place.host in LOOPBACK else ""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if not host and socket.has_dualstack_ipv6():
        with suppress(OSError):  # a machine may have IPv6 in its kernel and no address
            return socket.create_server(
                ("", place.port), family=socket.AF_INET6, dualstack_ipv6=True
            )
    try:
        return socket.create_server((host, place.port), family=family)
    except OSError as error:
        raise ConnectionError(
            f"The process of rank 0 cannot listen on port {place.port} ({error.strerror}): it is "
            "in use, by another process of rank 0 perhaps. Give all processes another one."
        ) from None


def _absent(ranks, place, wait):
    those = f"{'s' * (len(ranks) > 1)} {', '.join(map(str, ranks))}"
    return (
        f"Of {place.processes} processes that of rank{those} did not come to "
        f"{place.host}:{place.port} within {wait:g} seconds."
    )


def _told(error):
    return type(error).__name__, str(error)


def _who(rank):
    return f"The process of rank {rank} ({socket.gethostname()}, pid {os.getpid()})"
