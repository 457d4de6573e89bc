/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The ring in a file: what is found there after a close and a kill, what is
 * refused, and its ways to another size, process or file (hostile 63 to 66).
 */
#include "config.h"

#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "history/history-file.h"
#include "history/history-impl.h"
#include "history/history.h"
#include "ring.h"
#include "unit.h"

#define SIZE 4096

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

/* Opens it as one of many small rings. */
static void
open_growing(size_t size)
{
	char error[HISTORY_FILE_ERROR_SIZE];

	ck_assert_msg(history_file_open_growing(&h, dir.fd, RING_NAME, size,
			  error, sizeof(error)) == 0,
	    "%s", error);
}

/* A file under another file's name is not read, but set aside whole; and what it
 * says of that name is checked. */
START_TEST(test_anothers)
{
	static char error[HISTORY_FILE_ERROR_SIZE];
	struct history_header header;
	const char *found;
	char *aside;
	int fd;

	ck_assert_int_eq(ring_open(&h, &dir, SIZE), HISTORY_NEW);
	(void)ring_append(&h);
	ck_assert_int_eq(history_close(&h), 0);
	ck_assert_int_eq(renameat(dir.fd, RING_NAME, dir.fd, "den.ring"), 0);
	if (_i == 1) {
		fd = openat(dir.fd, "den.ring", O_RDWR);
		ck_assert_int_eq(pread(fd, &header, sizeof(header), 0),
		    (ssize_t)sizeof(header));
		header.owner[1] ^= 1;
		ck_assert_int_eq(pwrite(fd, &header, sizeof(header), 0),
		    (ssize_t)sizeof(header));
		(void)close(fd);
	}
	ck_assert_msg(history_file_open(&h, dir.fd, "den.ring", SIZE, NULL,
			  error, sizeof(error)) == 0,
	    "%s", error);
	ck_assert_uint_eq(history_count(&h), _i == 1 ? 1 : 0);
	ck_assert_int_eq(history_close(&h), 0);
	found = strstr(unit_dir_names(dir.path), "den.ring.corrupt-");
	ck_assert_int_eq(found != NULL, _i == 0);
	if (found == NULL)
		return;
	/* Under its name it is what it was. */
	aside = xstrndup(found, strcspn(found, " "));
	ck_assert_int_eq(renameat(dir.fd, aside, dir.fd, RING_NAME), 0);
	ck_assert_int_eq(ring_open(&h, &dir, SIZE), HISTORY_CLOSED);
	ck_assert_uint_eq(history_count(&h), 1);
	ck_assert_int_eq(history_close(&h), 0);
	free(aside);
}
END_TEST

static void
grow_and_append(size_t text_len)
{
	static char text[8192];
	struct event event = { .kind = EVENT_SAY,
		.nick = "ana",
		.author = 7,
		.text = text,
		.text_len = text_len };

	memset(text, 'x', sizeof(text));
	ck_assert_int_eq(history_grow(&h, text_len), 0);
	(void)history_append(&h, &event);
}

START_TEST(test_growing)
{
	const size_t size = 65536;
	struct stat st;
	uint64_t count;
	int i;

	open_growing(size);
	ck_assert_int_eq(fstatat(dir.fd, RING_NAME, &st, 0), 0);
	ck_assert_int_eq(st.st_size, HISTORY_HEADER_SIZE + (off_t)size);
	ck_assert_int_le(st.st_blocks * 512,
	    HISTORY_HEADER_SIZE + HISTORY_STEP);
	ck_assert_uint_eq(h.allocated, HISTORY_STEP);
	/* All that a record touches is there before it is written; so is what a
	 * hole would need. */
	for (i = 0; i < 200; i++) {
		grow_and_append((size_t)(i * 37 % 1500));
		ck_assert_uint_ge(h.allocated,
		    h.head_pos + sizeof(struct record) < size ?
			h.head_pos + sizeof(struct record) :
			size);
		if (i % 7 == 0) {
			count = h.next_number;
			if (i % 2 == 0)
				ck_assert_int_eq(history_close(&h), 0);
			else
				history_fini(&h);
			open_growing(size);
			ck_assert_uint_eq(h.next_number, count);
		}
		ck_assert_int_eq(fstat(h.fd, &st), 0);
		ck_assert_int_ge(st.st_blocks * 512,
		    (off_t)(HISTORY_HEADER_SIZE + h.allocated));
	}
	ck_assert_uint_eq(h.allocated, size);
	ck_assert_uint_gt(h.first_number, 1);
	history_fini(&h);
	/* It is an ordinary ring. */
	ck_assert_int_eq(ring_open(&h, &dir, size), HISTORY_KILLED);
	ck_assert_uint_eq(h.next_number, 201);
	history_fini(&h);
}
END_TEST

/* After a power cut nothing in the file says what is allocated. */
START_TEST(test_growing_power_cut)
{
	struct stat st;

	open_growing(65536);
	grow_and_append(100);
	memset(h.header->boot, 'x', 8);
	history_fini(&h);
	open_growing(65536);
	ck_assert_int_eq(fstat(h.fd, &st), 0);
	ck_assert_int_ge(st.st_blocks * 512, HISTORY_HEADER_SIZE + 65536);
	ck_assert_uint_gt(h.next_number, HISTORY_EPOCH);
	ck_assert_int_eq(history_grow(&h, 9), 0);
	history_fini(&h);
}
END_TEST

START_TEST(test_reopen)
{
	struct stat st;
	uint64_t first;
	int round;

	ck_assert_int_eq(ring_open(&h, &dir, SIZE), HISTORY_NEW);
	ck_assert_int_eq(fstatat(dir.fd, RING_NAME, &st, 0), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(st.st_size, HISTORY_HEADER_SIZE + SIZE);
	/* Never sparse (hostile 64). */
	ck_assert_int_ge(st.st_blocks * 512, st.st_size);
	ck_assert_int_eq(history_close(&h), 0);

	ck_assert_int_eq(ring_open(&h, &dir, SIZE), HISTORY_CLOSED);
	ck_assert_uint_eq(h.next_number, 1);
	ring_append_some(&h, 3);
	history_fini(&h);
	ck_assert_int_eq(ring_open(&h, &dir, SIZE), HISTORY_KILLED);
	ck_assert_uint_eq(ring_verify(&h, NULL), 3);
	for (round = 0; round < 300; round++) {
		ring_append_some(&h, (int)ring_random(9));
		first = h.first_number;
		if (round % 2 == 0) {
			ck_assert_int_eq(history_close(&h), 0);
			ck_assert_int_eq(ring_open(&h, &dir, SIZE),
			    HISTORY_CLOSED);
		} else {
			history_fini(&h);
			ck_assert_int_eq(ring_open(&h, &dir, SIZE),
			    HISTORY_KILLED);
		}
		ck_assert_uint_eq(h.first_number, first);
		ck_assert_uint_gt(ring_verify(&h, NULL), 0);
	}
	ck_assert_uint_lt(h.next_number, HISTORY_EPOCH);
	ck_assert_uint_gt(h.first_number, 100);
	history_fini(&h);
	ck_assert_int_eq(ring_dir_count(&dir, ""), 1);
}
END_TEST

/* All was dropped: the number goes on. */
START_TEST(test_reopen_empty)
{
	int how;

	for (how = 0; how < 4; how++) {
		(void)ring_open(&h, &dir, SIZE);
		ck_assert_uint_eq(history_count(&h), 0);
		ring_append_some(&h, 100 + how);
		while (history_expire(&h, INT64_MAX))
			;
		ck_assert_uint_eq(history_count(&h), 0);
		if (how % 2 == 0)
			history_fini(&h);
		else
			ck_assert_int_eq(history_close(&h), 0);
	}
	(void)ring_open(&h, &dir, SIZE);
	ck_assert_uint_eq(h.next_number, 407);
	history_fini(&h);
}
END_TEST

/* As a backup may have brought it back. */
START_TEST(test_open_to_others)
{
	struct stat st;

	(void)ring_open(&h, &dir, SIZE);
	ring_append_some(&h, 3);
	history_fini(&h);
	ck_assert_int_eq(fchmodat(dir.fd, RING_NAME, 0644, 0), 0);
	(void)ring_open(&h, &dir, SIZE);
	ck_assert_uint_eq(h.next_number - h.first_number, 3);
	ck_assert_int_eq(fstatat(dir.fd, RING_NAME, &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	history_fini(&h);
}
END_TEST

START_TEST(test_refusals)
{
	char *data;
	size_t len;
	uint32_t version = HISTORY_VERSION + 1;
	struct history_header header;

	(void)ring_open(&h, &dir, SIZE);
	ring_append_some(&h, 3);
	ring_assert_refused(&dir, SIZE, "is in use by another process");
	history_fini(&h);

	/* Of a later version, with a header that is sound (hostile 63). */
	data = ring_load(&dir, RING_NAME, &len);
	memcpy(&header, data, sizeof(header));
	header.version = version;
	header.check = XXH3_64bits(&header.byte_order,
	    offsetof(struct history_header, check) -
		offsetof(struct history_header, byte_order));
	ring_poke(&dir, 0, &header, sizeof(header));
	ring_assert_refused(&dir, SIZE, "is of another version (");
	ck_assert_int_eq(ring_dir_count(&dir, ""), 1);
	ring_store(&dir, RING_NAME, data, len);
	free(data);
	ck_assert_int_eq(ring_open(&h, &dir, SIZE), HISTORY_KILLED);
	ck_assert_uint_eq(ring_verify(&h, NULL), 3);
	history_fini(&h);

	ck_assert_int_eq(renameat(dir.fd, RING_NAME, dir.fd, "other"), 0);
	ck_assert_int_eq(symlinkat("other", dir.fd, RING_NAME), 0);
	ring_assert_refused(&dir, SIZE, "is a symbolic link");
	ck_assert_int_eq(unlinkat(dir.fd, RING_NAME, 0), 0);
	ck_assert_int_eq(mkfifoat(dir.fd, RING_NAME, 0600), 0);
	ring_assert_refused(&dir, SIZE, "is not a regular file");
	ck_assert_int_eq(unlinkat(dir.fd, RING_NAME, 0), 0);
	ck_assert_int_eq(mkdirat(dir.fd, RING_NAME, 0700), 0);
	ring_assert_refused(&dir, SIZE, "cannot be opened: Is a directory");
	ck_assert_int_eq(unlinkat(dir.fd, RING_NAME, AT_REMOVEDIR), 0);
}
END_TEST

/* The newest that fit are kept, and numbers go on (hostile 66). */
START_TEST(test_resize)
{
	static const size_t sizes[] = { 4096, 65536, 8192, 256, 1000, 4096 };
	uint64_t next = 1, messages = 0, now;
	size_t i;

	for (i = 0; i < NITEMS(sizes); i++) {
		(void)ring_open(&h, &dir, sizes[i]);
		ck_assert_uint_eq(h.size, sizes[i]);
		ck_assert_uint_eq(h.next_number, next);
		now = ring_verify(&h, NULL);
		if (i > 0 && sizes[i] > sizes[i - 1])
			ck_assert_uint_eq(now, messages);
		else if (i > 0)
			ck_assert_uint_gt(now, 0);
		ring_assert_refused(&dir, sizes[i], "in use");
		ring_append_some(&h, 500);
		next = h.next_number;
		messages = ring_verify(&h, NULL);
		if (i % 2 == 0)
			history_fini(&h);
		else
			ck_assert_int_eq(history_close(&h), 0);
		ck_assert_int_eq(ring_dir_count(&dir, ""), 1);
	}
	ck_assert_uint_lt(next, HISTORY_EPOCH);
}
END_TEST

/* A start that was cut short leaves nothing that the next stumbles over. */
START_TEST(test_unfinished)
{
	static const char zeroes[HISTORY_HEADER_SIZE + SIZE];

	ring_store(&dir, RING_NAME, zeroes, sizeof(zeroes));
	ring_store(&dir, RING_NAME ".new", zeroes, 100);
	ck_assert_int_eq(ring_open(&h, &dir, SIZE), HISTORY_NEW);
	ck_assert_uint_eq(ring_append(&h), 1);
	history_fini(&h);
	ck_assert_int_eq(ring_dir_count(&dir, ""), 1);
}
END_TEST

START_TEST(test_raise)
{
	uint64_t number;

	(void)ring_open(&h, &dir, SIZE);
	history_raise(&h, 0);
	ck_assert_uint_eq(h.next_number, 1);
	/* Of a ring that is no more, somebody remembers this. */
	history_raise(&h, 1234);
	ck_assert_uint_gt(h.next_number, 1234);
	ck_assert_uint_eq(history_count(&h), 0);
	ring_append_some(&h, 2);
	history_raise(&h, h.next_number - 1);
	ck_assert_uint_eq(history_count(&h), 2);
	ck_assert_uint_lt(h.next_number, HISTORY_EPOCH * 2);
	history_raise(&h, HISTORY_EPOCH * 7);
	ck_assert_uint_gt(h.next_number, HISTORY_EPOCH * 7);
	ck_assert_uint_eq(history_count(&h), 2);
	ring_append_some(&h, 1);
	(void)ring_verify(&h, NULL);
	history_fini(&h);
	ck_assert_int_eq(ring_open(&h, &dir, SIZE), HISTORY_KILLED);
	ck_assert_uint_eq(history_count(&h), 3);
	/* What no ring has given is not believed. */
	number = h.next_number;
	history_raise(&h, HISTORY_NUMBER_MAX - 1);
	history_raise(&h, UINT64_MAX);
	ck_assert_uint_eq(h.next_number, number);
	history_fini(&h);
}
END_TEST

/* As a new program does that is handed the descriptor. */
static void
assert_adopted(void)
{
	struct history other;
	uint64_t held = ring_verify(&h, NULL);
	int fd = fcntl(h.fd, F_DUPFD_CLOEXEC, 3);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(history_adopt(&other, fd), 0);
	ck_assert_uint_eq(other.first_number, h.first_number);
	ck_assert_uint_eq(other.next_number, h.next_number);
	ck_assert_uint_eq(other.max_author, h.max_author);
	ck_assert_uint_eq(other.size, h.size);
	ck_assert_uint_eq(ring_verify(&other, NULL), held);
	history_fini(&h);
	h = other;
	ring_append_some(&h, 3);
	(void)ring_verify(&h, NULL);
}

START_TEST(test_adopt)
{
	struct history other;
	int fd, i;

	history_init(&h, SIZE);
	if (h.fd != -1)
		for (i = 0; i < 100; i++) {
			ring_append_some(&h, (int)ring_random(10));
			assert_adopted();
		}
	history_fini(&h);

	(void)ring_open(&h, &dir, SIZE);
	for (i = 0; i < 100; i++) {
		ring_append_some(&h, (int)ring_random(10));
		assert_adopted();
		ring_assert_refused(&dir, SIZE, "in use");
	}
	/* What is not sound is not adopted, and stays as it is. */
	fd = fcntl(h.fd, F_DUPFD_CLOEXEC, 3);
	h.region[h.last_pos % h.size + 20] ^= 1;
	ck_assert_int_eq(history_adopt(&other, fd), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	h.header->magic++;
	ck_assert_int_eq(history_adopt(&other, fd), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(ftruncate(fd, 50), 0);
	ck_assert_int_eq(history_adopt(&other, fd), -1);
	ck_assert_int_eq(errno, EINVAL);
	close(fd);
	history_fini(&h);
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(history_adopt(&other, fd), -1);
	close(fd);
	ck_assert_int_eq(history_adopt(&other, -1), -1);
	ck_assert_int_eq(errno, EBADF);
}
END_TEST

/* A ring in memory goes on in a file, and with it its cursors. */
START_TEST(test_move)
{
	struct history file;
	struct history_cursor middle, end;
	struct event event;
	uint64_t count, number;
	int round;

	for (round = 0; round < 50; round++) {
		history_init(&h, SIZE);
		ring_append_some(&h, (int)ring_random(200));
		middle = history_back(&h, history_count(&h) / 2);
		(void)ring_open(&file, &dir, SIZE);
		history_move(&h, &file);
		ck_assert_uint_eq(h.written_pos, h.tail_pos);
		number = middle.number;
		if (history_read(&h, &middle, &event))
			ck_assert_uint_eq(event.number, number);
		ring_append_some(&h, 1);
		end = history_head(&h);
		ck_assert(history_step_back(&h, &end));
		count = ring_verify(&h, NULL);
		history_fini(&h);
		ck_assert_int_eq(ring_open(&h, &dir, SIZE), HISTORY_KILLED);
		ck_assert_uint_eq(ring_verify(&h, NULL), count);
		ck_assert_int_eq(history_file_remove(&h, dir.fd, RING_NAME), 0);
		history_fini(&h);
	}
}
END_TEST

START_TEST(test_writeback)
{
	int i;

	history_init(&h, SIZE);
	ring_append_some(&h, 1);
	ck_assert_int_eq(history_writeback(&h), 0);
	history_fini(&h);

	(void)ring_open(&h, &dir, SIZE);
	ck_assert_uint_eq(h.written_pos, h.head_pos);
	for (i = 0; i < 100; i++) {
		ring_append_some(&h, (int)ring_random(80));
		ck_assert_int_eq(history_writeback(&h), 0);
		ck_assert_uint_eq(h.written_pos, h.head_pos);
	}
	ck_assert_int_eq(history_close(&h), 0);
}
END_TEST

static void
said_by(const char *nick, const char *text)
{
	struct event e = { .kind = EVENT_SAY,
		.nick = nick,
		.text = text,
		.text_len = strlen(text),
		.time_ms = 42,
		.author = 7 };

	(void)history_append(&h, &e);
}

/* "ana: one|bob: two" */
static const char *
all_said(void)
{
	static char out[256];
	struct history_cursor c = history_oldest(&h);
	struct event e;
	size_t len = 0;

	out[0] = '\0';
	while (history_read(&h, &c, &e))
		len += (size_t)snprintf(out + len, sizeof(out) - len,
		    "%s%s: %.*s", len == 0 ? "" : "|", e.nick, (int)e.text_len,
		    e.text);
	return out;
}

/* A name is taken off in place: nothing moves, and the file is sound; and when
 * the process is killed in the midst of it, it is taken off nevertheless. */
START_TEST(test_unname)
{
	struct history_cursor first, second, third;
	struct record *r;
	struct event e;

	ck_assert_int_eq(ring_open(&h, &dir, SIZE), HISTORY_NEW);
	said_by("ana", "one");
	second = history_head(&h);
	said_by("bobby", "two");
	third = history_head(&h);
	said_by("ana", "three");
	first = history_oldest(&h);
	history_unname(&h, &first);
	ck_assert_str_eq(all_said(), "---: one|bobby: two|ana: three");
	ck_assert(history_read(&h, &third, &e));
	ck_assert_str_eq(e.nick, "ana");
	ck_assert_uint_eq(history_seek_number(&h, 2).pos, second.pos);
	history_fini(&h);
	ck_assert_int_eq(ring_open(&h, &dir, SIZE), HISTORY_KILLED);
	ck_assert_str_eq(all_said(), "---: one|bobby: two|ana: three");

	/* Killed after the first bytes of the name. */
	second = history_seek_number(&h, 2);
	r = history_at(&h, second.pos);
	h.header->unnamed = history_pos_seal(second.pos);
	memset(r->data, '-', 2);
	history_fini(&h);
	ck_assert_int_eq(ring_open(&h, &dir, SIZE), HISTORY_KILLED);
	ck_assert_str_eq(all_said(), "---: one|-----: two|ana: three");
	ck_assert_uint_eq(h.header->unnamed, 0);

	/* Nonsense there does nothing. */
	h.header->unnamed = history_pos_seal(second.pos + 8);
	history_fini(&h);
	ck_assert_int_eq(ring_open(&h, &dir, SIZE), HISTORY_KILLED);
	h.header->unnamed = 12345;
	history_fini(&h);
	ck_assert_int_eq(ring_open(&h, &dir, SIZE), HISTORY_KILLED);
	h.header->unnamed = history_pos_seal(SIZE - 8);
	ck_assert_int_eq(history_close(&h), 0);
	ck_assert_int_eq(ring_open(&h, &dir, SIZE), HISTORY_CLOSED);
	ck_assert_str_eq(all_said(), "---: one|-----: two|ana: three");
	history_fini(&h);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "history_file", setup, teardown);

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, test_growing);
	tcase_add_test(tc, test_growing_power_cut);
	tcase_add_test(tc, test_reopen);
	tcase_add_test(tc, test_unname);
	tcase_add_test(tc, test_reopen_empty);
	tcase_add_test(tc, test_open_to_others);
	tcase_add_test(tc, test_refusals);
	tcase_add_test(tc, test_resize);
	tcase_add_test(tc, test_unfinished);
	tcase_add_test(tc, test_raise);
	tcase_add_loop_test(tc, test_anothers, 0, 2);
	tcase_add_test(tc, test_adopt);
	tcase_add_test(tc, test_move);
	tcase_add_test(tc, test_writeback);
}
