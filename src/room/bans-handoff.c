/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Bans on their way from one program to the next.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/handoff.h"
#include "base/origin.h"
#include "base/tlv.h"
#include "room/bans-impl.h"

/* These numbers are in blobs: never change or reuse one. */
enum {
	BAN_TAG_ORIGIN = 1,
	BAN_TAG_PREFIX = 2,
	BAN_TAG_NICK = 3,
	BAN_TAG_MADE = 4,
	BAN_TAG_UNTIL = 5,
	BAN_TAG_REASON = 6,
	BAN_TAG_ID = 7
};

static const struct handoff_field ban_fields[] = {
	HANDOFF_UINT(BAN_TAG_ID, struct ban, id, UINT64_MAX / 2),
	HANDOFF_UINT(BAN_TAG_PREFIX, struct ban, subject.prefix, 64),
	HANDOFF_STR(BAN_TAG_NICK, struct ban, subject.nick),
	HANDOFF_INT(BAN_TAG_MADE, struct ban, made_ms),
	HANDOFF_INT(BAN_TAG_UNTIL, struct ban, until_ms),
};

void
bans_save(const struct bans *all, struct handoff_out *out)
{
	struct buf *data = &out->data;
	const struct ban *ban;
	size_t mark;

	TAILQ_FOREACH(ban, &all->list, entry) {
		mark = tlv_open(data, HANDOFF_BAN);
		handoff_put(data, ban_fields, NITEMS(ban_fields), ban);
		if (ban->subject.has_origin)
			handoff_put_credential(data, BAN_TAG_ORIGIN,
			    &ban->subject.origin);
		tlv_put_str(data, BAN_TAG_REASON, ban->reason);
		tlv_close(data, mark);
	}
}

/* Could ban_subject_parse() and ban_subject_add_holder() have made it? */
static bool
ban_subject_is_valid(const struct ban_subject *subject)
{
	struct credential masked = subject->origin;
	enum nick_check check;

	if (subject->nick[0] != '\0') {
		check = nick_check(subject->nick);
		if (check != NICK_OK && check != NICK_RESERVED &&
		    check != NICK_GUEST)
			return false;
	}
	if (!subject->has_origin)
		return subject->nick[0] != '\0';
	if (subject->origin.kind > CREDENTIAL_UID ||
	    subject->prefix > origin_prefix_max(&subject->origin))
		return false;
	origin_mask(&masked, subject->prefix);
	return credential_cmp(&masked, &subject->origin) == 0;
}

bool
bans_load(struct bans *all, struct handoff_in *in, const struct tlv *outer)
{
	struct ban got, *ban;
	struct tlv_reader r;
	struct tlv item;
	char reason[BAN_REASON_MAX + 1] = "";
	bool is_good = true;

	memset(&got, 0, sizeof(got));
	tlv_enter(outer, &r);
	while (is_good && tlv_next(&r, &item)) {
		if (item.tag == BAN_TAG_ORIGIN) {
			got.subject.has_origin = true;
			is_good = handoff_get_credential(&item,
			    &got.subject.origin);
		} else if (item.tag == BAN_TAG_REASON) {
			is_good = tlv_get_str(&item, reason, sizeof(reason));
		} else {
			is_good = handoff_get(&item, ban_fields,
			    NITEMS(ban_fields), &got);
		}
	}
	if (!is_good || r.is_bad || all->count >= BANS_MAX ||
	    !ban_subject_is_valid(&got.subject) || got.id == 0 ||
	    bans_find(all, &got.subject) != NULL)
		return handoff_fail(in, "a ban is not consistent");
	ban = xcalloc(1, sizeof(*ban));
	*ban = got;
	ban->reason = xstrdup(reason);
	bans_insert(all, ban);
	return true;
}
