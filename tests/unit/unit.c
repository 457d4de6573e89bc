/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * See unit.h. Apart from main.c, for programs that have a main() of their own.
 */
#include "config.h"

#include <sys/stat.h>

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/util.h"
#include "unit.h"

/* The path of a Unix socket in it has to fit into struct sockaddr_un. */
#define UNIT_TMPDIR_MAX 80

TCase *
unit_case(Suite *s, const char *name, SFun setup, SFun teardown)
{
	TCase *tc = tcase_create(name);

	/* A deadline tells a test that hangs from one on a busy machine:
	 * check's own, 4 s, does not. */
	if (getenv("CK_DEFAULT_TIMEOUT") == NULL)
		tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	suite_add_tcase(s, tc);
	return tc;
}

size_t
unit_stride(void)
{
	const char *text = getenv("BRBD_STRIDE");
	size_t stride = text == NULL ? 0 : strtoul(text, NULL, 10);

	return stride == 0 ? 1 : stride;
}

int
unit_run(Suite *s)
{
	SRunner *runner = srunner_create(s);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

char *
unit_dir_new(void)
{
	const char *parent = getenv("TMPDIR");
	char *dir;

	if (parent == NULL || parent[0] != '/' ||
	    strlen(parent) > UNIT_TMPDIR_MAX)
		parent = "/tmp";
	dir = xasprintf("%s/check-XXXXXX", parent);
	if (mkdtemp(dir) == NULL) {
		perror(dir);
		abort();
	}
	return dir;
}

static int
unit_remove(const char *path, const struct stat *st, int type,
    struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

void
unit_dir_free(char *dir)
{
	if (dir != NULL)
		(void)nftw(dir, unit_remove, 16, FTW_DEPTH | FTW_PHYS);
	free(dir);
}

const char *
unit_dir_names(const char *dir)
{
	static struct buf names;
	struct dirent **entries;
	int i, count = scandir(dir, &entries, NULL, alphasort);

	ck_assert_int_ge(count, 0);
	buf_reset(&names);
	for (i = 0; i < count; i++) {
		if (strcmp(entries[i]->d_name, ".") != 0 &&
		    strcmp(entries[i]->d_name, "..") != 0)
			buf_addf(&names, "%s%s", names.len > 0 ? " " : "",
			    entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return buf_cstr(&names);
}

void
unit_dir_clear(const char *dir, const char *part)
{
	char *names = xstrdup(unit_dir_names(dir)), *next = names, *path;
	const char *name;

	while ((name = strsep(&next, " ")) != NULL)
		if (strstr(name, part) != NULL) {
			path = xasprintf("%s/%s", dir, name);
			ck_assert_int_eq(unlink(path), 0);
			free(path);
		}
	free(names);
}
