/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Listening sockets on their way from one program to the next: whoever waits in
 * their queues stays there. A Unix socket's file stays as well, and it is told
 * which one that is, or the next program would take it for somebody else's.
 * Where a socket is bound the kernel knows best.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/types.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/handoff.h"
#include "base/tlv.h"
#include "net/listener-impl.h"

/* These numbers are in blobs: never change or reuse one. */
enum {
	LISTENER_TAG_FD = 1,
	LISTENER_TAG_ADDRESS = 2,
	LISTENER_TAG_PROTOCOLS = 3,
	LISTENER_TAG_INHERITED = 4, /* the protocols from the start */
	LISTENER_TAG_PATH = 5,
	LISTENER_TAG_DEV = 6,
	LISTENER_TAG_INO = 7
};

/* Longer texts are in no settings file. */
#define LISTENER_TEXT_MAX 65536

static const struct handoff_field listener_fields[] = {
	HANDOFF_UINT(LISTENER_TAG_DEV, struct listener, dev, UINT64_MAX),
	HANDOFF_UINT(LISTENER_TAG_INO, struct listener, ino, UINT64_MAX),
};

static void
listener_save(const struct listener *l, uint16_t part, struct fields_out *out)
{
	struct buf *data = &out->data;
	size_t mark = tlv_open(data, part);

	fields_put_fd(out, LISTENER_TAG_FD, l->fd);
	tlv_put_str(data, LISTENER_TAG_ADDRESS, l->address);
	tlv_put_str(data, LISTENER_TAG_PROTOCOLS, l->protocols);
	if (l->inherited_protocols != NULL)
		tlv_put_str(data, LISTENER_TAG_INHERITED,
		    l->inherited_protocols);
	if (l->path != NULL)
		tlv_put_str(data, LISTENER_TAG_PATH, l->path);
	handoff_put(data, listener_fields, NITEMS(listener_fields), l);
	tlv_close(data, mark);
}

void
listeners_save(const struct listeners *all, uint16_t part,
    struct fields_out *out)
{
	const struct listener *l;

	TAILQ_FOREACH(l, &all->open, entry)
		listener_save(l, part, out);
}

/* Sets *text to the item's; false if it is none. */
static bool
listener_get_text(char **text, const struct tlv *item)
{
	if (item->len > LISTENER_TEXT_MAX ||
	    memchr(item->data, '\0', item->len) != NULL)
		return false;
	free(*text);
	*text = xstrndup((const char *)item->data, item->len);
	return true;
}

static bool
listener_get(struct listener *l, struct fields_in *in, const struct tlv *item)
{
	switch (item->tag) {
	case LISTENER_TAG_FD:
		if (l->fd != -1)
			return false;
		l->fd = fields_get_fd(in, item, FIELDS_FD_LISTENER);
		return l->fd != -1;
	case LISTENER_TAG_ADDRESS:
		return listener_get_text(&l->address, item);
	case LISTENER_TAG_PROTOCOLS:
		return listener_get_text(&l->protocols, item);
	case LISTENER_TAG_INHERITED:
		return listener_get_text(&l->inherited_protocols, item);
	case LISTENER_TAG_PATH:
		return listener_get_text(&l->path, item);
	default:
		return handoff_get(item, listener_fields,
		    NITEMS(listener_fields), l);
	}
}

bool
listeners_load(struct listeners *all, struct fields_in *in,
    const struct tlv *outer, bool (*knows)(const char *protocols))
{
	struct listener *l = xcalloc(1, sizeof(*l));
	struct tlv_reader r;
	struct tlv item;
	bool is_good = true;

	l->all = all;
	l->fd = -1;
	tlv_enter(outer, &r);
	while (is_good && tlv_next(&r, &item))
		is_good = listener_get(l, in, &item);
	if (!is_good || r.is_bad || l->fd == -1 || l->address == NULL ||
	    l->protocols == NULL || !knows(l->protocols) ||
	    (l->inherited_protocols != NULL && !knows(l->inherited_protocols)))
		(void)fields_fail(in, "a listening socket is not consistent");
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
