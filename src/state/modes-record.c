/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Modes as bytes, the same for the journal and for the next program. All is
 * checked again on reading, and taken whole or not at all: half of what was
 * forbidden could admit people whom it should keep out.
 */
#include "config.h"

#include <string.h>

#include "base/tlv.h"
#include "room/modes-impl.h"

/* These numbers are in files and blobs: never change or reuse one. */
enum {
	MODES_TAG_FLAGS = 1,
	MODES_TAG_KEY = 2,
	MODES_TAG_LIMIT = 3,
	MODES_TAG_MADE = 4,
	MODES_TAG_MASK = 5,
	MODES_TAG_INVITATION = 6,
	MODES_TAG_IS_KEPT = 7
};
enum {
	MASK_TAG_LIST = 1,
	MASK_TAG_MASK = 2,
	MASK_TAG_BY = 3,
	MASK_TAG_SET = 4
};

/* Writing */

void
modes_put(const struct modes *modes, struct buf *out, bool is_handed_over)
{
	const struct mode_mask *mask;
	size_t mark, i;

	tlv_put_u64(out, MODES_TAG_FLAGS, modes->flags);
	if (modes->key[0] != '\0')
		tlv_put_str(out, MODES_TAG_KEY, modes->key);
	tlv_put_u64(out, MODES_TAG_LIMIT, modes->limit);
	tlv_put_i64(out, MODES_TAG_MADE, modes->made_ms);
	for (i = 0; i < MODES_LISTS; i++)
		TAILQ_FOREACH(mask, &modes->lists[i], entry) {
			mark = tlv_open(out, MODES_TAG_MASK);
			tlv_put_u64(out, MASK_TAG_LIST, i);
			tlv_put_str(out, MASK_TAG_MASK, mask->mask);
			tlv_put_str(out, MASK_TAG_BY, mask->by);
			tlv_put_i64(out, MASK_TAG_SET, mask->set_ms);
			tlv_close(out, mark);
		}
	if (!is_handed_over)
		return;
	for (i = 0; i < modes->invitation_count; i++)
		tlv_put_u64(out, MODES_TAG_INVITATION, modes->invitations[i]);
	tlv_put_u64(out, MODES_TAG_IS_KEPT, modes->is_persisted);
}

/* Reading */

static bool
modes_get_mask(struct modes *modes, const struct tlv *outer)
{
	struct tlv_reader in;
	struct tlv item;
	char text[MODES_MASK_MAX + 1] = "", mask[MODES_MASK_MAX + 1];
	char by[NICK_SIZE] = "";
	uint64_t list = 0;
	int64_t set_ms = 0;
	bool is_good = true;
	size_t i;

	tlv_enter(outer, &in);
	while (tlv_next(&in, &item))
		switch (item.tag) {
		case MASK_TAG_LIST:
			is_good &= tlv_get_u64(&item, MODES_LISTS - 1, &list);
			break;
		case MASK_TAG_MASK:
			is_good &= tlv_get_str(&item, text, sizeof(text));
			break;
		case MASK_TAG_BY:
			is_good &= tlv_get_str(&item, by, sizeof(by));
			break;
		case MASK_TAG_SET:
			is_good &= tlv_get_i64(&item, &set_ms);
			break;
		}
	for (i = 0; by[i] != '\0'; i++)
		is_good &= nick_is_char(by[i]);
	if (in.is_bad || !is_good || by[0] == '\0' ||
	    !modes_mask_normalize(mask, text) || strcmp(mask, text) != 0 ||
	    modes->counts[list] == MODES_LIST_MAX ||
	    modes_mask_find(modes, (enum modes_list)list, mask) != NULL)
		return false;
	modes_mask_add(modes, (enum modes_list)list, mask, by, set_ms);
	return true;
}

static bool
modes_get_invitation(struct modes *modes, const struct tlv *item)
{
	return modes->invitation_count < MODES_INVITATIONS_MAX &&
	    tlv_get_u64(item, UINT64_MAX,
		&modes->invitations[modes->invitation_count++]);
}

static bool
modes_get_item(struct modes *modes, const struct tlv *item)
{
	uint64_t u;

	switch (item->tag) {
	case MODES_TAG_FLAGS:
		if (!tlv_get_u64(item, MODES_FLAGS, &u))
			return false;
		modes->flags = (unsigned)u;
		return true;
	case MODES_TAG_KEY:
		return tlv_get_str(item, modes->key, sizeof(modes->key)) &&
		    modes_key_is_valid(modes->key);
	case MODES_TAG_LIMIT:
		if (!tlv_get_u64(item, MODES_LIMIT_MAX, &u))
			return false;
		modes->limit = (uint32_t)u;
		return true;
	case MODES_TAG_MADE:
		return tlv_get_i64(item, &modes->made_ms);
	case MODES_TAG_MASK:
		return modes_get_mask(modes, item);
	case MODES_TAG_INVITATION:
		return modes_get_invitation(modes, item);
	case MODES_TAG_IS_KEPT:
		if (!tlv_get_u64(item, 1, &u))
			return false;
		modes->is_persisted = u != 0;
		return true;
	default:
		return true;
	}
}

bool
modes_get(struct room *room, const void *data, size_t len)
{
	struct modes *modes = &room->modes;
	struct tlv_reader in;
	struct tlv item;
	bool is_good = true;

	modes_fini(room);
	modes_init(room);
	modes->is_persisted = true;
	tlv_init(&in, data, len);
	while (is_good && tlv_next(&in, &item))
		is_good = modes_get_item(modes, &item);
	if (!is_good || in.is_bad) {
		modes_fini(room);
		modes_init(room);
		return false;
	}
	/* The settings may have another lobby now. */
	if (modes_is_lobby(room)) {
		modes->flags &= ~(unsigned)ROOM_INVITE_ONLY;
		modes->key[0] = '\0';
		modes->limit = 0;
	}
	return true;
}
