"""The files of docs/deploy.md: they name what there is, and a call comes through the proxy as it was signed."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.certificates import Authority
from support.debian import found_or_installed

from ivr.base.clock import ManualClock
from ivr.base.randomness import SeededRandomness
from ivr.base.settings import (
    load_console_settings,
    load_settings,
    load_worker_settings,
    settings_table,
)
from ivr.billing.samples import demo_member
from ivr.calls.store import keep_flow_version
from ivr.cli.main import COMMANDS
from ivr.sandbox.members import load_members
from ivr.sandbox.server import LocalServer
from ivr.storage.grants import OWNER, ROLES
from ivr.topics.line import compile_line, read_line_files
from ivr.voice.serving import serve_line

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "deploy.md").read_text()
UNITS = {file.stem: file.read_text() for file in (ROOT / "deploy").glob("*.service")}
WANTED = "nginx is needed, the proxy of docs/deploy.md: install it (on Debian: apt-get install nginx-light)."


def sourced(file):
    """Return what a shell that read the file gives to its commands."""
    script = ["env", "-i", "sh", "-c", 'set -a; . "$1"; exec env -0', "sh", str(file)]
    ran = subprocess.run(script, capture_output=True, check=True, text=True)
    return dict(line.split("=", 1) for line in ran.stdout.split("\0") if line)


def test_the_example_has_every_setting_that_is_required_and_only_settings(tmp_path):
    values = sourced(ROOT / ".env.example")
    named = {name for name in values if name not in {"PWD", "OLDPWD", "_", "SHLVL"}}
    settings = {name: default for name, default, _ in settings_table()}
    assert named <= set(settings)
    assert {name for name, default in settings.items() if default == "required"} <= named
    key = "k4Zcq2f7u1m0vJrYx1w9c2Zt8o5bq3n6l7s4d1f0g2E="
    (tmp_path / "en-US.txt").write_text("Help.")
    (tmp_path / "es-US.txt").write_text("Ayuda.")
    environ = values | {"IVR_KEYS": f"k1:{key}", "IVR_HASH_KEY": key.replace("k4", "b4")}
    environ |= {"IVR_CONSOLE_KEY": key, "IVR_INSERTS": str(tmp_path), "IVR_VAR": str(tmp_path)}
    for load in (load_settings, load_worker_settings, load_console_settings):
        load(environ)


def test_every_service_runs_a_command_as_an_account_that_there_is():
    for name, unit in UNITS.items():
        (account,) = set(re.findall(r"^EnvironmentFile=/etc/ivr/(\w+)\.env$", unit, re.MULTILINE)) - {"ivr"}
        assert f"ivr_{account}" in ROLES, name
        program, *words = re.findall(r"^ExecStart=/opt/ivr/\.venv/bin/(.*)$", unit, re.MULTILINE)[0].split()
        assert program == "gunicorn" or words[0] in COMMANDS, name
        assert name == "ivr-canary" or f" {name}" in PAGE
    assert {"ivr-web", "ivr-worker", "ivr-console", "ivr-metrics", "ivr-canary"} == set(UNITS)


def test_the_image_and_its_services_run_as_nobody_on_a_read_only_root():
    compose = (ROOT / "compose.yaml").read_text()
    common, _, services = compose.partition("\nservices:\n")
    for line in (
        "user: ivr",
        "read_only: true",
        "cap_drop: [ALL]",
        'security_opt: ["no-new-privileges:true"]',
    ):
        assert f"\n  {line}\n" in common
    own = dict(re.findall(r"^  (\w+):\n    <<: \*ivr\n((?:    .*\n)+)", services, re.MULTILINE))
    assert set(own) == {"accounts", "release", "web", "worker", "console"}
    assert set(re.findall(r"postgresql://(\w+)@", compose)) - {"postgres", OWNER} <= set(ROLES)
    procfile = (ROOT / "Procfile").read_text()
    for name in ("worker", "console", "release"):
        command = re.findall(r"command: \[(.*)\]", own[name])[0].replace('"', "").replace(",", "")
        assert f"{name}: {command}\n" in procfile
    image = (ROOT / "Containerfile").read_text()
    assert "\nUSER ivr\n" in image
    assert "\nHEALTHCHECK " in image
    for source in re.findall(r"^COPY (?!--from)(.*) \S+$", image, re.MULTILINE):
        assert all((ROOT / part).exists() for part in source.split()), source


def find_nginx():
    """Return the path of nginx, which Debian keeps where only administrators look."""
    return shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")


@pytest.fixture
def proxy(tmp_path):
    """Run the page's nginx before a server of this machine; give the address and the authority's file."""
    started = []

    def run(behind):
        authority = Authority(tmp_path)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        site = (ROOT / "deploy" / "nginx.conf").read_text()
        certificate = authority.issue()
        for written, here in (
            ("listen 443", f"listen 127.0.0.1:{port}"),
            ("    listen [::]:443 ssl;\n", ""),
            ("/etc/ivr/tls/line.pem", str(certificate)),
            ("/etc/ivr/tls/line.key", str(certificate)),
            ("http://127.0.0.1:8000", behind),
        ):
            assert written in site  # "http://127.0.0.1:8000" and no path after it: the target is signed
            site = site.replace(written, here)
        paths = "".join(
            f"{kind}_temp_path {tmp_path}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        whole = tmp_path / "nginx.conf"
        whole.write_text(f"daemon off; pid {tmp_path}/pid; events {{}} http {{ {paths}\n{site} }}")
        nginx = found_or_installed(find_nginx, "nginx-light", WANTED)
        command = [nginx, "-p", str(tmp_path), "-e", str(tmp_path / "log"), "-c", str(whole)]
        subprocess.run([*command, "-t"], check=True, capture_output=True)
        started.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                assert started[-1].poll() is None
        return f"https://127.0.0.1:{port}", authority.file

    yield run
    for process in started:
        process.terminate()
        process.wait()


def test_a_call_comes_through_the_proxy_as_it_was_signed(ivr, environ, engine, proxy, monkeypatch):
    line, now = compile_line(read_line_files(ROOT)), datetime.now(UTC)
    member, clock = demo_member("demo.letter", now.date()), ManualClock(now)
    with LocalServer() as server:
        url, authority = proxy(server.url)
        settings = load_settings({**environ, "PUBLIC_URL": url})
        with engine.begin() as db:
            keep_flow_version(db, line.flow.version, dict(line.files), now)
            load_members(db, settings, [member], clock)
        server.app = serve_line(settings, engine, line, clock, SeededRandomness(1))
        monkeypatch.setenv(
            "IVR_TEST_MEMBER", f"{member.member_id}:{member.ssn_last4}:{member.date_of_birth_keyed}"
        )
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority))
        ran = ivr("call", "--url", url, "--canary", "--again-after", "0")
    assert (ran.status, ran.err) == (0, "")
