#define _GNU_SOURCE
#include "log_writer.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { PREFIX = LOG_STAMP + 10 }; // " stdout F "

static void digits(char *to, unsigned value, int count) {
    while (count-- > 0) {
        to[count] = (char)('0' + value % 10);
        value /= 10;
    }
}

void log_stamp(char stamp[LOG_STAMP], const struct timespec *now) {
    struct tm tm;
    gmtime_r(&now->tv_sec, &tm);
    memcpy(stamp, "0000-00-00T00:00:00.000000000Z", LOG_STAMP);
    digits(stamp, (unsigned)tm.tm_year + 1900, 4);
    digits(stamp + 5, (unsigned)tm.tm_mon + 1, 2);
    digits(stamp + 8, (unsigned)tm.tm_mday, 2);
    digits(stamp + 11, (unsigned)tm.tm_hour, 2);
    digits(stamp + 14, (unsigned)tm.tm_min, 2);
    digits(stamp + 17, (unsigned)tm.tm_sec, 2);
    digits(stamp + 20, (unsigned)now->tv_nsec, 9);
}

static int open_file(const char *path) {
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
    struct stat status = {0};
    if (fd < 0) {
        return -1;
    }
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || fchmod(fd, 0640) < 0) {
        int error = S_ISREG(status.st_mode) ? errno : EINVAL;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

int log_open(struct log_writer *writer, const char *path) {
    writer->path = path;
    writer->fd = path ? open_file(path) : -1;
    return path && writer->fd < 0 ? -1 : 0;
}

int log_reopen(struct log_writer *writer) {
    if (!writer->path) {
        return 0;
    }
    int fd = open_file(writer->path);
    if (fd < 0) {
        return -1;
    }
    close(writer->fd);
    writer->fd = fd;
    return 0;
}

// The disk is full, or the device fails: what is left of the batch is dropped and counted, since
// waiting would stall the container. A record that was cut in the middle is taken back; the file is
// asked for its size, since whoever rotates logs may have emptied it.
static void drop(struct log_writer *writer, size_t written) {
    const uint8_t *end = written > 0 ? memrchr(writer->out, '\n', written) : NULL;
    size_t whole = end ? (size_t)(end - writer->out) + 1 : 0;
    off_t torn = (off_t)(written - whole);
    struct stat status;
    if (torn > 0 && fstat(writer->fd, &status) == 0 && status.st_size >= torn) {
        int ignored = ftruncate(writer->fd, status.st_size - torn);
        (void)ignored;
    }
    writer->dropped += writer->fill - whole;
}

static void flush(struct log_writer *writer) {
    size_t written = 0;
    while (writer->fd >= 0 && written < writer->fill) {
        ssize_t got = write(writer->fd, writer->out + written, writer->fill - written);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            drop(writer, written);
            writer->fill = 0;
            return;
        }
        written += (size_t)got;
    }
    writer->fill = 0;
}

// Lines are short: a copy in steps of 16 bytes beats a call. Both buffers have slack at the end.
static void copy_short(uint8_t *to, const uint8_t *from, size_t size) {
    for (size_t at = 0; at < size; at += 16) {
        __builtin_memcpy(to + at, from + at, 16);
    }
}

static const uint8_t *find_newline(const uint8_t *at, const uint8_t *end) {
#ifdef __SSE2__
    const __m128i newline = _mm_set1_epi8('\n');
    for (; at < end; at += 16) { // the buffer has slack, so whole vectors may be loaded
        int mask = _mm_movemask_epi8(
            _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)at), newline));
        if (mask != 0) {
            at += __builtin_ctz((unsigned)mask);
            return at < end ? at : NULL;
        }
    }
    return NULL;
#else
    return memchr(at, '\n', (size_t)(end - at));
#endif
}

struct record_head {
    char text[PREFIX];
};

static void head(struct record_head *head, const struct log_stream *stream,
                 const struct timespec *now) {
    log_stamp(head->text, now);
    memcpy(head->text + LOG_STAMP, " xxxxxx F ", 10);
    memcpy(head->text + LOG_STAMP + 1, stream->name, 6);
}

static void put(struct log_writer *writer, const struct record_head *head, char tag,
                const uint8_t *content, size_t size) {
    if (writer->fill + PREFIX + size + 1 + LOG_SLACK > LOG_OUT) {
        flush(writer);
    }
    uint8_t *to = writer->out + writer->fill;
    __builtin_memcpy(to, head->text, PREFIX);
    to[LOG_STAMP + 8] = (uint8_t)tag;
    copy_short(to + PREFIX, content, size);
    to[PREFIX + size] = '\n';
    writer->fill += PREFIX + size + 1;
}

uint8_t *log_space(struct log_stream *stream) {
    return stream->buffer + stream->have;
}

void log_take(struct log_writer *writer, struct log_stream *stream, size_t size,
              const struct timespec *now) {
    struct record_head prefix;
    head(&prefix, stream, now);
    const uint8_t *at = stream->buffer;
    const uint8_t *fresh = at + stream->have; // what is before holds no newline
    const uint8_t *end = fresh + size;
    for (;;) {
        const uint8_t *newline = fresh < end ? find_newline(fresh, end) : NULL;
        const uint8_t *stop = newline ? newline : end;
        while (stop - at > LOG_LINE_MAX) {
            put(writer, &prefix, 'P', at, LOG_LINE_MAX);
            at += LOG_LINE_MAX;
        }
        if (!newline) {
            break;
        }
        put(writer, &prefix, 'F', at, (size_t)(newline - at));
        at = fresh = newline + 1;
    }
    stream->have = (size_t)(end - at);
    memmove(stream->buffer, at, stream->have);
    flush(writer);
}

void log_end(struct log_writer *writer, struct log_stream *stream, const struct timespec *now) {
    if (stream->have > 0) {
        struct record_head prefix;
        head(&prefix, stream, now);
        put(writer, &prefix, 'P', stream->buffer, stream->have);
        stream->have = 0;
        flush(writer);
    }
}
