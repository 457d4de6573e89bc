/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A line of a shared log. It is written for each line that is said, so by hand
 * rather than by a table (fields.h), which would copy the text.
 */
#include "config.h"

#include <string.h>

#include "base/text.h"
#include "base/tlv.h"
#include "history/history.h"
#include "room/shared-line.h"

/* Never changed or used again; nor are the numbers of kinds. */
enum line_tag {
	LINE_KIND = 1,
	LINE_TIME,
	LINE_AUTHOR,
	LINE_VIA,
	LINE_NICK,
	LINE_TEXT,
	LINE_ID_KEY,
	LINE_ID
};

static const enum event_kind line_kinds[] = {
	EVENT_GAP, /* no kind is 0 */
	EVENT_SAY,
	EVENT_ME,
	EVENT_NOTICE,
	EVENT_TOPIC,
};

/* A time in milliseconds that a ring can keep. */
#define LINE_TIME_MAX (INT64_C(1) << 43)

static uint64_t
line_kind(enum event_kind kind)
{
	uint64_t i;

	for (i = 1; i < NITEMS(line_kinds); i++)
		if (line_kinds[i] == kind)
			return i;
	return 0;
}

void
shared_line_put(struct buf *out, const struct event *event)
{
	tlv_put_u64(out, LINE_KIND, line_kind(event->kind));
	tlv_put_i64(out, LINE_TIME, event_wall_ms(event));
	if (event->author != 0)
		tlv_put_u64(out, LINE_AUTHOR, event->author);
	if (event->via != 0)
		tlv_put_u64(out, LINE_VIA, event->via);
	tlv_put_str(out, LINE_NICK, event->nick);
	tlv_put_bytes(out, LINE_TEXT, event->text, event->text_len);
	if (event->id_key == 0)
		return;
	tlv_put_u64(out, LINE_ID_KEY, event->id_key);
	tlv_put_bytes(out, LINE_ID, event->id, event->id_len);
}

static bool
line_get_kind(const struct tlv *item, struct event *event)
{
	uint64_t i = 0;

	if (!tlv_get_u64(item, NITEMS(line_kinds) - 1, &i) || i == 0)
		return false;
	event->kind = line_kinds[i];
	return true;
}

static bool
line_get_via(const struct tlv *item, struct event *event)
{
	uint64_t via = 0;

	if (!tlv_get_u64(item, EVENT_VIA_MAX, &via))
		return false;
	event->via = (uint8_t)via;
	return true;
}

static bool
line_get_text(const struct tlv *item, struct event *event)
{
	event->text = (const char *)item->data;
	event->text_len = item->len;
	return item->len <= HISTORY_TEXT_MAX;
}

/* As a ring is checked when it is loaded. */
static bool
line_is_harmless(const struct event *event)
{
	return event->kind == EVENT_TOPIC ?
	    text_is_harmless(event->text, event->text_len) :
	    text_has_harmless_lines(event->text, event->text_len);
}

static bool
line_get_id(const struct tlv *item, struct event *event)
{
	event->id = (const char *)item->data;
	event->id_len = item->len;
	return history_id_is_valid(event->id, event->id_len);
}

static bool
line_get(const struct tlv *item, struct event *event, char nick[NICK_SIZE])
{
	switch (item->tag) {
	case LINE_KIND:
		return line_get_kind(item, event);
	case LINE_TIME:
		return tlv_get_i64(item, &event->wall_ms);
	case LINE_AUTHOR:
		return tlv_get_u64(item, EVENT_AUTHOR_MAX, &event->author);
	case LINE_VIA:
		return line_get_via(item, event);
	case LINE_NICK:
		return tlv_get_str(item, nick, NICK_SIZE) &&
		    nick_is_wellformed(nick);
	case LINE_TEXT:
		return line_get_text(item, event);
	case LINE_ID_KEY:
		return tlv_get_u64(item, UINT64_MAX, &event->id_key);
	case LINE_ID:
		return line_get_id(item, event);
	default:
		return true;
	}
}

bool
shared_line_get(const void *data, size_t len, struct event *event,
    char nick[NICK_SIZE])
{
	struct tlv_reader items;
	struct tlv item;

	memset(event, 0, sizeof(*event));
	event->kind = EVENT_GAP;
	event->nick = nick;
	event->text = "";
	nick[0] = '\0';
	tlv_init(&items, data, len);
	while (tlv_next(&items, &item))
		if (!line_get(&item, event, nick))
			return false;
	event->time_ms = event->wall_ms;
	return !items.is_bad && event_is_numbered(event->kind) &&
	    line_is_harmless(event) && nick[0] != '\0' && event->wall_ms > 0 &&
	    event->wall_ms < LINE_TIME_MAX &&
	    (event->id_key != 0) == (event->id_len != 0);
}
