#define _GNU_SOURCE
#include "check.h"
#include "exit_record.h"
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
    char directory[] = "/tmp/carpel-exit-XXXXXX";
    CHECK(mkdtemp(directory));
    char path[64], beside[80], text[EXIT_RECORD_MAX];
    snprintf(path, sizeof path, "%s/exit", directory);
    snprintf(beside, sizeof beside, "%s.new", path);
    struct exit_record record = {.pid = 42,
                                 .code = 7,
                                 .oom = 1,
                                 .peak = UINT64_MAX,
                                 .dropped = UINT64_MAX,
                                 .started_ns = UINT64_MAX,
                                 .finished_ns = UINT64_MAX};
    size_t size = exit_record_format(&record, text);
    CHECK(size == strlen(text) && size < EXIT_RECORD_MAX);
    CHECK(strstr(text, "version 1\npid 42\ncode 7\nsignal 0\noom 1\n") == text);
    CHECK(exit_record_write(path, text, size) == 0);
    CHECK(access(beside, F_OK) < 0);
    struct stat status;
    CHECK(stat(path, &status) == 0 && (status.st_mode & 07777) == 0600);
    CHECK(read_number(path, "code") == 7);
    CHECK(read_number(path, "cod") == 0);
    CHECK(read_number("/no/such", "code") == 0);
    // what was reserved is filled, shorter than it was, and renamed
    unlink(path);
    CHECK(exit_record_reserve(path) == 0);
    CHECK(access(path, F_OK) < 0);
    CHECK(stat(beside, &status) == 0 && status.st_size == EXIT_RECORD_MAX);
    CHECK(exit_record_write(path, text, size) == 0);
    CHECK(access(beside, F_OK) < 0);
    CHECK(stat(path, &status) == 0 && (size_t)status.st_size == size);
    CHECK(read_number(path, "end") == 1);
    CHECK(exit_record_reserve("/no/such/directory/exit") == -1);
    // a link beside is not followed
    CHECK(symlink("/etc/carpel-nothing", beside) == 0);
    CHECK(exit_record_write(path, text, size) == -1);
    CHECK(access("/etc/carpel-nothing", F_OK) < 0);
    unlink(beside);
    unlink(path);
    rmdir(directory);
    printf("exit_record: format, write, read\n");
    return 0;
}
