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
 *
 * What is left of damaged files is the records of both, the older file's first:
 * as the newer one began with all that the older had, and each change went to
 * both until then, only what is lost in both is lost. It is written to a file
 * that takes the place of a damaged one before anything else is done.
 */
#include "config.h"

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
#include "base/private-file.h"
#include "state/journal-impl.h"

#define JOURNAL_LOCK_MS 50
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
	bool has_lost; /* the same, as it says that something was lost */
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

/* Opening */

static char *
journal_file_name(const char *name, unsigned i)
{
	return xasprintf("%s.%u", name, i);
}

/* Opens and locks a file, which may not be there yet. Returns -1 with *error. */
static int
journal_open_file(int dir_fd, const char *file, bool *is_new, char **error)
{
	/* O_NONBLOCK, so that opening a FIFO does not wait. */
	const int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	struct stat st;
	int fd;

	fd = openat(dir_fd, file, flags);
	*is_new = fd == -1 && errno == ENOENT;
	if (*is_new)
		/* cppcheck-suppress resourceLeak ; it is -1 */
		fd = openat(dir_fd, file, flags | O_CREAT, 0600);
	if (fd == -1) {
		*error = xasprintf("cannot open the state file '%s': %s", file,
		    errno == ELOOP      ? "it is a symbolic link" :
			errno == EACCES ? "it is not readable and writable "
					  "for the user that the server runs "
					  "as (chown and chmod 600 help)" :
					  strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) == -1)
		*error = xasprintf("cannot look at the state file '%s': %s",
		    file, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		*error = xasprintf("the state file '%s' is no regular file",
		    file);
	else if (private_file_lock(fd, JOURNAL_LOCK_MS) == -1)
		*error = errno == EWOULDBLOCK ?
		    xasprintf(
			"the state file '%s' is in use by another process",
			file) :
		    xasprintf("cannot lock the state file '%s': %s", file,
			strerror(errno));
	else if (private_file_ensure(fd, &st, file) == -1)
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

/* What is found in a file at the start. */
struct journal_found {
	struct journal_scan scan;
	struct buf in;
	bool is_new;
};

/* Opens, reads and examines file i. Returns 0, or -1 with *error. */
static int
journal_look(struct journal *s, int dir_fd, unsigned i, struct journal_found *f,
    char **error)
{
	char *file = journal_file_name(s->name, i);
	int result = -1;

	s->files[i].fd = journal_open_file(dir_fd, file, &f->is_new, error);
	if (s->files[i].fd == -1)
		goto out;
	if (journal_read_file(s->files[i].fd, &f->in) == -1) {
		*error = xasprintf("cannot read the state file '%s': %s", file,
		    strerror(errno));
		goto out;
	}
	journal_scan(f->in.data, f->in.len, &f->scan);
	if (f->scan.state == JOURNAL_FOREIGN)
		*error = xasprintf("the state file '%s' is of another version "
				   "(%lu, this program reads %d)",
		    file, (unsigned long)f->scan.version, JOURNAL_VERSION);
	else if (f->in.len > JOURNAL_FILE_MAX)
		*error = xasprintf("the state file '%s' is too large", file);
	else
		result = 0;
	s->files[i].generation = f->scan.generation;
out:
	free(file);
	return result;
}

static bool
journal_is_damaged(const struct journal_found *f)
{
	return f->scan.state == JOURNAL_DAMAGED || f->scan.faults > 0;
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

/* Damaged files */

/* Gives a damaged file, which is about to lose its name, a second one. */
static int
journal_set_aside(int dir_fd, const char *file, char **error)
{
	char *aside = NULL, when[32] = "";
	time_t now = time(NULL);
	struct tm tm;
	int result = -1, i;

	/* The form is that of history files. */
	if (gmtime_r(&now, &tm) != NULL)
		(void)strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm);
	for (i = 1; i < 10 && result == -1; i++) {
		free(aside);
		aside = i == 1 ? xasprintf("%s.corrupt-%s", file, when) :
				 xasprintf("%s.corrupt-%s.%d", file, when, i);
		result = linkat(dir_fd, file, dir_fd, aside, 0);
		if (result == -1 && errno != EEXIST)
			break;
	}
	if (result == -1)
		*error = xasprintf("the state file '%s' is damaged and cannot "
				   "be set aside: %s",
		    file, strerror(errno));
	else
		log_warning("a state file is damaged and was set aside: "
			    "file=%s as=%s",
		    file, aside);
	free(aside);
	return result;
}

/* Writes f's file i, which takes the place of what has that name. Returns -1
 * with *error. */
static int
journal_replace(struct journal *s, int dir_fd, unsigned i, char **error)
{
	struct journal_file *f = &s->files[i];
	char *file = journal_file_name(s->name, i);
	char *temporary = xasprintf("%s.new", file);
	bool is_new;
	int fd, result = -1;

	/* A leftover of a start that was cut short. */
	(void)unlinkat(dir_fd, temporary, 0);
	fd = journal_open_file(dir_fd, temporary, &is_new, error);
	if (fd == -1)
		goto out;
	if (write_at(fd, f->out.data, f->out.len, 0) == -1 || fsync(fd) == -1 ||
	    renameat(dir_fd, temporary, dir_fd, file) == -1) {
		*error = xasprintf("cannot write the state file '%s': %s", file,
		    strerror(errno));
		(void)close(fd);
		(void)unlinkat(dir_fd, temporary, 0);
		goto out;
	}
	(void)close(f->fd);
	f->fd = fd;
	f->size = f->out.len;
	buf_reset(&f->out);
	result = 0;
out:
	free(temporary);
	free(file);
	return result;
}

/* Adds what is left to a file that is being made. */
static void
journal_keep(const void *key, size_t key_len, const void *value, size_t len,
    void *arg)
{
	struct journal_file *f = arg;

	journal_write_record(&f->out, f->generation, f->out.len, JOURNAL_PUT,
	    key, key_len, value, len);
}

/* Begins with a file of all that is left, which may be nothing. */
static int
journal_begin(struct journal *s, int dir_fd, unsigned i,
    const struct journal_source *sources, size_t count, char **error)
{
	struct journal_file *f = &s->files[i];
	uint64_t other = s->files[!i].generation;

	f->generation = 1 + (f->generation > other ? f->generation : other);
	journal_write_header(&f->out, f->generation);
	if (s->has_lost)
		journal_write_record(&f->out, f->generation, f->out.len,
		    JOURNAL_LOST, NULL, 0, NULL, 0);
	journal_replay(sources, count, journal_keep, f);
	journal_write_record(&f->out, f->generation, f->out.len, JOURNAL_END,
	    NULL, 0, NULL, 0);
	s->current = i;
	s->snapshot_len = f->out.len;
	return journal_replace(s, dir_fd, i, error);
}

/* The files whose records count, the older first. */
static size_t
journal_sources(const struct journal_found found[2],
    struct journal_source sources[2])
{
	bool is_first_newer = found[0].scan.generation >
	    found[1].scan.generation;
	size_t count = 0;
	unsigned i, n;

	for (n = 0; n < 2; n++) {
		i = n ^ is_first_newer;
		if (found[i].scan.generation == 0)
			continue;
		sources[count].data = found[i].in.data;
		sources[count++].scan = &found[i].scan;
	}
	return count;
}

/* Makes one file of what is left of both. Returns -1 with *error. */
static int
journal_recover(struct journal *s, int dir_fd,
    const struct journal_found found[2], char **error)
{
	struct journal_source sources[2];
	size_t count = journal_sources(found, sources);
	bool is_bad[2] = { journal_is_damaged(&found[0]),
		journal_is_damaged(&found[1]) };
	unsigned i, target;
	int result = 0;

	/* The damaged one gives way; of two, the newer. */
	target = is_bad[0] != is_bad[1] ?
	    is_bad[1] :
	    s->files[1].generation > s->files[0].generation;
	if (!is_bad[0] && !is_bad[1])
		target = !target; /* it is empty, or was never finished */
	log_error("state files are damaged or lost, and what was in them may "
		  "be, too: name=%s bytes=%zu,%zu faults=%zu,%zu",
	    s->name, found[0].in.len, found[1].in.len, found[0].scan.faults,
	    found[1].scan.faults);
	for (i = 0; i < 2 && result == 0; i++)
		if (is_bad[i]) {
			char *file = journal_file_name(s->name, i);

			result = journal_set_aside(dir_fd, file, error);
			free(file);
		}
	s->has_lost = true;
	if (result == 0)
		result = journal_begin(s, dir_fd, target, sources, count,
		    error);
	/* It has a second name, and this one would be found damaged again. */
	if (result == 0 && is_bad[!target]) {
		s->files[!target].generation = 0;
		result = journal_replace(s, dir_fd, !target, error);
	}
	return result;
}

/* Are all records there that there ever were? best is the newest whole file, or
 * -1. */
static bool
journal_has_all(const struct journal_found found[2], int best)
{
	const struct journal_scan *scan, *other;

	if (best == -1)
		return found[0].is_new && found[1].is_new;
	scan = &found[best].scan;
	other = &found[!best].scan;
	/* What follows the end of a newer one's snapshot may be lost. */
	return scan->faults == 0 && !scan->has_moved &&
	    (other->state != JOURNAL_DAMAGED ||
		(other->generation != 0 &&
		    other->generation < scan->generation));
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
	struct journal_found found[2];
	struct journal_source sources[2];
	size_t count;
	int best = -1, i, result = 0;

	memset(found, 0, sizeof(found));
	s = xcalloc(1, sizeof(*s));
	s->name = xstrdup(name);
	s->snapshot = snapshot;
	s->arg = arg;
	s->files[0].fd = s->files[1].fd = -1;
	for (i = 0; i < 2 && result == 0; i++) {
		result = journal_look(s, dir_fd, (unsigned)i, &found[i], error);
		if (result == 0 && found[i].scan.state == JOURNAL_WHOLE &&
		    (best == -1 ||
			found[i].scan.generation > found[best].scan.generation))
			best = i;
	}
	count = journal_sources(found, sources);
	if (result == 0 && !journal_has_all(found, best))
		result = journal_recover(s, dir_fd, found, error);
	else if (result == 0 && best == -1)
		result = journal_begin(s, dir_fd, 0, NULL, 0, error);
	else if (result == 0) {
		journal_continue(s, (unsigned)best, found[best].in.len,
		    &found[best].scan);
		s->has_lost = found[best].scan.has_lost;
		/* It has all that the other one has. */
		sources[0].data = found[best].in.data;
		sources[0].scan = &found[best].scan;
		count = 1;
	}
	if (result == 0) {
		if (s->has_lost)
			loaded(NULL, 0, NULL, 0, arg);
		journal_replay(sources, count, loaded, arg);
	}
	buf_fini(&found[0].in);
	buf_fini(&found[1].in);
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
