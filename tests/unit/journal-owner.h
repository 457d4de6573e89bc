/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef JOURNAL_OWNER_H
#define JOURNAL_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "state/journal-impl.h"

/* What the tests of journals share. */

/* The directory that they are in: the setup and the teardown are a checked
 * fixture of check's. */
struct journal_dir {
	char *path;
	int fd;
	char *error; /* why the last one could not be opened, or NULL */
};
extern struct journal_dir journal_dir;
void journal_dir_setup(void);
void journal_dir_teardown(void);

/* The size of a file there, which is private; SIZE_MAX if there is none. */
size_t journal_dir_size(const char *file);
/* How many files were set aside. */
unsigned journal_dir_count_corrupt(void);
/* All of a file, max bytes at most; and the other way. */
size_t journal_dir_load(const char *file, char *data, size_t max);
void journal_dir_store(const char *file, const char *data, size_t len);

/*
 * An owner of the journal "test", with keys 0 to KEYS-1 and a number as the
 * value of each. What it holds is written down as "0=3 7=1", in the order of
 * the keys.
 */
#define KEYS 64

struct owner {
	bool has[KEYS];
	unsigned value[KEYS];
	size_t pad; /* bytes that each value is longer */
	bool has_lost; /* it was told that some may be missing */
	unsigned loads;
	unsigned next; /* of a snapshot */
	struct journal *journal;
};

/* Opens the journal; the first may fail. */
bool owner_try_open(struct owner *o);
void owner_load(struct owner *o);
/* As if killed: nothing is flushed. */
void owner_drop(struct owner *o);

void owner_set(struct owner *o, unsigned key, unsigned value);
void owner_clear(struct owner *o, unsigned key);
/* With a whole snapshot, if it is time for one. */
bool owner_tick(struct owner *o, int64_t mono_ms);

/* What it holds, valid until the next call; and what a new process finds, the
 * old one having been dropped. */
const char *owner_text(const struct owner *o);
const char *owner_after_kill(void);

#endif
