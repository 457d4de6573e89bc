/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The ring in a file that a power cut, a disk or somebody has damaged: what is
 * sound is found, in order, and no number is given twice (hostile 61 to 65).
 */
#include "config.h"

#include <sys/stat.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/util.h"
#include "history/history-file.h"
#include "history/history-impl.h"
#include "history/history.h"
#include "ring.h"
#include "unit.h"

#define SIZE 4096
#define CORRUPT RING_NAME ".corrupt-"

static struct ring_dir dir;
static struct history h;

static void
setup(void)
{
	log_init(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	ring_dir_init(&dir);
	ring_seed = 1;
}

static void
teardown(void)
{
	ring_dir_fini(&dir);
}

static void
another_boot(void)
{
	ring_poke(&dir, offsetof(struct history_header, boot), "another", 7);
}

/* A ring with a wrap, as a file; next is its next number. */
static char *
make_file(size_t size, size_t *len, uint64_t *first, uint64_t *next)
{
	(void)ring_open(&h, &dir, size);
	while (h.tail_pos < size * 2)
		(void)ring_append(&h);
	*first = h.first_number;
	*next = h.next_number;
	history_fini(&h);
	return ring_load(&dir, RING_NAME, len);
}

/*
 * Whatever was done to the file, it opens; what is there is what was, in order,
 * numbers are not given again, and the ring can be used. Returns the number of
 * messages; *missing is how many are known to be missing since first.
 */
static uint64_t
assert_survives(size_t size, uint64_t first, uint64_t next, uint64_t *missing)
{
	struct history_cursor c;
	struct event event;
	uint64_t held;

	(void)ring_open(&h, &dir, size);
	held = ring_verify(&h, missing);
	ck_assert_uint_ge(h.next_number, next);
	if (held > 0)
		ck_assert_uint_ge(h.first_number, first);
	if (missing != NULL)
		*missing += history_distance(first, h.first_number);
	for (c = history_oldest(&h); history_read(&h, &c, &event);)
		if (event.kind != EVENT_GAP)
			ck_assert_uint_lt(event.number, next);
	ring_append_some(&h, 200);
	(void)ring_verify(&h, NULL);
	history_fini(&h);
	(void)ring_open(&h, &dir, size);
	(void)ring_verify(&h, NULL);
	history_fini(&h);
	return held;
}

static void
remove_all(void)
{
	ring_dir_fini(&dir);
	ring_dir_init(&dir);
}

/* How the file was left whose bits are flipped. */
enum left {
	LEFT_KILLED,
	LEFT_CLOSED,
	LEFT_CLOSED_EMPTY,
	LEFT_POWER_CUT,
	LEFTS
};

static char *
make_left(enum left left, size_t *len, uint64_t *first, uint64_t *next)
{
	char *data;

	if (left == LEFT_CLOSED_EMPTY) {
		(void)ring_open(&h, &dir, 1024);
		*first = *next = 1;
		ck_assert_int_eq(history_close(&h), 0);
		return ring_load(&dir, RING_NAME, len);
	}
	data = make_file(1024, len, first, next);
	if (left == LEFT_KILLED)
		return data;
	free(data);
	if (left == LEFT_CLOSED) {
		(void)ring_open(&h, &dir, 1024);
		ck_assert_int_eq(history_close(&h), 0);
	} else
		another_boot();
	return ring_load(&dir, RING_NAME, len);
}

/* Bits of what never changes in a header: a closed ring is recovered whole. */
static bool
is_static_bit(size_t i)
{
	return i < offsetof(struct history_header, tail);
}

/* However a file was left, with any bit flipped (hostile 63). */
START_TEST(test_bit_flips)
{
	enum left left = (enum left)_i;
	char *data;
	size_t len, i, bit, end, is_cut = left == LEFT_POWER_CUT;
	uint64_t first, next, held, missing, all;

	data = make_left(left, &len, &first, &next);
	all = next - first;
	end = sizeof(struct history_header);
	for (i = 0; i < len; i++) {
		/* All of the header, then every 8th place of the ring. */
		if (i >= HISTORY_HEADER_SIZE ? i % 8 != 3 : i >= end)
			continue;
		for (bit = 0; bit < 8; bit++) {
			if (i >= HISTORY_HEADER_SIZE && bit != i / 8 % 8)
				continue;
			data[i] ^= (char)(1u << bit);
			ring_store(&dir, RING_NAME, data, len);
			held = assert_survives(1024, first, next, &missing);
			/* One record at most is lost, and it is told; an
			 * epoch's hole may need the place of another. */
			if (i >= HISTORY_HEADER_SIZE) {
				ck_assert_uint_ge(held + 1 + is_cut, all);
				if (held < all && missing == 0)
					ck_assert_uint_ge(h.next_number,
					    HISTORY_EPOCH);
			} else if (left == LEFT_CLOSED && is_static_bit(i)) {
				ck_assert_uint_eq(held, all);
				ck_assert_uint_eq(missing, 0);
				ck_assert_uint_lt(h.next_number, HISTORY_EPOCH);
			} else
				ck_assert_uint_ge(held + 1, all);
			data[i] ^= (char)(1u << bit);
			remove_all();
		}
	}
	free(data);
}
END_TEST

START_TEST(test_truncated)
{
	char *data;
	size_t len, cut;
	uint64_t first, next, held, before = 0;

	data = make_file(2048, &len, &first, &next);
	for (cut = 0; cut < len; cut += 64) {
		ring_store(&dir, RING_NAME, data, cut);
		if (cut == 0) {
			ck_assert_int_eq(ring_open(&h, &dir, 2048),
			    HISTORY_NEW);
			history_fini(&h);
			continue;
		}
		if (cut < HISTORY_HEADER_SIZE + 64) {
			/* Hardly anything is left to know the numbers by. */
			(void)ring_open(&h, &dir, 2048);
			ck_assert_uint_ge(h.next_number, HISTORY_EPOCH);
			history_fini(&h);
		} else {
			held = assert_survives(2048, first, next, NULL);
			ck_assert_uint_ge(held, before);
			before = held;
		}
		ck_assert_int_eq(ring_dir_count(&dir, CORRUPT), 1);
		remove_all();
	}
	ck_assert_uint_ge(before + 2, next - first);
	free(data);
}
END_TEST

/* What is set aside is the file as it was. */
START_TEST(test_set_aside)
{
	char *data, *aside, name[64];
	size_t len, aside_len;
	uint64_t first, next;
	struct stat st;
	time_t now;
	struct tm tm;

	data = make_file(SIZE, &len, &first, &next);
	data[0] ^= 1;
	ring_store(&dir, RING_NAME, data, len);
	do {
		now = time(NULL);
		remove_all();
		ring_store(&dir, RING_NAME, data, len);
		ck_assert_int_eq(ring_open(&h, &dir, SIZE), HISTORY_SALVAGED);
		ck_assert_uint_ge(ring_verify(&h, NULL), next - first - 1);
		ring_assert_refused(&dir, SIZE, "in use");
		history_fini(&h);
	} while (time(NULL) != now);
	ck_assert_ptr_nonnull(gmtime_r(&now, &tm));
	ck_assert_uint_ne(strftime(name, sizeof(name), CORRUPT "%Y%m%dT%H%M%SZ",
			      &tm),
	    0);
	aside = ring_load(&dir, name, &aside_len);
	ck_assert_uint_eq(aside_len, len);
	ck_assert_mem_eq(aside, data, len);
	ck_assert_int_eq(fstatat(dir.fd, name, &st, 0), 0);
	ck_assert_int_eq(st.st_nlink, 1);
	ck_assert_int_eq(ring_dir_count(&dir, ""), 2);
	free(aside);
	free(data);
}
END_TEST

START_TEST(test_garbage)
{
	char *data = xmalloc(16384);
	size_t i, len;
	int round;

	for (round = 0; round < 50; round++) {
		len = 1 + ring_random(16384);
		for (i = 0; i < len; i++)
			data[i] = (char)ring_random(256);
		ring_store(&dir, RING_NAME, data, len);
		ck_assert_int_eq(ring_open(&h, &dir, SIZE), HISTORY_SALVAGED);
		ck_assert_uint_eq(ring_verify(&h, NULL), 0);
		ring_append_some(&h, 10);
		ck_assert_uint_eq(ring_verify(&h, NULL), 10);
		history_fini(&h);
		ck_assert_int_eq(ring_dir_count(&dir, CORRUPT), 1);
		remove_all();
	}
	free(data);
}
END_TEST

/*
 * All that could be records are none, and each would take all of the rest to
 * find out: as long as that is bounded, it takes a moment (hostile 63).
 */
START_TEST(test_overlapping_garbage)
{
	size_t size = (size_t)8 << 20, offset;
	char *data = xcalloc(1, HISTORY_HEADER_SIZE + size);
	struct record r = { .number = 1, .first.is.type = RECORD_SAY };
	uint64_t wasted = 0;

	for (offset = 0; offset + sizeof(r) < size; offset += sizeof(r)) {
		/* The low byte of the next size ends the nick. */
		r.first.is.text_len = 24064 - sizeof(r) - 1;
		r.first.is.size = 24064;
		r.pos = offset;
		memcpy(data + HISTORY_HEADER_SIZE + offset, &r, sizeof(r));
	}
	history_attach(&h, data, size, -1);
	for (offset = 0; offset < size; offset += HISTORY_ALIGN)
		QUICK_ASSERT(history_check(&h, offset, &wasted) == NULL);
	ck_assert_uint_gt(wasted, size);
	ck_assert_uint_lt(wasted, size * 6);

	data[0] = 1;
	ring_store(&dir, RING_NAME, data, HISTORY_HEADER_SIZE + size);
	ck_assert_int_eq(ring_open(&h, &dir, SIZE), HISTORY_SALVAGED);
	ck_assert_uint_eq(ring_verify(&h, NULL), 0);
	history_fini(&h);
	free(data);
}
END_TEST

/* Another page size than any disk's, so that records are torn often. */
#define PAGE 256

/*
 * hostile 62: after a power cut each page is of any age. All that is readable is there; a
 * number once given is not given again; what is missing in between is counted.
 */
START_TEST(test_power_cut)
{
	enum { AGES = 5 };
	char *age[AGES], *mixed;
	size_t len, page;
	uint64_t next, missing, total_missing = 0, total_held = 0, held;
	int round, i;

	for (round = 0; round < 300; round++) {
		(void)ring_open(&h, &dir, SIZE);
		ring_append_some(&h, (int)ring_random(300));
		ck_assert_int_eq(history_close(&h), 0);
		(void)ring_open(&h, &dir, SIZE);
		for (i = 0; i < AGES; i++) {
			age[i] = ring_load(&dir, RING_NAME, &len);
			ring_append_some(&h, (int)ring_random(30));
		}
		next = h.next_number;
		history_fini(&h);
		mixed = xmalloc(len);
		memcpy(mixed, age[ring_random(AGES)], len);
		for (page = HISTORY_HEADER_SIZE; page < len; page += PAGE)
			memcpy(mixed + page, age[ring_random(AGES)] + page,
			    PAGE);
		ring_store(&dir, RING_NAME, mixed, len);
		another_boot();
		ck_assert_int_eq(ring_open(&h, &dir, SIZE), HISTORY_POWER_CUT);
		held = ring_verify(&h, &missing);
		ck_assert_uint_ge(h.next_number, HISTORY_EPOCH);
		ck_assert_uint_gt(h.next_number, next);
		total_held += held;
		total_missing += missing;
		/* The one who remembers a number that is lost is told so. */
		if (held > 0) {
			struct history_cursor c = history_find(&h, next);
			struct event event;

			ck_assert(history_read(&h, &c, &event));
			ck_assert_int_eq(event.kind, EVENT_GAP);
			ck_assert(event.is_uncertain);
			ck_assert_uint_eq(event.count, 0);
			ck_assert_uint_eq(c.number, h.next_number);
		}
		ring_append_some(&h, 5);
		(void)ring_verify(&h, NULL);
		history_fini(&h);
		for (i = 0; i < AGES; i++)
			free(age[i]);
		free(mixed);
		remove_all();
	}
	ck_assert_uint_gt(total_missing, 100);
	ck_assert_uint_gt(total_held, 1000);
}
END_TEST

/* Killed in the middle of the recovery, at any store: the next one does it. */
START_TEST(test_power_cut_twice)
{
	uint64_t next = 0, epoch, last_epoch = 0;
	int i;

	(void)ring_open(&h, &dir, SIZE);
	ring_append_some(&h, 20);
	for (i = 0; i < 50; i++) {
		next = h.next_number;
		history_fini(&h);
		another_boot();
		ck_assert_int_eq(ring_open(&h, &dir, SIZE), HISTORY_POWER_CUT);
		epoch = h.next_number / HISTORY_EPOCH;
		ck_assert_uint_eq(epoch, last_epoch + 1);
		ck_assert_uint_eq(history_distance(next, h.next_number), 0);
		last_epoch = epoch;
		ring_append_some(&h, 1);
		(void)ring_verify(&h, NULL);
	}
	/* 20 and 50 messages, for who was there from the beginning. */
	ck_assert_uint_eq(history_distance(1, h.next_number), 70);
	history_fini(&h);
}
END_TEST

/*
 * Model: a ring with some records destroyed. A reader who comes from any number
 * gets all that is there and all the rest in gaps, exactly.
 */
START_TEST(test_holes)
{
	char *data;
	size_t len, i;
	uint64_t first, next, n, back, missing;
	struct history_cursor c, at;
	struct event event;
	int round, hits;

	for (round = 0; round < 200; round++) {
		data = make_file(SIZE, &len, &first, &next);
		for (hits = 1 + (int)ring_random(12); hits > 0; hits--) {
			i = HISTORY_HEADER_SIZE + ring_random(SIZE - 70);
			memset(data + i, 'x', 1 + ring_random(70));
		}
		ring_store(&dir, RING_NAME, data, len);
		free(data);
		(void)ring_open(&h, &dir, SIZE);
		(void)ring_verify(&h, &missing);
		QUICK_ASSERT(h.first_number >= first);
		for (n = first; n <= h.next_number && n <= next; n++) {
			uint64_t expected = n, seen = 0;

			c = history_find(&h, n);
			expected += history_clamp(&h, &c);
			while (history_read(&h, &c, &event)) {
				if (event.is_uncertain)
					continue;
				QUICK_ASSERT(event.number == expected);
				expected += event.kind == EVENT_GAP ?
				    event.count :
				    1;
				seen++;
			}
			/* One step back is one step on. */
			c = at = history_find(&h, n);
			if (history_clamp(&h, &at) == 0 &&
			    history_step_back(&h, &at)) {
				QUICK_ASSERT(history_read(&h, &at, &event));
				QUICK_ASSERT(at.number >= c.number);
			}
		}
		history_find_end(&h);
		for (n = 0; n <= history_count(&h) + 1; n++) {
			c = history_back(&h, n);
			back = history_distance(c.number, h.next_number);
			QUICK_ASSERT(back <= n);
			if (n >= history_count(&h))
				QUICK_ASSERT(c.number == h.first_number);
			/* One more would be too many. */
			if (back < n && history_step_back(&h, &c))
				QUICK_ASSERT(history_distance(c.number,
						 h.next_number) > n);
		}
		/* And while the ring goes on over them. */
		for (i = 0; i < 100; i++) {
			ring_append_some(&h, 1);
			(void)ring_verify(&h, NULL);
		}
		history_fini(&h);
		remove_all();
	}
}
END_TEST

/* An epoch that is sealed and made up, beyond all numbers that there are. */
START_TEST(test_epoch_made_up)
{
	(void)ring_open(&h, &dir, SIZE);
	ring_append_some(&h, 2);
	h.header->epoch = history_epoch_seal(UINT32_MAX);
	memset(h.header->boot, 'x', HISTORY_BOOT_SIZE);
	history_fini(&h);
	ck_assert_int_eq(ring_open(&h, &dir, SIZE), HISTORY_POWER_CUT);
	ck_assert_uint_gt(h.next_number, HISTORY_EPOCH);
	ck_assert_uint_lt(h.next_number, HISTORY_EPOCH * 2);
	ring_append_some(&h, 1);
	(void)ring_verify(&h, NULL);
	history_fini(&h);
}
END_TEST

/* A file that somebody has made, with all its checks right. */

static void
poke_header(uint64_t epoch)
{
	ring_poke(&dir, offsetof(struct history_header, clean),
	    &(uint64_t){ 0 }, 8);
	ring_poke(&dir, offsetof(struct history_header, epoch), &epoch,
	    sizeof(epoch));
	another_boot();
}

START_TEST(test_forged_epoch)
{
	static const uint64_t epochs[] = { UINT32_MAX, UINT32_MAX - 1,
		HISTORY_NUMBER_MAX / HISTORY_EPOCH };
	size_t i;

	for (i = 0; i < NITEMS(epochs); i++) {
		(void)ring_open(&h, &dir, SIZE);
		ring_append_some(&h, 5);
		history_fini(&h);
		poke_header(history_epoch_seal(epochs[i]));
		ck_assert_int_eq(ring_open(&h, &dir, SIZE), HISTORY_POWER_CUT);
		ck_assert_uint_lt(h.next_number, HISTORY_NUMBER_MAX);
		ring_append_some(&h, 1);
		history_fini(&h);
		ck_assert_int_eq(ring_open(&h, &dir, SIZE), HISTORY_KILLED);
		ck_assert_uint_eq(ring_verify(&h, NULL), 6);
		history_fini(&h);
		remove_all();
	}
}
END_TEST

/* The second of five messages, all of the same size. */
static void
forge(const char *nick, const char *text, uint64_t author)
{
	struct event event = { .kind = EVENT_SAY, .nick = "ana" };
	struct history_cursor c;
	struct record *r;
	int i;

	(void)ring_open(&h, &dir, SIZE);
	event.text = "12345678";
	event.text_len = 8;
	for (i = 0; i < 5; i++)
		(void)history_append(&h, &event);
	c = history_oldest(&h);
	(void)history_read(&h, &c, &event);
	r = history_at(&h, c.pos);
	memcpy(r->data, nick, 3);
	memcpy(r->data + 4, text, 8);
	r->author = author;
	r->check = record_check(r, r->first);
	history_fini(&h);
}

START_TEST(test_forged_record)
{
	static const struct {
		const char *nick, *text;
		uint64_t author;
		uint64_t held;
	} forged[] = {
		{ "ana",
		    "1234\xc3\xa4"
		    "78",
		    EVENT_AUTHOR_MAX, 5 },
		{ "ana", "\x1b[2J5678", 1, 4 },
		{ "ana", "1234\n--8", 1, 5 },
		{ "ana", "1234\n\n\n8", 1, 4 },
		{ "ana", "1234567\n", 1, 4 },
		{ "ana", "1234\r--8", 1, 4 },
		{ "ana",
		    "12345\0"
		    "78",
		    1, 4 },
		{ "ana", "1234567\xff", 1, 4 },
		{ "ana", "12345\u202e", 1, 4 },
		{ "a\na", "12345678", 1, 4 },
		{ "ana", "12345678", UINT64_MAX, 4 },
	};
	struct history_cursor c;
	struct event event;
	uint64_t held;
	size_t i;

	for (i = 0; i < NITEMS(forged); i++) {
		forge(forged[i].nick, forged[i].text, forged[i].author);
		ck_assert_int_eq(ring_open(&h, &dir, SIZE),
		    forged[i].held == 5 ? HISTORY_KILLED : HISTORY_SALVAGED);
		c = history_oldest(&h);
		for (held = 0; history_read(&h, &c, &event);)
			held += event.kind != EVENT_GAP;
		ck_assert_uint_eq(held, forged[i].held);
		ck_assert_uint_eq(h.next_number, 6);
		ck_assert_uint_le(h.max_author, EVENT_AUTHOR_MAX);
		history_fini(&h);
		remove_all();
	}
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "history_damage", setup, teardown);

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, test_bit_flips, 0, LEFTS);
	tcase_add_test(tc, test_truncated);
	tcase_add_test(tc, test_set_aside);
	tcase_add_test(tc, test_garbage);
	tcase_add_test(tc, test_overlapping_garbage);
	tcase_add_test(tc, test_power_cut);
	tcase_add_test(tc, test_power_cut_twice);
	tcase_add_test(tc, test_holes);
	tcase_add_test(tc, test_epoch_made_up);
	tcase_add_test(tc, test_forged_epoch);
	tcase_add_test(tc, test_forged_record);
}
