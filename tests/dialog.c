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
 *   dialog-actor.c, daemon.c, dialog-pattern.c
 */
#include "config.h"

#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "dialog-script.h"
#include "unit/unit.h"

/* Automake's exit status for: not tested. */
#define DIALOG_SKIPPED 77

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
	int added = 0, status;

	if (argc < 2) {
		fprintf(stderr, "usage: dialog FILE...\n");
		return EXIT_FAILURE;
	}
	dialog_paths = argv + 1;
	dialog_dir = unit_dir_new();
	status = unit_run(dialog_suite(argc - 1, &added));
	unit_dir_free(dialog_dir);
	return status == EXIT_SUCCESS && added == 0 ? DIALOG_SKIPPED : status;
}
