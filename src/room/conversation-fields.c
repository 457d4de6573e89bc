/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A conversation as it is written down. The messages are in a file of their
 * own, and only without one they go to the next program in the record.
 */
#include "config.h"

#include <string.h>

#include "base/fields.h"
#include "base/handoff.h"
#include "base/origins.h"
#include "room/conversation-impl.h"

/* As it is written, and read. */
struct conversation_record {
	struct conversation c;
	struct origin *origin;
	struct buf ring; /* history_dump(), if it is in memory */
};

static bool
party_is_folded(const char *folded)
{
	char again[NICK_SIZE];

	if (!nick_is_wellformed(folded))
		return false;
	nick_fold(again, folded);
	return strcmp(again, folded) == 0;
}

static const struct field end_list[] = {
	{ FIELD_CREDENTIAL(1, struct conversation_end, party.credential),
	    .is_needed = true },
	{ FIELD_STRING(2, struct conversation_end, party.folded),
	    .check = party_is_folded },
	{ FIELD_STRING(3, struct conversation_end, party.nick),
	    .is_needed = true, .check = nick_is_wellformed },
	{ FIELD_UINT(4, struct conversation_end, read),
	    .max = HISTORY_NUMBER_MAX },
};
static const struct fields end_fields = { FIELDS("one of a conversation",
    struct conversation_end, end_list) };

static void
record_put_origin(struct fields_out *out, const struct field *f,
    const void *base)
{
	const struct conversation_record *r = base;

	origin_put(out, f->tag, r->origin);
}

static bool
record_get_origin(struct fields_in *in, const struct field *f, void *base,
    const struct tlv *item)
{
	struct conversation_record *r = base;
	struct conversations *all = in->arg;

	(void)f;
	r->origin = origins_read(all->origins, item);
	return r->origin != NULL;
}

static bool
record_end_is_sound(const struct conversation_record *r, unsigned i)
{
	const struct conversation_end *end = &r->c.ends[i];
	bool is_account = end->party.credential.kind == CREDENTIAL_ACCOUNT;

	return (end->party.folded[0] == '\0') == is_account && end->read >= 1 &&
	    end->read <= r->c.next_number;
}

static bool
record_check(struct fields_in *in, void *base)
{
	const struct conversation_record *r = base;

	if (record_end_is_sound(r, 0) && record_end_is_sound(r, 1))
		return true;
	return fields_fail(in, "the two of a conversation make no sense");
}

static const struct field record_list[] = {
	{ FIELD_UINT(1, struct conversation_record, c.id), .is_needed = true },
	{ FIELD_STRUCT(2, struct conversation_record, c.ends[0], &end_fields),
	    .is_needed = true },
	{ FIELD_STRUCT(3, struct conversation_record, c.ends[1], &end_fields),
	    .is_needed = true },
	{ FIELD_UINT(4, struct conversation_record, c.next_number),
	    .max = HISTORY_NUMBER_MAX },
	{ FIELD_INT(5, struct conversation_record, c.time_ms) },
	{ FIELD_INT(6, struct conversation_record, c.used_ms) },
	{ FIELD_OTHER(7, "origin", record_put_origin, record_get_origin) },
	{ FIELD_BOOL(8, struct conversation_record, c.is_unclosed),
	    .only = FIELDS_HANDOFF },
	{ FIELD_BUF(9, struct conversation_record, ring),
	    .only = FIELDS_HANDOFF },
};
static const struct fields record_fields = {
	FIELDS("a conversation", struct conversation_record, record_list),
	.check = record_check,
};

void
conversation_save(const struct conversation *c, struct fields_out *out)
{
	struct conversation_record r = { .c = *c, .origin = c->origin };

	fields_put(out, &record_fields, &r);
}

void
conversations_save(const struct conversations *all, struct fields_out *out)
{
	const struct conversation *c;
	struct conversation_record r;

	TAILQ_FOREACH(c, &all->all, entry) {
		memset(&r, 0, sizeof(r));
		r.c = *c;
		r.origin = c->origin;
		if (all->files == NULL && c->ring != NULL)
			history_dump(&c->ring->history, &r.ring);
		fields_put_item(out, HANDOFF_CONVERSATION, &record_fields, &r);
		buf_fini(&r.ring);
	}
}

/* Puts what was read to its place. */
static bool
record_take(struct conversations *all, struct fields_in *in,
    struct conversation_record *r)
{
	struct history history;
	bool has_ring = r->ring.len > 0;

	if (r->origin == NULL)
		r->origin = origins_get(all->origins,
		    &r->c.ends[0].party.credential);
	if (has_ring && !history_undump(&history, r->ring.data, r->ring.len))
		return fields_fail(in,
		    "the messages of a conversation are not sound");
	if (conversation_restore(all, &r->c, r->origin,
		has_ring ? &history : NULL))
		return true;
	if (has_ring)
		history_fini(&history);
	return fields_fail(in, "a conversation is there twice");
}

bool
conversation_load(struct conversations *all, struct fields_in *in,
    const struct tlv *item)
{
	struct conversation_record r;
	bool is_taken;

	memset(&r, 0, sizeof(r));
	in->arg = all;
	if (!fields_get(in, &record_fields, item, &r))
		return false;
	is_taken = record_take(all, in, &r);
	buf_fini(&r.ring);
	return is_taken;
}
