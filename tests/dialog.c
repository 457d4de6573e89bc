/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Plays dialogs, files that say what people type and see, against the daemon;
 * tests/README describes them. Each is a test case of check, with a daemon of
 * its own. The layers, each knowing only those after it:
 *
 *   dialog.c            the test cases
 *   dialog-script.c     the file's lines; their statements are in
 *                       dialog-control.c, dialog-brbctl.c and
 *                       dialog-people.c
 *   dialog-stage.c      the loop, the deadlines, the report of a failure
 *   dialog-actor.c, dialog-daemon.c, dialog-pattern.c
 */
#include "config.h"

#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dialog-script.h"

/* Automake's exit status for: not tested. */
#define DIALOG_SKIPPED 77

/* A Unix socket's path has to fit into struct sockaddr_un. */
#define DIALOG_DIR_MAX 80

/* What the test function gets at: check hands it an index only. */
static char **dialog_paths;
static char *dialog_dir;

START_TEST(test_dialog)
{
	char *dir = xasprintf("%s/%d", dialog_dir, _i);

	ck_assert_msg(mkdir(dir, 0700) == 0, "cannot make '%s': %s", dir,
	    strerror(errno));
	script_play(dialog_paths[_i], dir);
	free(dir);
}
END_TEST

static char *
dialog_make_dir(void)
{
	const char *parent = getenv("TMPDIR");
	char *dir;

	if (parent == NULL || parent[0] != '/' ||
	    strlen(parent) > DIALOG_DIR_MAX)
		parent = "/tmp";
	dir = xasprintf("%s/dialog-XXXXXX", parent);
	if (mkdtemp(dir) == NULL) {
		fprintf(stderr, "cannot make '%s': %s\n", dir, strerror(errno));
		exit(EXIT_FAILURE);
	}
	return dir;
}

static int
dialog_remove(const char *path, const struct stat *st, int type,
    struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static Suite *
dialog_suite(int count, int *added)
{
	Suite *suite = suite_create("dialogs");

	for (int i = 0; i < count; i++) {
		char *unmet = script_unmet_need(dialog_paths[i]);
		const char *slash = strrchr(dialog_paths[i], '/');
		TCase *tcase;

		if (unmet != NULL) {
			printf("%s: skipped: this machine has no address %s\n",
			    dialog_paths[i], unmet);
			free(unmet);
			continue;
		}
		tcase = tcase_create(slash ? slash + 1 : dialog_paths[i]);
		/* The waits have deadlines of their own. */
		tcase_set_timeout(tcase, 0);
		tcase_add_loop_test(tcase, test_dialog, i, i + 1);
		suite_add_tcase(suite, tcase);
		(*added)++;
	}
	return suite;
}

int
main(int argc, char *argv[])
{
	int added = 0, failed;
	SRunner *runner;

	if (argc < 2) {
		fprintf(stderr, "usage: dialog FILE...\n");
		return EXIT_FAILURE;
	}
	dialog_paths = argv + 1;
	dialog_dir = dialog_make_dir();
	runner = srunner_create(dialog_suite(argc - 1, &added));
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	nftw(dialog_dir, dialog_remove, 16, FTW_DEPTH | FTW_PHYS);
	free(dialog_dir);
	if (failed > 0)
		return EXIT_FAILURE;
	return added == 0 ? DIALOG_SKIPPED : EXIT_SUCCESS;
}
