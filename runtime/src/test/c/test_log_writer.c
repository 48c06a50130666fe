// Records, partial lines, rotation, a full disk; with "bench" the throughput.
#define _GNU_SOURCE
#include "check.h"
#include "log_writer.h"
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAMP "2026-01-02T03:04:05.000000678Z"

static const struct timespec now = {1767323045, 678};
static char path[] = "/tmp/carpel-log-XXXXXX";

static void make(struct log_writer *writer, struct log_stream *out, struct log_stream *err) {
    *writer = (struct log_writer){.fd = -1, .out = malloc(LOG_OUT)};
    *out = (struct log_stream){"stdout", malloc(LOG_LINE_MAX + LOG_READ + LOG_SLACK), 0};
    *err = (struct log_stream){"stderr", malloc(LOG_LINE_MAX + LOG_READ + LOG_SLACK), 0};
    unlink(path);
    CHECK(log_open(writer, path) == 0);
}

static void done(struct log_writer *writer, struct log_stream *out, struct log_stream *err) {
    close(writer->fd);
    free(writer->out);
    free(out->buffer);
    free(err->buffer);
}

static void say(struct log_writer *writer, struct log_stream *stream, const char *text) {
    size_t size = strlen(text);
    memcpy(log_space(stream), text, size);
    log_take(writer, stream, size, &now);
}

static char *content(const char *of) {
    static char text[4 << 20]; // NOLINT: a test's scratch space
    FILE *file = fopen(of, "rb");
    CHECK(file);
    size_t size = fread(text, 1, sizeof text - 1, file);
    text[size] = 0;
    fclose(file);
    return text;
}

static void test_records(void) {
    struct log_writer writer;
    struct log_stream out, err;
    make(&writer, &out, &err);
    say(&writer, &out, "one\ntwo");
    say(&writer, &err, "er");
    say(&writer, &out, " more\n\nrest");
    say(&writer, &err, "ror\n");
    CHECK(strcmp(content(path), STAMP " stdout F one\n" STAMP " stdout F two more\n" STAMP
                                      " stdout F \n" STAMP " stderr F error\n") == 0);
    log_end(&writer, &out, &now);
    log_end(&writer, &err, &now);
    CHECK(strstr(content(path), STAMP " stdout P rest\n"));
    struct stat status;
    CHECK(stat(path, &status) == 0 && (status.st_mode & 07777) == 0640);
    done(&writer, &out, &err);
}

// A line of every length around the limit comes back whole when P records are joined.
static void test_lengths(void) {
    for (size_t length = LOG_LINE_MAX - 2; length <= 2 * LOG_LINE_MAX + 2;
         length += length == LOG_LINE_MAX + 2 ? LOG_LINE_MAX - 4 : 1) {
        struct log_writer writer;
        struct log_stream out, err;
        make(&writer, &out, &err);
        char *line = malloc(length + 2);
        memset(line, 'x', length);
        strcpy(line + length, "\n");
        say(&writer, &out, line);
        size_t joined = 0, records = 0;
        char *text = content(path);
        for (char *save, *at = strtok_r(text, "\n", &save); at; at = strtok_r(NULL, "\n", &save)) {
            char *body = at + LOG_STAMP + 10;
            bool last = at[LOG_STAMP + 8] == 'F';
            joined += strlen(body);
            records++;
            CHECK(strlen(body) <= LOG_LINE_MAX);
            CHECK(last == (joined == length));
        }
        CHECK(joined == length);
        CHECK(records == (length + LOG_LINE_MAX - 1) / LOG_LINE_MAX);
        free(line);
        done(&writer, &out, &err);
    }
}

static void test_rotation(void) {
    struct log_writer writer;
    struct log_stream out, err;
    make(&writer, &out, &err);
    char rotated[sizeof path + 2];
    snprintf(rotated, sizeof rotated, "%s.1", path);
    say(&writer, &out, "first\nhalf");
    CHECK(rename(path, rotated) == 0);
    say(&writer, &out, "");
    CHECK(log_reopen(&writer) == 0);
    say(&writer, &out, " done\n");
    CHECK(strcmp(content(rotated), STAMP " stdout F first\n") == 0);
    CHECK(strcmp(content(path), STAMP " stdout F half done\n") == 0);
    unlink(rotated);
    // a link in its place is refused, and the open file stays in use
    unlink(path);
    CHECK(symlink("/etc/passwd", path) == 0);
    CHECK(log_reopen(&writer) == -1);
    unlink(path);
    done(&writer, &out, &err);
}

// A file that may not grow stands for a disk that is full.
static void test_full_disk(void) {
    struct log_writer writer;
    struct log_stream out, err;
    make(&writer, &out, &err);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {120, RLIM_INFINITY};
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    say(&writer, &out, "0123456789\n0123456789\n0123456789\n0123456789\n");
    limit.rlim_cur = RLIM_INFINITY;
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    CHECK(writer.dropped == 2 * (LOG_STAMP + 21));
    say(&writer, &out, "after\n");
    // whole records only: the one that was cut is gone
    CHECK(strcmp(content(path), STAMP " stdout F 0123456789\n" STAMP " stdout F 0123456789\n" STAMP
                                      " stdout F after\n") == 0);
    done(&writer, &out, &err);
}

// Random pieces on two streams: joined, each stream is what was written.
static void test_pieces(void) {
    struct log_writer writer;
    struct log_stream out, err;
    make(&writer, &out, &err);
    static char sent[2][1 << 20], got[2][1 << 20];
    size_t used[2] = {0}, joined[2] = {0};
    unsigned state = 7;
    for (int round = 0; round < 300; round++) {
        state = state * 1103515245 + 12345;
        int stream = state >> 16 & 1;
        size_t size = (state >> 8) % 6000;
        if (used[stream] + size > sizeof sent[0]) {
            break;
        }
        char *piece = sent[stream] + used[stream];
        for (size_t i = 0; i < size; i++) {
            state = state * 1103515245 + 12345;
            piece[i] = (state >> 16) % (round % 3 ? 90 : 40000) ? (char)('a' + state % 26) : '\n';
        }
        used[stream] += size;
        memcpy(log_space(stream ? &err : &out), piece, size);
        log_take(&writer, stream ? &err : &out, size, &now);
    }
    log_end(&writer, &out, &now);
    log_end(&writer, &err, &now);
    char *at = content(path);
    for (char *end; (end = strchr(at, '\n')); at = end + 1) {
        int stream = at[LOG_STAMP + 1 + 3] == 'e';
        size_t size = (size_t)(end - at) - LOG_STAMP - 10;
        memcpy(got[stream] + joined[stream], at + LOG_STAMP + 10, size);
        joined[stream] += size;
        if (at[LOG_STAMP + 8] == 'F') {
            got[stream][joined[stream]++] = '\n';
        }
    }
    for (int stream = 0; stream < 2; stream++) {
        CHECK(joined[stream] == used[stream]);
        CHECK(memcmp(got[stream], sent[stream], used[stream]) == 0);
    }
    done(&writer, &out, &err);
}

static void bench(void) {
    struct log_writer writer;
    struct log_stream out, err;
    make(&writer, &out, &err);
    char lines[LOG_READ];
    for (size_t i = 0; i < sizeof lines; i++) {
        lines[i] = i % 100 == 99 ? '\n' : 'x';
    }
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    size_t total = 0;
    for (; total < (size_t)1 << 30; total += sizeof lines) {
        memcpy(log_space(&out), lines, sizeof lines);
        log_take(&writer, &out, sizeof lines, &now);
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    double seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
    printf("log_writer: %.0f MiB/s of 100-byte lines\n", (double)total / seconds / (1 << 20));
    done(&writer, &out, &err);
}

int main(int argc, char **argv) {
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    close(fd);
    if (argc > 1 && strcmp(argv[1], "bench") == 0) {
        bench();
    } else {
        test_records();
        test_lengths();
        test_rotation();
        test_full_disk();
        test_pieces();
        printf("log_writer: records, lengths, rotation, full disk, pieces\n");
    }
    unlink(path);
    return 0;
}
