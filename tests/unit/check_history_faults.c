/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Each call on a file fails in turn, with each error (hostile 64, 67): opening
 * then works or says why, nothing leaks, and afterwards all is still there.
 */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "faults.h"
#include "history/history-file.h"
#include "history/history-impl.h"
#include "history/history.h"
#include "ring.h"
#include "unit.h"

#define SIZE 4096
#define CALLS_MAX 200

static struct ring_dir dir;

static void
setup(void)
{
	log_init(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	ring_dir_init(&dir);
}

static void
teardown(void)
{
	ring_dir_fini(&dir);
}

/* Open descriptors of this process. */
static int
count_descriptors(void)
{
	int fd, count = 0;

	for (fd = 0; fd < 256; fd++)
		if (dup2(fd, fd) == fd)
			count++;
	return count;
}

/* What a start finds, and the size that it is started with. */
static const struct scene {
	const char *name;
	size_t size;
	int break_at; /* a byte of the file that is wrong, or -1 */
	bool is_there;
} scenes[] = {
	{ "new", SIZE, -1, false },
	{ "killed", SIZE, -1, true },
	{ "power cut", SIZE, offsetof(struct history_header, boot), true },
	{ "larger", SIZE * 2, -1, true },
	{ "damaged", SIZE, 0, true },
};

/* Returns the number after those that the scene's ring holds. */
static uint64_t
make_scene(const struct scene *scene)
{
	struct history h;
	uint64_t next;
	char *data;
	size_t len;

	ring_dir_fini(&dir);
	ring_dir_init(&dir);
	if (!scene->is_there)
		return 1;
	(void)ring_open(&h, &dir, SIZE);
	while (h.tail_pos < SIZE)
		(void)ring_append(&h);
	next = h.next_number;
	history_fini(&h);
	if (scene->break_at != -1) {
		data = ring_load(&dir, RING_NAME, &len);
		data[scene->break_at] ^= 1;
		ring_store(&dir, RING_NAME, data, len);
		free(data);
	}
	return next;
}

/* The scene with the nth call failing. False: there are not that many. */
static bool
run_scene(const struct scene *scene, int nth, int error)
{
	struct history h;
	char text[HISTORY_FILE_ERROR_SIZE] = "";
	uint64_t next = make_scene(scene), held;
	int before = count_descriptors(), status;
	bool has_failed;

	fault_set_nth((unsigned)nth, error);
	status = history_file_open(&h, dir.fd, RING_NAME, scene->size, NULL,
	    text, sizeof(text));
	has_failed = fault_was_nth();
	fault_clear();
	if (!has_failed || error == EINTR)
		ck_assert_msg(status == 0, "%s, call %d, %s: %s", scene->name,
		    nth, strerror(error), text);
	if (status == 0) {
		ck_assert_uint_ge(h.next_number, next);
		(void)ring_verify(&h, NULL);
		history_fini(&h);
	} else {
		ck_assert_msg(strstr(text, strerror(error)) != NULL,
		    "%s, call %d, %s: %s", scene->name, nth, strerror(error),
		    text);
		if (error == ENOSPC)
			ck_assert_ptr_nonnull(strstr(text, "free some"));
	}
	ck_assert_int_eq(count_descriptors(), before);

	/* All is well again. */
	(void)ring_open(&h, &dir, scene->size);
	held = ring_verify(&h, NULL);
	ck_assert_uint_ge(h.next_number, next);
	ck_assert(!scene->is_there || held > 10);
	history_fini(&h);
	ck_assert_int_eq(ring_dir_count(&dir, RING_NAME ".new"), 0);
	return has_failed;
}

START_TEST(test_open)
{
	static const int errors[] = { EIO, ENOSPC, EINTR };
	size_t i, j;
	int nth, calls = 0;

	for (i = 0; i < NITEMS(scenes); i++)
		for (j = 0; j < NITEMS(errors); j++) {
			for (nth = 1; run_scene(&scenes[i], nth, errors[j]);
			     nth++)
				ck_assert_int_lt(nth, CALLS_MAX);
			calls += nth - 1;
		}
	(void)fprintf(stderr, "%d calls failed\n", calls);
	ck_assert_int_gt(calls, 100);
}
END_TEST

/* Where a file system cannot allocate, zeroes are written. */
START_TEST(test_no_allocation)
{
	static const int errors[] = { EOPNOTSUPP, EINVAL };
	struct history h;
	char *data, text[HISTORY_FILE_ERROR_SIZE];
	size_t i, len;
	int nth;

	for (i = 0; i < NITEMS(errors); i++)
		for (nth = 1; nth < 10; nth++) {
			ring_dir_fini(&dir);
			ring_dir_init(&dir);
			fault_set_nth((unsigned)nth, errors[i]);
			if (history_file_open(&h, dir.fd, RING_NAME, 100000,
				NULL, text, sizeof(text)) == 0)
				history_fini(&h);
			fault_clear();
			(void)ring_open(&h, &dir, 100000);
			data = ring_load(&dir, RING_NAME, &len);
			ck_assert_uint_eq(len, HISTORY_HEADER_SIZE + 100000);
			free(data);
			history_fini(&h);
		}
}
END_TEST

/* Nothing of it is fatal to a ring in use. */
START_TEST(test_in_use)
{
	struct history h;
	int nth, failures = 0;

	for (nth = 1; nth < 4; nth++) {
		(void)ring_open(&h, &dir, SIZE);
		(void)ring_append(&h);
		fault_set_nth((unsigned)nth, EIO);
		if (history_writeback(&h) == -1) {
			ck_assert_int_eq(errno, EIO);
			failures++;
		}
		if (history_close(&h) == -1) {
			ck_assert_int_eq(errno, EIO);
			failures++;
		}
		ck_assert(fault_was_nth());
		fault_clear();
		(void)ring_open(&h, &dir, SIZE);
		ck_assert_uint_eq(ring_verify(&h, NULL), (unsigned)nth);
		history_fini(&h);
	}
	ck_assert_int_eq(failures, 3);
}
END_TEST

/* In memory there is another way if the first does not work. */
START_TEST(test_memory)
{
	struct history h;
	int nth, before = count_descriptors();

	for (nth = 1; nth < 5; nth++) {
		fault_set_nth((unsigned)nth, EMFILE);
		history_init(&h, SIZE);
		fault_clear();
		while (h.tail_pos < SIZE)
			(void)ring_append(&h);
		ck_assert_uint_gt(ring_verify(&h, NULL), 10);
		ck_assert_int_eq(history_writeback(&h), 0);
		ck_assert_int_eq(history_close(&h), 0);
		ck_assert_int_eq(count_descriptors(), before);
	}
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "history_faults", setup, teardown);

	tcase_add_test(tc, test_open);
	tcase_add_test(tc, test_no_allocation);
	tcase_add_test(tc, test_in_use);
	tcase_add_test(tc, test_memory);
}
