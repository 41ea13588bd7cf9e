"""Reads and changes the text of ordermux.conf or a market's file.

Comments and the order of the lines stay. This module does not check a value:
"ordermuxd -t" does.
"""
import re


def options(text):
    """Every option line: (line number, section, name, value)."""
    section = None
    for number, line in enumerate(text.split("\n")):
        if head := re.match(r"\[(.*)\]", line):
            section = head[1]
        elif found := re.match(r"([^\s#;=][^=]*?)\s*=\s*(.*)", line):
            yield number, section, found[1], found[2].rstrip()


def value(text, section, name):
    """The value of an option, or "" if it is not set."""
    found = [v for _, s, n, v in options(text) if (s, n) == (section, name)]
    return found[-1] if found else ""


def change(text, changes, section=None):
    """The text with other values ("changes" is name: value). Raises
    ValueError if an option is not in the text exactly once; in the section, if
    one is given."""
    lines = text.split("\n")
    for name, new in changes.items():
        found = [number for number, s, n, _ in options(text)
                 if n == name and section in (None, s)]
        if len(found) != 1:
            raise ValueError(f"{name} is {len(found)} times in "
                             f"{f'[{section}]' if section else 'the file'}")
        lines[found[0]] = f"{name} = {new}"
    return "\n".join(lines)


def put(text, section, name, new):
    """The text with this value. Changes the option's line, or adds one below
    the section's heading."""
    if any((s, n) == (section, name) for _, s, n, _ in options(text)):
        return change(text, {name: new}, section)
    lines = text.split("\n")
    if f"[{section}]" not in lines:
        raise ValueError(f"there is no [{section}] in the file")
    lines.insert(lines.index(f"[{section}]") + 1, f"{name} = {new}")
    return "\n".join(lines)


def remove(text, section, name):
    gone = {number for number, s, n, _ in options(text)
            if (s, n) == (section, name)}
    return "\n".join(line for number, line in enumerate(text.split("\n"))
                     if number not in gone)
