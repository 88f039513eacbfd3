"""Where the programs are that were built with -DMAILTRACE_FAULTS=ON: $MAILTRACE_FAULTS_BUILD, else build/faults beside the
build."""
import os
import pathlib

from harness import BUILD

FAULTS_BUILD = pathlib.Path(os.environ.get("MAILTRACE_FAULTS_BUILD", BUILD.parent / "faults"))


def need_faults_build():
    """A case that is left out unseen is worse than one that fails."""
    if not (FAULTS_BUILD / "bin" / "mailtraced").exists():
        raise AssertionError(f"no build with faults: cmake -S . -B {FAULTS_BUILD} -DMAILTRACE_FAULTS=ON -DMAILTRACE_TESTS=OFF, "
                             "then build it")
