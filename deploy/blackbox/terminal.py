#!/usr/bin/env python3
"""Runs a command at a real terminal and works it as a person would.

usage: terminal.py ROWSxCOLUMNS STEP… -- COMMAND…
steps: see TEXT          waits until the terminal shows TEXT, after what was seen last
       type TEXT         types it; \\n is the return key, \\x04 control-D
       repeat LINE TEXT  types LINE until TEXT shows up
       size ROWSxCOLUMNS changes the terminal's size
       end               waits for the command's end
       leave             kills it, and calls that success

Prints what was shown; exits as the command did, or with 99 when a step took over 30 seconds.
"""

import codecs
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

LIMIT = 30


class Terminal:
    def __init__(self, size, command):
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            # The size is set before the command can ask for it.
            self.master = 0
            self.resize(size)
            os.execvp(command[0], command)
        self.shown = b""
        self.seen = 0

    def resize(self, size):
        rows, columns = map(int, size.split("x"))
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.master, codecs.decode(text, "unicode_escape").encode())

    def read(self, seconds):
        """False at the end."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:
            data = b""
        self.shown += data
        return data != b""

    def shows(self, text, seconds):
        deadline = time.monotonic() + seconds
        while True:
            at = self.shown.find(text.encode(), self.seen)
            if at >= 0:
                self.seen = at + len(text)
                return True
            left = deadline - time.monotonic()
            if left <= 0 or not self.read(left):
                return False

    def see(self, text):
        if not self.shows(text, LIMIT):
            self.fail(f"never saw {text!r}")

    def repeat(self, line, text):
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            self.type(line)
            if self.shows(text, 0.5):
                return
        self.fail(f"never saw {text!r}, whatever was typed")

    def end(self):
        deadline = time.monotonic() + LIMIT
        while self.read(max(0, deadline - time.monotonic())):
            if time.monotonic() >= deadline:
                self.fail("the command does not end")

    def fail(self, why):
        self.show()
        print(f"\n{why}", file=sys.stderr)
        os.kill(self.pid, signal.SIGKILL)
        sys.exit(99)

    def show(self):
        sys.stdout.buffer.write(self.shown.replace(b"\r\n", b"\n"))
        sys.stdout.buffer.flush()

    def status(self):
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def main(arguments):
    split = arguments.index("--")
    terminal = Terminal(arguments[0], arguments[split + 1 :])
    steps = iter(arguments[1:split])
    for step in steps:
        match step:
            case "see":
                terminal.see(next(steps))
            case "type":
                terminal.type(next(steps))
            case "repeat":
                terminal.repeat(next(steps), next(steps))
            case "size":
                terminal.resize(next(steps))
            case "end":
                terminal.end()
            case "leave":
                os.kill(terminal.pid, signal.SIGKILL)
                terminal.status()
                sys.exit(0)
            case _:
                sys.exit(f"no such step: {step}")
    terminal.show()
    sys.exit(terminal.status())


if __name__ == "__main__":
    main(sys.argv[1:])
