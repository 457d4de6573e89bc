/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The server's sentences about events, for every protocol that has no way of
 * its own to say them.
 */
#include "config.h"

#include "base/buf.h"
#include "base/clock.h"
#include "history/event.h"
#include "session/event-text.h"

/* Adds " (text)", if there is a text. */
static void
event_text_reason(struct buf *out, const struct event *e)
{
	if (e->text_len == 0)
		return;
	buf_add(out, " (", 2);
	buf_add(out, e->text, e->text_len);
	buf_addch(out, ')');
}

/* Adds "ana, bob and 14 others came". */
static void
event_text_names(struct buf *out, const char *const names[], size_t count,
    size_t max, const char *what)
{
	size_t i, shown = count < max ? count : max;

	for (i = 0; i < shown; i++) {
		if (i > 0)
			buf_addstr(out, i + 1 == count ? " and " : ", ");
		buf_addstr(out, names[i]);
	}
	if (count > shown)
		buf_addf(out, " and %zu other%s", count - shown,
		    count - shown == 1 ? "" : "s");
	buf_addf(out, " %s", what);
}

static void
event_text_presence(struct buf *out, const struct event_presence *p)
{
	/* Four names at most, arrivals and departures together. */
	size_t max = p->came_count > 0 && p->left_count > 0 ? 2 :
							      PRESENCE_NAMES;

	if (p->came_count > 0)
		event_text_names(out, p->came, p->came_count, max, "came");
	if (p->came_count > 0 && p->left_count > 0)
		buf_addstr(out, "; ");
	if (p->left_count > 0)
		event_text_names(out, p->left, p->left_count, max, "left");
}

static void
event_text_welcome(struct buf *out, const struct event *e)
{
	const struct event_tally *t = e->tally;
	char duration[CLOCK_DURATION_SIZE];
	size_t i;

	clock_duration(e->duration_ms, duration);
	buf_addstr(out, "welcome back");
	if (e->nick != NULL)
		buf_addf(out, ", %s", e->nick);
	buf_addf(out, ". %s, ", duration);
	if (e->count == 0) {
		/* Of repeats nobody knows whether they were read. */
		if (e->total > 0)
			buf_addstr(out, "nothing that you surely missed");
		else
			buf_addstr(out, "nothing was said");
		return;
	}
	buf_addf(out, "%llu message%s: ", (unsigned long long)e->count,
	    e->count == 1 ? "" : "s");
	for (i = 0; i < t->names; i++)
		buf_addf(out, "%s%s %llu", i == 0 ? "" : ", ", t->nick[i],
		    (unsigned long long)t->count[i]);
	if (t->others > 0)
		buf_addf(out, ", %llu other%s %llu",
		    (unsigned long long)t->others, t->others == 1 ? "" : "s",
		    (unsigned long long)t->others_count);
	if (e->mentions > 0)
		buf_addf(out, "; %llu mention%s you",
		    (unsigned long long)e->mentions,
		    e->mentions == 1 ? "s" : "");
	if (e->seen > 0 && e->seen == e->count)
		buf_addf(out, "; %s shown above",
		    e->seen == 1 ? "it is" : "all are");
	else if (e->seen > 0)
		buf_addf(out, "; %llu of them %s shown above",
		    (unsigned long long)e->seen, e->seen == 1 ? "is" : "are");
}

static void
event_text_past(struct buf *out, const struct event *e)
{
	if (e->total == 1 && e->count == 1)
		buf_addstr(out, "the only message so far:");
	else if (e->count == 1)
		buf_addf(out,
		    "the last of %llu messages:", (unsigned long long)e->total);
	else
		buf_addf(out, "the last %llu of %llu message%s:",
		    (unsigned long long)e->count, (unsigned long long)e->total,
		    e->total == 1 ? "" : "s");
}

static void
event_text_live(struct buf *out, const struct event *e)
{
	switch (e->live) {
	case EVENT_LIVE_NOW:
		break;
	case EVENT_LIVE_AFTER_PAST:
		buf_addstr(out, "that was the past; ");
		break;
	case EVENT_LIVE_AFTER_CATCHUP:
		buf_addstr(out, "that is all; ");
		break;
	}
	buf_addstr(out, "you are live");
}

/* Adds a gap's sentence, without "-- ". */
static void
event_text_gap(struct buf *out, const struct event *e)
{
	if (e->count == 0)
		buf_addstr(out,
		    "\xe2\x80\xa6 some messages may have been lost here");
	else
		buf_addf(out,
		    "\xe2\x80\xa6 %llu%s earlier message%s %s no longer held",
		    (unsigned long long)e->count,
		    e->is_uncertain ? " or more" : "", e->count == 1 ? "" : "s",
		    e->count == 1 && !e->is_uncertain ? "is" : "are");
}

static const char *
event_text_who(const struct event *e)
{
	return e->nick == NULL ? "the server" : e->nick;
}

void
event_text(struct buf *out, const struct event *e)
{
	char duration[CLOCK_DURATION_SIZE], date[CLOCK_DATE_SIZE];
	const char *s = e->count == 1 ? "" : "s";

	switch (e->kind) {
	case EVENT_TOPIC:
		if (e->text_len == 0)
			buf_addf(out, "%s removed the topic", e->nick);
		else {
			buf_addf(out, "%s set the topic: ", e->nick);
			buf_add(out, e->text, e->text_len);
		}
		break;
	case EVENT_PRESENCE:
		event_text_presence(out, e->presence);
		break;
	case EVENT_LEFT:
		buf_addf(out, "%s left", e->nick);
		event_text_reason(out, e);
		break;
	case EVENT_WENT:
		buf_addf(out, "%s went to %s", e->nick, e->other);
		break;
	case EVENT_NICK:
		buf_addf(out, "%s is now %s", e->other, e->nick);
		break;
	case EVENT_BREAK:
		buf_addf(out, "%s: be right back", e->nick);
		event_text_reason(out, e);
		break;
	case EVENT_BACK:
		clock_duration(e->duration_ms, duration);
		buf_addf(out, "%s is back after %s", e->nick, duration);
		event_text_reason(out, e);
		break;
	case EVENT_OPERATOR:
		/* Nobody can have that nick. */
		buf_addstr(out, "server: ");
		buf_add(out, e->text, e->text_len);
		break;
	case EVENT_KICK:
		buf_addf(out, "%s kicked %s", event_text_who(e), e->other);
		event_text_reason(out, e);
		break;
	case EVENT_MODE:
		buf_addf(out, "%s set mode ", event_text_who(e));
		buf_add(out, e->text, e->text_len);
		break;
	case EVENT_QUEUED:
		if (e->total > 0)
			buf_addf(out,
			    "\xe2\x80\xa6 %llu earlier private message%s %s no "
			    "longer held; ",
			    (unsigned long long)e->total,
			    e->total == 1 ? "" : "s",
			    e->total == 1 ? "is" : "are");
		if (e->is_repeat)
			buf_addf(out,
			    "%llu private message%s that you may have seen "
			    "already:",
			    (unsigned long long)e->count, s);
		else
			buf_addf(out, "%llu private message%s %s kept for you:",
			    (unsigned long long)e->count, s,
			    e->count == 1 ? "was" : "were");
		break;
	case EVENT_WELCOME:
		event_text_welcome(out, e);
		break;
	case EVENT_REPEATS:
		if (e->count > 0)
			buf_addf(out, "%llu ", (unsigned long long)e->count);
		buf_addf(out, "message%s that you may have seen already:", s);
		break;
	case EVENT_NEW:
		buf_addstr(out, "new since then:");
		break;
	case EVENT_GAP:
		event_text_gap(out, e);
		break;
	case EVENT_DATE:
		clock_date(e->time_ms, date);
		buf_addstr(out, date);
		break;
	case EVENT_PAST:
		event_text_past(out, e);
		break;
	case EVENT_PAST_END:
		buf_addstr(out, "end of history");
		break;
	case EVENT_LIVE:
		event_text_live(out, e);
		break;
	case EVENT_WAITING:
		buf_addf(out, "%s%llu new in %s; /join %s",
		    e->count > 0 ? "" : "perhaps ",
		    (unsigned long long)(e->count > 0 ? e->count : e->total),
		    e->other, e->other);
		break;
	case EVENT_UNREAD:
		buf_addf(out, "%llu new from %s; /history @%s",
		    (unsigned long long)e->count, e->other, e->other);
		break;
	case EVENT_SAY:
	case EVENT_ME:
	case EVENT_NOTICE:
	case EVENT_PRIVATE:
	case EVENT_PRIVATE_SENT:
	case EVENT_SYNC_JOIN:
	case EVENT_SYNC_PART:
	case EVENT_CTCP:
	case EVENT_TAGS:
	case EVENT_READ: /* nothing that they see changes */
	case EVENT_INVITE:
	case EVENT_SYNC_QUIT:
	case EVENT_SYNC_RENAME:
	case EVENT_SYNC_AWAY:
	case EVENT_SYNC_SETNAME:
	case EVENT_SYNC_ACCOUNT:
		break; /* what people say is the protocol's */
	}
}
