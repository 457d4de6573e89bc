/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The directory with brb's own files. Each is written beside and renamed, after
 * fsync(): a full disk or a power cut leaves the old one.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "brb/store.h"

/* $XDG_CONFIG_HOME, which has to be absolute, or ~/.config. */
static char *
store_base(void)
{
	const char *dir = getenv("XDG_CONFIG_HOME");
	const struct passwd *pw;

	if (dir != NULL && dir[0] == '/')
		return xstrdup(dir);
	dir = getenv("HOME");
	if (dir == NULL || dir[0] != '/') {
		/* cppcheck-suppress getpwuidCalled */
		pw = getpwuid(getuid());
		dir = pw == NULL ? NULL : pw->pw_dir;
	}
	if (dir == NULL || dir[0] != '/') {
		errno = ENOENT;
		return NULL;
	}
	return xasprintf("%s/.config", dir);
}

char *
store_path(const char *name)
{
	char *base = store_base(), *path;

	if (base == NULL)
		return NULL;
	path = xasprintf("%s/brb/%s", base, name);
	free(base);
	return path;
}

char *
store_read(const char *name)
{
	char *path = store_path(name), *content = NULL;
	struct buf b = BUF_INITIALIZER;
	ssize_t n = 1;
	int fd, saved;

	if (path == NULL) {
		errno = ENOENT;
		return NULL;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	free(path);
	if (fd == -1) {
		if (errno == ENOTDIR)
			errno = ENOENT;
		return NULL;
	}
	while (n > 0 && b.len < STORE_FILE_MAX) {
		n = read(fd, buf_reserve(&b, 4096), 4096);
		if (n > 0)
			b.len += (size_t)n;
	}
	if (n > 0)
		errno = EFBIG;
	else if (n == 0)
		content = xstrdup(buf_cstr(&b));
	saved = errno;
	buf_wipe(&b);
	buf_fini(&b);
	(void)close(fd);
	errno = saved;
	return content;
}

/* Makes the directory that path is in, and the one above. */
static int
store_make_directory(char *path)
{
	char *file = strrchr(path, '/'), *dir;
	int result;

	*file = '\0';
	dir = strrchr(path, '/');
	*dir = '\0';
	result = mkdir(path, 0700);
	*dir = '/';
	if (result == 0 || errno == EEXIST)
		result = mkdir(path, 0700);
	*file = '/';
	return result == 0 || errno == EEXIST ? 0 : -1;
}

static int
store_write_all(int fd, const char *s, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, s, len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		s += n;
		len -= (size_t)n;
	}
	return fsync(fd);
}

int
store_write(const char *name, const char *content)
{
	char *path = store_path(name), *beside;
	int fd, result = -1, saved;

	if (path == NULL)
		return -1;
	if (store_make_directory(path) == -1) {
		free(path);
		return -1;
	}
	beside = xasprintf("%s.XXXXXX", path);
	fd = mkstemp(beside);
	if (fd != -1) {
		result = store_write_all(fd, content, strlen(content));
		if (close(fd) == -1)
			result = -1;
		if (result == 0)
			result = rename(beside, path);
		saved = errno;
		if (result == -1)
			(void)unlink(beside);
		errno = saved;
	}
	free(beside);
	free(path);
	return result;
}

/* The line of server in content, or NULL; *len without its end. */
static const char *
store_line(const char *content, const char *server, size_t *len)
{
	size_t server_len = strlen(server);

	for (; *content != '\0'; content += *len + (content[*len] == '\n')) {
		*len = strcspn(content, "\n");
		if (*len > server_len && content[server_len] == ' ' &&
		    memcmp(content, server, server_len) == 0)
			return content;
	}
	return NULL;
}

char *
store_get(const char *name, const char *server)
{
	char *content = store_read(name), *value = NULL;
	const char *line;
	size_t len, skip = strlen(server) + 1;

	if (content == NULL)
		return NULL;
	line = store_line(content, server, &len);
	if (line != NULL)
		value = xstrndup(line + skip, len - skip);
	explicit_bzero(content, strlen(content));
	free(content);
	if (value == NULL)
		errno = ENOENT;
	return value;
}

int
store_set(const char *name, const char *server, const char *value)
{
	char *content = store_read(name);
	const char *line;
	struct buf b = BUF_INITIALIZER;
	size_t len;
	int result;

	/* Of what cannot be read nothing is overwritten. */
	if (content == NULL && errno != ENOENT)
		return -1;
	if (content != NULL) {
		line = store_line(content, server, &len);
		buf_add(&b, content,
		    line == NULL ? strlen(content) : (size_t)(line - content));
		if (line != NULL)
			buf_addstr(&b, line + len + (line[len] == '\n'));
		if (b.len > 0 && b.data[b.len - 1] != '\n')
			buf_addch(&b, '\n');
	}
	if (value != NULL)
		buf_addf(&b, "%s %s\n", server, value);
	result = store_write(name, buf_cstr(&b));
	buf_wipe(&b);
	buf_fini(&b);
	if (content != NULL)
		explicit_bzero(content, strlen(content));
	free(content);
	return result;
}
