/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What an IRC client has said about itself, on its way from one program to the
 * next. What is about the person is the member's (member-handoff.c).
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/handoff.h"
#include "base/tlv.h"
#include "irc/irc.h"

/* These numbers are in blobs: never change or reuse one. */
enum {
	IRC_TAG_CAPS = 1,
	IRC_TAG_CAP_VERSION = 2,
	IRC_TAG_IS_NEGOTIATING = 3,
	IRC_TAG_IS_REGISTERED = 4,
	IRC_TAG_LINES = 5,
	IRC_TAG_DEADLINE = 6,
	IRC_TAG_NICK = 7,
	IRC_TAG_USER = 8,
	IRC_TAG_REALNAME = 9,
	IRC_TAG_BATCHES = 10,
	IRC_TAG_MONITOR = 11,
	IRC_TAG_PASSWORD = 12,
	IRC_TAG_OPER = 13
};

static const struct handoff_field irc_fields[] = {
	HANDOFF_UINT(IRC_TAG_CAPS, struct irc, caps, UINT32_MAX),
	HANDOFF_UINT(IRC_TAG_CAP_VERSION, struct irc, cap_version, 1000),
	HANDOFF_BOOL(IRC_TAG_IS_NEGOTIATING, struct irc, is_negotiating),
	HANDOFF_BOOL(IRC_TAG_IS_REGISTERED, struct irc, is_registered),
	HANDOFF_UINT(IRC_TAG_LINES, struct irc, lines, UINT32_MAX),
	HANDOFF_STR(IRC_TAG_NICK, struct irc, nick),
	HANDOFF_UINT(IRC_TAG_BATCHES, struct irc, batches, UINT64_MAX),
};

void
irc_save(const struct session *s, struct buf *out)
{
	const struct irc *irc = irc_of(s);
	size_t mark;

	handoff_put(out, irc_fields, NITEMS(irc_fields), irc);
	if (irc->user != NULL) {
		tlv_put_str(out, IRC_TAG_USER, irc->user);
		tlv_put_str(out, IRC_TAG_REALNAME, irc->realname);
	}
	if (irc->password != NULL)
		tlv_put_str(out, IRC_TAG_PASSWORD, irc->password);
	if (irc->monitor != NULL) {
		mark = tlv_open(out, IRC_TAG_MONITOR);
		irc_monitor_save(s, out);
		tlv_close(out, mark);
	}
	irc_oper_save(s, out, IRC_TAG_OPER);
	if (irc->deadline.is_set)
		tlv_put_i64(out, IRC_TAG_DEADLINE, irc->deadline.at_ms);
}

static bool
irc_load_text(const struct tlv *item, char **text, size_t max)
{
	char *copy = xcalloc(1, max + 1);

	if (*text != NULL || !tlv_get_str(item, copy, max + 1)) {
		free(copy);
		return false;
	}
	*text = copy;
	return true;
}

static bool
irc_load_item(struct session *s, const struct tlv *item)
{
	struct irc *irc = irc_of(s);
	int64_t at_ms;

	switch (item->tag) {
	case IRC_TAG_USER:
		return irc_load_text(item, &irc->user, MEMBER_USER_MAX);
	case IRC_TAG_REALNAME:
		return irc_load_text(item, &irc->realname, MEMBER_REALNAME_MAX);
	case IRC_TAG_PASSWORD:
		return irc_load_text(item, &irc->password, IRC_LINE_MAX);
	case IRC_TAG_MONITOR:
		return irc_monitor_load(s, item);
	case IRC_TAG_OPER:
		return irc_oper_load(s, item);
	case IRC_TAG_DEADLINE:
		if (!tlv_get_i64(item, &at_ms))
			return false;
		deadline_set(s->all->net->deadlines, &irc->deadline, at_ms);
		return true;
	default:
		return handoff_get(item, irc_fields, NITEMS(irc_fields), irc);
	}
}

bool
irc_load(struct session *s, const struct tlv *outer)
{
	struct irc *irc;
	struct tlv_reader r;
	struct tlv item;
	bool is_good = true;

	irc_state_new(s);
	irc = irc_of(s);
	if (outer->data == NULL)
		return false;
	tlv_enter(outer, &r);
	while (is_good && tlv_next(&r, &item))
		is_good = irc_load_item(s, &item);
	if (!is_good || r.is_bad ||
	    (irc->user == NULL) != (irc->realname == NULL) ||
	    (irc->oper != NULL && !irc->is_registered))
		return false;
	if (s->has_left)
		return s->member == NULL;
	return irc->is_registered == (s->member != NULL);
}
