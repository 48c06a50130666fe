#!/usr/bin/env python3
"""Runs a command on a terminal of its own and prints what it wrote there.

usage: terminal.py LINES COLUMNS COMMAND…
"""

import fcntl
import os
import pty
import struct
import sys
import termios


def main(arguments):
    lines, columns, command = int(arguments[0]), int(arguments[1]), arguments[2:]
    child, terminal = pty.fork()
    if child == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        os.execv(command[0], command)
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            # What a terminal answers when nobody holds its other end any more.
            break
        if not data:
            break
        sys.stdout.buffer.write(data)
    _, status = os.waitpid(child, 0)
    raise SystemExit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main(sys.argv[1:])
