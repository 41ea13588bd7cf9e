"""The units as make installs them, by systemd's own checker."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

BUILD = pathlib.Path(os.environ.get("ORDERMUX_BUILD", "build"))
SOURCE = pathlib.Path(__file__).parents[2]
EXPOSURE_MAX = 1.5
SERVICES = ("ordermux.service", "ordermux-reconcile.service")
OTHERS = ("ordermux.socket", "ordermux-reconcile.timer")


@pytest.fixture(scope="module")
def units(tmp_path_factory):
    """The units, with programs that are there instead of the installed."""
    directory = tmp_path_factory.mktemp("units")
    for name in SERVICES:
        service = (BUILD / "systemd" / name).read_text()
        service = re.sub(r"(?m)^(Exec\w+=)\S+", r"\g<1>/bin/true", service)
        (directory / name).write_text(service)
    for name in OTHERS:
        shutil.copy(SOURCE / "systemd" / name, directory)
    return directory


def analyze(*args):
    return subprocess.run(["systemd-analyze", *map(str, args)],
                          capture_output=True, text=True, timeout=60)


def test_the_units_are_verified_without_a_word(units):
    r = analyze("verify", "--man=no",
                *(units / name for name in SERVICES + OTHERS))
    ours = [line for line in (r.stdout + r.stderr).splitlines()
            if "ordermux" in line]
    assert r.returncode == 0 and not ours, r


def test_the_service_starts_without_any_file_of_a_secret(units):
    """A line for a file that is gone would keep all markets from starting."""
    lines = (units / "ordermux.service").read_text().splitlines()
    assert not [l for l in lines if "Credential" in l
                and not l.startswith("#")]
    assert "LimitCORE=0" in lines


def test_the_service_is_exposed_no_more_than_it_needs(units):
    r = analyze("security", "--offline=true", "--no-pager",
                units / "ordermux.service")
    level = re.search(r"Overall exposure level.*?: ([\d.]+)", r.stdout)
    assert level and float(level[1]) <= EXPOSURE_MAX, r.stdout[-800:]


def test_the_books_are_checked_without_any_right_of_root(units):
    r = analyze("security", "--offline=true", "--no-pager",
                units / "ordermux-reconcile.service")
    level = re.search(r"Overall exposure level.*?: ([\d.]+)", r.stdout)
    # It runs as root, who owns the passwords, and has a network.
    assert level and float(level[1]) <= 3, r.stdout[-800:]


def test_the_books_are_checked_by_a_timer_and_a_failure_is_seen():
    service = (BUILD / "systemd/ordermux-reconcile.service").read_text()
    assert re.search(r"(?m)^ExecStart=/\S+/ordermuxctl -c /\S+ reconcile$",
                     service)
    assert "SuccessExitStatus" not in service
    timer = (SOURCE / "systemd/ordermux-reconcile.timer").read_text()
    when = re.search(r"(?m)^OnCalendar=(.+)$", timer)[1]
    r = analyze("calendar", when)
    assert r.returncode == 0, r


def test_the_service_is_not_tried_again_with_a_wrong_configuration():
    service = (BUILD / "systemd/ordermux.service").read_text()
    assert re.search(r"(?m)^RestartPreventExitStatus=78$", service)


def test_the_courier_is_told_the_boot_of_its_host():
    """It cannot read that itself (ProcSubset=pid). A courier that does not
    know it takes the one before it for a stranger, whose messages wait."""
    service = (BUILD / "systemd/ordermux.service").read_text()
    assert re.search(r"(?m)^ProcSubset=pid$", service)
    assert re.search(r"(?m)^Environment=ORDERMUX_BOOT_ID=%b$", service)
