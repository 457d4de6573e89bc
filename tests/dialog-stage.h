/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef DIALOG_STAGE_H
#define DIALOG_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "dialog-actor.h"
#include "daemon.h"

/* Where a dialog is played: a directory, a daemon and the people. */
struct stage {
	const char *path; /* of the dialog, with where it is now: for reports */
	unsigned line;
	const char *statement;
	const char *dir; /* of this dialog alone, empty at the start */
	int64_t timeout_ms; /* of every wait */
	struct daemon daemon;
	struct daemon set_aside; /* the daemon, while another run is tested */
	bool is_end_expected; /* the daemon may end now */
	struct actor_queue actors;
};

/* path and dir outlive the stage. */
void stage_init(struct stage *st, const char *path, const char *dir);
/* Kills the daemon, closes all. */
void stage_fini(struct stage *st);

/*
 * Ends the test as failed: prints where, why, the person's last lines (NULL:
 * everybody's), and the daemon's log; then it does stage_fini().
 */
_Noreturn void stage_fail(struct stage *st, const struct actor *p,
    const char *fmt, ...) PRINTFLIKE(3, 4);

/* Who is called name, or NULL. */
struct actor *stage_find(struct stage *st, const char *name);
struct actor *stage_add(struct stage *st, const char *name);

/* The moment at which a wait that begins now has lasted too long. */
int64_t stage_now_ms(void);
int64_t stage_deadline(const struct stage *st);

/*
 * Waits until something happens and takes note of it: input for a person, their
 * output sent, a line in the daemon's log, its being ready, its end. Fails the
 * test when the daemon ends unexpectedly. Returns 0, or -1 at the deadline.
 */
int stage_turn(struct stage *st, int64_t deadline_ms) MUST_CHECK;

/* Waits for the daemon's end after it was asked for or announced. */
void stage_wait_end(struct stage *st);

#endif
