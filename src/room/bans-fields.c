/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What is written of a ban. One that makes no sense is refused: half of it
 * might ban everybody.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/age.h"
#include "base/handoff.h"
#include "base/origin.h"
#include "base/text.h"
#include "room/bans.h"

/* Ids stay below this; a damaged file may say otherwise. */
#define BAN_ID_MAX (UINT64_MAX / 2)

/* Could ban_subject_parse() and ban_subject_add_holder() have made it? */
static bool
ban_subject_is_valid(const struct ban_subject *subject)
{
	struct credential masked = subject->origin;
	unsigned max = origin_prefix_max(&masked);
	enum nick_check check;

	if (subject->nick[0] != '\0') {
		check = nick_check(subject->nick);
		if (check != NICK_OK && check != NICK_GUEST)
			return false;
	}
	if (subject->account != 0 && subject->nick[0] == '\0')
		return false;
	if (!subject->has_origin)
		return subject->nick[0] != '\0';
	if (subject->prefix > max ||
	    ((masked.kind == CREDENTIAL_UID || masked.kind == CREDENTIAL_SSH) &&
		subject->prefix != max))
		return false;
	origin_mask(&masked, subject->prefix);
	return credential_cmp(&masked, &subject->origin) == 0;
}

static bool
ban_check(struct fields_in *in, void *base)
{
	struct ban *ban = base;
	char scrubbed[TEXT_SCRUB_GROWTH * BAN_REASON_MAX + 1];

	(void)in;
	if (ban->id == 0 || ban->made_ms < 0 || ban->ends_ms < 0 ||
	    ban->made_ms >= AGE_MAX_MS || ban->ends_ms >= AGE_MAX_MS ||
	    !ban_subject_is_valid(&ban->subject) ||
	    !text_is_utf8(ban->reason, strlen(ban->reason)))
		return false;
	/* The rules of scrubbing may have changed since it was written. */
	(void)text_scrub(scrubbed, ban->reason, strlen(ban->reason));
	free(ban->reason);
	ban->reason = xstrdup(scrubbed);
	return true;
}

static const struct field ban_list[] = {
	{ FIELD_UINT(1, struct ban, id), .max = BAN_ID_MAX },
	{ FIELD_STRING(2, struct ban, subject.nick) },
	{ FIELD_BOOL(3, struct ban, subject.has_origin) },
	{ FIELD_ORIGIN(4, struct ban, subject.origin) },
	{ FIELD_UINT(5, struct ban, subject.prefix) },
	{ FIELD_UINT(11, struct ban, subject.account) },
	{ FIELD_INT(9, struct ban, made_ms), .is_needed = true },
	{ FIELD_INT(10, struct ban, ends_ms) },
	{ FIELD_TEXT(8, struct ban, reason, BAN_REASON_MAX),
	    .is_needed = true },
};

static const struct fields ban_fields = {
	FIELDS("a ban", struct ban, ban_list),
	.check = ban_check,
};

void
ban_save(const struct ban *ban, struct fields_out *out)
{
	fields_put(out, &ban_fields, ban);
}

void
bans_save(const struct bans *all, struct fields_out *out)
{
	const struct ban *ban;

	TAILQ_FOREACH(ban, &all->list, entry)
		fields_put_item(out, HANDOFF_BAN, &ban_fields, ban);
}

const struct ban *
bans_load(struct bans *all, struct fields_in *in, const struct tlv *item)
{
	const struct ban *ban;
	struct ban got;

	memset(&got, 0, sizeof(got));
	if (!fields_get(in, &ban_fields, item, &got))
		return NULL;
	ban = bans_restore(all, &got);
	if (ban != NULL)
		return ban;
	fields_clear(&ban_fields, &got);
	(void)fields_fail(in, "a ban is one too many");
	return NULL;
}
