#define _GNU_SOURCE
#include "exit_record.h"
#include "cleanup.h"
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
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

int exit_record_write(const char *path, const char *text, size_t size) {
    char beside[PATH_MAX];
    if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside) {
        return -1;
    }
    AUTO_FD fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return -1;
    }
    if (write(fd, text, size) != (ssize_t)size || rename(beside, path) < 0) {
        unlink(beside);
        return -1;
    }
    return 0;
}

uint64_t read_number(const char *path, const char *key) {
    char text[1024];
    AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
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
