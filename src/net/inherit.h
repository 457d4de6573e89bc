/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef INHERIT_H
#define INHERIT_H

#include <stddef.h>

#include "base/util.h"

#define INHERIT_MAX 32

/* A listening socket opened for us by whoever started us. */
struct inherited {
	int fd; /* non-blocking and close-on-exec */
	char *name; /* from LISTEN_FDNAMES, or "" */
};

struct inheritance {
	struct inherited items[INHERIT_MAX];
	size_t count; /* usually 0 */
};

/*
 * Takes the sockets of LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES: see
 * sd_listen_fds(3). The variables are unset in any case. Returns 0; or -1 with
 * *error (the caller frees it) when they are malformed, meant for another
 * process, or a descriptor is no listening stream socket (IPv4, IPv6, Unix)
 * (hostile 77). The descriptors are the caller's; inheritance_fini() closes
 * none.
 */
int inheritance_take(struct inheritance *in, char **error) MUST_CHECK;
void inheritance_fini(struct inheritance *in);

#endif
