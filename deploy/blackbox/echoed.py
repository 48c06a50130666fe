#!/usr/bin/env python3
"""Sends random bytes through a command that says again what it hears, and compares checksums.

usage: echoed.py BYTES WINDOW COMMAND…
       WINDOW is how many bytes may be on their way at most.

Prints how fast it went; exits with 0 when every byte came back, in order, and the command has ended
with 0 after its input did.
"""

import hashlib
import os
import subprocess
import sys
import threading
import time

PIECE = 1 << 16


class Echo:
    def __init__(self, total, window, command):
        self.total, self.window = total, window
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.back = 0
        self.moved = threading.Condition()
        self.ended = False
        self.sent = hashlib.sha256()

    def send(self):
        """Each piece begins with where it belongs, so that no two are alike."""
        block = os.urandom(PIECE)
        written = 0
        try:
            while written < self.total:
                with self.moved:
                    self.moved.wait_for(lambda: self.ended or written - self.back < self.window)
                piece = (written.to_bytes(8, "big") + block[8:])[: self.total - written]
                self.sent.update(piece)
                view = memoryview(piece)
                while view:
                    view = view[self.process.stdin.write(view) :]
                written += len(piece)
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # the command has ended too early, which its output tells

    def run(self):
        sender = threading.Thread(target=self.send, daemon=True)
        sender.start()
        received = hashlib.sha256()
        while data := self.process.stdout.read(1 << 20):
            received.update(data)
            with self.moved:
                self.back += len(data)
                self.moved.notify()
        with self.moved:
            self.ended = True
            self.moved.notify()
        status = self.process.wait()
        if self.back != self.total:
            sys.exit(f"{self.back} of {self.total} bytes came back; the command ended with {status}")
        sender.join()
        if received.digest() != self.sent.digest():
            sys.exit("what came back is not what was sent")
        if status != 0:
            sys.exit(f"the command ended with {status}")


def main(total, window, command):
    start = time.monotonic()
    Echo(total, window, command).run()
    seconds = time.monotonic() - start
    print(f"{total} bytes each way in {seconds:.1f} s, {total / (1 << 20) / seconds:.0f} MiB/s")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
