// How a container ended, as text: one `key value` pair a line, `end 1` last.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct exit_record {
    pid_t pid;
    int code, signal;
    uint64_t oom, peak, dropped, started_ns, finished_ns;
};

enum { EXIT_RECORD_MAX = 512 };

// The text's length.
size_t exit_record_format(const struct exit_record *record, char text[EXIT_RECORD_MAX]);
// Takes the room for the record while there is some, so that a full disk cannot lose it later.
int exit_record_reserve(const char *path);
// Written beside and renamed: who reads the path sees all of it or nothing.
int exit_record_write(const char *path, const char *text, size_t size);
// The number after `key ` at the start of a line, or the whole file's when key is ""; 0 if none.
uint64_t read_number(const char *path, const char *key);
uint64_t read_number_at(int directory, const char *path, const char *key);
