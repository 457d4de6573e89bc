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
 * as the disk likes.
 */
#include "config.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "state/journal-impl.h"

#define JOURNAL_WRITE_SIZE ((size_t)64 * 1024)
#define JOURNAL_READ_SIZE ((size_t)64 * 1024)
#define JOURNAL_GROWTH 3 /* changes per snapshot before a new one */
#define JOURNAL_GROWTH_MIN ((size_t)64 * 1024)
#define JOURNAL_RETRY_MS 10000
#define JOURNAL_SYNC_MS 1000

struct journal_file {
	int fd;
	uint64_t generation;
	size_t size;
	struct buf out; /* not written yet */
};

struct journal {
	char *name;
	struct journal_file files[2];
	unsigned current;
	size_t snapshot_len; /* of the current file's size */
	journal_snapshot *snapshot;
	void *arg;
	bool is_held;
	int error; /* of the last failure; 0 since a success */
	bool is_stale; /* the file lacks changes: a snapshot is due */
	bool is_in_snapshot; /* one is being written to the other file */
	bool is_first_step;
	bool is_in_step; /* what is put is the snapshot's */
	bool is_dirty; /* written since the last writeback */
	int64_t now_ms; /* at the last tick */
	int64_t retry_ms; /* no snapshot before this */
	int64_t sync_ms;
	struct log_limit limit;
};

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
	journal_write_header(&new->out, new->generation);
	s->is_in_snapshot = s->is_first_step = true;
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
	s->is_in_snapshot = s->is_stale = false;
	s->error = 0;
	s->current = !s->current;
	s->snapshot_len = new->size;
	buf_reset(&old->out);
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

/* Opening */

static char *
journal_file_name(const char *name, unsigned i)
{
	return xasprintf("%s.%u", name, i);
}

/* Opens and locks a file. Returns -1 with *error. */
static int
journal_open_file(int dir_fd, const char *file, char **error)
{
	struct stat st;
	int fd;

	/* O_NONBLOCK, so that opening a FIFO does not wait. */
	fd = openat(dir_fd, file,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd == -1) {
		*error = xasprintf("cannot open the state file '%s': %s", file,
		    strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) == -1)
		*error = xasprintf("cannot look at the state file '%s': %s",
		    file, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		*error = xasprintf("the state file '%s' is no regular file",
		    file);
	else if (flock(fd, LOCK_EX | LOCK_NB) == -1)
		*error = errno == EWOULDBLOCK ?
		    xasprintf(
			"the state file '%s' is in use by another process",
			file) :
		    xasprintf("cannot lock the state file '%s': %s", file,
			strerror(errno));
	else if ((st.st_mode & 07777) != 0600 && fchmod(fd, 0600) == -1)
		*error = xasprintf("cannot make the state file '%s' private: "
				   "%s",
		    file, strerror(errno));
	else
		return fd;
	(void)close(fd);
	return -1;
}

/* Reads all of a file; of one that is too large, just a little more than
 * allowed. */
static int
journal_read_file(int fd, struct buf *in)
{
	ssize_t n;

	buf_reset(in);
	while (in->len <= JOURNAL_FILE_MAX) {
		n = pread(fd, buf_reserve(in, JOURNAL_READ_SIZE),
		    JOURNAL_READ_SIZE, (off_t)in->len);
		if (n == 0)
			break;
		if (n == -1 && errno != EINTR)
			return -1;
		if (n > 0)
			in->len += (size_t)n;
	}
	return 0;
}

/* Renames a damaged file and makes a new one in its place. */
static int
journal_set_aside(int dir_fd, const char *file, int *fd, char **error)
{
	char *aside, when[32] = "";
	time_t now = time(NULL);
	struct tm tm;
	int result = -1;

	/* The form is that of history files. */
	if (gmtime_r(&now, &tm) != NULL)
		(void)strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm);
	aside = xasprintf("%s.corrupt-%s", file, when);
	if (renameat(dir_fd, file, dir_fd, aside) == -1)
		*error = xasprintf("the state file '%s' is damaged and cannot "
				   "be set aside: %s",
		    file, strerror(errno));
	else {
		log_warning("a state file is damaged and was set aside: "
			    "file=%s as=%s",
		    file, aside);
		(void)close(*fd);
		*fd = journal_open_file(dir_fd, file, error);
		if (*fd != -1)
			result = 0;
	}
	free(aside);
	return result;
}

/* Opens and examines file i; if it is whole, its contents are in in. Returns 0,
 * or -1 with *error. */
static int
journal_look(struct journal *s, int dir_fd, unsigned i, struct buf *in,
    struct journal_scan *scan, char **error)
{
	char *file = journal_file_name(s->name, i);
	int result = -1;

	s->files[i].fd = journal_open_file(dir_fd, file, error);
	if (s->files[i].fd == -1)
		goto out;
	if (journal_read_file(s->files[i].fd, in) == -1) {
		*error = xasprintf("cannot read the state file '%s': %s", file,
		    strerror(errno));
		goto out;
	}
	journal_scan(in->data, in->len, scan);
	if (scan->state != JOURNAL_FOREIGN && in->len > JOURNAL_FILE_MAX)
		scan->state = JOURNAL_DAMAGED;
	if (scan->state == JOURNAL_FOREIGN)
		*error = xasprintf("the state file '%s' is of version %lu, and "
				   "this program reads version %d",
		    file, (unsigned long)scan->version, JOURNAL_VERSION);
	else if (scan->state != JOURNAL_DAMAGED ||
	    journal_set_aside(dir_fd, file, &s->files[i].fd, error) == 0)
		result = 0;
	s->files[i].generation = scan->generation;
out:
	free(file);
	return result;
}

/* Goes on at the end of a file that was found whole. */
static void
journal_continue(struct journal *s, unsigned i, size_t file_len,
    const struct journal_scan *scan)
{
	struct journal_file *f = &s->files[i];

	s->current = i;
	f->size = scan->good_len;
	s->snapshot_len = scan->snapshot_len;
	if (scan->good_len == file_len)
		return;
	log_warning("the end of a state file is not whole and was dropped: "
		    "file=%s.%u bytes=%zu",
	    s->name, i, file_len - scan->good_len);
	if (ftruncate(f->fd, (off_t)scan->good_len) == -1)
		s->is_stale = true;
}

/* Begins with an empty snapshot, as nothing was there. */
static int
journal_begin(struct journal *s, char **error)
{
	struct journal_file *f = &s->files[0];

	f->generation = 1 +
	    (f->generation > s->files[1].generation ? f->generation :
						      s->files[1].generation);
	journal_write_header(&f->out, f->generation);
	journal_write_record(&f->out, f->generation, f->out.len, JOURNAL_END,
	    NULL, 0, NULL, 0);
	if (ftruncate(f->fd, 0) == -1 ||
	    write_at(f->fd, f->out.data, f->out.len, 0) == -1) {
		*error = xasprintf("cannot write the state file '%s.0': %s",
		    s->name, strerror(errno));
		return -1;
	}
	f->size = s->snapshot_len = f->out.len;
	buf_reset(&f->out);
	return 0;
}

static void
journal_free(struct journal *s)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (s->files[i].fd != -1)
			(void)close(s->files[i].fd);
		buf_fini(&s->files[i].out);
	}
	free(s->name);
	free(s);
}

struct journal *
journal_open(int dir_fd, const char *name, journal_loaded *loaded,
    journal_snapshot *snapshot, void *arg, char **error)
{
	struct journal *s;
	struct buf in[2] = { BUF_INITIALIZER, BUF_INITIALIZER };
	struct journal_scan scan[2];
	int best = -1, i, result = 0;

	s = xcalloc(1, sizeof(*s));
	s->name = xstrdup(name);
	s->snapshot = snapshot;
	s->arg = arg;
	s->files[0].fd = s->files[1].fd = -1;
	for (i = 0; i < 2 && result == 0; i++) {
		result = journal_look(s, dir_fd, (unsigned)i, &in[i], &scan[i],
		    error);
		if (result == 0 && scan[i].state == JOURNAL_WHOLE &&
		    (best == -1 || scan[i].generation > scan[best].generation))
			best = i;
	}
	if (result == 0 && best == -1)
		result = journal_begin(s, error);
	else if (result == 0) {
		journal_continue(s, (unsigned)best, in[best].len, &scan[best]);
		journal_replay(in[best].data, &scan[best], loaded, arg);
	}
	buf_fini(&in[0]);
	buf_fini(&in[1]);
	if (result == 0)
		return s;
	journal_free(s);
	return NULL;
}

/* The rest */

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

bool
journal_tick(struct journal *s, int64_t mono_ms, struct walk_budget *budget)
{
	assert(!s->is_held);
	s->now_ms = mono_ms;
	if (!s->is_in_snapshot && (s->is_stale || journal_has_grown(s)) &&
	    mono_ms >= s->retry_ms)
		journal_start_snapshot(s);
	if (s->is_in_snapshot)
		journal_go_on(s, budget);
	if (!s->is_dirty)
		return s->is_stale;
	if (mono_ms < s->sync_ms)
		return true;
	s->is_dirty = false;
	s->sync_ms = mono_ms + JOURNAL_SYNC_MS;
#ifdef HAVE_SYNC_FILE_RANGE
	/* Elsewhere the kernel starts writing by itself, somewhat later. */
	(void)!sync_file_range(s->files[s->current].fd, 0, 0,
	    SYNC_FILE_RANGE_WRITE);
#endif
	return s->is_stale;
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
