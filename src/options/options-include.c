/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Further files of settings: "include" names them, or patterns that fit them.
 * They are read after the file that includes them, wherever in it that is said,
 * and in the order of their names. So what stands in conf.d outweighs what the
 * main file says, and nobody has to look for the line.
 */
#include "config.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "options/options-impl.h"

/* In all, and options.c sees to it that they are 1 MiB together: a reload
 * parses them in one go, which takes 0.1 s then, and everybody waits. */
#define INCLUDE_FILES_MAX 100
#define INCLUDE_MAGIC "*?[\\"

static int include_errno; /* glob(3) hands nothing over to its callback */

/* A directory that is not there has no files. */
static int
include_error_cb(const char *path, int error)
{
	(void)path;
	if (error == ENOENT || error == ENOTDIR)
		return 0;
	include_errno = error;
	return 1;
}

/* The directory as a pattern that fits it alone. The caller frees it. */
static char *
include_quote(const char *dir)
{
	char *quoted = xmalloc(2 * strlen(dir) + 1), *to = quoted;

	for (; *dir != '\0'; dir++) {
		if (strchr(INCLUDE_MAGIC, *dir) != NULL)
			*to++ = '\\';
		*to++ = *dir;
	}
	*to = '\0';
	return quoted;
}

/* left: how many files there may be. */
static void
include_pattern(const char *dir, const char *pattern, const char *where,
    size_t *left, option_include *found, void *arg,
    struct option_errors *errors)
{
	bool is_pattern = strpbrk(pattern, INCLUDE_MAGIC) != NULL;
	char *quoted = is_pattern ? include_quote(dir) : xstrdup(dir);
	char *path = xasprintf("%s%s", pattern[0] == '/' ? "" : quoted,
	    pattern);
	char *name[] = { path };
	glob_t files = { .gl_pathc = 1, .gl_pathv = name };
	size_t i;
	int result = 0;

	free(quoted);
	include_errno = ENOMEM;
	/* A name that is no pattern is found even if there is no such file. */
	if (is_pattern)
		result = glob(path, 0, include_error_cb, &files);
	if (result != 0 && result != GLOB_NOMATCH)
		option_errors_add(errors, "%s: cannot include '%s': %s", where,
		    path, strerror(include_errno));
	else if (result == 0 && files.gl_pathc > *left)
		option_errors_add(errors,
		    "%s: cannot include '%s': these are more than %d files",
		    where, path, INCLUDE_FILES_MAX);
	else if (result == 0) {
		*left -= files.gl_pathc;
		for (i = 0; i < files.gl_pathc; i++)
			found(files.gl_pathv[i], arg);
	}
	if (is_pattern && result == 0)
		globfree(&files);
	free(path);
}

void
options_include(const char *path, const struct option_list *patterns,
    option_include *found, void *arg, struct option_errors *errors)
{
	const char *slash = strrchr(path, '/');
	char *dir = xstrndup(path, slash == NULL ? 0 : slash - path + 1);
	size_t i, left = INCLUDE_FILES_MAX;

	for (i = 0; i < patterns->count; i++)
		include_pattern(dir, patterns->items[i], patterns->where[i],
		    &left, found, arg, errors);
	free(dir);
}
