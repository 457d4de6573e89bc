/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The lock is on a file of its own, since those that it protects come and go.
 * flock() rather than a file with a process id, as it ends with the process in
 * any case.
 */
#include "config.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/private-file.h"
#include "state/state-dir.h"

#define STATE_LOCK "lock"
#define STATE_LOCK_MS 500

/* Can only we write to the directory? *error if not. */
static bool
state_is_safe(int fd, const char *path, char **error)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		*error = xasprintf("state-dir '%s': %s", path, strerror(errno));
	else if (st.st_uid != geteuid())
		*error = xasprintf("state-dir '%s' belongs to another user "
				   "(uid %lu)",
		    path, (unsigned long)st.st_uid);
	else if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		*error = xasprintf("state-dir '%s': others may write to it "
				   "(chmod go-w helps)",
		    path);
	else
		return true;
	return false;
}

static int
state_lock(int dir_fd, const char *path, char **error)
{
	int fd;

	fd = openat(dir_fd, STATE_LOCK,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd == -1)
		*error = xasprintf("cannot open '%s/" STATE_LOCK "': %s", path,
		    strerror(errno));
	else if (private_file_lock(fd, STATE_LOCK_MS) == -1) {
		if (errno == EWOULDBLOCK)
			*error = xasprintf("state-dir '%s' is in use by "
					   "another process",
			    path);
		else
			*error = xasprintf("cannot lock '%s/" STATE_LOCK
					   "': %s",
			    path, strerror(errno));
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

int
state_dir_open(struct state_dir *state, const char *path, char **error)
{
	int fd;

	if (mkdir(path, 0700) == -1 && errno != EEXIST) {
		*error = xasprintf("cannot make state-dir '%s': %s", path,
		    strerror(errno));
		return -1;
	}
	/* It may be a link: systemd's are. */
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1) {
		*error = xasprintf("cannot open state-dir '%s': %s", path,
		    strerror(errno));
		return -1;
	}
	state->dir_fd = fd;
	if (state_is_safe(fd, path, error)) {
		state->lock_fd = state_lock(fd, path, error);
		if (state->lock_fd != -1)
			return 0;
	}
	(void)close(fd);
	return -1;
}

void
state_dir_close(struct state_dir *state)
{
	(void)close(state->lock_fd);
	(void)close(state->dir_fd);
}

/* The names are collected first, since found() may change the directory. */
int
state_dir_list(const struct state_dir *state, const char *ending,
    void (*found)(const char *stem, void *arg), void *arg)
{
	const struct dirent *entry;
	int fd, error;
	size_t count = 0, i, len, ending_len = strlen(ending);
	char **stems = NULL;
	DIR *dir;

	/* Opened again, since duplicates would share a position. */
	fd = openat(state->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd == -1 ? NULL : fdopendir(fd);
	if (dir == NULL) {
		log_error("cannot list the state directory: %s",
		    strerror(errno));
		if (fd != -1)
			(void)close(fd);
		return -1;
	}
	for (;;) {
		errno = 0;
		/* cppcheck-suppress readdirCalled ; there is one thread */
		entry = readdir(dir);
		if (entry == NULL)
			break;
		len = strlen(entry->d_name);
		if (len <= ending_len ||
		    strcmp(entry->d_name + len - ending_len, ending) != 0)
			continue;
		stems = xreallocarray(stems, count + 1, sizeof(*stems));
		stems[count++] = xstrndup(entry->d_name, len - ending_len);
	}
	error = errno;
	(void)closedir(dir);
	if (error != 0)
		log_error("cannot list the state directory: %s",
		    strerror(error));
	for (i = 0; i < count; i++) {
		if (error == 0)
			found(stems[i], arg);
		free(stems[i]);
	}
	free(stems);
	return error == 0 ? 0 : -1;
}
