/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The main() of a fuzz target where no fuzzer is: runs it once for each file
 * given, or each file in the directories given. Without arguments fuzz_NAME
 * takes $FUZZ_CORPUS/NAME, as make check sets it. So the seeds, and whatever a
 * fuzzer once found, are an ordinary test on every machine.
 */
#include "config.h"

#include <sys/stat.h>

#include <dirent.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Exactly as large as the input, so that a sanitizer sees each byte too far. */
static void
replay_file(const char *path, size_t size)
{
	FILE *file;
	uint8_t *data = xmalloc(size);

	file = fopen(path, "rb");
	if (file == NULL)
		err(EXIT_FAILURE, "cannot open '%s'", path);
	if (fread(data, 1, size, file) != size)
		errx(EXIT_FAILURE, "cannot read all of '%s'", path);
	fclose(file);

	/* Not buffered: the last line names the input that ends it all. */
	fprintf(stderr, "%s: %zu bytes\n", path, size);
	(void)LLVMFuzzerTestOneInput(data, size);
	free(data);
}

/* Returns the number of inputs run. */
static size_t
replay_path(const char *path)
{
	struct dirent **entries;
	struct stat st;
	size_t runs = 0;
	int i, n;

	if (stat(path, &st) == -1)
		err(EXIT_FAILURE, "cannot find '%s'", path);
	if (!S_ISDIR(st.st_mode)) {
		replay_file(path, (size_t)st.st_size);
		return 1;
	}

	n = scandir(path, &entries, NULL, alphasort);
	if (n == -1)
		err(EXIT_FAILURE, "cannot read the directory '%s'", path);
	for (i = 0; i < n; i++) {
		if (entries[i]->d_name[0] != '.') {
			char *child = xasprintf("%s/%s", path,
			    entries[i]->d_name);

			runs += replay_path(child);
			free(child);
		}
		free(entries[i]);
	}
	free(entries);
	return runs;
}

/* $FUZZ_CORPUS/text for /anywhere/fuzz_text. */
static char *
replay_default_path(const char *program)
{
	const char *corpus = getenv("FUZZ_CORPUS");
	const char *name = strrchr(program, '/');

	name = name == NULL ? program : name + 1;
	if (corpus == NULL || strncmp(name, "fuzz_", 5) != 0) {
		fprintf(stderr, "usage: %s FILE|DIRECTORY...\n", program);
		exit(2);
	}
	return xasprintf("%s/%s", corpus, name + 5);
}

int
main(int argc, char *argv[])
{
	size_t runs = 0;
	int i;

	if (argc < 2) {
		char *path = replay_default_path(argv[0]);

		runs = replay_path(path);
		free(path);
	}
	for (i = 1; i < argc; i++)
		runs += replay_path(argv[i]);

	if (runs == 0)
		errx(EXIT_FAILURE, "there was no input to run");
	printf("%s: %zu inputs\n", argv[0], runs);
	return EXIT_SUCCESS;
}
