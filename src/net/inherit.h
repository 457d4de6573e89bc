/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef INHERIT_H
#define INHERIT_H

#include <stddef.h>

#include "base/util.h"

#define INHERIT_MAX 32

/* A listening socket that whoever started us has opened for us. */
struct inherited {
	int fd; /* non-blocking and close-on-exec */
	char *name; /* of LISTEN_FDNAMES, or "" */
};

struct inheritance {
	struct inherited items[INHERIT_MAX];
	size_t count; /* 0 when there is none, as usual */
};

/*
 * Takes what LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES promise: see
 * sd_listen_fds(3). The variables are unset, whatever comes of it. Returns 0;
 * or -1 with *error (to be freed) when they are malformed, meant for another
 * process, or a descriptor is not a stream socket (IPv4, IPv6, Unix) that
 * listens (hostile 77). The descriptors are the caller's then;
 * inheritance_fini() closes none.
 */
int inheritance_take(struct inheritance *in, char **error) MUST_CHECK;
void inheritance_fini(struct inheritance *in);

#endif
