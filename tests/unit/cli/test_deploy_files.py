"""The files of docs/deploy.md: they name what there is, with the rights that they need and no more."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from ivr.base.settings import (
    load_console_settings,
    load_settings,
    load_worker_settings,
    settings_table,
)
from ivr.cli.main import COMMANDS
from ivr.storage.grants import OWNER, ROLES

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "deploy.md").read_text()
UNITS = {file.stem: file.read_text() for file in (ROOT / "deploy").glob("*.service")}


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
