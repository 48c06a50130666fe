#define _GNU_SOURCE
#include "exit_record.h"
#include "cleanup.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t exit_record_format(const struct exit_record *record, char text[EXIT_RECORD_MAX]) {
    int size = snprintf(text, EXIT_RECORD_MAX,
                        "version 1\npid %d\ncode %d\nsignal %d\noom %" PRIu64 "\npeak %" PRIu64
                        "\ndropped %" PRIu64 "\nstarted %" PRIu64 "\nfinished %" PRIu64 "\nend 1\n",
                        (int)record->pid, record->code, record->signal, record->oom, record->peak,
                        record->dropped, record->started_ns, record->finished_ns);
    return (size_t)size; // ten numbers of at most 20 digits: it always fits
}

// What is there is kept: its blocks are the room that was reserved.
static int open_beside(const char *path, char beside[PATH_MAX]) {
    if (snprintf(beside, PATH_MAX, "%s.new", path) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return open(beside, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static int give_up(const char *beside) {
    int error = errno;
    unlink(beside);
    errno = error;
    return -1;
}

static bool write_whole(int fd, const char *text, size_t size) {
    ssize_t written = write(fd, text, size);
    if (written >= 0 && (size_t)written < size) {
        errno = ENOSPC;
    }
    return written == (ssize_t)size;
}

int exit_record_reserve(const char *path) {
    static const char room[EXIT_RECORD_MAX];
    char beside[PATH_MAX];
    AUTO_FD fd = open_beside(path, beside);
    if (fd < 0) {
        return -1;
    }
    return write_whole(fd, room, sizeof room) ? 0 : give_up(beside);
}

int exit_record_write(const char *path, const char *text, size_t size) {
    char beside[PATH_MAX];
    AUTO_FD fd = open_beside(path, beside);
    if (fd < 0) {
        return -1;
    }
    if (!write_whole(fd, text, size) || ftruncate(fd, (off_t)size) < 0 ||
        rename(beside, path) < 0) {
        return give_up(beside);
    }
    return 0;
}

uint64_t read_number(const char *path, const char *key) {
    return read_number_at(AT_FDCWD, path, key);
}

uint64_t read_number_at(int directory, const char *path, const char *key) {
    char text[1024];
    AUTO_FD fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (size <= 0) {
        return 0;
    }
    text[size] = 0;
    size_t length = strlen(key);
    if (length == 0) {
        return strtoull(text, NULL, 10);
    }
    for (char *save, *line = strtok_r(text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        if (strncmp(line, key, length) == 0 && line[length] == ' ') {
            return strtoull(line + length + 1, NULL, 10);
        }
    }
    return 0;
}
