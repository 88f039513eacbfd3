#!/usr/bin/env python3
"""Writes what the fuzz targets start from: lines of the fixtures and of the lab, and configurations.

seeds.py FOLDER             into FOLDER/<target>/
seeds.py --replay PROGRAM   runs a target that was built without libFuzzer over its seeds and its corpus
"""
import pathlib
import subprocess
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
RENDERINGS = ["rfc3339", "rfc5424", "rfc5424-noslash", "trad", "fwd3164"]


def fixture_lines(wanted):
    """tag[pid]: text, as the fixtures have it."""
    for file in sorted((ROOT / "plugins/parsers").glob("*/fixtures/*.txt")):
        for line in file.read_bytes().splitlines() if wanted(file.parts[-3]) else []:
            if line.startswith(b"> "):
                yield line[2:]


def postfix():
    return fixture_lines(lambda name: name == "postfix")


def parsers():
    return fixture_lines(lambda name: name != "postfix")


def header():
    """A byte of options and a line in each rendering."""
    with tarfile.open(ROOT / "tests/corpus/corpus.tar.xz") as archive:
        for rendering in RENDERINGS:
            for line in archive.extractfile(f"lab/simple.{rendering}.log").read().splitlines()[:20]:
                yield b"\0" + line


def config():
    for file in sorted([*(ROOT / "conf").rglob("*.yaml"), *(ROOT / "tests/config/cases").iterdir()]):
        if file.is_file():
            yield file.read_bytes()


SEEDS = {"postfix": postfix, "parsers": parsers, "header": header, "config": config}


def write(folder, names):
    for name in names:
        target = pathlib.Path(folder) / name
        target.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(SEEDS[name]()):
            (target / f"seed-{number:04}").write_bytes(seed)


def replay(program):
    name = pathlib.Path(program).name.removeprefix("fuzz_")
    with tempfile.TemporaryDirectory() as folder:
        write(folder, [name] if name in SEEDS else [])
        corpus = ROOT / "tests/fuzz/corpus" / name
        done = subprocess.run([program, folder, *([corpus] if corpus.is_dir() else [])], capture_output=True, text=True)
        print(done.stdout + done.stderr, end="")
        inputs = int(done.stdout.split()[0]) if done.returncode == 0 else 0
        return done.returncode or (name in SEEDS and inputs < 10)


if __name__ == "__main__":
    if sys.argv[1] == "--replay":
        sys.exit(replay(sys.argv[2]))
    write(sys.argv[1], SEEDS)
