/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The command line of the load generator.
 */
#ifndef BENCH_SETTINGS_H
#define BENCH_SETTINGS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

struct dialect;

enum { SETTINGS_SENDERS_MAX = 0xffff, SETTINGS_WINDOW_MAX = 1024 };

struct settings {
	const char *label;
	const struct dialect *dialect;
	unsigned port;
	pid_t pid; /* 0: nobody to look at */
	unsigned members;
	unsigned senders;
	unsigned window;
	unsigned sleepers;
	unsigned asides; /* they are in another room */
	unsigned joining; /* so many at a time */
	uint64_t lines; /* 0: as many as go */
	double talk_s;
	double warm_s;
	double limit_s;
	int cpu; /* -1: any */
	bool is_echo; /* senders get their own lines back */
	bool is_gap_told; /* who missed lines is told how many */
	bool is_secure; /* by TLS */
	bool is_in_turns; /* one line at a time, from one after another */
};

extern struct settings settings;

/* Exits with a message where they are wrong. */
void settings_parse(int argc, char *argv[]);

/* Open files and the CPU to run on; exits if there cannot be so many. */
void settings_apply_limits(void);

#endif
