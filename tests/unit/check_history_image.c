/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Copies of a ring that are made in pieces, while more is said (hostile 67).
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "history/history-impl.h"
#include "history/history.h"
#include "ring.h"

#define SIZE 8192
#define PIECE HISTORY_PIECE_MIN

static struct ring_dir dir;
static struct history h;

static void
setup(void)
{
	ring_dir_init(&dir);
}

static void
teardown(void)
{
	ring_dir_fini(&dir);
}

/* What happens between two pieces. */
static void
talk(unsigned most)
{
	ring_append_some(&h, (int)ring_random(most + 1));
	/* A message's age is 0. */
	if (most > 0 && ring_random(200) == 0)
		(void)history_expire(&h, 1);
}

/* Copies h to a file, and that becomes h. Returns how many messages are lost in
 * between. */
static uint64_t
copy(unsigned most)
{
	struct history_image image;
	uint64_t first = h.first_number, next = h.next_number, kept, before,
		 missing;
	size_t len, n, offset;
	char *file;

	(void)ring_verify(&h, &before);
	history_image_begin(&image, &h);
	len = history_image_size(&image);
	ck_assert_uint_eq(len, HISTORY_HEADER_SIZE + SIZE);
	file = xcalloc(1, len + PIECE);
	do {
		char piece[PIECE];

		talk(most);
		n = history_image_read(&image, &h, piece, PIECE, &offset);
		ck_assert_uint_le(n, PIECE);
		ck_assert_uint_le(offset + n, len);
		memcpy(file + offset, piece, n);
	} while (n > 0);
	kept = h.first_number; /* all from there on has to be in it */
	history_fini(&h);
	ring_store(&dir, RING_NAME, file, len);
	free(file);
	ck_assert_int_eq(ring_open(&h, &dir, SIZE), HISTORY_CLOSED);
	(void)ring_verify(&h, &missing);
	ck_assert_uint_eq(h.first_number, first);
	ck_assert_uint_eq(h.next_number, next);
	if (kept <= first)
		ck_assert_uint_eq(missing, before);
	else
		ck_assert_uint_le(missing,
		    before +
			history_distance(first, kept < next ? kept : next));
	return missing - before;
}

/* While nothing is said, it is a file that was closed. */
START_TEST(test_image_at_rest)
{
	int round;

	(void)ring_open(&h, &dir, SIZE);
	for (round = 0; round < 300; round++) {
		ck_assert_uint_eq(copy(0), 0);
		ring_append_some(&h, (int)ring_random(20));
	}
	history_fini(&h);
}
END_TEST

/* More is said, at any pace: what the ring holds at the end is there, and
 * holes tell of all the rest. */
START_TEST(test_image_in_talk)
{
	uint64_t lacking = 0;
	int round;

	(void)ring_open(&h, &dir, SIZE);
	for (round = 0; round < 3000; round++) {
		lacking += copy(1 + (unsigned)round % 12);
		ring_append_some(&h, (int)ring_random(200));
	}
	ck_assert_uint_gt(lacking, 0);
	history_fini(&h);
}
END_TEST

/* All that there was is dropped between two pieces. */
START_TEST(test_image_overtaken)
{
	struct history_image image;
	char piece[PIECE];
	size_t n, offset, read = 0, i;

	(void)ring_open(&h, &dir, SIZE);
	ring_append_some(&h, 300);
	history_image_begin(&image, &h);
	for (i = 0; i < 2; i++) {
		n = history_image_read(&image, &h, piece, PIECE, &offset);
		ck_assert_uint_gt(n, 0);
		ck_assert_uint_eq(offset == 0, i == 0);
	}
	ring_append_some(&h, 300);
	while ((n = history_image_read(&image, &h, piece, PIECE, &offset)) > 0)
		read += n;
	/* A hole, and where the region ends, one more or a pad. */
	ck_assert_uint_ge(read, sizeof(struct record));
	ck_assert_uint_le(read, 2 * sizeof(struct record));
	history_fini(&h);
}
END_TEST

/* The ring is cut between two pieces: what was read as a whole is there, and a
 * hole is for the rest. */
START_TEST(test_image_cut)
{
	struct history_image image;
	struct history_cursor c;
	uint64_t first, next, missing;
	size_t len, n, offset;
	char *file, piece[PIECE];
	int round, pieces;

	for (round = 0; round < 300; round++) {
		(void)ring_open(&h, &dir, SIZE);
		ring_append_some(&h, (int)ring_random(200) + 10);
		first = h.first_number;
		next = h.next_number;
		history_image_begin(&image, &h);
		len = history_image_size(&image);
		file = xcalloc(1, len + PIECE);
		pieces = (int)ring_random(18);
		for (;; pieces--) {
			if (pieces == 0) {
				c = history_back(&h, 1 + ring_random(150));
				history_cut(&h, &c);
				/* In another place than those were. */
				ring_append_some(&h, (int)ring_random(9));
			}
			n = history_image_read(&image, &h, piece, PIECE,
			    &offset);
			if (n == 0)
				break;
			memcpy(file + offset, piece, n);
		}
		history_fini(&h);
		ring_store(&dir, RING_NAME, file, len);
		free(file);
		ck_assert_int_eq(ring_open(&h, &dir, SIZE), HISTORY_CLOSED);
		(void)ring_verify(&h, &missing);
		ck_assert_uint_eq(h.first_number, first);
		ck_assert_uint_eq(h.next_number, next);
		if (pieces > 0)
			ck_assert_uint_eq(missing, 0);
		history_fini(&h);
		ring_dir_fini(&dir);
		ring_dir_init(&dir);
	}
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "history_image", setup, teardown);

	tcase_add_test(tc, test_image_at_rest);
	tcase_add_test(tc, test_image_in_talk);
	tcase_add_test(tc, test_image_overtaken);
	tcase_add_test(tc, test_image_cut);
}
