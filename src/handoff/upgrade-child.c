/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The child's end of an upgrade. The new program is told what to do by an
 * environment variable,
 *
 *   BRBD_UPGRADE=FD,PURPOSE[,FILE]
 *
 * and confirms a verified state on standard output. So a program that knows
 * nothing of all this, and exits with status 0, is not taken for one that has
 * verified the state.
 */
#include "config.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "handoff/upgrade-impl.h"
#include "handoff/upgrade.h"

const char *const upgrade_purposes[] = { "take", "verify", "look" };

static bool
upgrade_order_parse(struct upgrade_order *order, const char *text)
{
	const char *comma = strchr(text, ','), *word;
	char *number;
	uint64_t fd;
	size_t i, len;
	int result;

	if (comma == NULL)
		return false;
	number = xstrndup(text, (size_t)(comma - text));
	result = parse_number(number, INT_MAX, &fd);
	free(number);
	if (result == -1)
		return false;
	order->fd = (int)fd;
	word = comma + 1;
	len = strcspn(word, ",");
	for (i = 0; i < NITEMS(upgrade_purposes); i++)
		if (strlen(upgrade_purposes[i]) == len &&
		    strncmp(upgrade_purposes[i], word, len) == 0)
			break;
	if (i == NITEMS(upgrade_purposes))
		return false;
	order->purpose = (enum handoff_purpose)i;
	if (word[len] == ',')
		order->file = xstrdup(word + len + 1);
	return true;
}

int
upgrade_order_take(struct upgrade_order *order, char **error)
{
	const char *text = getenv(UPGRADE_VARIABLE);
	bool is_good;

	memset(order, 0, sizeof(*order));
	order->fd = -1;
	if (text == NULL)
		return 0;
	is_good = upgrade_order_parse(order, text) &&
	    fcntl(order->fd, F_SETFD, FD_CLOEXEC) == 0;
	if (is_good) {
		order->is_there = true;
	} else {
		*error = xasprintf(UPGRADE_VARIABLE
		    " is for upgrades alone, and makes no sense: '%.80s'",
		    text);
		order->fd = -1;
		upgrade_order_fini(order);
	}
	(void)unsetenv(UPGRADE_VARIABLE);
	return is_good ? 0 : -1;
}

void
upgrade_order_fini(struct upgrade_order *order)
{
	if (order->fd != -1)
		(void)close(order->fd);
	order->fd = -1;
	free(order->file);
	order->file = NULL;
}

bool
upgrade_open(struct upgrade_map *map, struct fields_in *in,
    const struct upgrade_order *order)
{
	struct stat st;

	memset(map, 0, sizeof(*map));
	memset(in, 0, sizeof(*in));
	if (fstat(order->fd, &st) == -1)
		return fields_fail(in, "cannot read it: %s", strerror(errno));
	if (st.st_size < HANDOFF_HEADER || (uint64_t)st.st_size > SIZE_MAX)
		return fields_fail(in, "it is no state of a running brbd");
	map->len = (size_t)st.st_size;
	map->data = mmap(NULL, map->len, PROT_READ, MAP_PRIVATE, order->fd, 0);
	if (map->data == MAP_FAILED) {
		map->data = NULL;
		return fields_fail(in, "cannot read it: %s", strerror(errno));
	}
	return handoff_open(in, map->data, map->len, order->purpose);
}

void
upgrade_unmap(struct upgrade_map *map)
{
	if (map->data != NULL)
		(void)munmap(map->data, map->len);
	map->data = NULL;
}

void
upgrade_confirm(const struct upgrade_map *map)
{
	char line[UPGRADE_CONFIRM_SIZE];

	upgrade_confirmation(line, map->data);
	(void)!write(STDOUT_FILENO, line, strlen(line));
}

void
upgrade_confirmation(char out[UPGRADE_CONFIRM_SIZE], const void *blob)
{
	/* It must be the checksum of this very blob. */
	(void)snprintf(out, UPGRADE_CONFIRM_SIZE, "\nverified %016llx\n",
	    (unsigned long long)le_get64((const char *)blob + HANDOFF_HEADER -
		8));
}
