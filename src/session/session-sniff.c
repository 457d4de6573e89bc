/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Finds out which protocol a client speaks, where one port serves several. An
 * IRC client speaks first, at once; a person in nc waits to be greeted. So the
 * first whole line decides, if it comes within greeting-delay and a protocol
 * claims it. Anything else, silence, or half a line means the first protocol,
 * the plain one; no input is lost. Empty lines in front decide nothing, nor
 * does a telnet client ever speak another.
 *
 * An IRC client that is slower than that is greeted as a person. Its first line
 * still makes it IRC (plain/protocol-line.c), if no person would type that.
 *
 * A browser opens connections that it may need soon, and asks for something when
 * it does; the greeting would be no answer to that. So who is silent is let wait
 * for longer if somebody from there has just asked by HTTP.
 *
 * Decided against: looking at the first bytes, as half a line decides nothing.
 */
#include "config.h"

#include <stdlib.h>

#include "base/deadline.h"
#include "base/fields.h"
#include "base/util.h"
#include "net/conn.h"
#include "session/protocol.h"
#include "session/session.h"

/* Browsers close what they have not used for 10 s. */
#define SNIFF_BROWSER_MS 12000
/* How long before its greeting somebody may have browsed. */
#define SNIFF_BROWSED_MS 2000

struct sniff {
	struct deadline decision;
	bool may_browse; /* and so has waited for longer */
};

static void
sniff_close(struct session *s)
{
	struct sniff *sniff = s->state;

	if (sniff != NULL)
		deadline_clear(s->all->net->deadlines, &sniff->decision);
	free(sniff);
	s->state = NULL;
}

static void
sniff_decide(struct session *s, const struct protocol *protocol)
{
	sniff_close(s);
	/* They may have been refused meanwhile. */
	if (!s->has_left)
		session_become(s, protocol);
}

static bool
sniff_may_browse(const struct session *s)
{
	int64_t browsed_ms = s->origin->browsed_ms;

	return browsed_ms != 0 &&
	    s->all->net->clock->mono_ms - browsed_ms < SNIFF_BROWSED_MS;
}

static void
sniff_silent_cb(void *arg)
{
	struct session *s = arg;
	struct sniff *sniff = s->state;
	struct deadlines *deadlines = s->all->net->deadlines;
	int64_t now_ms = s->all->net->clock->mono_ms;

	/* What they have sent waits for its turn, so they were not silent. */
	if (s->throttle != NULL && s->turn_ms > now_ms)
		deadline_set(deadlines, &sniff->decision,
		    s->turn_ms + s->all->options->greeting_delay);
	else if (!sniff->may_browse && sniff_may_browse(s)) {
		sniff->may_browse = true;
		deadline_set(deadlines, &sniff->decision,
		    now_ms + SNIFF_BROWSER_MS);
	} else
		sniff_decide(s, protocol_table[0]);
}

static void
sniff_wait(struct session *s)
{
	struct sniff *sniff = xcalloc(1, sizeof(*sniff));

	deadline_init(&sniff->decision, sniff_silent_cb, s);
	deadline_set(s->all->net->deadlines, &sniff->decision,
	    s->all->net->clock->mono_ms + s->all->options->greeting_delay);
	s->state = sniff;
}

static void
sniff_open(struct session *s)
{
	if (s->all->options->greeting_delay == 0)
		session_become(s, protocol_table[0]);
	else
		sniff_wait(s);
}

static void
sniff_line(struct session *s, char *text, size_t len, bool has_cr)
{
	const struct protocol *p = NULL;
	enum first_line claim;

	if (len == 0) {
		session_charge(s, 1);
		return;
	}
	if (!conn_has_telnet(s->conn))
		p = protocol_by_first_line(text, len, &claim);
	sniff_decide(s, p == NULL ? protocol_table[0] : p);
	if (!s->has_left)
		s->protocol->line(s, text, len, has_cr);
}

static void
sniff_too_long(struct session *s)
{
	sniff_decide(s, protocol_table[0]);
	if (!s->has_left)
		s->protocol->too_long(s);
}

/* No more input will come: shows them what there is. */
static void
sniff_eof(struct session *s)
{
	sniff_decide(s, protocol_table[0]);
}

static void
sniff_notice(struct session *s, const char *text)
{
	protocol_table[0]->notice(s, text);
}

static void
sniff_error(struct session *s, const char *text)
{
	protocol_table[0]->error(s, text);
}

static const char *
sniff_refusal(const char *text)
{
	return protocol_table[0]->refusal(text);
}

static bool
sniff_load(struct session *s, struct fields_in *in, const struct tlv *item)
{
	(void)item;
	if (s->member != NULL)
		return fields_fail(in, "somebody speaks no protocol");
	if (!s->has_left)
		sniff_wait(s);
	return true;
}

const struct protocol protocol_sniff = {
	.name = "sniff",
	.open = sniff_open,
	.close = sniff_close,
	.line = sniff_line,
	.too_long = sniff_too_long,
	.eof = sniff_eof,
	.notice = sniff_notice,
	.error = sniff_error,
	.refusal = sniff_refusal,
	.load = sniff_load,
};
