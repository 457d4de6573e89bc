/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef PEERCRED_H
#define PEERCRED_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"

/* The process at the other end of a Unix socket, as of when it connected. */
#define PEERCRED_GROUPS_MAX 128
struct peercred {
	uid_t uid;
	gid_t gid;
	gid_t groups[PEERCRED_GROUPS_MAX]; /* supplementary ones */
	size_t group_count;
	bool knows_groups; /* else group_count is 0 */
};

/* Asks the kernel: getpeereid(3), and SO_PEERGROUPS where it exists. Returns -1
 * with errno. */
int peercred_get(struct peercred *peer, int fd) MUST_CHECK;

/*
 * Who may use the control socket: root, the user that the process runs as, and
 * the members of a group. Only peercred_rule_init() asks the system's
 * databases, which may be slow; the group's members are remembered for kernels
 * that do not tell a peer's groups.
 */
struct peercred_rule {
	uid_t self;
	bool has_group;
	gid_t group;
	uid_t *members;
	size_t member_count;
};

/* Is that a group, or ""? Returns NULL, or what is wrong as a static string.
 * Its members, each of whom may take a while, are not asked for. */
const char *peercred_check_group(const char *group) MUST_CHECK;

/* group is a name, or "" for none. Returns NULL, or what is wrong as a static
 * string; then the rule is that for no group. */
const char *peercred_rule_init(struct peercred_rule *access,
    const char *group) MUST_CHECK;
void peercred_rule_fini(struct peercred_rule *access);

/* May this process give files to the rule's group, if it has one? */
bool peercred_can_give(const struct peercred_rule *access);

bool peercred_allows(const struct peercred_rule *access,
    const struct peercred *peer);

#endif
