#!/usr/bin/env python3
"""Rotates the log of a container that counts from 1 as fast as it can, and checks every line.

usage: rotate.py LOG SECONDS COMMAND…
           COMMAND makes the runtime open LOG anew. Every 100 ms the log is renamed and opened anew;
           the renamed file has to hold whole lines that go on where the one before ended.

Prints how much it saw; the exit status says whether every line was there exactly once.
"""

import subprocess
import sys
import time
from pathlib import Path

PREFIX = len("2006-01-02T15:04:05.123456789Z stdout F ")


def column(first, count, place):
    """The digit of that place (0: ones) of `count` numbers, one after the other."""
    run = 10**place
    if run <= 100_000:
        period = b"".join(b"%d" % digit * run for digit in range(10))
        skip = first % (10 * run)
        return (period * (count // (10 * run) + 2))[skip : skip + count]
    runs = range(first // run, (first + count - 1) // run + 1)
    return b"".join(b"%d" % (n % 10) * run for n in runs)[first % run :][:count]


def check(file, last):
    """The number on the last line of a file whose first has to come after `last`.

    There are millions of lines: whole columns of as many as are equally long are compared.
    """
    text = file.read_bytes()
    at = 0
    while at < len(text):
        first = last + 1
        digits = len(str(first))
        width = PREFIX + digits + 1
        count = min((len(text) - at) // width, 10**digits - first)
        block = text[at : at + count * width]
        right = count > 0 and block[width - 1 :: width] == b"\n" * count
        right = right and block[PREFIX - 2 :: width] == b"F" * count
        for place in range(digits):
            right = right and block[width - 2 - place :: width] == column(first, count, place)
        if not right:
            sys.exit(f"{file} does not go on from {last}: {text[at : at + 200]!r}")
        last += count
        at += len(block)
    return last


def main(log, seconds, command):
    rotated = log.with_suffix(".rotated")
    last, files, size = 0, 0, 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        due = time.monotonic() + 0.1
        log.rename(rotated)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not log.exists():
            sys.exit(f"{log} is not there again")
        size += rotated.stat().st_size
        last = check(rotated, last)
        rotated.unlink()
        files += 1
        time.sleep(max(0, due - time.monotonic()))
    print(f"{last} lines, {size >> 20} MiB in {files} files")
    if last == 0:
        sys.exit("the container wrote nothing")
    if files < 7 * seconds:
        sys.exit("that is not once in 100 ms")


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3:])
