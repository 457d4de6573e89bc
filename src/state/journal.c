/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Two files take turns rather than one that is renamed: the older is a second
 * chance when the newer is damaged, and both stay open and locked.
 *
 * After a failed write a file is not appended to again, as nothing behind a
 * torn record could be found. So a failure costs a fresh snapshot in the other
 * file, which also brings back what was put meanwhile.
 *
 * A snapshot is written in slices of the loop's time, while changes go to both
 * files. fsync() comes only at the end, as it would stop the loop for as long
 * as the disk likes. Once a snapshot is whole, the other file says that it has
 * moved: else a lost newer file would look like one that was never begun.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "state/journal-impl.h"

#define JOURNAL_WRITE_SIZE ((size_t)64 * 1024)
#define JOURNAL_GROWTH 3 /* changes per snapshot before a new one */
#define JOURNAL_GROWTH_MIN ((size_t)64 * 1024)
#define JOURNAL_RETRY_MS 10000
#define JOURNAL_SYNC_MS 1000

/* Writing */

static struct journal_file *
journal_next(struct journal *s)
{
	return &s->files[!s->current];
}

/* The current file lacks what was put, or the snapshot comes to nothing. */
static void
journal_failed(struct journal *s, struct journal_file *f)
{
	log_limited(&s->limit, s->now_ms, LOG_LEVEL_ERROR,
	    "cannot write to the state; it is tried again: file=%s.%u: %s",
	    s->name, (unsigned)(f - s->files), strerror(errno));
	s->error = errno;
	s->retry_ms = s->now_ms + JOURNAL_RETRY_MS;
	buf_reset(&f->out);
	if (f == &s->files[s->current]) {
		s->is_stale = true;
		return;
	}
	s->is_in_snapshot = false;
	/* Gives back what may be the last space there was. */
	(void)!ftruncate(f->fd, 0);
}

/* Writes what was put. After a failure it is dropped. */
static int
journal_flush_file(struct journal *s, struct journal_file *f)
{
	if (f->out.len == 0)
		return 0;
	if (f->out.len > JOURNAL_FILE_MAX - f->size)
		errno = EFBIG;
	else if (write_at(f->fd, f->out.data, f->out.len, f->size) == 0) {
		f->size += f->out.len;
		buf_reset(&f->out);
		s->is_dirty = true;
		return 0;
	}
	journal_failed(s, f);
	return -1;
}

static void
journal_flush(struct journal *s)
{
	(void)journal_flush_file(s, &s->files[0]);
	(void)journal_flush_file(s, &s->files[1]);
}

static void
journal_add_to(struct journal *s, struct journal_file *f,
    enum journal_type type, const void *key, size_t key_len, const void *value,
    size_t len)
{
	journal_write_record(&f->out, f->generation, f->size + f->out.len, type,
	    key, key_len, value, len);
	if (!s->is_held || f->out.len >= JOURNAL_WRITE_SIZE)
		(void)journal_flush_file(s, f);
}

/*
 * What changes during a snapshot goes to both files: there it may come before
 * what the snapshot has to say of the same key, which is then the same.
 */
static void
journal_add(struct journal *s, enum journal_type type, const void *key,
    size_t key_len, const void *value, size_t len)
{
	assert(key_len > 0 && key_len <= JOURNAL_KEY_MAX);
	assert(len <= JOURNAL_VALUE_MAX);
	if (!s->is_stale && !s->is_in_step)
		journal_add_to(s, &s->files[s->current], type, key, key_len,
		    value, len);
	if (s->is_in_snapshot)
		journal_add_to(s, journal_next(s), type, key, key_len, value,
		    len);
}

/* Begins a new snapshot in the other file. */
static void
journal_start_snapshot(struct journal *s)
{
	struct journal_file *new = journal_next(s);

	journal_flush(s);
	if (ftruncate(new->fd, 0) == -1) {
		journal_failed(s, new);
		return;
	}
	new->generation = s->files[s->current].generation + 1;
	new->size = 0;
	buf_reset(&new->out);
	journal_write_header(&new->out, journal_kind(s->name), new->generation);
	s->is_in_snapshot = s->is_first_step = true;
}

/* All is in the other file from now on. This one may have a torn end. */
static void
journal_mark_moved(struct journal_file *f)
{
	buf_reset(&f->out);
	journal_write_record(&f->out, f->generation, f->size, JOURNAL_MOVED,
	    NULL, 0, NULL, 0);
	if (ftruncate(f->fd, (off_t)f->size) == 0)
		(void)!write_at(f->fd, f->out.data, f->out.len, f->size);
	buf_reset(&f->out);
}

/* Goes on with the snapshot, and at its end, with the file that it is in. On
 * failure all stays as it was. */
static void
journal_go_on(struct journal *s, struct walk_budget *budget)
{
	struct journal_file *old = &s->files[s->current];
	struct journal_file *new = journal_next(s);
	bool has_more;

	s->is_held = s->is_in_step = true;
	has_more = s->snapshot(s, s->is_first_step, budget, s->arg);
	s->is_held = s->is_in_step = s->is_first_step = false;
	if (s->is_in_snapshot && !has_more)
		journal_add_to(s, new, JOURNAL_END, NULL, 0, NULL, 0);
	if (!s->is_in_snapshot || journal_flush_file(s, new) == -1 || has_more)
		return;
	if (s->error != 0)
		log_info("the state is on the disk again: name=%s", s->name);
	s->is_in_snapshot = s->is_stale = s->has_lost = false;
	s->error = 0;
	s->current = !s->current;
	s->snapshot_len = new->size;
	journal_mark_moved(old);
}

/* All of it at once. */
static void
journal_make_snapshot(struct journal *s)
{
	struct walk_budget all = { .now_us = NULL };

	if (!s->is_in_snapshot)
		journal_start_snapshot(s);
	if (s->is_in_snapshot)
		journal_go_on(s, &all);
}

void
journal_renew(struct journal *s, int64_t mono_ms)
{
	s->now_ms = mono_ms;
	s->is_stale = true;
	journal_make_snapshot(s);
}

void
journal_put(struct journal *s, const void *key, size_t key_len,
    const void *value, size_t len)
{
	journal_add(s, JOURNAL_PUT, key, key_len, value, len);
}

void
journal_delete(struct journal *s, const void *key, size_t key_len)
{
	journal_add(s, JOURNAL_DELETE, key, key_len, NULL, 0);
}

void
journal_hold(struct journal *s)
{
	assert(!s->is_held);
	s->is_held = true;
}

void
journal_release(struct journal *s)
{
	assert(s->is_held && !s->is_in_step);
	s->is_held = false;
	journal_flush(s);
}

static bool
journal_has_grown(const struct journal *s)
{
	size_t changes = s->files[s->current].size - s->snapshot_len;

	return changes > JOURNAL_GROWTH_MIN &&
	    changes / JOURNAL_GROWTH > s->snapshot_len;
}

int
journal_error(const struct journal *s)
{
	return s->error;
}

ssize_t
journal_read(const struct journal *s, uint64_t *generation, size_t *size,
    size_t offset, void *data, size_t len)
{
	const struct journal_file *f = &s->files[s->current];

	if (s->is_stale || (*generation != 0 && *generation != f->generation)) {
		errno = s->error != 0 ? s->error : EAGAIN;
		return -1;
	}
	if (*generation == 0)
		*size = f->size;
	*generation = f->generation;
	if (len > *size - offset)
		len = *size - offset;
	return pread(f->fd, data, len, (off_t)offset);
}

bool
journal_is_in_snapshot(const struct journal *s)
{
	return s->is_in_snapshot;
}

/* A failure has to be made good for, also that of a snapshot which only would
 * have made the file smaller: it is told of until then. */
static bool
journal_is_due(const struct journal *s)
{
	return s->is_stale || s->has_lost || s->error != 0;
}

bool
journal_tick(struct journal *s, int64_t mono_ms, struct walk_budget *budget)
{
	assert(!s->is_held);
	s->now_ms = mono_ms;
	if (!s->is_in_snapshot && (journal_is_due(s) || journal_has_grown(s)) &&
	    mono_ms >= s->retry_ms)
		journal_start_snapshot(s);
	if (s->is_in_snapshot)
		journal_go_on(s, budget);
	if (!s->is_dirty)
		return journal_is_due(s);
	if (mono_ms < s->sync_ms)
		return true;
	s->is_dirty = false;
	s->sync_ms = mono_ms + JOURNAL_SYNC_MS;
#ifdef HAVE_SYNC_FILE_RANGE
	/* Elsewhere the kernel starts writing by itself, somewhat later. */
	(void)!sync_file_range(s->files[s->current].fd, 0, 0,
	    SYNC_FILE_RANGE_WRITE);
#endif
	return journal_is_due(s);
}

void
journal_close(struct journal *s)
{
	if (s == NULL)
		return;
	if (s->is_stale)
		journal_make_snapshot(s);
	else if (s->is_in_snapshot)
		(void)!ftruncate(journal_next(s)->fd, 0);
	if (s->is_stale || fsync(s->files[s->current].fd) == -1)
		log_error("the state is not complete on the disk: file=%s",
		    s->name);
	journal_free(s);
}
