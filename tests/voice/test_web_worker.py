"""The web worker alone, under a real gunicorn: who waits for whom, and what a worker that ends leaves behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest
from support.served_line import ROOT, Gate, is_running, wait_until

from ivr.voice.web_worker import ReceivingWorker

SECONDS = 30
WHOLE = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\na=1&b"
USUAL = WHOLE.replace(b"POST /", b"POST /voice/answer")

pytestmark = [pytest.mark.whole, pytest.mark.xdist_group("web_worker")]


class Web:
    """A gunicorn with one worker, and clients who speak to it byte by byte."""

    def __init__(self, folder, *options):
        self.folder = folder
        self.listening = socket.create_server(("127.0.0.1", 0))
        descriptor = self.listening.fileno()
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "--worker-class", "ivr.voice.web_worker.ReceivingWorker"),
                *("--no-control-socket", "--bind", f"fd://{descriptor}", "--worker-tmp-dir", str(folder)),
                *("--pythonpath", f"{ROOT},{ROOT / 'tests'}", "support.receiving_wsgi:app"),
                *options,
            ],
            cwd=folder,
            pass_fds=[descriptor],
            stderr=subprocess.DEVNULL,
        )
        self.clients = []

    def client(self, sent):
        client = socket.create_connection(self.listening.getsockname(), SECONDS)
        self.clients.append(client)
        client.sendall(sent)
        return client

    def hold(self):
        """Keep the worker busy until the gate is opened."""
        path = self.folder / f"gate-{len(self.clients)}"
        os.mkfifo(path)
        gate = Gate(path)
        client = self.client(b"GET /hold?%s HTTP/1.1\r\nHost: x\r\n\r\n" % bytes(path))
        gate.wait_for_somebody()
        return gate, client

    def close(self):
        for client in self.clients:
            client.close()
        self.process.terminate()
        self.process.wait(SECONDS)
        self.listening.close()


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    web = Web(tmp_path_factory.mktemp("web"))
    yield web
    web.close()


def reply(client):
    """Read an answer to its end; the connection stays open on this side."""
    answer = b"".join(iter(lambda: client.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), answer
    return SimpleNamespace(**json.loads(body))


@pytest.mark.parametrize("sent", [WHOLE, USUAL], ids=["through gunicorn", "past it"])
def test_the_time_before_the_worker_takes_a_request_counts(web, sent):
    gate, held = web.hold()
    waiting = web.client(sent)
    waiting.settimeout(0.3)
    with pytest.raises(TimeoutError):
        waiting.recv(1)
    gate.open()
    waiting.settimeout(SECONDS)
    assert reply(held).body == ""
    assert reply(waiting).waited > 0.25  # the kernel counts in ticks


def test_whoever_is_slow_or_does_not_leave_keeps_nobody_waiting(web):
    """Clients that stay after their answer cost a sync worker two seconds each; slow ones, all its time."""
    slow = [web.client(part) for part in (b"", WHOLE[:30], WHOLE[:-1]) * 8]
    staying = [web.client(WHOLE) for _ in range(20)]
    assert {reply(client).body for client in staying} == {"a=1&b"}
    slow[-1].sendall(WHOLE[-1:])
    assert reply(slow[-1]).body == "a=1&b"
    for client in slow[:-1]:
        client.setblocking(False)
        with pytest.raises(BlockingIOError):  # none was hung up on for it
            client.recv(1)


def test_a_usual_request_is_run_past_gunicorn_like_all_others(web):
    others, usual = reply(web.client(WHOLE)), reply(web.client(USUAL))
    assert (others.by_gunicorn, usual.by_gunicorn) == (True, False)
    assert (usual.body, usual.client, usual.server) == (others.body, others.client, others.server)
    assert usual.closed == others.closed + 1
    assert reply(web.client(WHOLE)).closed == usual.closed + 1


@pytest.mark.parametrize(("place", "closed"), [(b"breaks", 1), (b"breaks_off", 2)])
def test_who_leaves_before_the_answer_or_breaks_the_app_ends_no_worker(web, place, closed):
    worker = reply(web.client(USUAL)).process
    leaving = web.client(USUAL)
    leaving.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    leaving.close()
    before = reply(web.client(USUAL))
    breaking = web.client(USUAL.replace(b"answer", place))
    answer = b"".join(iter(lambda: breaking.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"broken" not in answer
    after = reply(web.client(USUAL))
    assert (after.process, after.closed - before.closed) == (worker, closed)


def test_a_worker_that_is_told_to_end_answers_whom_it_has_let_in(web):
    half = web.client(WHOLE[:30])
    gate, held = web.hold()
    waiting = [web.client(WHOLE) for _ in range(3)]
    (worker,) = map(
        int, subprocess.check_output(["ps", "-o", "pid=", "--ppid", str(web.process.pid)]).split()
    )
    os.kill(worker, signal.SIGTERM)
    half.sendall(WHOLE[30:])
    gate.open()
    assert (reply(held).process, reply(half).process) == (worker, worker)
    wait_until(lambda: not is_running(worker))
    assert all(reply(client).process != worker for client in waiting)  # the next worker's


def test_a_worker_that_may_run_two_requests_runs_two(tmp_path):
    web = Web(tmp_path, "--max-requests", "2")
    workers = [reply(web.client(USUAL)).process for _ in range(5)]
    web.close()
    assert [workers.count(each) for each in dict.fromkeys(workers)] == [2, 2, 1]


def test_tls_is_refused():
    with pytest.raises(RuntimeError, match="proxy"):
        ReceivingWorker.check_config(SimpleNamespace(is_ssl=True), None)
