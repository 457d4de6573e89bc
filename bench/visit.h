/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Where the generator of attacks connects to, and from: an address of 127.0.0.0/8
 * for each who is to be somebody of their own.
 */
#ifndef BENCH_VISIT_H
#define BENCH_VISIT_H

/* What of the server. */
enum target {
	TARGET_PEOPLE,
	TARGET_TLS, /* handshakes, one after the other */
	TARGET_METRICS,
	TARGET_CONTROL,
	TARGETS
};

/* The second byte of addresses in 127.0.0.0/8, by what they are for. */
enum {
	FROM_PAIRS = 1,
	FROM_STRANGERS,
	FROM_ATTACKERS,
	FROM_KEEPERS,
	FROM_WITNESSES
};

extern unsigned visit_ports[TARGETS];
extern const char *visit_control_path; /* or NULL */

/* A socket that does not block, bound to host of that kind of address (FROM_...);
 * connected to target, or being so. -1: refused. */
int visit_connect(unsigned kind, unsigned host, enum target target);

#endif
