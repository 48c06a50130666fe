// Reads a plan; every access is checked against the end, and nothing is copied.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plan {
    const uint8_t *data;
    size_t size, at;
    uint32_t count, index, slots;
};

// The fields of one operation. Once anything was wrong all further fields read as empty.
struct fields {
    const uint8_t *at, *end;
    bool bad;
};

struct op {
    uint32_t index;
    uint16_t code;
    struct fields fields;
};

struct bytes {
    const uint8_t *data;
    uint32_t size;
};

// Checks the header and every operation's frame; -1 when the plan is not well formed.
int plan_open(struct plan *plan, const void *data, size_t size);
// 1 with the next operation, 0 at the end, -1 when malformed.
int plan_next(struct plan *plan, struct op *op);

uint32_t field_u32(struct fields *fields);
uint64_t field_u64(struct fields *fields);
// NUL-terminated and without a NUL inside; "" when malformed.
const char *field_string(struct fields *fields);
struct bytes field_bytes(struct fields *fields);
// The number of strings that follow; 0 when there cannot be that many.
uint32_t field_list(struct fields *fields);
// A whole list to be read later.
struct fields field_skip_list(struct fields *fields);
// Whether all was read and nothing was wrong.
bool fields_done(const struct fields *fields);
