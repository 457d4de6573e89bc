/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Attempts are counted in buckets, each found by a key: a checksum of what it is
 * about, so that no name is kept. What waits makes no record: else a flood of
 * names, all refused, would push out those that matter. The collection is
 * bounded, and what was not used for longest goes: by then it was full again,
 * or somebody has as many origins as that, and the account's holds them up.
 *
 * An attempt counts from its beginning, or many at once would all be free. So
 * the right password may find the bucket empty for a moment, while others that
 * are right are computed: who asks can be told to wait for those.
 */
#include "config.h"

#include <sha2.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "base/fields.h"
#include "base/handoff.h"
#include "base/nick.h"
#include "room/attempts.h"

/* What a key is about; no credential is of such a kind. */
enum attempt_kind {
	ATTEMPT_PAIR = 0x40,
	ATTEMPT_ORIGIN,
	ATTEMPT_ACCOUNT,
	ATTEMPT_REGISTER,
	ATTEMPT_REGISTER_DAY,
	ATTEMPT_LENT, /* to an account from an origin */
	ATTEMPT_LENDER, /* from an origin */
	ATTEMPT_CHANGE
};

#define ATTEMPT_DAY_MS 86400000
#define ATTEMPT_HOUR_MS 3600000
#define ATTEMPT_NETWORK 6 /* bytes of an IPv6 address */

static const struct rate attempt_rate = { 1, ATTEMPT_MS };

static int
attempt_cmp(const struct attempt *a, const struct attempt *b)
{
	return credential_cmp(&a->key, &b->key);
}

RB_GENERATE_INTERNAL(attempt_tree, attempt, entry, attempt_cmp, UNUSED static)

void
attempts_init(struct attempts *all)
{
	memset(all, 0, sizeof(*all));
	RB_INIT(&all->tree);
	TAILQ_INIT(&all->by_age);
}

void
attempts_fini(struct attempts *all)
{
	struct attempt *a;

	while ((a = TAILQ_FIRST(&all->by_age)) != NULL) {
		TAILQ_REMOVE(&all->by_age, a, by_age);
		free(a);
	}
	attempts_init(all);
}

static uint32_t
attempt_burst(const struct credential *key)
{
	return key->kind == ATTEMPT_LENT ? 1 :
	    key->kind == ATTEMPT_LENDER  ? ATTEMPT_LEND :
	    key->kind == ATTEMPT_ORIGIN  ? ATTEMPT_ORIGIN_TRIES :
	    key->kind == ATTEMPT_ACCOUNT ? ATTEMPT_ACCOUNT_TRIES :
					   ATTEMPT_TRIES;
}

static struct credential
attempt_key(enum attempt_kind kind, const struct attempt_subject *s)
{
	struct credential key = { .kind = (uint8_t)kind };
	unsigned char digest[SHA256_DIGEST_LENGTH];
	char folded[NICK_SIZE] = "";
	SHA2_CTX sha;

	if (s->account == 0 && s->name != NULL) {
		(void)strlcpy(folded, s->name, sizeof(folded));
		nick_fold(folded, folded);
	}
	SHA256Init(&sha);
	if (kind == ATTEMPT_PAIR || kind == ATTEMPT_LENT ||
	    kind == ATTEMPT_ACCOUNT || kind == ATTEMPT_CHANGE) {
		SHA256Update(&sha, (const unsigned char *)&s->account,
		    sizeof(s->account));
		SHA256Update(&sha, (const unsigned char *)folded,
		    sizeof(folded));
	}
	if (kind != ATTEMPT_ACCOUNT && kind != ATTEMPT_CHANGE)
		SHA256Update(&sha, (const unsigned char *)s->origin,
		    sizeof(*s->origin));
	SHA256Final(digest, &sha);
	memcpy(key.bytes, digest, sizeof(key.bytes));
	return key;
}

static struct attempt *
attempt_find(struct attempts *all, const struct credential *key)
{
	struct attempt wanted = { .key = *key };

	return RB_FIND(attempt_tree, &all->tree, &wanted);
}

/* Finds or makes one, which is the youngest then. */
static struct attempt *
attempt_get(struct attempts *all, const struct credential *key, int64_t mono_ms)
{
	struct attempt *a = attempt_find(all, key);

	if (a != NULL)
		TAILQ_REMOVE(&all->by_age, a, by_age);
	else {
		if (all->count < ATTEMPTS_MAX) {
			a = xcalloc(1, sizeof(*a));
			all->count++;
		} else {
			a = TAILQ_FIRST(&all->by_age);
			TAILQ_REMOVE(&all->by_age, a, by_age);
			RB_REMOVE(attempt_tree, &all->tree, a);
			memset(a, 0, sizeof(*a));
		}
		a->key = *key;
		bucket_init(&a->bucket, attempt_burst(key), mono_ms);
		(void)RB_INSERT(attempt_tree, &all->tree, a);
	}
	TAILQ_INSERT_TAIL(&all->by_age, a, by_age);
	return a;
}

static const struct field attempt_list[] = {
	{ FIELD_BYTES(1, struct attempt, key), .is_needed = true },
	{ FIELD_INT(2, struct attempt, bucket.level) },
	{ FIELD_INT(3, struct attempt, bucket.at_ms) },
};
static const struct fields attempt_fields = { FIELDS("an attempt",
    struct attempt, attempt_list) };

/* When it is surely full again, and counts no more. */
static int64_t
attempt_until_ms(const struct attempt *a)
{
	int64_t full_ms;

	switch ((enum attempt_kind)a->key.kind) {
	case ATTEMPT_REGISTER_DAY:
		full_ms = ATTEMPT_DAY_MS;
		break;
	case ATTEMPT_LENT:
	case ATTEMPT_LENDER:
		full_ms = ATTEMPT_HOUR_MS;
		break;
	case ATTEMPT_PAIR:
	case ATTEMPT_ORIGIN:
	case ATTEMPT_ACCOUNT:
	case ATTEMPT_REGISTER:
	case ATTEMPT_CHANGE:
	default: /* read from another program */
		full_ms = bucket_full_ms(&a->bucket, attempt_rate,
		    attempt_burst(&a->key));
		break;
	}
	return a->bucket.at_ms + full_ms;
}

void
attempts_save(const struct attempts *all, int64_t mono_ms,
    struct fields_out *out)
{
	const struct attempt *a;

	TAILQ_FOREACH(a, &all->by_age, by_age)
		if (attempt_until_ms(a) > mono_ms)
			fields_put_item(out, HANDOFF_ATTEMPT, &attempt_fields,
			    a);
}

bool
attempts_load(struct attempts *all, struct fields_in *in,
    const struct tlv *item)
{
	struct attempt read;

	memset(&read, 0, sizeof(read));
	if (!fields_get(in, &attempt_fields, item, &read))
		return false;
	attempt_get(all, &read.key, read.bucket.at_ms)->bucket = read.bucket;
	return true;
}

static void
attempt_count(struct attempt *a, int64_t mono_ms)
{
	bucket_charge(&a->bucket, attempt_rate, attempt_burst(&a->key), mono_ms,
	    1);
}

/* How long to wait; *has_pending: those that are pending may change that. */
static int64_t
attempt_wait_ms(struct attempts *all, const struct credential *key,
    int64_t mono_ms, bool *has_pending)
{
	const struct attempt *a = attempt_find(all, key);

	*has_pending = a != NULL && a->pending > 0;
	return a == NULL ? 0 :
			   bucket_wait_ms(&a->bucket, attempt_rate,
			       attempt_burst(key), mono_ms);
}

/* The keys that an attempt is counted under. Returns how many. */
#define ATTEMPT_KEYS 3
static size_t
attempt_keys(const struct attempt_subject *s,
    struct credential keys[ATTEMPT_KEYS])
{
	keys[0] = attempt_key(ATTEMPT_PAIR, s);
	keys[1] = attempt_key(ATTEMPT_ORIGIN, s);
	keys[2] = attempt_key(ATTEMPT_ACCOUNT, s);
	return s->is_known ? ATTEMPT_KEYS - 1 : ATTEMPT_KEYS;
}

int64_t
attempts_begin(struct attempts *all, const struct attempt_subject *s,
    int64_t mono_ms, bool *may_wait)
{
	struct credential keys[ATTEMPT_KEYS];
	size_t i, count = attempt_keys(s, keys);
	int64_t longest_ms = 0, wait_ms;
	struct attempt *a;
	bool has_pending;

	*may_wait = true;
	for (i = 0; i < count; i++) {
		wait_ms = attempt_wait_ms(all, &keys[i], mono_ms, &has_pending);
		if (wait_ms > longest_ms)
			longest_ms = wait_ms;
		if (wait_ms > 0 && !has_pending)
			*may_wait = false;
	}
	if (longest_ms > 0)
		return longest_ms;
	for (i = 0; i < count; i++) {
		a = attempt_get(all, &keys[i], mono_ms);
		attempt_count(a, mono_ms);
		a->pending++;
	}
	return 0;
}

void
attempts_end(struct attempts *all, const struct attempt_subject *s,
    enum attempt_end how)
{
	struct credential keys[ATTEMPT_KEYS];
	size_t i, count = attempt_keys(s, keys);
	struct attempt *a;

	for (i = 0; i < count; i++) {
		/* One that went meanwhile was full again. */
		a = attempt_find(all, &keys[i]);
		if (a == NULL)
			continue;
		if (a->pending > 0)
			a->pending--;
		if (how != ATTEMPT_WRONG)
			bucket_give_back(&a->bucket, 1);
	}
}

int64_t
attempts_register(struct attempts *all, const struct credential *origin,
    uint32_t per_day, int64_t mono_ms)
{
	const struct rate day_rate = { per_day, ATTEMPT_DAY_MS };
	struct credential network = *origin;
	const struct attempt_subject s = { .origin = &network };
	struct credential key, day_key;
	struct attempt *day;
	int64_t wait_ms, day_ms = 0;
	bool has_pending;

	if (network.kind == CREDENTIAL_IPV6)
		memset(network.bytes + ATTEMPT_NETWORK, 0,
		    sizeof(network.bytes) - ATTEMPT_NETWORK);
	key = attempt_key(ATTEMPT_REGISTER, &s);
	day_key = attempt_key(ATTEMPT_REGISTER_DAY, &s);
	wait_ms = attempt_wait_ms(all, &key, mono_ms, &has_pending);
	day = attempt_find(all, &day_key);
	if (day != NULL)
		day_ms = bucket_wait_ms(&day->bucket, day_rate, per_day,
		    mono_ms);
	if (wait_ms > 0 || day_ms > 0)
		return wait_ms > day_ms ? wait_ms : day_ms;
	attempt_count(attempt_get(all, &key, mono_ms), mono_ms);
	if (day == NULL) {
		day = attempt_get(all, &day_key, mono_ms);
		bucket_init(&day->bucket, per_day, mono_ms);
	}
	bucket_charge(&day->bucket, day_rate, per_day, mono_ms, 1);
	return 0;
}

bool
attempts_lend(struct attempts *all, uint64_t account,
    const struct credential *origin, int64_t mono_ms)
{
	static const struct rate lent_rate = { 1, ATTEMPT_HOUR_MS };
	static const struct rate lender_rate = { ATTEMPT_LEND,
		ATTEMPT_HOUR_MS };
	const struct attempt_subject s = { .account = account,
		.origin = origin };
	struct credential key = attempt_key(ATTEMPT_LENT, &s);
	struct credential lender_key = attempt_key(ATTEMPT_LENDER, &s);
	struct attempt *lent = attempt_find(all, &key), *lender;

	/* It is one of them already. */
	if (lent != NULL &&
	    bucket_wait_ms(&lent->bucket, lent_rate, 1, mono_ms) > 0)
		return true;
	lender = attempt_get(all, &lender_key, mono_ms);
	if (!bucket_take(&lender->bucket, lender_rate, ATTEMPT_LEND, mono_ms,
		1))
		return false;
	lent = attempt_get(all, &key, mono_ms);
	bucket_charge(&lent->bucket, lent_rate, 1, mono_ms, 1);
	return true;
}

int64_t
attempts_change(struct attempts *all, uint64_t account, int64_t mono_ms)
{
	const struct attempt_subject s = { .account = account };
	struct credential key = attempt_key(ATTEMPT_CHANGE, &s);
	bool has_pending;
	int64_t wait_ms = attempt_wait_ms(all, &key, mono_ms, &has_pending);

	if (wait_ms == 0)
		attempt_count(attempt_get(all, &key, mono_ms), mono_ms);
	return wait_ms;
}
