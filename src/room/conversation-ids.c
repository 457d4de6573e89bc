/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The ids of what is said in a conversation. A record's id is its msgid, and if
 * its author's program gave it an id, a hash of that behind a dot; whose it is
 * tells which end it is from.
 *
 *     1764512553017   1764512553018.9f86d081884c7d65
 *
 * Both are looked for by going through the ring, which holds a thousand messages
 * at most: some µs, and nothing that is kept in memory while it is open.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "history/event.h"
#include "room/conversation-impl.h"

uint64_t
conversation_msgid(const struct event *record)
{
	char id[HISTORY_ID_MAX + 1];

	memcpy(id, record->id, record->id_len);
	id[record->id_len] = '\0';
	return strtoull(id, NULL, 10);
}

bool
conversation_is_from(const struct event *record,
    const struct conversation_end *end)
{
	return (record->id_key == 2) == end->is_second;
}

/* What stands for the id that the event's author gave it; "": it has none. */
static void
conversation_id_mark(char mark[static 20], const struct event *event)
{
	mark[0] = '\0';
	if (event->id != NULL)
		(void)snprintf(mark, 20, ".%016llx",
		    (unsigned long long)XXH3_64bits_withSeed(event->id,
			event->id_len, event->id_key));
}

static enum event_kind
conversation_kind(const struct event *event)
{
	if (event->is_notice)
		return EVENT_NOTICE;
	return event->is_action ? EVENT_ME : EVENT_SAY;
}

void
conversation_append(struct history *h, const struct conversation_end *from,
    const struct event *event)
{
	struct event said = *event;
	char id[HISTORY_ID_MAX + 1], mark[20];

	conversation_id_mark(mark, event);
	(void)snprintf(id, sizeof(id), "%llu%s",
	    (unsigned long long)event->msgid, mark);
	said.kind = conversation_kind(event);
	said.id = id;
	said.id_len = strlen(id);
	said.id_key = from->is_second ? 2 : 1;
	(void)history_append(h, &said);
}

/* Has the record the mark of event, and does it say the same? */
static bool
conversation_is_same(const struct event *record, const struct event *event,
    const char *mark)
{
	const char *dot = memchr(record->id, '.', record->id_len);
	size_t len = strlen(mark);

	return dot != NULL &&
	    (size_t)(record->id + record->id_len - dot) == len &&
	    memcmp(dot, mark, len) == 0 &&
	    record->kind == conversation_kind(event) &&
	    record->text_len == event->text_len &&
	    memcmp(record->text, event->text, event->text_len) == 0;
}

bool
conversation_has_said(struct conversations *all,
    const struct conversation_party *from, const struct conversation_party *to,
    struct event *event)
{
	const struct conversation_end *end = conversation_find(all, from, to);
	struct history *h;
	struct history_cursor at;
	struct event record;
	char mark[20];

	if (event->id == NULL || end == NULL)
		return false;
	h = conversation_history(all, conversation_of_end(end));
	if (h == NULL)
		return false;
	conversation_id_mark(mark, event);
	at = history_oldest(h);
	while (history_read(h, &at, &record))
		if (record.kind != EVENT_GAP && record.id_key != 0 &&
		    conversation_is_from(&record, end) &&
		    conversation_is_same(&record, event, mark)) {
			event->msgid = conversation_msgid(&record);
			event->time_ms = record.time_ms;
			event->wall_ms = record.wall_ms;
			return true;
		}
	return false;
}

bool
conversation_find_msgid(const struct history *h, uint64_t msgid,
    struct history_cursor *at)
{
	struct history_cursor next = history_oldest(h);
	struct event record;

	do {
		*at = next;
		if (!history_read(h, &next, &record))
			return false;
	} while (record.kind == EVENT_GAP || record.id_key == 0 ||
	    conversation_msgid(&record) != msgid);
	return true;
}
