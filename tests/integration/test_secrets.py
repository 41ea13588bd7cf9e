"""Secrets are files that the service's user may read, and nobody else. -t says
what is wrong with them, as root too; a start says it in the log.
"""
import contextlib
import os
import pathlib
import pwd
import re
import shutil
import subprocess
import tempfile

import pytest

from harness import BUILD, poll
from instance import ini

USER = "nobody"     # in the place of the service's


class Etc:
    """A copy of the configuration in a directory that everybody can enter,
    and the program beside it."""

    def __init__(self, shop, top):
        self.top, self.dir = top, top / "etc"
        self.group = pwd.getpwnam(USER).pw_gid
        top.chmod(0o755)
        shutil.copytree(shop.conf.parent, self.dir,
                        ignore=shutil.ignore_patterns("nginx"))
        self.conf = self.dir / "ordermux.conf"
        self.program = top / "ordermuxd"
        shutil.copy2(BUILD / "ordermuxd", self.program)
        # The stack's own is out of the user's reach, which is worth a warning.
        for file in (self.dir / "markets.d").glob("*.conf"):
            file.write_text(ini.change(file.read_text(),
                                       {"command": "/bin/true"}, "sms"))
        for secret in self.secrets():
            os.chown(secret, 0, self.group)
            secret.chmod(0o640)

    def secrets(self):
        return [self.dir / "jwt.key", *self.dir.glob("*.password")]

    def check(self, *args, user=USER, path=None):
        env = {**os.environ}
        if path is not None:
            env["PATH"] = f"{path}:{env['PATH']}"
        return subprocess.run(
            [self.program, "-t", *(("--user", user) if user else ()),
             "-c", self.conf, *args], env=env, capture_output=True, text=True,
            timeout=60)

    @contextlib.contextmanager
    def running(self):
        """The service, as the user; gives its processes."""
        run = self.top / "run"
        run.mkdir(exist_ok=True)
        os.chown(run, pwd.getpwnam(USER).pw_uid, -1)
        self.conf.write_text(ini.change(self.conf.read_text(), {
            "listen": run / "fcgi.sock", "workers": 2}, "daemon"))
        with open(self.top / "log", "ab") as log, subprocess.Popen(
                [self.program, "-c", self.conf], stderr=log, user=USER,
                group=self.group, extra_groups=[]) as master:
            try:
                children = pathlib.Path(
                    f"/proc/{master.pid}/task/{master.pid}/children")
                yield [master.pid, *poll("two workers and a courier", lambda: (
                    found := children.read_text().split()) and
                    len(found) == 3 and found)]
            finally:
                master.terminate()
                master.wait(60)

    def good(self, **how):
        """The warnings of a good configuration."""
        done = self.check(**how)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"{self.conf}: configuration is good\n")
        return done.stderr

    def bad(self, **how):
        done = self.check(**how)
        assert done.returncode == 1 and not done.stdout, done
        return done.stderr


@pytest.fixture
def etc(shop):
    if os.geteuid() != 0:
        pytest.skip("only root can check as somebody else")
    with tempfile.TemporaryDirectory(prefix="ordermux-etc-") as top:
        yield Etc(shop, pathlib.Path(top))


# ---------------------------------------------------- who can read them

def test_root_checks_whether_the_services_user_can_read_each_secret(etc):
    assert etc.good() == ""
    for secret in etc.secrets():
        os.chown(secret, 0, 0)
        said = etc.bad()
        assert f"{secret} cannot open: Permission denied (as the user " \
            f"{USER})" in said, said
        cure = re.search(r"chgrp \S+ \S+ && chmod \S+ \S+$", said, re.M)
        subprocess.run(cure[0], shell=True, check=True)
        assert etc.good() == ""


def test_root_checks_whether_the_services_user_can_read_each_file(etc):
    files = [etc.conf, *(etc.dir / "markets.d").glob("*.conf"),
             *(etc.dir / "texts").glob("*.txt")]
    for file in [*files, etc.dir / "markets.d"]:
        mode = file.stat().st_mode & 0o777
        file.chmod(0o600 if file.is_file() else 0o700)
        said = etc.bad()
        assert str(file) in said and "Permission denied" in said, said
        assert f"checked as the user {USER}" in said
        file.chmod(mode)
    assert etc.good() == ""


def test_a_directory_that_the_service_cannot_enter_is_named(etc):
    keys = etc.dir / "keys"
    keys.mkdir(mode=0o700)
    (etc.dir / "jwt.key").rename(keys / "jwt.key")
    etc.conf.write_text(ini.change(etc.conf.read_text(),
                                   {"keys": "main:keys/jwt.key"}))
    said = etc.bad()
    cure = re.search(r"chgrp \S+ \S+ && chmod \S+ \S+$", said, re.M)
    assert cure[0].endswith(f" 0750 {keys}"), said
    subprocess.run(cure[0], shell=True, check=True)
    assert etc.good() == ""


def test_a_user_that_there_is_not_is_wrong_usage(etc):
    done = etc.check(user="no-such-user")
    assert done.returncode == 2 and "no-such-user" in done.stderr, done


def test_an_authority_that_cannot_be_read_is_told(etc, shop):
    market = etc.dir / "markets.d/us.conf"
    market.write_text(ini.put(market.read_text(), "database", "tls_ca",
                              etc.dir / "ca.pem"))
    assert f"{etc.dir}/ca.pem cannot be read: No such file" in etc.bad()
    shutil.copy(etc.dir / "ordermux.conf", etc.dir / "ca.pem")
    assert etc.good() == ""


def test_a_command_that_the_service_cannot_run_is_warned_of(etc):
    """Root could run it, and the service runs it as its own user."""
    programs = etc.top / "bin"
    programs.mkdir()
    command = programs / "send-sms"
    command.write_text("#!/bin/sh\n")
    market = etc.dir / "markets.d/us.conf"
    market.write_text(ini.change(market.read_text(),
                                 {"command": f"{command} us"}, "sms"))

    def warnings(mode, directory=0o755):
        command.chmod(mode)
        programs.chmod(directory)
        done = etc.check()
        assert done.returncode == 0, done
        return [l for l in done.stderr.splitlines() if "[sms]" in l]
    assert warnings(0o755) == []
    for mode in (0o700, 0o644, 0o750):
        line, = warnings(mode)
        assert line.startswith("warning: ") and \
            f"{command} is no program the service can run" in line, line
    line, = warnings(0o755, directory=0o700)
    assert f"{command}: Permission denied" in line, line
    assert warnings(0o755) == []


# ---------------------------------------------------------- credentials

@pytest.fixture
def unit(etc):
    """Sets the lines that "systemctl cat ordermux.service" prints. Returns
    where that systemctl is."""
    directory = etc.top / "bin"
    directory.mkdir()

    def write(*lines):
        text = "\n".join(("[Service]", "User=ordermux", *lines))
        (directory / "systemctl").write_text(
            f"#!/bin/sh\n[ \"$*\" = 'cat ordermux.service' ] || exit 1\n"
            f"cat <<'END'\n{text}\nEND\n")
        (directory / "systemctl").chmod(0o755)
        return directory
    return write


def test_a_credential_of_the_unit_needs_to_be_readable_for_root_only(
        etc, unit):
    for secret in etc.secrets():
        os.chown(secret, 0, 0)
        secret.chmod(0o600)
    lines = [f"LoadCredential={s.name}:{s}" for s in etc.secrets()]
    assert etc.good(path=unit(*lines)) == ""
    # A line that was forgotten, or taken away by an empty one.
    for lines, missing in ((lines[1:], "jwt.key"),
                           (["", *lines[:-1]], etc.secrets()[-1].name),
                           ([*lines, "LoadCredential=", *lines[1:]],
                            "jwt.key")):
        said = etc.bad(path=unit(*lines))
        assert f"{missing} cannot open: Permission denied" in said, said
        assert said.count("cannot open") == 1, said


def test_a_credential_whose_file_is_gone_is_refused_like_systemd_would(
        etc, unit):
    """The file beside the configuration does not count then."""
    away = etc.top / "elsewhere.key"
    path = unit(f"LoadCredential=jwt.key:{away}")
    assert f"{away} cannot open: No such file" in etc.bad(path=path)
    away.write_bytes(os.urandom(39) + b"\n")
    away.chmod(0o600)
    (etc.dir / "jwt.key").unlink()
    assert etc.good(path=path) == ""


# ------------------------------------------- what everybody can do with them

@pytest.mark.parametrize("mode, said", [
    (0o666, "can be changed by everybody"),
    (0o642, "can be changed by everybody")])
def test_a_secret_that_everybody_can_change_is_refused(etc, mode, said):
    for secret in etc.secrets():
        secret.chmod(mode)
        text = etc.bad()
        assert f"{secret} {said}: make a new secret, and chmod 0640 " \
            f"{secret}" in text, text
        secret.chmod(0o640)
    assert etc.good() == ""


def test_a_secret_that_everybody_can_replace_is_refused(etc):
    """Or warned of, if the directory is one further up."""
    for directory, check in ((etc.dir, etc.bad), (etc.top, etc.good)):
        directory.chmod(0o777)
        text = check()
        assert text.count(f"can be replaced by everybody: chmod o-w "
                          f"{directory}\n") == len(etc.secrets()), text
        directory.chmod(0o755)
    assert etc.good() == ""


def test_a_secret_that_everybody_can_read_is_warned_of(etc):
    for secret in etc.secrets():
        secret.chmod(0o644)
        said = etc.good()
        assert said.startswith("warning: ") and said.count("\n") == 1, said
        assert f"{secret} can be read by everybody: chmod 0640 {secret}\n" \
            in said, said
        secret.chmod(0o640)


def test_the_ends_of_a_key_are_warned_of_and_one_to_be_guessed_refused(etc):
    key = etc.dir / "jwt.key"
    text = key.read_text()
    for content, said in ((text + "\n", "ends with a newline, which is part "
                           "of it"),
                          (text + " ", "ends with white space"),
                          (text + "\r\n", "ends with a newline"),
                          ("\ufeff" + text, "begins with a byte order mark")):
        key.write_text(content)
        warning = etc.good()
        assert warning.startswith("warning: ") and said in warning, warning
    for content in ("k" * 32, "ab" * 32, "1234567" * 9, "\0" * 64):
        key.write_text(content)
        said = etc.bad()
        assert "can be guessed, expected at least 8 different bytes: " \
            "openssl rand -hex 32" in said, said


# ------------------------------------------------------------ the service

def test_a_start_says_in_the_log_what_a_check_refuses_and_goes_on(etc):
    key = etc.dir / "jwt.key"
    key.chmod(0o666)
    assert "can be changed by everybody" in etc.bad()
    with etc.running():
        line, = [l for l in (etc.top / "log").read_text().splitlines()
                 if "can be changed by everybody" in l]
    assert line.startswith("level=warning ") and str(key) in line, line


def test_nobody_but_root_can_read_the_memory_of_the_service(etc):
    """What a process that may not be dumped shows in /proc is root's."""
    with etc.running() as pids:
        for pid in pids:
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            assert re.search(rf"^Uid:\s+{pwd.getpwnam(USER).pw_uid}\s",
                             status, re.M)
            assert os.stat(f"/proc/{pid}/mem").st_uid == 0, pid


def test_a_key_that_was_changed_can_be_deleted_before_the_next_restart(etc):
    """The steps of docs/operations.md."""
    old, new = etc.dir / "jwt.key", etc.dir / "jwt-2.key"
    new.write_text(os.urandom(32).hex())
    os.chown(new, 0, etc.group)
    new.chmod(0o640)
    for keys in ("second:jwt-2.key, main:jwt.key", "second:jwt-2.key"):
        etc.conf.write_text(ini.change(etc.conf.read_text(), {"keys": keys}))
        assert etc.good() == ""
        with etc.running():
            pass
    old.unlink()
    assert etc.good() == ""
    with etc.running():
        pass
    # A key that is listed and gone is told before the restart.
    etc.conf.write_text(ini.change(
        etc.conf.read_text(), {"keys": "second:jwt-2.key, main:jwt.key"}))
    assert f"{old} cannot open: No such file" in etc.bad()
