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

/* Each may take 0.1 s to parse, and a reload keeps everybody waiting. */
#define INCLUDE_FILES_MAX 100

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

static void
include_pattern(const char *dir, const char *pattern, const char *where,
    option_include *found, void *arg, struct option_errors *errors)
{
	char *path = pattern[0] == '/' ? xstrdup(pattern) :
					 xasprintf("%s%s", dir, pattern);
	glob_t files;
	size_t i;
	int result;

	include_errno = ENOMEM;
	/* A name that is no pattern is found even if there is no such file. */
	result = glob(path, GLOB_NOMAGIC, include_error_cb, &files);
	if (result != 0 && result != GLOB_NOMATCH)
		option_errors_add(errors, "%s: cannot include '%s': %s", where,
		    path, strerror(include_errno));
	else if (result == 0 && files.gl_pathc > INCLUDE_FILES_MAX)
		option_errors_add(errors,
		    "%s: cannot include '%s': these are more than %d files",
		    where, path, INCLUDE_FILES_MAX);
	else
		for (i = 0; result == 0 && i < files.gl_pathc; i++)
			found(files.gl_pathv[i], arg);
	if (result == 0)
		globfree(&files);
	free(path);
}

void
options_include(const char *path, const struct option_list *patterns,
    option_include *found, void *arg, struct option_errors *errors)
{
	const char *slash = strrchr(path, '/');
	char *dir = xstrndup(path, slash == NULL ? 0 : slash - path + 1);
	size_t i;

	for (i = 0; i < patterns->count; i++)
		include_pattern(dir, patterns->items[i], patterns->where[i],
		    found, arg, errors);
	free(dir);
}
