/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The mode of the socket's file would do on Linux, but other kernels ignore it,
 * and it can be changed by mistake. So each peer is checked as well.
 *
 * A peer's groups are those of its process when it connected. Where the kernel
 * does not tell them (or there are more than PEERCRED_GROUPS_MAX), the group's
 * members as of the last reading of the settings count instead: getgrouplist(3)
 * for each request could hold up the loop.
 */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/unistd.h>

#include "admin/peercred.h"

#define PEERCRED_MEMBERS_MAX 1000

int
peercred_get(struct peercred *peer, int fd)
{
	memset(peer, 0, sizeof(*peer));
	if (getpeereid(fd, &peer->uid, &peer->gid) == -1)
		return -1;
#ifdef SO_PEERGROUPS
	socklen_t len = sizeof(peer->groups);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, peer->groups, &len) ==
	    0) {
		peer->group_count = len / sizeof(peer->groups[0]);
		peer->knows_groups = true;
	}
#endif
	return 0;
}

static const char *
peercred_find_group(const char *name, const struct group **group)
{
	errno = 0;
	/* cppcheck-suppress getgrnamCalled ; there is one thread */
	*group = getgrnam(name);
	if (*group != NULL)
		return NULL;
	return errno == 0 || errno == ENOENT ? "there is no such group" :
					       strerror(errno);
}

const char *
peercred_check_group(const char *name)
{
	const struct group *group;

	return name[0] == '\0' ? NULL : peercred_find_group(name, &group);
}

const char *
peercred_rule_init(struct peercred_rule *access, const char *name)
{
	const struct group *group;
	const struct passwd *user;
	const char *why;

	memset(access, 0, sizeof(*access));
	access->self = geteuid();
	if (name[0] == '\0')
		return NULL;
	why = peercred_find_group(name, &group);
	if (why != NULL)
		return why;
	access->has_group = true;
	access->group = group->gr_gid;
	for (char **member = group->gr_mem;
	     *member != NULL && access->member_count < PEERCRED_MEMBERS_MAX;
	     member++) {
		/* cppcheck-suppress getpwnamCalled ; there is one thread */
		if ((user = getpwnam(*member)) == NULL)
			continue;
		access->members = xreallocarray(access->members,
		    access->member_count + 1, sizeof(*access->members));
		access->members[access->member_count++] = user->pw_uid;
	}
	return NULL;
}

void
peercred_rule_fini(struct peercred_rule *access)
{
	free(access->members);
	memset(access, 0, sizeof(*access));
}

bool
peercred_can_give(const struct peercred_rule *access)
{
	gid_t groups[PEERCRED_GROUPS_MAX];
	int i, count;

	if (!access->has_group || geteuid() == 0 || getegid() == access->group)
		return true;
	/* With more groups than that, the attempt tells. */
	count = getgroups(NITEMS(groups), groups);
	for (i = 0; i < count; i++)
		if (groups[i] == access->group)
			return true;
	return count == -1;
}

bool
peercred_allows(const struct peercred_rule *access, const struct peercred *peer)
{
	size_t i;

	if (peer->uid == 0 || peer->uid == access->self)
		return true;
	if (!access->has_group)
		return false;
	if (peer->gid == access->group)
		return true;
	for (i = 0; i < peer->group_count; i++)
		if (peer->groups[i] == access->group)
			return true;
	for (i = 0; !peer->knows_groups && i < access->member_count; i++)
		if (access->members[i] == peer->uid)
			return true;
	return false;
}
