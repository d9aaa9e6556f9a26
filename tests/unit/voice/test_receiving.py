"""Requests received beside each other, on real sockets and a clock of the test's own."""

from __future__ import annotations

import os
import socket
import time

import pytest

from ivr.voice.receiving import (
    BODY_BYTES_MAX,
    LEAVE_SECONDS,
    REQUEST_SECONDS,
    Connection,
    Reception,
    is_whole,
)

HEAD_BYTES_MAX = 4096
HEAD = b"POST /voice/answer HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"
SECONDS = 30


class Hall:
    """A reception with one listener, and clients at its door."""

    def __init__(self, connections_max):
        self.seconds = 0.0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        self.woken, self.waker = os.pipe()
        self.reception = Reception(
            [self.listener],
            self.woken,
            HEAD_BYTES_MAX,
            connections_max=connections_max,
            now=lambda: self.seconds,
        )
        self.clients, self.run = [], []

    def client(self, sent=b""):
        client = socket.create_connection(self.listener.getsockname(), SECONDS)
        self.clients.append(client)
        client.sendall(sent)
        return client

    def wait(self, seconds=SECONDS):
        """Return the connections whose requests are whole after the next thing that happens."""
        whole = self.reception.wait(seconds)
        self.run += whole
        return whole

    def wait_until(self, condition):
        """Go on until `condition` holds; what the kernel delivers takes its time even on one machine."""
        give_up_at = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < give_up_at, "waited in vain"
            self.wait(0.01)

    def received(self):
        """Return the requests that are whole after the next thing that happens."""
        return [bytes(each.received) for each in self.wait()]

    def close(self):
        self.reception.close()
        for connection in self.run:
            connection.hang_up()
        self.listener.close()
        os.close(self.woken)
        os.close(self.waker)
        for client in self.clients:
            client.close()


@pytest.fixture
def make_hall():
    halls = []

    def make(connections_max=100):
        halls.append(Hall(connections_max))
        return halls[-1]

    yield make
    for hall in halls:
        hall.close()


@pytest.fixture
def hall(make_hall):
    return make_hall()


def is_cut(client):
    """Return whether the other side has hung up; only asked when it has had every chance to."""
    client.setblocking(False)
    try:
        return client.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


@pytest.mark.parametrize(
    ("received", "whole"),
    [
        (b"", False),
        (b"POST /voice/answer HTTP/1.1\r\nHost: x\r\n", False),
        (b"GET /health HTTP/1.1\r\n\r\n", True),
        (HEAD, False),
        (HEAD + b"a=1&", False),
        (HEAD + b"a=1&b", True),
        (HEAD + b"a=1&b and more", True),
        (HEAD.lower() + b"a=1&", False),
        # What is refused in any case is not waited for.
        (HEAD.replace(b": 5", b":" + str(BODY_BYTES_MAX).encode()), False),
        (HEAD.replace(b": 5", b": " + str(BODY_BYTES_MAX + 1).encode()), True),
        (HEAD.replace(b": 5", b": " + b"9" * 5000), True),
        (HEAD.replace(b": 5", b": -5"), True),
        (HEAD.replace(b"Host: x", b"Content-Length: 7"), True),
        (HEAD.replace(b"Content-Length: 5", b"Transfer-Encoding: chunked"), True),
        (b"x" * HEAD_BYTES_MAX, False),
        (b"x" * (HEAD_BYTES_MAX + 1), True),
        # The body says nothing of its own length.
        (HEAD.replace(b"Content-Length: 5\r\n", b"") + b"\r\nContent-Length: 9\r\n\r\n", True),
    ],
)
def test_a_request_is_run_when_it_is_whole_or_no_more_of_it_matters(received, whole):
    assert is_whole(bytearray(received), HEAD_BYTES_MAX) is whole


def test_who_sends_everything_is_served_beside_those_who_do_not(hall):
    slow = [hall.client(part) for part in (b"", HEAD[:20], HEAD + b"a=")]
    for _ in slow:
        assert hall.wait() == []
    hall.client(HEAD + b"a=1&b")
    assert hall.received() == [HEAD + b"a=1&b"]
    slow[1].sendall(HEAD[20:] + b"c=2&d")
    assert hall.received() == [HEAD + b"c=2&d"]
    assert [is_cut(client) for client in slow] == [False] * 3
    assert hall.reception.is_receiving


def test_one_is_let_in_at_a_time_and_none_while_there_is_something_to_run(hall):
    first = hall.client(HEAD)
    assert hall.wait() == []
    others = [hall.client(HEAD + b"from2"), hall.client(HEAD + b"from3")]
    first.sendall(b"from1")
    assert [each.received[-5:] for each in hall.wait()] == [b"from1"]
    another = hall.listener.accept()[0]  # another web worker
    assert another.recv(4096).endswith(b"from2")
    another.close()
    assert [each.received[-5:] for each in hall.wait()] == [b"from3"]
    assert len(others) == 2


def test_of_several_the_one_that_came_first_is_run_first(hall):
    clients = [hall.client(HEAD) for _ in range(3)]
    for _ in clients:
        assert hall.wait() == []
    whole = []
    for number in (2, 0, 1):
        hall.seconds += 1
        clients[number].sendall(b"from%d" % number)
        whole += hall.wait()
    arrived = sorted(whole, key=lambda each: each.arrived_at)
    assert [bytes(each.received[-5:]) for each in arrived] == [b"from2", b"from0", b"from1"]


def test_slow_ones_are_cut_in_time_and_by_number(make_hall):
    hall = make_hall(connections_max=3)
    clients = []
    for _ in range(4):
        clients.append(hall.client())
        assert hall.wait() == []
        hall.seconds += 1
    assert hall.wait(0) == []
    assert [is_cut(client) for client in clients] == [True, False, False, False]
    hall.seconds = REQUEST_SECONDS + 1
    assert hall.wait(0) == []
    assert [is_cut(client) for client in clients] == [True, True, False, False]
    clients[2].sendall(HEAD + b"a=1&b")
    assert hall.received() == [HEAD + b"a=1&b"]


def test_half_a_request_and_then_the_end_is_run_and_nothing_at_all_is_not(hall):
    hall.client().shutdown(socket.SHUT_WR)
    assert hall.wait() == []
    hall.wait_until(lambda: not hall.reception.is_receiving)
    assert hall.run == []
    hall.client(HEAD + b"a").shutdown(socket.SHUT_WR)
    hall.wait_until(lambda: hall.run)
    (half,) = hall.run
    assert (half.recv(1000), half.recv(1000)) == (HEAD + b"a", b"")


def answered(hall, sent):
    client = hall.client(sent)
    (connection,) = hall.wait()
    connection.sendall(b"answer")
    connection.shutdown(socket.SHUT_WR)
    connection.close()
    hall.reception.see_off(connection)
    return client, connection


def test_who_was_answered_and_does_not_leave_is_waited_for_by_nobody(hall):
    client, connection = answered(hall, HEAD + b"a=1&b")
    assert client.recv(100) == b"answer"
    assert not hall.reception.is_receiving
    hall.client(HEAD + b"other")
    assert hall.received() == [HEAD + b"other"]
    client.sendall(b"never ending")
    assert hall.wait(0) == []
    assert connection.fileno() != -1
    hall.seconds += LEAVE_SECONDS
    assert hall.wait(0) == []
    assert connection.fileno() == -1


def test_an_answer_is_not_lost_by_what_is_still_being_sent(hall):
    """Closing a connection with bytes unread resets it, and the other side may never read its answer."""
    client, connection = answered(hall, HEAD.replace(b": 5", b": 100000") + b"x" * 50_000)
    client.sendall(b"x" * 50_000)
    assert client.recv(100) == b"answer"
    client.close()
    hall.wait_until(lambda: connection.fileno() == -1)


def test_closed_doors_let_nobody_in_and_what_is_inside_goes_on(hall):
    client = hall.client(HEAD)
    assert hall.wait() == []
    hall.reception.close_doors()
    hall.client(HEAD + b"a=1&b")
    client.sendall(b"c=2&d")
    assert hall.received() == [HEAD + b"c=2&d"]
    os.write(hall.waker, b"!")
    assert hall.wait() == []
    assert hall.wait(0) == []


def test_a_peer_that_breaks_off_is_gone(hall):
    client = hall.client(HEAD)
    assert hall.wait() == []
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()
    hall.wait_until(lambda: hall.run)
    assert hall.run[0].received == HEAD


def test_the_time_in_the_kernels_queue_counts(hall):
    """The client waits a while before anybody takes its request: by its own clock, not by sleeping."""
    client = hall.client(HEAD + b"a=1&b")
    sent_at = time.monotonic()
    client.settimeout(0.2)
    with pytest.raises(TimeoutError):
        client.recv(1)
    (connection,) = hall.wait()
    waited = -connection.arrived_at  # the hall's clock stands at 0
    assert 0.15 < waited <= time.monotonic() - sent_at + 0.05


def test_where_the_kernel_does_not_tell_it_is_the_time_of_reading(monkeypatch):
    ours, theirs = socket.socketpair()
    with theirs:
        connection = Connection(ours, None, "")
        assert connection.seconds_since_last_byte() == 0.0
        monkeypatch.setattr("sys.platform", "darwin")
        assert connection.seconds_since_last_byte() == 0.0
        connection.hang_up()
