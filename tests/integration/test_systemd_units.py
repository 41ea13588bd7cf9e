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


@pytest.fixture(scope="module")
def units(tmp_path_factory):
    """The units, with programs that are there instead of the installed."""
    directory = tmp_path_factory.mktemp("units")
    service = (BUILD / "systemd/ordermux.service").read_text()
    service = re.sub(r"(?m)^(Exec\w+=)\S+", r"\g<1>/bin/true", service)
    (directory / "ordermux.service").write_text(service)
    shutil.copy(SOURCE / "systemd/ordermux.socket", directory)
    return directory


def analyze(*args):
    return subprocess.run(["systemd-analyze", *map(str, args)],
                          capture_output=True, text=True, timeout=60)


def test_the_units_are_verified_without_a_word(units):
    r = analyze("verify", "--man=no", units / "ordermux.service",
                units / "ordermux.socket")
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
