/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Who is gone, as they are written down. On the disk nick and credential are
 * the key of the record.
 */
#include "config.h"

#include <string.h>

#include "base/handoff.h"
#include "room/departed.h"
#include "room/person.h"

static void
departed_put_credential(struct fields_out *out, const struct field *f,
    const void *base)
{
	const struct credential *c = departed_credential(base);

	tlv_put_bytes(&out->data, f->tag, c, sizeof(*c));
}

static const struct field departed_list[] = {
	{ FIELD_TIME(1, struct departed_record, b.left_ms) },
	/* None: they were here. */
	{ FIELD_INT(6, struct departed_record, b.made_ms) },
	{ FIELD_STRUCT(DEPARTED_PERSON, struct departed_record, b.person,
	    &person_fields) },
	{ FIELD_STRING(4, struct departed_record, b.folded),
	    .only = FIELDS_HANDOFF, .is_needed = true,
	    .check = nick_is_wellformed },
	{ FIELD_CREDENTIAL(5, struct departed_record, credential),
	    .only = FIELDS_HANDOFF, .is_needed = true,
	    .put = departed_put_credential },
};
static const struct fields departed_fields = { FIELDS("a bookmark's owner",
    struct departed_record, departed_list) };

void
departed_save(const struct departed *b, struct fields_out *out)
{
	fields_put(out, &departed_fields, b);
}

void
departed_save_all(const struct departed_set *all, struct fields_out *out)
{
	const struct departed *b;

	TAILQ_FOREACH(b, &all->by_age, by_age)
		fields_put_item(out, HANDOFF_DEPARTED, &departed_fields, b);
}

bool
departed_read(struct departed_record *r, struct chat *chat,
    struct fields_in *in, const struct tlv *item)
{
	memset(r, 0, sizeof(*r));
	person_init(&r->b.person);
	r->b.left_ms = chat->clock->mono_ms;
	in->arg = chat;
	if (fields_get(in, &departed_fields, item, r)) {
		r->was_here = r->b.made_ms == 0;
		if (r->was_here)
			r->b.made_ms = clock_age_ms(chat->clock);
		return true;
	}
	person_clear(chat, &r->b.person);
	return false;
}

bool
departed_load(struct departed_set *all, struct fields_in *in,
    const struct tlv *item)
{
	struct departed_record r;

	if (!departed_read(&r, all->chat, in, item))
		return false;
	departed_restore(all, r.b.folded, &r.credential, &r.b.person,
	    r.b.left_ms, r.b.made_ms);
	return true;
}
