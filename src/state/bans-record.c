/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Bans as they are kept: each under its id, as a sequence of tagged values. A
 * record that makes no sense is left out rather than taken for half of what it
 * says, which might ban everybody.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/origin.h"
#include "base/text.h"
#include "base/tlv.h"
#include "room/bans-impl.h"
#include "state/journal.h"

#define BAN_KEY_SIZE 8
/* No id comes so far; a damaged file may say so. */
#define BAN_ID_MAX (UINT64_MAX / 2)

/* Never used for anything else once a version has written them. */
enum ban_tag {
	BAN_NICK = 1,
	BAN_KIND,
	BAN_BYTES,
	BAN_PREFIX,
	BAN_MADE,
	BAN_UNTIL,
	BAN_REASON
};

void
ban_put(struct journal *journal, const struct ban *ban)
{
	const struct ban_subject *subject = &ban->subject;
	struct buf out = BUF_INITIALIZER;
	unsigned char key[BAN_KEY_SIZE];

	if (journal == NULL)
		return;
	if (subject->nick[0] != '\0')
		tlv_put_str(&out, BAN_NICK, subject->nick);
	if (subject->has_origin) {
		tlv_put_u64(&out, BAN_KIND, subject->origin.kind);
		tlv_put_bytes(&out, BAN_BYTES, subject->origin.bytes,
		    sizeof(subject->origin.bytes));
		tlv_put_u64(&out, BAN_PREFIX, subject->prefix);
	}
	tlv_put_i64(&out, BAN_MADE, ban->made_ms);
	tlv_put_i64(&out, BAN_UNTIL, ban->until_ms);
	tlv_put_str(&out, BAN_REASON, ban->reason);
	le_put64(key, ban->id);
	journal_put(journal, key, sizeof(key), out.data, out.len);
	buf_fini(&out);
}

void
ban_delete(struct journal *journal, const struct ban *ban)
{
	unsigned char key[BAN_KEY_SIZE];

	if (journal == NULL)
		return;
	le_put64(key, ban->id);
	journal_delete(journal, key, sizeof(key));
}

/* Has its reason in reason. False: it makes no sense. */
static bool
ban_read(struct ban *ban, const void *value, size_t len,
    char reason[BAN_REASON_MAX + 1])
{
	struct credential *origin = &ban->subject.origin;
	bool is_good = true, has_bytes = false, has_prefix = false;
	struct tlv_reader in;
	struct tlv item;
	uint64_t kind = 0, prefix = 0;

	tlv_init(&in, value, len);
	while (tlv_next(&in, &item))
		switch ((enum ban_tag)item.tag) {
		case BAN_NICK:
			is_good &= tlv_get_str(&item, ban->subject.nick,
				       NICK_SIZE) &&
			    nick_check(ban->subject.nick) == NICK_OK;
			break;
		case BAN_KIND:
			ban->subject.has_origin = true;
			is_good &= tlv_get_u64(&item, CREDENTIAL_UID, &kind);
			break;
		case BAN_BYTES:
			has_bytes = item.len == sizeof(origin->bytes);
			if (has_bytes)
				memcpy(origin->bytes, item.data, item.len);
			break;
		case BAN_PREFIX:
			has_prefix = tlv_get_u64(&item, 64, &prefix);
			break;
		case BAN_MADE:
			is_good &= tlv_get_i64(&item, &ban->made_ms) &&
			    ban->made_ms >= 0;
			break;
		case BAN_UNTIL:
			is_good &= tlv_get_i64(&item, &ban->until_ms);
			break;
		case BAN_REASON:
			is_good &= tlv_get_str(&item, reason,
				       BAN_REASON_MAX + 1) &&
			    text_is_utf8(reason, strlen(reason));
			break;
		}
	if (in.is_bad || !is_good)
		return false;
	if (!ban->subject.has_origin)
		return ban->subject.nick[0] != '\0';
	origin->kind = (uint8_t)kind;
	ban->subject.prefix = (unsigned)prefix;
	if (!has_bytes || !has_prefix || prefix > origin_prefix_max(origin) ||
	    (kind == CREDENTIAL_UID && prefix != origin_prefix_max(origin)))
		return false;
	origin_mask(origin, ban->subject.prefix);
	return true;
}

void
bans_loaded(const void *key, size_t key_len, const void *value, size_t len,
    void *arg)
{
	struct bans *all = arg;
	struct ban *ban = xcalloc(1, sizeof(*ban));
	char reason[BAN_REASON_MAX +
	    1] = "",
	    scrubbed[TEXT_SCRUB_GROWTH * BAN_REASON_MAX + 1];

	if (key_len != BAN_KEY_SIZE || le_get64(key) > BAN_ID_MAX ||
	    !ban_read(ban, value, len, reason) || all->count >= BANS_MAX ||
	    bans_find(all, &ban->subject) != NULL) {
		log_warning("a ban that was kept makes no sense: bytes=%zu",
		    len);
		free(ban);
		return;
	}
	(void)text_scrub(scrubbed, reason, strlen(reason));
	ban->reason = xstrdup(scrubbed);
	ban->id = le_get64(key);
	bans_insert(all, ban);
}

void
bans_snapshot(struct journal *journal, void *arg)
{
	const struct bans *all = arg;
	const struct ban *ban;

	TAILQ_FOREACH(ban, &all->list, entry)
		ban_put(journal, ban);
}
