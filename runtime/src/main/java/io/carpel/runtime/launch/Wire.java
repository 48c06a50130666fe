package io.carpel.runtime.launch;

/// The numbers of the protocol between this process and a shim; `wire.h` draws it.
final class Wire {
    static final int PLAN_MAGIC = 0x4e4c5043;
    static final int PLAN_VERSION = 1;
    static final int PLAN_MAX_SIZE = 32 << 20;
    static final int PLAN_MAX_OPS = 65536;
    static final int PLAN_MAX_SLOTS = 8192;
    static final int FRAME_HEADER = 8;
    static final int STREAM_CHUNK = 65536;

    static final int LAUNCH = 1;
    static final int START = 2;
    static final int STATUS = 3;
    static final int SUBSCRIBE = 4;
    static final int EXEC = 5;
    static final int SIGNAL = 6;
    static final int RESIZE = 7;
    static final int REOPEN = 8;
    static final int ATTACH = 9;
    static final int STDIN = 10;
    static final int CLOSE_STDIN = 11;
    static final int KILL = 12;

    static final int OK = 64;
    static final int FAILED = 65;
    static final int CREATED = 66;
    static final int GATED = 67;
    static final int STATUS_REPLY = 68;
    static final int EXITED = 69;
    static final int STDOUT = 70;
    static final int STDERR = 71;
    static final int EXEC_STARTED = 72;
    static final int EXEC_EXITED = 73;

    private Wire() {}
}
