// Frames on a control connection, without ever waiting for the other side.
#pragma once
#include "report.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { INLET_PAYLOAD = 16, INLET_CHUNK = 8192 };

// What a client sends: small frames are collected, standard input is passed on in chunks.
struct inlet {
    uint8_t header[8];
    uint8_t payload[INLET_PAYLOAD];
    uint32_t have; // bytes of the header or of the payload so far
    uint32_t left; // bytes of the payload still to come
    uint16_t type; // 0 while the header is incomplete
    uint8_t *chunk;
    uint32_t fill, at; // standard input that waits for its reader
};

enum inlet_result {
    INLET_GONE = -1, // end of file, an error or nonsense
    INLET_MORE = 0,
    INLET_FRAME = 1, // a small frame is complete: type, payload, have
    INLET_PLAN = 2,  // LAUNCH or EXEC: `left` bytes of plan follow
};

enum inlet_result inlet_read(struct inlet *inlet, int fd);
// Forgets the frame that was handled.
void inlet_next(struct inlet *inlet);
// Passes waiting input to `target`; false when it is closed.
bool inlet_push(struct inlet *inlet, int target);
bool inlet_waits(const struct inlet *inlet);
uint32_t inlet_u32(const struct inlet *inlet, uint32_t index);

// Output to a client that may be slow: one frame waits at most.
struct outlet {
    uint8_t *pending;
    size_t size, at;
};

bool outlet_waits(const struct outlet *outlet);
// False when the connection is gone. Must not be called while it waits.
bool outlet_frame(struct outlet *outlet, int fd, uint16_t type, const void *data, size_t size);
bool outlet_push(struct outlet *outlet, int fd);
void relay_free(struct inlet *inlet, struct outlet *outlet);

// A whole small frame, or false and the connection is of no more use.
bool frame_send(int fd, uint16_t type, const void *data, size_t size);
bool frame_send_failure(int fd, const struct failure *failure);
// Reads the plan that follows into pages of its own; waits for it (with the socket's time limit).
uint8_t *frame_read_plan(int fd, size_t size);
