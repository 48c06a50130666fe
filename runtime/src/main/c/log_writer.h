// Writes output as CRI log records: `<time> stdout|stderr P|F <content>\n`.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum {
    LOG_LINE_MAX = 16384, // content of one record; a longer line becomes P records and an F
    LOG_READ = 65536,
    LOG_STAMP = 30, // 2006-01-02T15:04:05.123456789Z
    LOG_SLACK = 64,
    LOG_OUT = 131072,
};

struct log_writer {
    const char *path; // NULL discards
    int fd;
    uint64_t dropped; // bytes of records that could not be written
    uint8_t *out;     // LOG_OUT bytes
    size_t fill;
};

// One stream's unfinished line; the streams do not share it, so that a line is whole.
struct log_stream {
    const char *name;
    uint8_t *buffer; // LOG_LINE_MAX + LOG_READ + LOG_SLACK bytes
    size_t have;     // less than or equal to LOG_LINE_MAX between two calls
};

int log_open(struct log_writer *writer, const char *path);
// Opens the path anew, after it was renamed; on failure the old file stays in use.
int log_reopen(struct log_writer *writer);
// Where the next LOG_READ bytes of output are to be read to.
uint8_t *log_space(struct log_stream *stream);
// Takes `size` bytes that were put there, and writes all whole lines.
void log_take(struct log_writer *writer, struct log_stream *stream, size_t size,
              const struct timespec *now);
// Writes an unfinished line as a P record.
void log_end(struct log_writer *writer, struct log_stream *stream, const struct timespec *now);
void log_stamp(char stamp[LOG_STAMP], const struct timespec *now);
