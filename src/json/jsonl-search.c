/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Searches. The answer comes when all is found; what it has is bounded by
 * messages and by bytes, as in a page of history.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "json/jsonl.h"
#include "room/client.h"
#include "room/ids.h"
#include "room/search.h"

static bool
search_limits(struct session *s, const struct jsonl_request *rq,
    struct search_query *query)
{
	uint64_t limit = 0;

	if (!jsonl_number(s, rq, "before", &query->before) ||
	    !jsonl_number(s, rq, "limit", &limit))
		return false;
	query->limit = limit == 0 || limit > SEARCH_HITS_MAX ? SEARCH_HITS_MAX :
							       (size_t)limit;
	if (query->before == 0 || query->room != NULL)
		return true;
	jsonl_failed(s, rq, "no-room",
	    "\"before\" is of one room: say \"room\": NAME");
	return false;
}

static void
search_run(struct session *s, const struct jsonl_request *rq, const char *text,
    const char *from)
{
	struct search_query query = {
		.text = text, .from = from, .has_topics = true
	};
	const struct membership *ms;

	if (jsonl_has(rq, "room")) {
		if ((ms = jsonl_room(s, rq)) == NULL)
			return;
		query.room = ms->room;
	}
	if (*text == '\0' && from == NULL)
		jsonl_failed(s, rq, "no-text", "there is nothing in the text");
	else if (strlen(text) > SEARCH_TEXT_MAX)
		jsonl_failed(s, rq, "too-long",
		    "the text is too long (limit %d bytes)", SEARCH_TEXT_MAX);
	else if (search_limits(s, rq, &query)) {
		jsonl_pending_begin(s, rq);
		session_search(s, &query);
	}
}

void
jsonl_search_run(struct session *s, const struct jsonl_request *rq)
{
	char *text = jsonl_value(s, rq), *from;

	if (text == NULL)
		return;
	if (jsonl_member(s, rq, "from", &from)) {
		search_run(s, rq, text, from);
		free(from);
	}
	free(text);
}

void
jsonl_found(struct session *s, const struct search *search)
{
	size_t i = 0, start, count = search_count(search);
	struct jsonl_pending p;
	struct jsonl_request rq;
	struct event event;
	struct json *j;

	jsonl_pending_end(s, &p, &rq);
	j = jsonl_begin_done(s, &rq);
	json_array_open(j, "messages");
	start = j->out->len;
	for (; i < count && j->out->len - start < JSONL_PAGE_BYTES; i++) {
		if (!search_hit(search, s->member, i, &event))
			continue;
		event.is_id_shown = client_has_id(session_client(s), &event);
		jsonl_add_event(j, &event);
	}
	json_array_close(j);
	json_bool(j, "more", i < count || search_has_more(search));
	jsonl_end(s);
}
