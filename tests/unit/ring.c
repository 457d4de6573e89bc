/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#include "config.h"

#include <sys/stat.h>

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "history/history-file.h"
#include "ring.h"

unsigned ring_seed = 1;

unsigned
ring_random(unsigned below)
{
	ring_seed ^= ring_seed << 13;
	ring_seed ^= ring_seed >> 17;
	ring_seed ^= ring_seed << 5;
	return ring_seed % below;
}

/* The id of the message that was made last, if it has one. */
static char ring_id[HISTORY_ID_MAX];

static void
ring_make(uint64_t number, struct event *event, char nick[16], char text[128])
{
	unsigned mixed = (unsigned)number * 2654435761u;
	size_t i;

	memset(event, 0, sizeof(*event));
	event->kind = number % 7 == 0 ? EVENT_ME :
	    number % 11 == 0          ? EVENT_TOPIC :
	    number % 13 == 0          ? EVENT_NOTICE :
					EVENT_SAY;
	event->time_ms = (int64_t)(number % HISTORY_EPOCH);
	event->author = (number * 3 + 1) % EVENT_AUTHOR_ELSEWHERE;
	(void)snprintf(nick, 16, "n%u", mixed >> 20);
	event->nick = nick;
	event->text_len = mixed >> 8 & 63;
	for (i = 0; i < event->text_len; i++)
		text[i] = (char)('a' + (number + i * (mixed >> 16)) % 26);
	event->text = text;
	/* Of a shared log; of these some have got a new number. */
	if (mixed % 3 == 0) {
		event->node = mixed | UINT64_C(1) << 63;
		event->counter = number % HISTORY_EPOCH + 7;
		event->msgid = mixed % 2 == 0 ? 0 : event->counter;
	}
	if (mixed % 5 != 0)
		return;
	/* Two owners with the same ids. */
	event->id_key = 1 + mixed % 2;
	event->id_len = 1 + mixed % HISTORY_ID_MAX;
	memset(ring_id, '-', sizeof(ring_id));
	(void)snprintf(ring_id, sizeof(ring_id), "%x",
	    (unsigned)(number % HISTORY_EPOCH));
	ring_id[strlen(ring_id)] = '=';
	if (event->id_len < 11)
		event->id_len = 11;
	event->id = ring_id;
}

uint64_t
ring_append_at(struct history *h, uint64_t number)
{
	struct event event;
	char nick[16], text[128];

	ring_make(number, &event, nick, text);
	event.number = number;
	if (event.node == 0)
		return 0;
	history_append_at(h, &event);
	return number;
}

uint64_t
ring_append(struct history *h)
{
	struct event event;
	char nick[16], text[128];

	ring_make(h->next_number, &event, nick, text);
	return history_append(h, &event);
}

static void
ring_check_message(const struct history *h, const struct event *event)
{
	struct history_cursor found;
	struct event expected;
	char nick[16], text[128];

	ring_make(event->number, &expected, nick, text);
	QUICK_ASSERT(event->kind == expected.kind);
	QUICK_ASSERT(event->time_ms == expected.time_ms);
	QUICK_ASSERT(event->author == expected.author);
	QUICK_ASSERT(strcmp(event->nick, nick) == 0);
	QUICK_ASSERT(event->text_len == expected.text_len);
	if (expected.text_len > 0)
		QUICK_ASSERT(memcmp(event->text, text, expected.text_len) == 0);
	QUICK_ASSERT(event->id_key == expected.id_key);
	QUICK_ASSERT(event->id_len == expected.id_len);
	QUICK_ASSERT(event->node == expected.node);
	QUICK_ASSERT(event->counter == expected.counter);
	QUICK_ASSERT(event->msgid == expected.msgid);
	if (expected.id_key == 0)
		return;
	QUICK_ASSERT(memcmp(event->id, expected.id, expected.id_len) == 0);
	QUICK_ASSERT(history_find_id(h, event->id_key, event->id, event->id_len,
	    &found));
	QUICK_ASSERT(found.number == event->number);
	QUICK_ASSERT(!history_find_id(h, 3 - event->id_key, event->id,
	    event->id_len, &found));
}

uint64_t
ring_verify(const struct history *h, uint64_t *missing)
{
	struct history_cursor c;
	struct event event;
	uint64_t messages = 0, holes = 0, lost = 0, expected, steps;

	QUICK_ASSERT(h->tail_pos <= h->head_pos);
	QUICK_ASSERT(history_used(h) <= h->size);
	c = history_oldest(h);
	QUICK_ASSERT(c.number == h->first_number);
	for (expected = c.number; history_read(h, &c, &event);
	     expected = c.number) {
		QUICK_ASSERT(event.number == expected);
		if (event.kind == EVENT_GAP) {
			holes++;
			lost += event.count;
			QUICK_ASSERT(event.count ==
			    history_distance(event.number, c.number));
			QUICK_ASSERT(event.count > 0 || event.is_uncertain);
		} else {
			messages++;
			QUICK_ASSERT(c.number == expected + 1);
			ring_check_message(h, &event);
			QUICK_ASSERT(event.author <= h->max_author);
		}
	}
	QUICK_ASSERT(expected == h->next_number);
	QUICK_ASSERT(messages + lost == history_count(h));
	for (steps = 0; history_step_back(h, &c); steps++)
		;
	QUICK_ASSERT(steps == messages + holes);
	QUICK_ASSERT(c.number == h->first_number);
	if (missing != NULL)
		*missing = lost;
	return messages;
}

void
ring_dir_init(struct ring_dir *dir)
{
	const char *tmp = getenv("TMPDIR");

	/* Rather in memory: there is much waiting for the disk. */
	if (tmp == NULL || strlen(tmp) > 40)
		tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	dir->path = xasprintf("%s/check-XXXXXX", tmp);
	ck_assert_ptr_nonnull(mkdtemp(dir->path));
	dir->fd = open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ne(dir->fd, -1);
}

int
ring_dir_count(const struct ring_dir *dir, const char *prefix)
{
	struct dirent *entry;
	DIR *list = opendir(dir->path);
	int count = 0;

	ck_assert_ptr_nonnull(list);
	while ((entry = readdir(list)) != NULL)
		if (entry->d_name[0] != '.' &&
		    strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
			count++;
	closedir(list);
	return count;
}

void
ring_dir_fini(struct ring_dir *dir)
{
	close(dir->fd);
	unit_dir_free(dir->path);
}

char *
ring_load(const struct ring_dir *dir, const char *name, size_t *len)
{
	struct stat st;
	char *data;
	int fd = openat(dir->fd, name, O_RDONLY | O_CLOEXEC);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(fstat(fd, &st), 0);
	*len = (size_t)st.st_size;
	data = xmalloc(*len);
	ck_assert_int_eq(read(fd, data, *len), (ssize_t)*len);
	close(fd);
	return data;
}

void
ring_store(const struct ring_dir *dir, const char *name, const char *data,
    size_t len)
{
	int fd = openat(dir->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	    0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, data, len), (ssize_t)len);
	close(fd);
}

enum history_found
ring_open(struct history *h, const struct ring_dir *dir, size_t size)
{
	struct history_report report;
	char error[HISTORY_FILE_ERROR_SIZE] = "";

	ck_assert_msg(history_file_open(h, dir->fd, RING_NAME, size, &report,
			  error, sizeof(error)) == 0,
	    "%s", error);
	return report.found;
}

void
ring_append_some(struct history *h, int n)
{
	while (n-- > 0)
		(void)ring_append(h);
}

void
ring_assert_refused(const struct ring_dir *dir, size_t size, const char *what)
{
	char error[HISTORY_FILE_ERROR_SIZE] = "";
	struct history other;

	ck_assert_int_eq(history_file_open(&other, dir->fd, RING_NAME, size,
			     NULL, error, sizeof(error)),
	    -1);
	ck_assert_msg(strstr(error, what) != NULL, "%s: no '%s'", error, what);
	ck_assert_msg(strstr(error, "history '" RING_NAME "' ") == error, "%s",
	    error);
}

void
ring_poke(const struct ring_dir *dir, size_t offset, const void *data,
    size_t len)
{
	int fd = openat(dir->fd, RING_NAME, O_WRONLY | O_CLOEXEC);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(pwrite(fd, data, len, (off_t)offset), (ssize_t)len);
	close(fd);
}
