/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef ACCESS_H
#define ACCESS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include "util.h"

/* Who is at the other end of a Unix socket: as whom they connected. */
#define ACCESS_GROUPS_MAX 128
struct access_peer {
	uid_t uid;
	gid_t gid;
	gid_t groups[ACCESS_GROUPS_MAX]; /* supplementary ones */
	size_t group_count;
	bool knows_groups; /* else group_count is 0 */
};

/* By the kernel's word: getpeereid(3), and SO_PEERGROUPS where there is one.
 * -1: errno. */
int access_peer(struct access_peer *peer, int fd) MUST_CHECK;

/*
 * Who may use the control socket: root, the user that the process runs as, and
 * the members of a group. The system's databases, which may be slow, are asked
 * by access_init() alone: who its members are is remembered for where the
 * kernel does not tell a peer's groups.
 */
struct access {
	uid_t self;
	bool has_group;
	gid_t group;
	uid_t *members;
	size_t member_count;
};

/*
 * group: its name, or "" for none. Returns NULL, or what is wrong: a static
 * string; then access is as for none.
 */
const char *access_init(struct access *access, const char *group) MUST_CHECK;
void access_fini(struct access *access);

bool access_allows(const struct access *access, const struct access_peer *peer);

#endif
