"""Writes files in one step, because other programs may read them meanwhile."""
import os
import secrets
import shlex

# A configuration may name files, and a file's name may be any bytes.
CODING = {"encoding": "utf-8", "errors": "surrogateescape", "newline": ""}


def read(path):
    with open(path, **CODING) as f:
        return f.read()


def write(path, text, mode=0o644):
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w",
              **CODING) as f:
        f.write(text)
    new.rename(path)


def make_secret(path):
    """64 characters without a newline. An existing file stays."""
    if not path.exists() or path.stat().st_size == 0:
        write(path, secrets.token_hex(32), 0o600)


# ---- assignments, as a shell reads them

def assignment(name, value):
    return f"{name}={shlex.quote(str(value))}"


def write_assignments(path, program, values):
    lines = [f"# written by scripts/{program}",
             *(assignment(*item) for item in values.items())]
    write(path, "\n".join(lines) + "\n")


def read_assignments(path):
    """A dictionary. It is empty if there is no file."""
    if not path.exists():
        return {}
    return dict(word.split("=", 1) for word in
                shlex.split(read(path), comments=True))
