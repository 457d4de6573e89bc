/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The password that somebody has just typed, or rather what it is known again
 * by. Decided against: keeping the next line back whatever it is, as who has
 * just made an account wants to talk.
 */
#include "config.h"

#include <sys/types.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <sha2.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/deadline.h"
#include "base/fields.h"
#include "base/text.h"
#include "base/util.h"
#include "room/member-more.h"
#include "room/model.h"
#include "room/typed-secret.h"

#define TYPED_SECRET_MS 60000

struct typed_secret {
	struct deadline due;
	unsigned char salt[16];
	unsigned char digest[SHA256_DIGEST_LENGTH];
};

static void
typed_secret_digest(const struct typed_secret *t, const char *text, size_t len,
    unsigned char digest[SHA256_DIGEST_LENGTH])
{
	SHA2_CTX sha;

	/* Text that is scrubbed has blanks at its front at most. */
	for (; len > 0 && *text == ' '; text++)
		len--;
	SHA256Init(&sha);
	SHA256Update(&sha, t->salt, sizeof(t->salt));
	SHA256Update(&sha, (const unsigned char *)text, len);
	SHA256Final(digest, &sha);
	explicit_bzero(&sha, sizeof(sha));
}

void
typed_secret_forget(struct member *m)
{
	struct typed_secret *t = m->more == NULL ? NULL : m->more->typed;

	if (t == NULL)
		return;
	if (m->chat != NULL)
		deadline_clear(m->chat->deadlines, &t->due);
	explicit_bzero(t, sizeof(*t));
	free(t);
	m->more->typed = NULL;
}

static void
typed_secret_due_cb(void *arg)
{
	typed_secret_forget(arg);
}

void
typed_secret_note(struct member *m, const char *secret)
{
	struct typed_secret *t;
	size_t len = strlen(secret);
	char *scrubbed = xmalloc(len * TEXT_SCRUB_GROWTH + 1);
	size_t scrubbed_len = text_scrub(scrubbed, secret, len);

	typed_secret_forget(m);
	if (scrubbed_len > 0) {
		t = member_more(m)->typed = xcalloc(1, sizeof(*t));
		arc4random_buf(t->salt, sizeof(t->salt));
		typed_secret_digest(t, scrubbed, scrubbed_len, t->digest);
		deadline_init(&t->due, typed_secret_due_cb, m);
		deadline_set(m->chat->deadlines, &t->due,
		    m->chat->clock->mono_ms + TYPED_SECRET_MS);
	}
	explicit_bzero(scrubbed, len * TEXT_SCRUB_GROWTH + 1);
	free(scrubbed);
}

bool
typed_secret_is(const struct member *m, const char *text, size_t len)
{
	const struct typed_secret *t = m->more == NULL ? NULL : m->more->typed;
	unsigned char digest[SHA256_DIGEST_LENGTH], differs = 0;
	size_t i;

	if (t == NULL)
		return false;
	typed_secret_digest(t, text, len, digest);
	for (i = 0; i < sizeof(digest); i++)
		differs |= digest[i] ^ t->digest[i];
	explicit_bzero(digest, sizeof(digest));
	return differs == 0;
}

/* To the next program */

static const struct field typed_secret_list[] = {
	{ FIELD_INT(1, struct typed_secret, due.at_ms) },
	{ FIELD_BYTES(2, struct typed_secret, salt), .is_needed = true },
	{ FIELD_BYTES(3, struct typed_secret, digest), .is_needed = true },
};
const struct fields typed_secret_fields = { FIELDS("a typed password",
    struct typed_secret, typed_secret_list) };

void
typed_secret_resume(struct member *m)
{
	int64_t most_ms = m->chat->clock->mono_ms + TYPED_SECRET_MS, at_ms;
	struct typed_secret *t = m->more == NULL ? NULL : m->more->typed;

	if (t == NULL)
		return;
	at_ms = t->due.at_ms;
	deadline_init(&t->due, typed_secret_due_cb, m);
	deadline_set(m->chat->deadlines, &t->due,
	    at_ms < most_ms ? at_ms : most_ms);
}
