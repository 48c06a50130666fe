#include "plan_reader.h"
#include "wire.h"
#include <string.h>

static uint16_t get16(const uint8_t *at) {
    return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t get32(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

int plan_open(struct plan *plan, const void *data, size_t size) {
    const uint8_t *head = data;
    if (size < PLAN_HEADER || size > PLAN_MAX_SIZE || get32(head) != PLAN_MAGIC ||
        get32(head + 4) != PLAN_VERSION || get32(head + 8) > PLAN_MAX_OPS ||
        get32(head + 12) > PLAN_MAX_SLOTS) {
        return -1;
    }
    *plan = (struct plan){.data = data,
                          .size = size,
                          .at = PLAN_HEADER,
                          .count = get32(head + 8),
                          .slots = get32(head + 12)};
    struct plan walk = *plan;
    struct op op;
    int more;
    while ((more = plan_next(&walk, &op)) > 0) {
    }
    return more;
}

int plan_next(struct plan *plan, struct op *op) {
    if (plan->index == plan->count) {
        return plan->at == plan->size ? 0 : -1;
    }
    if (plan->size - plan->at < FRAME_HEADER) {
        return -1;
    }
    const uint8_t *at = plan->data + plan->at;
    uint32_t length = get32(at + 4);
    uint16_t code = get16(at);
    if (code == 0 || code >= OP_LAST || get16(at + 2) != 0 ||
        length > plan->size - plan->at - FRAME_HEADER) {
        return -1;
    }
    at += FRAME_HEADER;
    *op =
        (struct op){.index = plan->index++, .code = code, .fields = {.at = at, .end = at + length}};
    plan->at += FRAME_HEADER + length;
    return 1;
}

static const uint8_t *take(struct fields *fields, size_t size) {
    if (fields->bad || (size_t)(fields->end - fields->at) < size) {
        fields->bad = true;
        return NULL;
    }
    const uint8_t *at = fields->at;
    fields->at += size;
    return at;
}

uint32_t field_u32(struct fields *fields) {
    const uint8_t *at = take(fields, 4);
    return at ? get32(at) : 0;
}

uint64_t field_u64(struct fields *fields) {
    const uint8_t *at = take(fields, 8);
    return at ? get32(at) | (uint64_t)get32(at + 4) << 32 : 0;
}

struct bytes field_bytes(struct fields *fields) {
    uint32_t size = field_u32(fields);
    const uint8_t *at = take(fields, (size_t)size + 1);
    if (!at || at[size] != 0) {
        fields->bad = true;
        return (struct bytes){(const uint8_t *)"", 0};
    }
    return (struct bytes){at, size};
}

const char *field_string(struct fields *fields) {
    struct bytes bytes = field_bytes(fields);
    if (memchr(bytes.data, 0, bytes.size)) {
        fields->bad = true;
        return "";
    }
    return (const char *)bytes.data;
}

uint32_t field_list(struct fields *fields) {
    uint32_t count = field_u32(fields);
    // a string takes at least its length and its NUL
    if (count > (size_t)(fields->end - fields->at) / 5) {
        fields->bad = true;
        return 0;
    }
    return count;
}

struct fields field_skip_list(struct fields *fields) {
    struct fields list = *fields;
    for (uint32_t count = field_list(fields); count > 0; count--) {
        field_string(fields);
    }
    return list;
}

bool fields_done(const struct fields *fields) {
    return !fields->bad && fields->at == fields->end;
}
