"""Where the programs are that were built with -DMAILTRACE_FAULTS=ON: $MAILTRACE_FAULTS_BUILD, else build/faults beside the
build."""
import os
import pathlib

from harness import BUILD

FAULTS_BUILD = pathlib.Path(os.environ.get("MAILTRACE_FAULTS_BUILD", BUILD.parent / "faults"))
