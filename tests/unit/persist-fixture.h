/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef PERSIST_FIXTURE_H
#define PERSIST_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "chat-fixture.h"
#include "state/persist.h"

/*
 * The chat of fx with a state directory of its own, which can crash at any
 * moment. The setup and the teardown are a checked fixture of check's.
 */
struct persist_fixture {
	struct journal *journal;
	struct persist persist;
	char *dir;
	int dir_fd;
	const char *unopened; /* the one room whose file cannot be opened */
	/* From the next start on, walks are the test's to run, one item at a
	 * time. */
	bool is_sliced;
};

extern struct persist_fixture pf;
/* Of its directory. */
extern const struct room_files persist_fixture_files;

void persist_fixture_setup(void);
void persist_fixture_teardown(void);

/* The crash: nothing is written after it. The people are the caller's to
 * release, and then chat_fini() is. */
void persist_fixture_cut(void);
/* Begins with what is in the directory; time goes on. */
void persist_fixture_start(void);
/* Both, once all is settled; people quit after the crash, which nobody hears
 * of. */
void persist_fixture_restart(struct fake *people, size_t count);

/* Has the journal go on with a snapshot, by one item, or begin one. */
void persist_fixture_tick(void);

/* What has changed is in the journal; a look may be under way. */
void persist_fixture_settle(void);

/* For walks_init(): the test runs them itself. */
void persist_fixture_no_wake(void *arg);

#endif
