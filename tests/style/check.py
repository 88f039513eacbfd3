#!/usr/bin/env python3
"""Checks the rules of the source tree that no compiler knows. Run by ctest.

usage: check.py ROOT
"""
import pathlib
import re
import sys

# Which folders of core/ a folder of core/ may include, besides itself. Left to right is the way of a line.
BORDER = {"base", "config", "mail", "plugin"}
STAGES = {"net", "intake", "spool", "parse", "track", "store"}
MAY_INCLUDE = {
    "base": set(),
    "config": {"base"},
    "mail": {"base"},
    "spool": {"base", "config"},
    "plugin": {"base", "config", "mail", "intake", "parse", "spool"},
    "parse": {"base", "mail", "plugin", "spool"},
    "net": {"base", "config", "intake", "plugin", "spool"},
    "intake": {"base", "config", "plugin", "spool"},
    "track": BORDER | {"parse"},
    "answer": BORDER | {"parse"},
    "store": BORDER | {"parse", "spool", "track"},
    "answer": BORDER | {"parse", "spool"},
    "usage": {"base"},
    "daemon": BORDER | STAGES | {"usage"},
    "tool": BORDER | STAGES | {"answer", "usage"},
}
# What a plugin sees of core/: the types of the border, and nothing of the stages behind it.
PLUGIN_SEES = BORDER | {"net", "parse", "intake", "answer"}
PLUGIN_SEES_FILES = {"core/spool/record.h"}
# All SQL is written once; the drivers share it. What web plugins know of people, too.
SHARED_BY_PLUGINS = {"sinks": "plugins/sinks/sql/", "web": "plugins/web/accounts/"}

MOST_LINES = 600
SOURCE = {".h", ".cc"}
TEXT = SOURCE | {".py", ".ts", ".tsx", ".sql", ".txt", ".md", ".yaml", ".conf", ".service", ".timer", ".cmake", ".css", ""}
FOLDERS = ("core", "plugins", "conf", "sql", "systemd", "tests")
# Recorded by other programs: their words are their own.
RECORDED = re.compile(r"(^tests/.*(corpus|cases|fixtures|samples?)/|^plugins/parsers/[^/]+/fixtures/|^conf/sample/)")
FORBIDDEN = {
    "/" + "work/": "a path of one machine",
    "TO" + "DO": "unfinished work",
    "FIX" + "ME": "unfinished work",
    "@" + "brief": "a comment form nobody needs",
}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(["<])([^">]+)[">]', re.M)


def included_files(text):
    for match in INCLUDE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield line, match.group(1) == '"', match.group(2)


def core_fault(path, included):
    folder = path.split("/")[1]
    target = included.split("/")
    if target[0] != "core" or len(target) < 3:
        return "core/ includes only core/"
    if folder not in MAY_INCLUDE:
        return f"core/{folder} is not in the include rule (tests/style/check.py)"
    if target[1] != folder and target[1] not in MAY_INCLUDE[folder]:
        return f"core/{folder} must not include core/{target[1]}"
    return None


def plugin_fault(path, included):
    parts, target = path.split("/"), included.split("/")
    if target[0] == "core":
        if target[1] in PLUGIN_SEES or included in PLUGIN_SEES_FILES:
            return None
        return f"a plugin must not include core/{target[1]}"
    own = "/".join(parts[:3]) + "/"
    shared = SHARED_BY_PLUGINS.get(parts[1])
    if included.startswith(own) or (shared and included.startswith(shared)):
        return None
    return f"a plugin includes the border and its own folder, not {included}"


def include_faults(path, text):
    for line, quoted, included in included_files(text):
        fault = None
        if not quoted:
            if included.startswith(("core/", "plugins/", "tests/")):
                fault = "own headers are included with quotes"
            elif path.startswith("plugins/parsers/") and included == "regex":
                fault = "a parser scans by hand, without regular expressions"
        elif included.startswith(".") or "/" not in included:
            fault = "includes are written from the root of the tree"
        elif path.startswith("core/"):
            fault = core_fault(path, included)
        elif path.startswith("plugins/"):
            fault = plugin_fault(path, included)
        if fault:
            yield line, fault


def source_faults(path, text):
    # A .cc file whose header has said it goes on without a word.
    has_header = path.endswith(".cc") and text.startswith(f'#include "{path[:-3]}.h"')
    if not text.startswith("// ") and not has_header:
        yield 1, "the first line says what the file is"
    if path.endswith(".h") and "#pragma once" not in text:
        yield 1, "a header needs #pragma once"
    lines = text.count("\n")
    if lines > MOST_LINES:
        yield lines, f"{lines} lines; more than {MOST_LINES} are more than one thing"
    yield from include_faults(path, text)


def word_faults(text):
    for word, meaning in FORBIDDEN.items():
        at = text.find(word)
        if at >= 0:
            yield text.count("\n", 0, at) + 1, f"\"{word}\": {meaning}"


def check_file(path, text):
    suffix = pathlib.PurePosixPath(path).suffix
    if suffix in SOURCE:
        yield from source_faults(path, text)
    if suffix in TEXT and not RECORDED.search(path):
        yield from word_faults(text)


def files_of(root):
    for folder in FOLDERS:
        for file in sorted((root / folder).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                yield file
    for name in ("CMakeLists.txt", "README.md"):
        if (root / name).exists():
            yield root / name


def check_tree(root):
    """All faults as "path:line: text", and how many files were read."""
    faults, count = [], 0
    for file in files_of(root):
        path = file.relative_to(root).as_posix()
        text = file.read_bytes().decode("utf-8", "replace")
        count += 1
        faults += [f"{path}:{line}: {fault}" for line, fault in check_file(path, text)]
    return faults, count


def main():
    faults, count = check_tree(pathlib.Path(sys.argv[1]))
    print("\n".join(faults + [f"{count} files, {len(faults)} faults"]))
    return 1 if faults or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
