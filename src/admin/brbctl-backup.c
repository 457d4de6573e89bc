/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The files of a backup. The server is trusted no more than it has to be: it
 * names files of the directory, without a slash, and no file that is there is
 * written to.
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

struct backup {
	int dir_fd;
	int fd; /* of the file that is being written, or -1 */
	off_t offset;
	size_t files;
	bool is_done;
	char *error;
};

static void
backup_fail(struct backup *b, const char *what)
{
	if (b->error == NULL)
		b->error = xasprintf("%s: %s", what, strerror(errno));
}

/* NULL: it is there, and nothing else is in it. */
static char *
backup_open_dir(struct backup *b, const char *path)
{
	const struct dirent *entry;
	DIR *dir;
	bool is_empty = true;

	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		return xasprintf("cannot make %s: %s", path, strerror(errno));
	b->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = opendir(path);
	if (b->dir_fd == -1 || dir == NULL) {
		if (dir != NULL)
			(void)closedir(dir);
		return xasprintf("cannot open %s: %s", path, strerror(errno));
	}
	/* cppcheck-suppress readdirCalled ; there is one thread */
	while ((entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			is_empty = false;
	(void)closedir(dir);
	return is_empty ? NULL : xasprintf("%s is not empty", path);
}

static void
backup_close_file(struct backup *b)
{
	if (b->fd == -1)
		return;
	if (fsync(b->fd) == -1)
		backup_fail(b, "cannot write");
	(void)close(b->fd);
	b->fd = -1;
}

/* "NAME SIZE": once more, if the server begins it anew. */
static void
backup_open_file(struct backup *b, const char *text)
{
	char name[BACKUP_NAME_MAX];
	size_t len = strcspn(text, " ");
	uint64_t size;

	backup_close_file(b);
	errno = EINVAL;
	if (len == 0 || len >= sizeof(name) || text[len] == '\0' ||
	    parse_number(text + len + 1, INT64_MAX, &size) == -1) {
		backup_fail(b, "the answer makes no sense");
		return;
	}
	memcpy(name, text, len);
	name[len] = '\0';
	if (strchr(name, '/') != NULL || name[0] == '.') {
		backup_fail(b, "the answer makes no sense");
		return;
	}
	b->fd = openat(b->dir_fd, name,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (b->fd == -1 || ftruncate(b->fd, (off_t)size) == -1)
		backup_fail(b, name);
	b->offset = 0;
}

static int
backup_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	    c >= 'a' && c <= 'f'    ? c - 'a' + 10 :
				      -1;
}

static void
backup_write_data(struct backup *b, const char *text)
{
	size_t i, len = strlen(text) / 2;
	unsigned char *data = xmalloc(len + 1);
	int high, low;

	for (i = 0; i < len; i++) {
		high = backup_digit(text[2 * i]);
		low = backup_digit(text[2 * i + 1]);
		if (high == -1 || low == -1) {
			errno = EINVAL;
			backup_fail(b, "the answer makes no sense");
			break;
		}
		data[i] = (unsigned char)(high << 4 | low);
	}
	if (b->error == NULL &&
	    pwrite(b->fd, data, len, b->offset) != (ssize_t)len)
		backup_fail(b, "cannot write");
	b->offset += (off_t)len;
	free(data);
}

static void
backup_line(struct backup *b, const char *line)
{
	uint64_t number;

	if (strncmp(line, "file ", 5) == 0)
		backup_open_file(b, line + 5);
	else if (strncmp(line, "data ", 5) == 0)
		backup_write_data(b, line + 5);
	else if (strncmp(line, "skip ", 5) == 0 &&
	    parse_number(line + 5, INT64_MAX, &number) == 0)
		b->offset += (off_t)number;
	else if (strncmp(line, "done ", 5) == 0 &&
	    parse_number(line + 5, SIZE_MAX, &number) == 0) {
		b->files = (size_t)number;
		b->is_done = true;
	} else if (strncmp(line, "failed ", 7) == 0)
		b->error = xasprintf("the server cannot read its state: %s",
		    line + 7);
}

char *
backup_write(const char *path, const char *answer, size_t len)
{
	struct backup b = { .dir_fd = -1, .fd = -1 };
	const char *end = answer + len, *lf;
	char *line;

	b.error = backup_open_dir(&b, path);
	while (b.error == NULL && answer < end &&
	    (lf = memchr(answer, '\n', (size_t)(end - answer))) != NULL) {
		line = xstrndup(answer, (size_t)(lf - answer));
		backup_line(&b, line);
		free(line);
		answer = lf + 1;
	}
	backup_close_file(&b);
	if (b.error == NULL && !b.is_done)
		b.error = xstrdup("the server cut its answer off");
	if (b.dir_fd != -1) {
		if (b.error == NULL && fsync(b.dir_fd) == -1)
			backup_fail(&b, path);
		(void)close(b.dir_fd);
	}
	if (b.error == NULL)
		(void)printf("%zu files are in %s\n", b.files, path);
	return b.error;
}
