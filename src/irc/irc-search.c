/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * SEARCH, as soju's extension soju.im/search has it: selectors as in tags, and a
 * batch with what was found, the oldest first. People may type a text instead,
 * "/quote SEARCH lunch"; and who has no batches, which would take what was found
 * for something said now, gets notices.
 */
#include "config.h"

#include <bsd/string.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "irc/irc.h"
#include "room/search.h"

#define SEARCH_NAME "SEARCH"
#define SEARCH_NOTICES_MAX 20

/* The selectors of a request; what is empty was not given. */
struct search_words {
	struct buf text, in, from, after, before, limit;
};

static void
search_words_fini(struct search_words *w)
{
	buf_fini(&w->text);
	buf_fini(&w->in);
	buf_fini(&w->from);
	buf_fini(&w->after);
	buf_fini(&w->before);
	buf_fini(&w->limit);
}

/* Where the value of a selector goes; NULL: it is not known, and ignored. */
static struct buf *
search_word(struct search_words *w, const struct irc_tag *tag)
{
	struct {
		const char *name;
		struct buf *value;
	} const known[] = { { "text", &w->text }, { "in", &w->in },
		{ "from", &w->from }, { "after", &w->after },
		{ "before", &w->before }, { "limit", &w->limit } };
	size_t i;

	for (i = 0; i < NITEMS(known); i++)
		if (strlen(known[i].name) == tag->key_len &&
		    memcmp(known[i].name, tag->key, tag->key_len) == 0)
			return known[i].value;
	return NULL;
}

/* Does any of what is typed look like a selector? */
static bool
search_has_selectors(const char *attributes)
{
	struct search_words none = { .text = BUF_INITIALIZER };
	const char *pos = attributes;
	struct irc_tag tag;

	while (irc_tags_next(&pos, &tag))
		if (tag.value_len > 0 && search_word(&none, &tag) != NULL)
			return true;
	return false;
}

static void
search_parse(struct search_words *w, const struct irc_message *msg)
{
	const char *pos = msg->argv[0];
	struct irc_tag tag;
	struct buf *value;
	int i;

	if (!search_has_selectors(msg->argv[0])) {
		for (i = 0; i < msg->argc; i++)
			buf_addf(&w->text, "%s%s", i == 0 ? "" : " ",
			    msg->argv[i]);
		return;
	}
	while (irc_tags_next(&pos, &tag))
		if ((value = search_word(w, &tag)) != NULL) {
			buf_reset(value);
			irc_tag_value(value, &tag);
		}
}

static bool
search_time(struct session *s, const char *selector, struct buf *value,
    int64_t *time_ms)
{
	if (value->len == 0 || irc_parse_time(buf_cstr(value), time_ms))
		return true;
	irc_fail(s, SEARCH_NAME, "INVALID_PARAMS", selector,
	    "That is no time such as 2026-06-02T14:02:11.123Z");
	return false;
}

static bool
search_limit(struct session *s, struct buf *value, struct search_query *query)
{
	uint64_t limit = IRC_HISTORY_MAX;

	if (value->len > 0 &&
	    (parse_number(buf_cstr(value), UINT64_MAX, &limit) == -1 ||
		limit == 0)) {
		irc_fail(s, SEARCH_NAME, "INVALID_PARAMS", "limit",
		    "Invalid limit");
		return false;
	}
	query->limit = limit > IRC_HISTORY_MAX ? IRC_HISTORY_MAX :
						 (size_t)limit;
	if (!irc_has(s, IRC_CAP_BATCH) && query->limit > SEARCH_NOTICES_MAX)
		query->limit = SEARCH_NOTICES_MAX;
	return true;
}

/* In which room? False: s was told that it is none. */
static bool
search_in(struct session *s, struct buf *value, struct search_query *query)
{
	if (value->len == 0)
		return true;
	query->room = irc_find_room(s, buf_cstr(value));
	if (query->room != NULL && member_in(s->member, query->room) != NULL)
		return true;
	irc_fail(s, SEARCH_NAME, "INVALID_PARAMS", "in",
	    "You are in no such channel");
	return false;
}

static void
search_run(struct session *s, struct search_words *w)
{
	struct irc *irc = irc_of(s);
	struct search_query query = {
		.has_topics = irc_has(s, IRC_CAP_EVENT_PLAYBACK),
	};
	char *text = text_scrub_copy(buf_cstr(&w->text), SIZE_MAX);

	query.text = text == NULL ? "" : text;
	query.from = w->from.len == 0 ? NULL : buf_cstr(&w->from);
	if (text == NULL && query.from == NULL)
		irc_fail(s, SEARCH_NAME, "INVALID_PARAMS", "text",
		    "What should be found? SEARCH text=lunch");
	else if (strlen(query.text) > SEARCH_TEXT_MAX)
		irc_fail(s, SEARCH_NAME, "INVALID_PARAMS", "text",
		    "That is too long to search for (limit %d bytes)",
		    SEARCH_TEXT_MAX);
	else if (search_in(s, &w->in, &query) &&
	    search_time(s, "after", &w->after, &query.after_ms) &&
	    search_time(s, "before", &w->before, &query.before_ms) &&
	    search_limit(s, &w->limit, &query)) {
		/* The answer comes later, with this label. */
		free(irc->search_label);
		irc->search_label = xstrdup(irc->label);
		irc->label[0] = '\0';
		session_search(s, &query);
	}
	free(text);
}

void
irc_search_run(struct session *s, struct irc_message *msg)
{
	struct search_words w = { .text = BUF_INITIALIZER };

	search_parse(&w, msg);
	search_run(s, &w);
	search_words_fini(&w);
}

/* The answer */

static void
search_notice(struct session *s, const struct event *event)
{
	char date[CLOCK_DATE_SIZE], hhmm[CLOCK_HHMM_SIZE];
	int64_t wall_ms = event_wall_ms(event);
	bool is_today = clock_day(wall_ms) ==
	    clock_day(s->all->chat->clock->wall_ms);

	clock_hhmm(wall_ms, hhmm);
	clock_date(wall_ms, date);
	session_notice(s, "[%s%s%s] #%s <%s> %.*s", is_today ? "" : date,
	    is_today ? "" : " ", hhmm, event->room, event->nick,
	    (int)event->text_len, event->text);
}

static void
search_answer(struct session *s, const struct search *search)
{
	bool has_batch = irc_has(s, IRC_CAP_BATCH);
	size_t i, count = search_count(search);
	struct irc_batch batch;
	struct event event;

	irc_batch_begin(s, &batch, "soju.im/search");
	for (i = count; i > 0; i--) {
		if (!search_hit(search, s->member, i - 1, &event))
			continue;
		if (has_batch)
			irc_event(s, &event);
		else
			search_notice(s, &event);
	}
	irc_batch_end(s, &batch);
	if (!has_batch)
		session_notice(s, "%zu found%s", count,
		    search_has_more(search) ? ", the newest ones" : "");
}

void
irc_found(struct session *s, const struct search *search)
{
	struct irc *irc = irc_of(s);

	irc_answer_resume(s, irc->search_label);
	search_answer(s, search);
	irc_answer_end(s);
	free(irc->search_label);
	irc->search_label = NULL;
}
