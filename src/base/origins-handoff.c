/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What origins have used, on its way to the next program: an upgrade is no
 * amnesty. What they hold is counted anew, as it is made again there.
 */
#include "config.h"

#include <string.h>

#include "base/handoff.h"
#include "base/origins-impl.h"

/* An origin as it is written down. */
struct origin_record {
	struct origin o;
	uint64_t keys[ORIGIN_SPENTS];
	uint64_t amounts[ORIGIN_SPENTS];
	uint64_t at_ms[ORIGIN_SPENTS];
};

/* So that sums of some do not overflow. */
#define ORIGIN_AMOUNT_MAX ((uint64_t)1 << 48)

static const struct field origin_list[] = {
	{ FIELD_CREDENTIAL(1, struct origin_record, o.credential),
	    .is_needed = true },
	{ FIELD_BOOL(2, struct origin_record, o.is_network) },
	{ FIELD_INT(3, struct origin_record, o.lines.level) },
	{ FIELD_INT(4, struct origin_record, o.lines.at_ms) },
	{ FIELD_INT(5, struct origin_record, o.lines_until_ms) },
	{ FIELD_UINT(6, struct origin_record, o.connects.amount),
	    .max = ORIGIN_AMOUNT_MAX },
	{ FIELD_INT(7, struct origin_record, o.connects.at_ms) },
	{ FIELD_UINT(8, struct origin_record, o.said.amount),
	    .max = ORIGIN_AMOUNT_MAX },
	{ FIELD_INT(9, struct origin_record, o.said.at_ms) },
	{ FIELD_NUMBERS(10, struct origin_record, keys) },
	{ FIELD_NUMBERS(11, struct origin_record, amounts) },
	{ FIELD_NUMBERS(12, struct origin_record, at_ms) },
};
static const struct fields origin_fields = { FIELDS("an origin",
    struct origin_record, origin_list) };

static void
origin_save(const struct origin *o, struct fields_out *out)
{
	struct origin_record r = { .o = *o };
	size_t i;

	for (i = 0; o->spents != NULL && i < ORIGIN_SPENTS; i++) {
		r.keys[i] = o->spents->items[i].key;
		r.amounts[i] = o->spents->items[i].spent.amount;
		r.at_ms[i] = (uint64_t)o->spents->items[i].spent.at_ms;
	}
	fields_put_item(out, HANDOFF_ORIGIN, &origin_fields, &r);
}

void
origins_save(struct origins *all, struct fields_out *out)
{
	struct origin *o;

	for (o = NULL; (o = origins_next(all, o)) != NULL;)
		if (!origin_is_as_new(o))
			origin_save(o, out);
}

/* A time to come would never pass. */
static int64_t
origin_past(const struct origins *all, int64_t at_ms)
{
	return at_ms < all->clock->mono_ms ? at_ms : all->clock->mono_ms;
}

static bool
origin_take_spents(struct origin *o, const struct origin_record *r)
{
	size_t i;

	for (i = 0; i < ORIGIN_SPENTS; i++) {
		if (r->keys[i] == 0)
			continue;
		if (r->amounts[i] > ORIGIN_AMOUNT_MAX)
			return false;
		origin_set_spent(o, r->keys[i],
		    &(struct spent){ r->amounts[i],
			origin_past(o->all, (int64_t)r->at_ms[i]) });
	}
	return true;
}

bool
origins_load(struct origins *all, struct fields_in *in, const struct tlv *item)
{
	struct origin_record r;
	struct origin *o;

	memset(&r, 0, sizeof(r));
	if (!fields_get(in, &origin_fields, item, &r))
		return false;
	o = r.o.is_network ? origins_network(all, &r.o.credential) :
			     origins_get(all, &r.o.credential);
	o->lines = r.o.lines;
	o->lines_until_ms = r.o.lines_until_ms;
	o->connects = r.o.connects;
	o->connects.at_ms = origin_past(all, o->connects.at_ms);
	o->said = r.o.said;
	o->said.at_ms = origin_past(all, o->said.at_ms);
	if (!origin_take_spents(o, &r))
		return fields_fail(in, "an origin has used too much");
	origin_used(o);
	return true;
}
