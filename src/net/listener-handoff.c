/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Listening sockets on their way from one program to the next: whoever waits in
 * their queues stays there. A Unix socket's file stays as well, and it is told
 * which one that is, or the next program would take it for somebody else's.
 * Where a socket is bound the kernel knows best.
 */
#include "config.h"

#include <stdlib.h>

#include "base/handoff.h"
#include "net/listener-impl.h"

/* Longer texts are in no settings file. */
#define LISTENER_TEXT_MAX 65536

static const struct field listener_list[] = {
	{ FIELD_FD(1, struct listener, fd, FIELDS_FD_LISTENER),
	    .is_needed = true },
	{ FIELD_TEXT(2, struct listener, address, LISTENER_TEXT_MAX),
	    .is_needed = true },
	{ FIELD_TEXT(3, struct listener, protocols, LISTENER_TEXT_MAX),
	    .is_needed = true },
	{ FIELD_TEXT(4, struct listener, inherited_protocols,
	    LISTENER_TEXT_MAX) },
	{ FIELD_TEXT(5, struct listener, path, LISTENER_TEXT_MAX) },
	{ FIELD_UINT(6, struct listener, dev) },
	{ FIELD_UINT(7, struct listener, ino) },
};
static const struct fields listener_fields = { FIELDS("a listening socket",
    struct listener, listener_list) };

void
listeners_save(const struct listeners *all, uint16_t part,
    struct fields_out *out)
{
	const struct listener *l;

	TAILQ_FOREACH(l, &all->open, entry)
		fields_put_item(out, part, &listener_fields, l);
}

bool
listeners_load(struct listeners *all, struct fields_in *in,
    const struct tlv *item, bool (*knows)(const char *protocols))
{
	struct listener *l = xcalloc(1, sizeof(*l));

	l->all = all;
	if (!fields_get(in, &listener_fields, item, l)) {
		free(l);
		return false;
	}
	if (!knows(l->protocols) ||
	    (l->inherited_protocols != NULL && !knows(l->inherited_protocols)))
		(void)fields_fail(in, "nobody speaks '%s' on '%s'",
		    l->protocols, l->address);
	else if (listener_describe(l) == -1 || listener_make_event(l) != NULL)
		(void)fields_fail(in, "cannot listen on '%s' again",
		    l->address);
	else {
		TAILQ_INSERT_TAIL(&all->open, l, entry);
		listeners_update(all);
		return true;
	}
	/* Its file is the other program's. */
	free(l->path);
	l->path = NULL;
	listener_free(l);
	return false;
}
