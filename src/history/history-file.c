/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Opens a ring's file in whatever state it is. What cannot be used as it is
 * gets read into memory, where history-load.c makes a ring of it, and is copied
 * to a new file; the old file is not written to, and one rename() replaces it.
 * So a damaged file can be examined later, a truncated one causes no fault, and
 * after a kill at any time there is either the old file or the new.
 */
#include "config.h"

#include <sys/stat.h>

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
#include "base/util.h"
#include "history/history-file.h"
#include "history/history-impl.h"
#include "history/history.h"

/*
 * Another process may replace the file while we wait for its lock, hence tries.
 */
#define FILE_TRIES 16
#define FILE_LOCK_MS 50

struct file {
	int dir_fd;
	const char *name;
	size_t size;
	bool is_growing; /* history_open_growing() */
	struct history_report *report;
	char *error;
	size_t error_size;
};

static int file_fail(const struct file *f, const char *fmt, ...)
    PRINTFLIKE(2, 3);

static int
file_fail(const struct file *f, const char *fmt, ...)
{
	char text[HISTORY_FILE_ERROR_SIZE];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)snprintf(f->error, f->error_size, "history '%s' %s", f->name,
	    text);
	return -1;
}

/* Fails with the text of errno. */
static int
file_fail_errno(const struct file *f, const char *what)
{
	if (errno == ENOSPC || errno == EDQUOT)
		return file_fail(f,
		    "needs %zu bytes of disk space: %s; free some, or make "
		    "history-size smaller",
		    f->size + HISTORY_HEADER_SIZE, strerror(errno));
	return file_fail(f, "cannot be %s: %s", what, strerror(errno));
}

static int
file_openat(const struct file *f, const char *name, int flags)
{
	int fd;

	do {
		/* O_NONBLOCK, so that a FIFO does not hang us. */
		fd = openat(f->dir_fd, name,
		    flags | O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK |
			O_NOCTTY,
		    0600);
	} while (fd == -1 && errno == EINTR);
	return fd;
}

static int
file_fsync(int fd)
{
	int status;

	do {
		status = fsync(fd);
	} while (status == -1 && errno == EINTR);
	return status;
}

/* Returns 0: locked; 1: it has lost its name meanwhile; -1: failed. */
static int
file_lock(const struct file *f, int fd)
{
	struct stat st, named;

	if (fstat(fd, &st) == -1)
		return file_fail_errno(f, "looked at");
	if (!S_ISREG(st.st_mode))
		return file_fail(f, "is not a regular file");
	if (st.st_uid != geteuid())
		return file_fail(f,
		    "belongs to another user (uid %lu): chown it to that which "
		    "the server runs as",
		    (unsigned long)st.st_uid);
	if (private_file_ensure(fd, &st, f->name) == -1)
		return file_fail_errno(f, "made private");
	if (private_file_lock(fd, FILE_LOCK_MS) == -1)
		return errno == EWOULDBLOCK ?
		    file_fail(f, "is in use by another process") :
		    file_fail_errno(f, "locked");
	if (fstatat(f->dir_fd, f->name, &named, AT_SYMLINK_NOFOLLOW) == -1) {
		if (errno != ENOENT)
			return file_fail_errno(f, "looked at");
		return 1;
	}
	return st.st_dev == named.st_dev && st.st_ino == named.st_ino ? 0 : 1;
}

/* Opens and locks the file. Returns the descriptor, or -1. */
static int
file_open_locked(const struct file *f)
{
	int fd, i, status;

	for (i = 0; i < FILE_TRIES; i++) {
		fd = file_openat(f, f->name, O_CREAT);
		if (fd == -1)
			return errno == ELOOP || errno == EMLINK ?
			    file_fail(f, "is a symbolic link") :
			    file_fail_errno(f, "opened");
		status = file_lock(f, fd);
		if (status == 0)
			return fd;
		close(fd);
		if (status == -1)
			return -1;
	}
	return file_fail(f, "is being replaced all the time");
}

/* The size of the region in a file of this length and header: what the header
 * says if it is plausible, else what is there. */
static size_t
file_region_size(const struct history_header *header, off_t length)
{
	size_t size;

	if (history_check_header(header) == HISTORY_OK)
		return (size_t)header->size;
	if (length < HISTORY_HEADER_SIZE + HISTORY_SIZE_MIN)
		return HISTORY_SIZE_MIN;
	if (length > (off_t)(HISTORY_HEADER_SIZE + HISTORY_SIZE_MAX))
		return HISTORY_SIZE_MAX;
	size = (size_t)length - HISTORY_HEADER_SIZE;
	return size / HISTORY_ALIGN * HISTORY_ALIGN;
}

/* Reads the old file into a ring in memory; the caller calls history_fini(). */
static int
file_read_old(const struct file *f, int fd, struct history *old)
{
	struct history_header header;
	struct stat st;
	size_t size;
	char *base;

	memset(&header, 0, sizeof(header));
	if (fstat(fd, &st) == -1 ||
	    history_read_file(fd, &header, sizeof(header)) == -1)
		return file_fail_errno(f, "read");
	size = file_region_size(&header, st.st_size);
	base = xcalloc(1, HISTORY_HEADER_SIZE + size);
	if (history_read_file(fd, base, HISTORY_HEADER_SIZE + size) == -1) {
		int saved = errno;

		free(base);
		errno = saved;
		return file_fail_errno(f, "read");
	}
	history_attach(old, base, size, -1);
	history_salvage(old, f->report);
	return 0;
}

/* Gives the old file, which is about to lose its name, a second one. Returns
 * that, which the caller frees; or NULL. */
static char *
file_link_aside(const struct file *f)
{
	char *aside, when[32];
	time_t now = time(NULL);
	struct tm tm;
	int status, i;

	if (gmtime_r(&now, &tm) == NULL ||
	    strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm) == 0) {
		(void)file_fail(f, "is damaged, and the clock is wrong");
		return NULL;
	}
	for (i = 1; i < 10; i++) {
		aside = i == 1 ?
		    xasprintf("%s.corrupt-%s", f->name, when) :
		    xasprintf("%s.corrupt-%s.%d", f->name, when, i);
		status = linkat(f->dir_fd, f->name, f->dir_fd, aside, 0);
		if (status == 0)
			return aside;
		free(aside);
		if (errno != EEXIST)
			break;
	}
	(void)file_fail_errno(f, "set aside, though it is damaged");
	return NULL;
}

static int
file_set_aside(const struct file *f)
{
	char *aside = file_link_aside(f);

	if (aside == NULL)
		return -1;
	log_warning("history is damaged and was set aside: name=%s as=%s",
	    f->name, aside);
	free(aside);
	return 0;
}

/*
 * A file whose ring is that of another room or conversation, as after a mistake
 * with a backup, would show what was said there to whoever may read here. It
 * loses its name. Returns 1 if that was so, 0 if not, -1 if that fails.
 */
static int
file_set_aside_anothers(const struct file *f, int fd)
{
	struct history_header header;
	char *aside;

	if (history_read_file(fd, &header, sizeof(header)) <
		(ssize_t)sizeof(header) ||
	    !history_is_anothers(&header, f->name))
		return 0;
	aside = file_link_aside(f);
	if (aside == NULL)
		return -1;
	log_warning(
	    "history is that of another file and was set aside; to have "
	    "it back, give it its name while the server is stopped: "
	    "name=%s of=%.*s as=%s",
	    f->name, HISTORY_OWNER_SIZE - 1, header.owner, aside);
	free(aside);
	if (unlinkat(f->dir_fd, f->name, 0) == -1)
		return file_fail_errno(f, "set aside");
	return 1;
}

/* Makes a new file of old's messages, which takes over the name. */
static int
file_replace(const struct file *f, const struct history *old, bool is_damaged,
    struct history *h)
{
	struct history_report report;
	char *temporary = xasprintf("%s.new", f->name);
	int fd, status = -1;

	/* A leftover of a start that was cut short: the lock is ours. */
	(void)unlinkat(f->dir_fd, temporary, 0);
	fd = file_openat(f, temporary, O_CREAT | O_EXCL);
	if (fd == -1) {
		(void)file_fail_errno(f, "made anew");
		goto out;
	}
	if (private_file_lock(fd, FILE_LOCK_MS) == -1 ||
	    history_open(h, fd, f->size, &report) != HISTORY_OK) {
		(void)file_fail_errno(f, "made anew");
		close(fd);
		goto out_unlink;
	}
	history_copy(h, old);
	if (history_commit_copy(h) == -1 || file_fsync(fd) == -1) {
		(void)file_fail_errno(f, "written");
		goto out_fini;
	}
	if (is_damaged && file_set_aside(f) == -1)
		goto out_fini;
	if (renameat(f->dir_fd, temporary, f->dir_fd, f->name) == -1) {
		(void)file_fail_errno(f, "replaced");
		goto out_fini;
	}
	if (file_fsync(f->dir_fd) == -1)
		log_warning("cannot sync the directory of a history: "
			    "name=%s: %s",
		    f->name, strerror(errno));
	status = 0;
	goto out;

out_fini:
	history_fini(h);
out_unlink:
	(void)unlinkat(f->dir_fd, temporary, 0);
out:
	free(temporary);
	return status;
}

/* Moves the contents of a file that is damaged or of another size to a new one.
 * A new file that was never finished holds nothing and is simply replaced. */
static int
file_convert(const struct file *f, int fd, bool is_damaged, struct history *h)
{
	struct history old;
	bool is_blank;
	int status;

	if (file_read_old(f, fd, &old) == -1)
		return -1;
	is_blank = old.header->magic == 0 && old.tail_pos == old.head_pos;
	if (is_damaged)
		f->report->found = HISTORY_SALVAGED;
	if (is_blank) {
		f->report->found = HISTORY_NEW;
		old.first_number = old.next_number = 1;
	}
	status = file_replace(f, &old, is_damaged && !is_blank, h);
	history_fini(&old);
	return status;
}

/* Says of a header whose own check holds why it is not for us. */
static int
file_fail_foreign(const struct file *f, int fd)
{
	struct history_header header;

	if (history_read_file(fd, &header, sizeof(header)) <
	    (ssize_t)sizeof(header))
		return file_fail_errno(f, "read");
	if (header.magic == HISTORY_MAGIC && header.version != HISTORY_VERSION)
		return file_fail(f,
		    "is of another version (%lu, this program reads %d)",
		    (unsigned long)header.version, HISTORY_VERSION);
	return file_fail(f, "was written on another kind of machine");
}

/* Unless it returns 0, fd is still the caller's. */
static int
file_open(const struct file *f, int fd, struct history *h)
{
	enum history_status status;

	status = f->is_growing ?
	    history_open_growing(h, fd, f->size, f->report) :
	    history_open(h, fd, f->size, f->report);
	switch (status) {
	case HISTORY_OK:
		return 0;
	case HISTORY_DAMAGED:
	case HISTORY_OTHER_SIZE:
		if (file_convert(f, fd, status == HISTORY_DAMAGED, h) == -1)
			return -1;
		close(fd);
		return 0;
	case HISTORY_FOREIGN:
		return file_fail_foreign(f, fd);
	case HISTORY_ERROR:
		break;
	}
	return file_fail_errno(f, "opened");
}

static const char *
file_found_str(const struct history_report *report)
{
	switch (report->found) {
	case HISTORY_NEW:
		return "new";
	case HISTORY_CLOSED:
		return "closed";
	case HISTORY_KILLED:
		return "killed";
	case HISTORY_POWER_CUT:
		return "power-cut";
	case HISTORY_SALVAGED:
		return "salvaged";
	}
	return "?";
}

static void
file_log_opened(const struct file *f, const struct history *h)
{
	/* Anybody can make rooms, as often as they like; and small rings are
	 * opened all the time. */
	bool is_usual = f->report->found == HISTORY_NEW ||
	    (f->is_growing && f->report->missing == 0);

	if (f->report->found == HISTORY_POWER_CUT && !f->is_growing)
		log_warning("history may lack its newest messages, since the "
			    "machine went down: name=%s",
		    f->name);
	(is_usual ? log_debug : log_info)(
	    "history opened: name=%s found=%s messages=%llu missing=%llu",
	    f->name, file_found_str(f->report),
	    (unsigned long long)history_count(h),
	    (unsigned long long)f->report->missing);
}

/* A file that could not be filled is not left behind; it is locked, so nobody
 * else has it. */
static void
file_drop(const struct file *f, int fd, bool was_empty)
{
	int error = errno;

	if (was_empty)
		(void)unlinkat(f->dir_fd, f->name, 0);
	close(fd);
	errno = error;
}

static int
file_open_named(struct file *f, struct history *h)
{
	struct stat st;
	bool was_empty;
	int fd, status;

	memset(f->report, 0, sizeof(*f->report));
	fd = file_open_locked(f);
	if (fd == -1)
		return -1;
	status = file_set_aside_anothers(f, fd);
	if (status != 0) {
		close(fd);
		fd = status == 1 ? file_open_locked(f) : -1;
	}
	if (fd == -1)
		return -1;
	was_empty = fstat(fd, &st) == 0 && st.st_size == 0;
	if (file_open(f, fd, h) == -1) {
		file_drop(f, fd, was_empty);
		return -1;
	}
	history_set_owner(h->header, f->name);
	file_log_opened(f, h);
	return 0;
}

int
history_file_open(struct history *h, int dir_fd, const char *name, size_t size,
    struct history_report *report, char *error, size_t error_size)
{
	struct history_report own = { .missing = 0 };
	struct file f = {
		.dir_fd = dir_fd,
		.name = name,
		.size = HISTORY_ROUND(size),
		.report = report != NULL ? report : &own,
		.error = error,
		.error_size = error_size,
	};

	return file_open_named(&f, h);
}

int
history_file_open_growing(struct history *h, int dir_fd, const char *name,
    size_t size, char *error, size_t error_size)
{
	struct history_report report = { .missing = 0 };
	struct file f = {
		.dir_fd = dir_fd,
		.name = name,
		.size = HISTORY_ROUND(size),
		.report = &report,
		.is_growing = true,
		.error = error,
		.error_size = error_size,
	};

	return file_open_named(&f, h);
}

int
history_file_is_in(const struct history *h, int dir_fd, const char *name)
{
	struct stat st, named;

	if (h->fd == -1)
		return 0;
	if (fstat(h->fd, &st) == -1)
		return -1;
	if (fstatat(dir_fd, name, &named, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? 0 : -1;
	return st.st_dev == named.st_dev && st.st_ino == named.st_ino;
}

int
history_file_remove(const struct history *h, int dir_fd, const char *name)
{
	int is_in = history_file_is_in(h, dir_fd, name);

	return is_in == 1 ? unlinkat(dir_fd, name, 0) : is_in;
}
