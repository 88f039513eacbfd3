#!/usr/bin/env python3
"""Installs headers and library into a scratch folder, builds the parser of plugins/README.md with the commands
printed there, and runs its fixture with it. Run by ctest, which sets the environment."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile


def block(readme, language):
    found = re.findall(rf"^```{language}\n(.*?)^```$", readme, re.M | re.S)
    if len(found) != 1:
        sys.exit(f"README.md: expected one block of {language}, found {len(found)}")
    return found[0]


def run(command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **more)
    if done.returncode != 0:
        sys.exit(f"{command}\n{done.stdout}")
    return done.stdout


def main():
    readme = pathlib.Path(os.environ["README"]).read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as scratch:
        root = pathlib.Path(scratch)
        folder = root / "opensmtpd"
        (folder / "fixtures").mkdir(parents=True)
        (folder / "opensmtpd.cc").write_text(block(readme, "cpp"), encoding="utf-8")
        (folder / "fixtures" / "delivery.txt").write_text(block(readme, "fixture"), encoding="utf-8")
        run([os.environ["CMAKE"], "--install", os.environ["BUILD"], "--prefix", root / "prefix",
             "--component", "development"])
        pc, = (root / "prefix").rglob("mailtrace.pc")
        # Configured for another prefix: as a package would be moved.
        text = pc.read_text(encoding="utf-8")
        old = re.search(r"^prefix=(.*)$", text, re.M).group(1)
        pc.write_text(text.replace(old, str(root / "prefix")), encoding="utf-8")
        compiler = root / "bin"
        compiler.mkdir()
        (compiler / "c++").write_text(f'#!/bin/sh\nexec {os.environ["CXX"]} {os.environ["FLAGS"]} -Wall -Wextra '
                                      '-Wpedantic -Wshadow -Wconversion -Werror "$@"\n', encoding="utf-8")
        (compiler / "c++").chmod(0o755)
        environment = dict(os.environ, PATH=f'{compiler}:{os.environ["PATH"]}', PKG_CONFIG_PATH=str(pc.parent))
        run(block(readme, "sh"), shell=True, cwd=folder, env=environment)
        symbols = run(["nm", "-D", "--defined-only", folder / "parser_opensmtpd.so"]).split()[2::3]
        symbols = [name for name in symbols if not name.startswith("__asan")]
        if symbols != ["mailtrace_plugin"]:
            sys.exit(f"exports {symbols}, expected only mailtrace_plugin")
        print(run([os.environ["RUNNER"], "--plugins", folder, folder / "fixtures" / "delivery.txt"]), end="")


if __name__ == "__main__":
    main()
