/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Modes as they are written down.
 */
#include "config.h"

#include <bsd/string.h>
#include <string.h>

#include "base/fields.h"
#include "room/modes-impl.h"

/* "$m:" was written as "m:" once. */
static bool
mode_mask_check(struct fields_in *in, void *base)
{
	struct mode_mask *mask = base;
	char normalized[MODES_MASK_MAX + 1];

	(void)in;
	if (!modes_mask_normalize(normalized, mask->mask) ||
	    strcmp(normalized + (normalized[0] == '$' && mask->mask[0] == 'm'),
		mask->mask) != 0)
		return false;
	(void)strlcpy(mask->mask, normalized, sizeof(mask->mask));
	return mask->account == 0 || modes_mask_names_account(mask->mask);
}

static const struct field mode_mask_list[] = {
	{ FIELD_STRING(1, struct mode_mask, mask) },
	{ FIELD_STRING(2, struct mode_mask, by), .is_needed = true,
	    .check = nick_is_wellformed },
	{ FIELD_INT(3, struct mode_mask, set_ms) },
	{ FIELD_UINT(4, struct mode_mask, account) },
};
static const struct fields mode_mask_fields = {
	FIELDS("a mask", struct mode_mask, mode_mask_list),
	.check = mode_mask_check,
};

static bool
modes_add(struct fields_in *in, const struct field *f, void *base,
    void *element)
{
	struct modes *modes = base;
	struct mode_mask *mask = element;
	enum modes_list list = (enum modes_list)f->which;

	(void)in;
	if (modes->counts[list] == MODES_LIST_MAX ||
	    modes_mask_find(modes, list, mask) != NULL)
		return false;
	TAILQ_INSERT_TAIL(&modes->lists[list], mask, entry);
	modes->counts[list]++;
	return true;
}

#define MODES_LIST(t, list) \
	FIELD_LIST(t, struct modes, lists[list], &mode_mask_fields, \
	    struct mode_mask, entry, modes_add), \
	    .which = (list)

static const struct field modes_fields_list[] = {
	{ FIELD_UINT(1, struct modes, flags), .max = MODES_FLAGS,
	    .is_needed = true },
	{ FIELD_STRING(2, struct modes, key), .check = modes_key_is_valid },
	{ FIELD_UINT(3, struct modes, limit), .max = MODES_LIMIT_MAX },
	{ FIELD_INT(4, struct modes, made_ms), .is_needed = true },
	{ MODES_LIST(5, MODES_BANS) },
	{ MODES_LIST(6, MODES_EXEMPTIONS) },
	{ MODES_LIST(7, MODES_INVITED) },
	{ FIELD_COUNTED(8, struct modes, invitations, invitation_count),
	    .only = FIELDS_HANDOFF },
	/* Others are not on the disk. */
	{ FIELD_BOOL(9, struct modes, is_persisted), .only = FIELDS_HANDOFF },
};
static const struct fields modes_fields = { FIELDS("a room's modes",
    struct modes, modes_fields_list) };

void
modes_save(const struct modes *modes, struct fields_out *out)
{
	fields_put(out, &modes_fields, modes);
}

bool
modes_load(struct room *room, struct fields_in *in, const struct tlv *item)
{
	struct modes *modes = &room->modes;

	modes_fini(room);
	modes_init(room);
	modes->is_persisted = in->use == FIELDS_DISK;
	if (!fields_get(in, &modes_fields, item, modes)) {
		modes_fini(room);
		modes_init(room);
		return false;
	}
	/* The settings may have another lobby now. */
	if (modes_is_lobby(room)) {
		modes->flags &= ~(unsigned)(ROOM_INVITE_ONLY | ROOM_LOGGED_IN);
		modes->key[0] = '\0';
		modes->limit = 0;
	}
	return true;
}
