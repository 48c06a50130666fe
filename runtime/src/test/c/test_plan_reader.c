// The reader against hand-made plans, golden plans written by the Java test, and damaged ones.
#define _GNU_SOURCE
#include "check.h"
#include "plan_reader.h"
#include "wire.h"
#include <dirent.h>
#include <stdint.h>
#include <string.h>

enum { SPACE = 1 << 20, ROUNDS = 200000 };

static uint32_t walk_fields(struct op *op) {
    // Any way of reading must stay inside, whatever the operation really holds.
    uint32_t sum = 0;
    for (int way = 0; way < 5; way++) {
        struct fields fields = op->fields;
        while (!fields.bad && fields.at < fields.end) {
            switch (way) {
            case 0:
                sum += field_u32(&fields);
                break;
            case 1:
                sum += (uint32_t)field_u64(&fields);
                break;
            case 2:
                sum += (uint32_t)strlen(field_string(&fields));
                break;
            case 3:
                sum += field_bytes(&fields).size;
                break;
            default:
                for (uint32_t count = field_list(&fields); count > 0; count--) {
                    sum += (uint32_t)strlen(field_string(&fields));
                }
            }
        }
    }
    return sum;
}

static int walk(const uint8_t *data, size_t size) {
    struct plan plan;
    if (plan_open(&plan, data, size) < 0) {
        return -1;
    }
    struct op op;
    int count = 0;
    while (plan_next(&plan, &op) > 0) {
        walk_fields(&op);
        count++;
    }
    return count;
}

static void put32(uint8_t *at, uint32_t value) {
    for (int i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> 8 * i);
    }
}

static void test_header(void) {
    uint8_t plan[PLAN_HEADER] = {0};
    put32(plan, PLAN_MAGIC);
    put32(plan + 4, PLAN_VERSION);
    CHECK(walk(plan, sizeof plan) == 0);
    CHECK(walk(plan, sizeof plan - 1) == -1);
    put32(plan + 8, 1); // one operation that is not there
    CHECK(walk(plan, sizeof plan) == -1);
    put32(plan + 8, 0);
    put32(plan + 4, PLAN_VERSION + 1);
    CHECK(walk(plan, sizeof plan) == -1);
    put32(plan + 4, PLAN_VERSION);
    put32(plan + 12, PLAN_MAX_SLOTS + 1);
    CHECK(walk(plan, sizeof plan) == -1);
}

static void test_fields(void) {
    uint8_t text[] = {3, 0, 0, 0, 'a', 'b', 'c', 0};
    struct fields fields = {.at = text, .end = text + sizeof text};
    CHECK(strcmp(field_string(&fields), "abc") == 0);
    CHECK(fields_done(&fields));
    CHECK(field_u32(&fields) == 0);
    CHECK(fields.bad);

    text[5] = 0; // a NUL inside is no string
    fields = (struct fields){.at = text, .end = text + sizeof text};
    CHECK(field_string(&fields)[0] == 0);
    CHECK(fields.bad);

    put32(text, 0xffffffff); // a length beyond everything
    fields = (struct fields){.at = text, .end = text + sizeof text};
    CHECK(field_bytes(&fields).size == 0);
    CHECK(fields.bad);

    put32(text, 1000000); // a list that cannot be that long
    fields = (struct fields){.at = text, .end = text + sizeof text};
    CHECK(field_list(&fields) == 0);
    CHECK(fields.bad);
}

static void test_list_for_later(void) {
    uint8_t text[] = {2, 0, 0, 0, 1, 0, 0, 0, 'a', 0, 1, 0, 0, 0, 'b', 0, 7, 0, 0, 0};
    struct fields fields = {.at = text, .end = text + sizeof text};
    struct fields list = field_skip_list(&fields);
    CHECK(field_u32(&fields) == 7);
    CHECK(fields_done(&fields));
    CHECK(field_list(&list) == 2);
    CHECK(strcmp(field_string(&list), "a") == 0);
    CHECK(strcmp(field_string(&list), "b") == 0);

    text[0] = 9; // more than are there: neither is used
    fields = (struct fields){.at = text, .end = text + sizeof text};
    field_skip_list(&fields);
    CHECK(!fields_done(&fields));
}

static size_t load(const char *path, uint8_t *to) {
    FILE *file = fopen(path, "rb");
    CHECK(file);
    size_t size = fread(to, 1, SPACE, file);
    fclose(file);
    return size;
}

// A generator of its own, so that a failure comes back with the same seed.
static uint32_t next(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    return *state ^= *state << 5;
}

static void damage(const uint8_t *good, size_t size, uint32_t seed) {
    uint32_t state = seed;
    for (int round = 0; round < ROUNDS; round++) {
        size_t length = next(&state) % 4 ? size : next(&state) % (size + 1);
        uint8_t *copy = malloc(length ? length : 1); // exactly as long: the sanitizer sees beyond
        CHECK(copy);
        memcpy(copy, good, length);
        for (uint32_t changes = next(&state) % 4; changes > 0 && length > 0; changes--) {
            copy[next(&state) % length] = (uint8_t)next(&state);
        }
        walk(copy, length);
        free(copy);
    }
}

int main(int argc, char **argv) {
    test_header();
    test_fields();
    test_list_for_later();
    CHECK(argc == 2);
    DIR *directory = opendir(argv[1]);
    CHECK(directory);
    uint8_t *plan = malloc(SPACE);
    CHECK(plan);
    int plans = 0;
    for (struct dirent *entry; (entry = readdir(directory));) {
        size_t length = strlen(entry->d_name);
        if (length < 5 || strcmp(entry->d_name + length - 5, ".plan") != 0) {
            continue;
        }
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        size_t size = load(path, plan);
        CHECK(walk(plan, size) > 5);
        for (size_t cut = 0; cut < size; cut++) {
            CHECK(walk(plan, cut) == -1); // no prefix of a plan is a plan
        }
        damage(plan, size, (uint32_t)size + 1);
        plans++;
    }
    closedir(directory);
    free(plan);
    CHECK(plans >= 3);
    printf("plan_reader: %d golden plans, %d damaged copies of each\n", plans, ROUNDS);
    return 0;
}
