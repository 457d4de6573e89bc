/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef DIALOG_SCRIPT_H
#define DIALOG_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialog-stage.h"
#include "tls-client.h"

struct clock_shift;

/* Words of a statement; owns them. NULL-terminated. */
struct words {
	char **items;
	size_t count;
};

void words_add(struct words *w, const char *word);
/* Splits at blanks; "..." keeps them together. 0, or -1: no closing quote. */
int words_split(struct words *w, const char *text) MUST_CHECK;
void words_fini(struct words *w);

#define SCRIPT_INHERITED_MAX 8
#define SCRIPT_NAMES_SIZE 256

/* The private key of a certificate; line is one of its file, "": none. */
struct script_key {
	unsigned char scalar[TLS_SCALAR_SIZE];
	char line[128];
};

/* A dialog that is being played. */
struct script {
	struct stage stage;
	struct words lines; /* the file; line n is items[n - 1] */
	size_t next; /* line to be read next */
	unsigned repeat; /* {i}, 0 outside of repeat */
	struct words arguments; /* more of the daemon's */
	struct words never_logged;
	struct words environment; /* NAME=VALUE, for the daemon */
	struct clock_shift *clocks; /* dialog-clock.c; NULL: the machine's */
	struct words inherited_names;
	int inherited[SCRIPT_INHERITED_MAX]; /* sockets that it is handed */
	unsigned inherited_port;
	char *settings; /* as written last, "" at first */
	unsigned long nofile; /* limit for the daemon, 0: none */
	bool is_started;
	bool was_end_expected; /* before script_begin_run() */
	size_t log_read; /* what of the log the dialog has gone through */
	size_t notified_read; /* and of what it told its manager */
	struct script_key key, old_key; /* of the last two certificates */
	int64_t timer_ms;
	unsigned syncs; /* made-up commands sent by quiet */
	char scratch[32];
};

/*
 * Plays the dialog in the file path; dir is an empty directory for it. Returns
 * when all went as it says, else the test case ends (see stage_fail()).
 */
void script_play(const char *path, const char *dir);

/* Why the dialog cannot be played here: an address it needs that this machine
 * does not have. NULL when it can. The string is the caller's. */
char *script_unmet_need(const char *path);

/* For the statements, in the files dialog-*.c: */

/* The rest of a statement with all {i}, {dir}, {port} and {3*x} replaced. */
char *script_expand(struct script *s, const char *text);

/* Starts the daemon unless it runs. */
void script_start(struct script *s);

/* "daemon ...", "run ..." and "settings": text is what comes after the word. */
void script_daemon(struct script *s, const char *text);
void script_run(struct script *s, const char *text);
void script_settings(struct script *s);
/* The indented lines that follow, for the caller to free. */
char *script_indented(struct script *s);

/* "manager ...": what a service manager does, and is told. */
void script_manager(struct script *s, const char *text);
/* How the daemon is started, with nobody to notify; the result's pointers are
 * the script's, and names, of SCRIPT_NAMES_SIZE. */
struct daemon_setup script_setup(struct script *s, char *names);
void script_manager_fini(struct script *s);

/* "file PATH ..." and "detached PATH". */
void script_file(struct script *s, const char *text);
void script_detached(struct script *s, const char *text);

/* What is in the daemon's memory, and must or must not be (dialog-memory.c):
 * a text; the key that was noted last, but not its file's text; the one before it.
 */
void script_memory_forgets(struct script *s, const char *text);
void script_memory_has_key(struct script *s);
void script_memory_forgets_key(struct script *s);
/* The key in that file is the daemon's from its next reload on. */
void script_memory_note_key(struct script *s, const char *path);

/* "daemon clocks ...": text is what comes after that. */
void script_clock(struct script *s, const char *text);
void script_clock_fini(struct script *s);

/* "brbctl ...", in dialog-brbctl.c. */
void script_brbctl(struct script *s, const char *text);

/*
 * A program that ends by itself with this status is run beside the daemon;
 * between the two, it stands in the daemon's place on the stage, with its
 * output as the log.
 */
void script_begin_run(struct script *s, const struct words *argv, int status);
void script_end_run(struct script *s);

/* A statement about people. False when it is none. */
bool script_people(struct script *s, const char *statement);

/* The end: stops the daemon, looks at its exit status, its log, and at what
 * everybody has not read. */
void script_finish(struct script *s);

/* Goes on if text begins with word, then a blank or the end; returns what comes
 * after the blanks, or NULL. */
const char *script_after(const char *text, const char *word);

/* "250ms" or "3s": milliseconds; fails the test when it is neither. */
int64_t script_duration(struct script *s, const char *text);

#endif
