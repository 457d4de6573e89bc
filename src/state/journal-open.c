/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The start: which of the two files counts, and what is left of damaged ones.
 * That is the records of both, the older file's first: as the newer one began
 * with all that the older had, and each change went to both until then, only
 * what is lost in both is lost. It is written to a file that takes the place of
 * a damaged one before anything else is done.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/private-file.h"
#include "state/journal-impl.h"

#define JOURNAL_LOCK_MS 50
#define JOURNAL_READ_SIZE ((size_t)64 * 1024)

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
	else if (f->scan.kind != 0 && f->scan.kind != journal_kind(s->name))
		*error =
		    xasprintf("the state file '%s' is one of another kind; "
			      "give each file its own name again",
			file);
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
	journal_write_header(&f->out, journal_kind(s->name), f->generation);
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

void
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
