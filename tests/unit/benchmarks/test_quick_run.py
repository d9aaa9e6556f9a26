"""The benchmarks run and print what they promise; the numbers themselves are nobody's business here."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from benchmarks.picture import DATABASE, parts_of_a_turn

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("options", "tables"),
    [
        pytest.param(
            [],
            [
                "Whole paying calls (13 turns), closed loop",
                "An ordinary menu turn, closed loop",
                "Saturated",
                "Open loop (Poisson) at half the saturating rate",
                "finished calls and 80 members in the database, over none",
                "Rejected verifications",
                "SQL statements a turn",
                "Turn of a paying call:",
                "recorded calls, read and compared on two versions:",
                "A cutoff, and its delivery to a folder",
                "30 bills imported:",
            ],
            marks=pytest.mark.soak,
        ),
        pytest.param(
            ["--cutoffs"], ["A cutoff, and its delivery to a folder", "20 payments:"], marks=pytest.mark.soak
        ),
        pytest.param(
            ["--replays"], ["Calls run again", "read and compared on two versions"], marks=pytest.mark.soak
        ),
        pytest.param(["--audit"], ["The audit of 50 payments"], marks=pytest.mark.soak),
        pytest.param(["--imports"], ["30 bills imported:"], marks=pytest.mark.soak),
        pytest.param(["--profile"], ["Where a turn's time goes"], marks=pytest.mark.soak),
    ],
)
def test_every_table_is_printed(options, tables):
    command = [sys.executable, "-m", "benchmarks", "--quick", *options]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, [title for title in tables if title not in ran.stdout]) == (0, []), ran.stderr


def test_the_picture_of_a_turn_says_in_words_what_its_bars_show():
    drawn = ET.fromstring(parts_of_a_turn({"logs & JSON": 1.0, DATABASE: 3.0}))
    texts = [each.text for each in drawn.iter() if each.text and each.text.strip()]
    assert f"{DATABASE} 75%, logs & JSON 25%" in texts
    assert texts[-4:] == [DATABASE, "75%", "logs & JSON", "25%"]
    widths = [float(each.attrib["width"]) for each in drawn if "x" in each.attrib and "width" in each.attrib]
    assert widths[0] == 3 * widths[1]


WRONG_SERVER = """
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from benchmarks.load import closed_loop
from benchmarks.scripts import Request
from benchmarks.servers import BenchmarkError, Server


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.send_response(200)
        self.send_header("Ivr-Node", "trouble")
        self.end_headers()

    def log_message(self, *args):
        pass


with HTTPServer(("127.0.0.1", 0), Handler) as served:
    threading.Thread(target=served.handle_request, daemon=True).start()
    server = Server("the line", served.server_port, None, Path())
    request = Request(b"POST /voice/turn/1 HTTP/1.0\\r\\n\\r\\n", "/voice/turn/1", {}, "", "main/main_menu")
    try:
        closed_loop(server, [[request]], 1)
    except BenchmarkError as error:
        print(error)
"""


def test_an_answer_from_another_node_stops_the_run():
    """Times of wrong answers would be worth nothing."""
    ran = subprocess.run(
        [sys.executable, "-c", WRONG_SERVER], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout == (
        "the line answered /voice/turn/1 with 'HTTP/1.0 200 OK' from node trouble;"
        " expected was node main/main_menu\n"
    )
