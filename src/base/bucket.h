/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef BUCKET_H
#define BUCKET_H

#include <stdbool.h>
#include <stdint.h>

/* count per per_ms milliseconds; count 0 means unlimited. */
struct rate {
	uint32_t count;
	uint32_t per_ms;
};

/*
 * A token bucket. It is full at first, refills at a rate and holds burst
 * tokens at most (0 counts as 1). Rate and burst are passed with each call, so
 * that a reload takes effect at once and a bucket costs 16 bytes.
 */
struct bucket {
	int64_t level; /* millionths of a token; may be below zero */
	int64_t at_ms; /* monotonic time of level */
};

void bucket_init(struct bucket *b, uint32_t burst, int64_t now_ms);

/* Take cost tokens if there is at least one, and return true. The level may go
 * below zero: whoever did something expensive waits longer afterwards. */
bool bucket_take(struct bucket *b, struct rate rate, uint32_t burst,
    int64_t now_ms, uint32_t cost);

/* Take cost tokens whether there are any or not, for work whose price is known
 * only while it is done. The level never goes below -BUCKET_DEBT_MAX. */
#define BUCKET_DEBT_MAX 10000
void bucket_charge(struct bucket *b, struct rate rate, uint32_t burst,
    int64_t now_ms, uint32_t cost);

/* Give back what was taken and should not have been. */
void bucket_give_back(struct bucket *b, uint32_t cost);

/* Milliseconds until bucket_take() will succeed; 0 when it would now. */
int64_t bucket_wait_ms(const struct bucket *b, struct rate rate, uint32_t burst,
    int64_t now_ms);

/* Milliseconds from the last take or charge until it is full. */
int64_t bucket_full_ms(const struct bucket *b, struct rate rate,
    uint32_t burst);

#endif
