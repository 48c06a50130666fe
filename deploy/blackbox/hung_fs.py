#!/usr/bin/env python3
"""A file system that answers nothing but its mounting: what a dead file server looks like.

Usage: hung_fs.py MOUNTPOINT. Prints "mounted", then reads requests and answers none of them, so
that whoever asks waits where no signal reaches; prints "somebody waits" for each. Ends with
SIGTERM, which also lets the waiting go (they get ENOTCONN); the mount point is left to the caller
(umount -l).

With a second argument `lookup` it is alive but for looking up what is in its root directory.
"""
import ctypes
import errno
import os
import signal
import struct
import sys

FUSE_LOOKUP, FUSE_FORGET, FUSE_GETATTR = 1, 2, 3
FUSE_STATFS, FUSE_INIT, FUSE_INTERRUPT = 17, 26, 36
HEADER = struct.Struct("<IIQQIIII")  # fuse_in_header, linux/fuse.h
ROOT_DIRECTORY = 0o40755


def mount(device, where):
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0".encode()
    if libc.mount(b"hung", where.encode(), b"fuse.hung", 0, options) != 0:
        raise OSError(ctypes.get_errno(), "mount", where)


def reply(device, unique, body, error=0):
    os.write(device, struct.pack("<IiQ", 16 + len(body), -error, unique) + body)


def init_answer(request):
    major, minor, readahead = struct.unpack_from("<III", request, HEADER.size)
    # fuse_init_out of protocol 7.23 and later has 64 bytes.
    return struct.pack("<IIIIHHIIHHI", 7, min(minor, 31), readahead, 0, 12, 9, 4096, 1, 0, 0, 0).ljust(
        64, b"\0"
    )


def attributes():
    # fuse_attr_out: how long it holds (not at all), then fuse_attr.
    attr = struct.pack("<6Q10I", 1, 0, 0, 0, 0, 0, 0, 0, 0, ROOT_DIRECTORY, 2, 0, 0, 0, 4096, 0)
    return struct.pack("<QII", 0, 0, 0) + attr


def main():
    where = sys.argv[1]
    answers = {}
    if sys.argv[2:] == ["lookup"]:
        answers = {
            FUSE_GETATTR: attributes(),
            FUSE_STATFS: struct.pack("<5Q4I6I", 0, 0, 0, 0, 0, 4096, 255, 4096, 0, *[0] * 6),
        }
    device = os.open("/dev/fuse", os.O_RDWR)
    mount(device, where)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    told = False
    while True:
        request = os.read(device, 1 << 20)
        _, opcode, unique, *_ = HEADER.unpack_from(request)
        if opcode == FUSE_INIT:
            reply(device, unique, init_answer(request))
            if not told:
                print("mounted", flush=True)
                told = True
        elif opcode in answers:
            reply(device, unique, answers[opcode])
        elif answers and opcode not in (FUSE_LOOKUP, FUSE_FORGET, FUSE_INTERRUPT):
            reply(device, unique, b"", errno.ENOSYS)
        elif opcode not in (FUSE_FORGET, FUSE_INTERRUPT):
            print("somebody waits", flush=True)


main()
