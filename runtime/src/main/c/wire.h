// What Java and the shim say to each other.
//
//   agent                                   shim
//     | spawn "carpel-shim shim SOCKET ..."  | binds SOCKET, forks, first process exits 0
//     | connect SOCKET                       |
//     | LAUNCH plan ------------------------>| runs the plan up to its GATE
//     |<---------------- CREATED pid / FAILED|
//     | START ------------------------------>| lets it pass
//     |<- STATUS (executed) / GATED / FAILED |
//     | SUBSCRIBE -------------------------->|
//     |<-------------------------------- OK  | acknowledged: the exit cannot be missed
//     |<------------------------ EXITED text | the exit record, then end of file
//     | EXEC plan -------------------------->| forked monitor owns this connection from now on
//     |<----------------- EXEC_STARTED pid / FAILED
//     |<- STDOUT STDERR ...   STDIN ... ---->|
//     |<------------------------ EXEC_EXITED |
//     | ATTACH ----------------------------->| OK, then as EXEC until end of file
//
// A frame is u32 length of what follows the header, u16 type, u16 zero; all numbers little-endian.
// A plan is u32 magic, u32 version, u32 number of operations, u32 number of slots, then operations:
// u16 opcode, u16 zero, u32 length, fields. A field is u32, u64, a string (u32 length, bytes, NUL),
// bytes (the same) or a list (u32 count, strings). The Java side is Wire.java and PlanWriter.java.
#pragma once
#include <stdint.h>

enum {
    PLAN_MAGIC = 0x4e4c5043, // "CPLN"
    PLAN_VERSION = 1,
    PLAN_MAX_SIZE = 32 << 20,
    PLAN_MAX_OPS = 65536,
    PLAN_MAX_SLOTS = 8192,
    PLAN_HEADER = 16,
    FRAME_HEADER = 8,
    STREAM_CHUNK = 65536,
};

enum frame_type {
    REQ_LAUNCH = 1,
    REQ_START = 2,
    REQ_STATUS = 3,
    REQ_SUBSCRIBE = 4,
    REQ_EXEC = 5,
    REQ_SIGNAL = 6,
    REQ_RESIZE = 7,
    REQ_REOPEN = 8,
    REQ_ATTACH = 9,
    REQ_STDIN = 10,
    REQ_CLOSE_STDIN = 11,
    REQ_KILL = 12,

    REP_OK = 64,
    REP_FAILED = 65,
    REP_CREATED = 66,
    REP_GATED = 67,
    REP_STATUS = 68,
    REP_EXITED = 69,
    REP_STDOUT = 70,
    REP_STDERR = 71,
    REP_EXEC_STARTED = 72,
    REP_EXEC_EXITED = 73,
};

enum opcode {
    OP_EXIT_FILE = 1,
    OP_LOG_FILE = 2,
    OP_STDIO = 3,
    OP_ACCOUNTING = 4,
    OP_DETACH = 5,
    OP_TRACK = 6,
    OP_TIME_LIMIT = 7,
    OP_FORK = 10,
    OP_CLONE = 11,
    OP_JOIN_CGROUP = 12,
    OP_JOIN_TRACKED = 13,
    OP_OOM_SCORE = 14,
    OP_JOIN_NAMESPACES = 15,
    OP_JOIN_CONTAINER = 16,
    OP_UNSHARE = 17,
    OP_BECOME_ROOT = 18,
    OP_HOSTNAME = 19,
    OP_LOOPBACK_UP = 20,
    OP_GATE = 21,
    OP_REAP = 22,
    OP_END = 23,
    OP_OWN_STREAMS = 24,
    OP_LAYER = 30,
    OP_CHOWN = 31,
    OP_OVERLAY = 32,
    OP_BIND = 33,
    OP_EMPTY = 34,
    OP_ATTACH_ROOT = 40,
    OP_FILESYSTEM = 41,
    OP_ATTACH = 42,
    OP_ATTACH_PART = 43,
    OP_NODE = 44,
    OP_HOST_NODE = 45,
    OP_VERIFY = 46,
    OP_SYMLINK = 47,
    OP_CONSOLE = 48,
    OP_MASK = 49,
    OP_READONLY_PATH = 50,
    OP_READONLY_ROOT = 51,
    OP_PIVOT = 52,
    OP_READONLY_MOUNT = 53,
    OP_LABEL = 54,
    OP_SYSCTL = 60,
    OP_WORKING_DIR = 61,
    OP_RLIMIT = 62,
    OP_NO_NEW_PRIVILEGES = 63,
    OP_EXEC_LABEL = 64,
    OP_BOUNDING = 65,
    OP_IDENTITY = 66,
    OP_CAPABILITIES = 67,
    OP_AMBIENT = 68,
    OP_SECCOMP = 69,
    OP_EXECUTE = 70,
    OP_LAST = 71,
};
