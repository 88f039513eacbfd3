"""Writes a log file as a syslog daemon does: appends, and opens the name again at SIGHUP. A program of its own, so that
logrotate can signal it. Run by test_file.py.

usage: log_writer.py LINES LOG SECONDS HALVES: the lines of the file LINES, spread over about that time; of HALVES lines
one is written in two halves, 0: none.
"""
import os
import signal
import sys
import time


def main():
    with open(sys.argv[1], "rb") as file:
        lines = file.readlines()
    name, pause = sys.argv[2], float(sys.argv[3]) / len(lines)
    reopen = [True]
    halves = int(sys.argv[4])
    signal.signal(signal.SIGHUP, lambda *_: reopen.__setitem__(0, True))
    log = -1
    for at, line in enumerate(lines):
        if reopen[0]:
            reopen[0] = False
            if log >= 0:
                os.close(log)
            log = os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        # Now and then in two halves: a reader must wait for the second, and a SIGHUP comes between.
        half = len(line) // 2 if halves and at % halves == 0 else 0
        if half:
            os.write(log, line[:half])
            time.sleep(pause)
        os.write(log, line[half:])
        time.sleep(pause)
    os._exit(0)  # while Python ends, SIGHUP has its usual meaning again


if __name__ == "__main__":
    main()
