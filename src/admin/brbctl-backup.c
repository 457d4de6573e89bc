/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The files of a backup. The server is trusted no more than it has to be: it
 * names files of the directory, without a slash, and no file that is there is
 * written to. Until all are whole each is called NAME.part, which is no file of
 * a state directory: a backup that was cut off is not taken for one.
 */
#include "config.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/brbctl-backup.h"
#include "base/util.h"

#define BACKUP_NAME_MAX 128
#define BACKUP_PART ".part"

struct backup_writer {
	const char *path;
	int dir_fd;
	int fd; /* of the file that is being written, or -1 */
	off_t offset;
	char **names; /* of the files, without BACKUP_PART; the last is open */
	size_t count;
	size_t announced; /* how many there are, once the server is_done */
	bool is_done;
	char *error;
};

/* Keeps the first error. */
static void
backup_fail(struct backup_writer *w, const char *what)
{
	if (w->error == NULL)
		w->error = xasprintf("%s: %s", what, strerror(errno));
}

static void
backup_fail_senseless(struct backup_writer *w)
{
	if (w->error == NULL)
		w->error = xstrdup("the answer makes no sense");
}

/* NULL: it is there, and nothing else is in it. */
static char *
backup_open_dir(struct backup_writer *w)
{
	const struct dirent *entry;
	DIR *dir;
	bool is_empty = true;

	if (mkdir(w->path, 0700) == -1 && errno != EEXIST)
		return xasprintf("cannot make %s: %s", w->path,
		    strerror(errno));
	w->dir_fd = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = opendir(w->path);
	if (w->dir_fd == -1 || dir == NULL) {
		if (dir != NULL)
			(void)closedir(dir);
		return xasprintf("cannot open %s: %s", w->path,
		    strerror(errno));
	}
	/* cppcheck-suppress readdirCalled ; there is one thread */
	while ((entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			is_empty = false;
	(void)closedir(dir);
	return is_empty ? NULL : xasprintf("%s is not empty", w->path);
}

struct backup_writer *
backup_writer_new(const char *path)
{
	struct backup_writer *w = xcalloc(1, sizeof(*w));

	w->path = path;
	w->dir_fd = w->fd = -1;
	w->error = backup_open_dir(w);
	return w;
}

static void
backup_close_file(struct backup_writer *w)
{
	if (w->fd == -1)
		return;
	if (fsync(w->fd) == -1)
		backup_fail(w, "cannot write");
	(void)close(w->fd);
	w->fd = -1;
}

static void
backup_remove(struct backup_writer *w, const char *name)
{
	char *part = xasprintf("%s" BACKUP_PART, name);

	(void)unlinkat(w->dir_fd, part, 0);
	free(part);
}

/* The open file is not to be there. */
static void
backup_drop_file(struct backup_writer *w)
{
	if (w->fd == -1) {
		backup_fail_senseless(w);
		return;
	}
	(void)close(w->fd);
	w->fd = -1;
	backup_remove(w, w->names[--w->count]);
	free(w->names[w->count]);
}

/* "NAME SIZE": once more, if the server begins it anew. */
static void
backup_open_file(struct backup_writer *w, const char *text)
{
	char name[BACKUP_NAME_MAX], *part;
	size_t len = strcspn(text, " ");
	uint64_t size;

	if (len == 0 || len >= sizeof(name) || text[len] == '\0' ||
	    parse_number(text + len + 1, INT64_MAX, &size) == -1 ||
	    text[0] == '.' || memchr(text, '/', len) != NULL) {
		backup_fail_senseless(w);
		return;
	}
	memcpy(name, text, len);
	name[len] = '\0';
	if (w->fd != -1 && strcmp(w->names[w->count - 1], name) == 0)
		backup_drop_file(w);
	backup_close_file(w);
	part = xasprintf("%s" BACKUP_PART, name);
	w->fd = openat(w->dir_fd, part,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (w->fd != -1) {
		w->names = xreallocarray(w->names, w->count + 1,
		    sizeof(*w->names));
		w->names[w->count++] = xstrdup(name);
	}
	if (w->fd == -1 || ftruncate(w->fd, (off_t)size) == -1)
		backup_fail(w, name);
	free(part);
	w->offset = 0;
}

static int
backup_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	    c >= 'a' && c <= 'f'    ? c - 'a' + 10 :
				      -1;
}

static void
backup_write_data(struct backup_writer *w, const char *text)
{
	size_t i, len = strlen(text) / 2;
	unsigned char *data = xmalloc(len + 1);
	int high, low;

	if (w->fd == -1)
		backup_fail_senseless(w);
	for (i = 0; i < len; i++) {
		high = backup_digit(text[2 * i]);
		low = backup_digit(text[2 * i + 1]);
		if (high == -1 || low == -1) {
			backup_fail_senseless(w);
			break;
		}
		data[i] = (unsigned char)(high << 4 | low);
	}
	if (w->error == NULL &&
	    write_at(w->fd, data, len, (size_t)w->offset) == -1)
		backup_fail(w, "cannot write");
	w->offset += (off_t)len;
	free(data);
}

/* The number in the rest of a line that begins so, if it is one. */
static bool
backup_parse(const char *line, const char *head, uint64_t *number)
{
	size_t len = strlen(head);

	return strncmp(line, head, len) == 0 &&
	    parse_number(line + len, INT64_MAX / 2, number) == 0;
}

bool
backup_writer_take(struct backup_writer *w, const char *line)
{
	uint64_t number;

	if (w->error != NULL)
		return false;
	if (strncmp(line, "file ", 5) == 0)
		backup_open_file(w, line + 5);
	else if (strncmp(line, "data ", 5) == 0)
		backup_write_data(w, line + 5);
	else if (backup_parse(line, "skip ", &number) &&
	    w->offset <= INT64_MAX / 2)
		w->offset += (off_t)number;
	else if (backup_parse(line, "at ", &number))
		w->offset = (off_t)number;
	else if (strcmp(line, "gone") == 0)
		backup_drop_file(w);
	else if (backup_parse(line, "done ", &number)) {
		w->announced = (size_t)number;
		w->is_done = true;
	} else if (strncmp(line, "failed ", 7) == 0)
		w->error = xasprintf("the server cannot read its state: %s",
		    line + 7);
	else
		backup_fail_senseless(w);
	return w->error == NULL;
}

/* Gives the files their names. */
static void
backup_name_files(struct backup_writer *w)
{
	size_t i;
	char *part;

	for (i = 0; i < w->count && w->error == NULL; i++) {
		part = xasprintf("%s" BACKUP_PART, w->names[i]);
		if (renameat(w->dir_fd, part, w->dir_fd, w->names[i]) == -1)
			backup_fail(w, w->names[i]);
		free(part);
	}
	if (w->error == NULL && fsync(w->dir_fd) == -1)
		backup_fail(w, w->path);
}

char *
backup_writer_finish(struct backup_writer *w, size_t *files)
{
	char *error;
	size_t i;

	backup_close_file(w);
	if (w->error == NULL && !w->is_done)
		w->error = xstrdup("the server cut its answer off");
	else if (w->error == NULL && w->announced != w->count)
		backup_fail_senseless(w);
	if (w->error == NULL)
		backup_name_files(w);
	*files = w->count;
	error = w->error;
	for (i = 0; i < w->count; i++) {
		if (error != NULL) {
			backup_remove(w, w->names[i]);
			(void)unlinkat(w->dir_fd, w->names[i], 0);
		}
		free(w->names[i]);
	}
	free(w->names);
	if (w->dir_fd != -1)
		(void)close(w->dir_fd);
	free(w);
	return error;
}
