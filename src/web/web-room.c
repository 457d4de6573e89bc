/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What was said in rooms of mode w, for who only reads: /r/ROOM is the newest of
 * it, /r/ROOM/NUMBER what begins with that message. Pages of plain HTML, which
 * any browser shows and which hold no script. Of other rooms it is not even
 * told that they are there.
 *
 * A page reads so many messages of the ring, or bytes, whichever is first, and
 * counts as several lines. Decided against: pages of a day, as a day may be all
 * that there is.
 */
#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "base/nick.h"
#include "base/util.h"
#include "history/history.h"
#include "room/chat-rooms.h"
#include "room/modes.h"
#include "web/web-impl.h"

#define WEB_ROOM_PREFIX "/r/"
#define WEB_ROOM_COST 3 /* lines */
#define WEB_PAGE_MESSAGES 100
#define WEB_PAGE_BYTES (64 * 1024)
#define WEB_NUMBER_DIGITS 20

/* A page that is being written. */
struct web_page {
	const struct room *room;
	struct history_cursor at;
	struct buf html;
	int day; /* of the last message; clock_day() */
};

/* Adds text, with what HTML would take for its own as entities. */
static void
web_add_text(struct buf *out, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		switch (text[i]) {
		case '&':
			buf_addstr(out, "&amp;");
			break;
		case '<':
			buf_addstr(out, "&lt;");
			break;
		case '>':
			buf_addstr(out, "&gt;");
			break;
		case '"':
			buf_addstr(out, "&quot;");
			break;
		case '\'':
			buf_addstr(out, "&#39;");
			break;
		default:
			buf_addch(out, text[i]);
		}
}

/* Is c, which ends text, no part of a link? A closing bracket is, if it was
 * opened there. */
static bool
web_is_tail(const char *text, size_t len, char c)
{
	size_t opened = 0, closed = 0, i;

	if (c != ')')
		return strchr("].,;:!?}'*_~", c) != NULL;
	for (i = 0; i < len; i++) {
		opened += text[i] == '(';
		closed += text[i] == ')';
	}
	return closed > opened;
}

/* The length of a link at the start of text, or 0: up to a blank, without the
 * punctuation behind it. Only http and https. */
static size_t
web_link_len(const char *text, size_t len)
{
	static const char *const starts[] = { "https://", "http://" };
	size_t i, start, end = 0;

	for (i = 0; i < NITEMS(starts); i++) {
		start = strlen(starts[i]);
		if (len > start && strncasecmp(text, starts[i], start) == 0)
			break;
	}
	if (i == NITEMS(starts))
		return 0;
	while (end < len && strchr(" \n<>\"", text[end]) == NULL)
		end++;
	while (end > start && web_is_tail(text, end, text[end - 1]))
		end--;
	return end > start ? end : 0;
}

/* Adds what somebody said: links can be followed, and lines are lines. */
static void
web_add_words(struct buf *out, const char *text, size_t len)
{
	size_t at = 0, plain = 0, link;

	while (at < len) {
		link = at > 0 && isalnum((unsigned char)text[at - 1]) ?
		    0 :
		    web_link_len(text + at, len - at);
		if (link == 0 && text[at] != '\n') {
			at++;
			continue;
		}
		web_add_text(out, text + plain, at - plain);
		if (link == 0) {
			buf_addstr(out, "<br>");
			plain = ++at;
			continue;
		}
		buf_addstr(out, "<a rel=\"noopener nofollow ugc\" href=\"");
		web_add_text(out, text + at, link);
		buf_addstr(out, "\">");
		web_add_text(out, text + at, link);
		buf_addstr(out, "</a>");
		plain = at += link;
	}
	web_add_text(out, text + plain, at - plain);
}

static void
web_add_string(struct buf *out, const char *s)
{
	web_add_text(out, s, strlen(s));
}

static void
web_add_link(struct web_page *page, uint64_t number, const char *text)
{
	buf_addf(&page->html, "<a href=\"" WEB_ROOM_PREFIX "%s/%llu\">%s</a>",
	    page->room->name, (unsigned long long)number, text);
}

/* Messages */

static void
web_add_date(struct web_page *page, int64_t wall_ms)
{
	char date[CLOCK_DATE_SIZE];

	if (clock_day(wall_ms) == page->day)
		return;
	page->day = clock_day(wall_ms);
	clock_date(wall_ms, date);
	buf_addf(&page->html, "<h2>%s</h2>\n", date);
}

static void
web_add_time(struct web_page *page, const struct event *e)
{
	time_t t = (time_t)(event_wall_ms(e) / 1000);
	char hhmm[CLOCK_HHMM_SIZE], utc[32];
	struct tm tm;

	clock_hhmm(event_wall_ms(e), hhmm);
	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(utc, sizeof(utc), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		utc[0] = '\0';
	buf_addf(&page->html,
	    "<p id=\"m%llu\"><a href=\"" WEB_ROOM_PREFIX "%s/%llu\">"
	    "<time datetime=\"%s\">%s</time></a> ",
	    (unsigned long long)e->number, page->room->name,
	    (unsigned long long)e->number, utc, hhmm);
}

static void
web_add_said(struct web_page *page, const struct event *e, const char *before,
    const char *after)
{
	struct buf *html = &page->html;

	web_add_date(page, event_wall_ms(e));
	web_add_time(page, e);
	buf_addf(html, "%s<b>", before);
	web_add_string(html, e->nick);
	buf_addf(html, "</b>%s ", after);
	web_add_words(html, e->text, e->text_len);
	buf_addstr(html, "</p>\n");
}

static void
web_add_gap(struct web_page *page, const struct event *e)
{
	if (e->count == 0)
		buf_addstr(&page->html, "<p>(some messages were lost)</p>\n");
	else
		buf_addf(&page->html,
		    "<p>(%llu messages%s are no longer held)</p>\n",
		    (unsigned long long)e->count,
		    e->is_uncertain ? " or more" : "");
}

static void
web_add_message(struct web_page *page, const struct event *e)
{
	switch (e->kind) {
	case EVENT_SAY:
		web_add_said(page, e, "", "");
		break;
	case EVENT_ME:
		web_add_said(page, e, "* ", "");
		break;
	case EVENT_NOTICE:
		web_add_said(page, e, "- ", " -");
		break;
	case EVENT_TOPIC:
		web_add_said(page, e, "",
		    e->text_len == 0 ? " removed the topic" :
				       " set the topic:");
		break;
	case EVENT_GAP:
		web_add_gap(page, e);
		break;
	default: /* nothing else is in a history */
		break;
	}
}

/* Pages */

static void
web_begin_page(struct web_page *page, const struct session *s)
{
	const struct room *room = page->room;
	struct buf *html = &page->html;

	buf_addstr(html,
	    "<!DOCTYPE html>\n"
	    "<html lang=\"en\">\n"
	    "<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width\">\n");
	if (s->all->options->web_index == WEB_INDEX_NO)
		buf_addstr(html,
		    "<meta name=\"robots\" content=\"noindex\">\n");
	buf_addf(html, "<title>%s - ", room->name);
	web_add_string(html, s->all->options->server_name);
	buf_addf(html,
	    "</title>\n"
	    "<link rel=\"icon\" href=\"/icon.svg\">\n"
	    "<link rel=\"stylesheet\" href=\"/read.css\">\n"
	    "<main><h1>%s</h1>\n",
	    room->name);
	if (room->topic == NULL || *room->topic == '\0')
		return;
	buf_addstr(html, "<p><i>");
	web_add_string(html, room->topic);
	buf_addstr(html, "</i></p>\n");
}

/* Adds links to what is before the page's first message and behind its last. */
static void
web_end_page(struct web_page *page, struct history_cursor first)
{
	const struct history *h = &page->room->history;
	struct history_cursor before = first;
	size_t i;

	for (i = 0; i < WEB_PAGE_MESSAGES && history_step_back(h, &before); i++)
		continue;
	buf_addstr(&page->html, "</main>\n<nav><p>");
	if (before.number < first.number) {
		web_add_link(page, before.number, "earlier");
		buf_addstr(&page->html, "\n");
	}
	if (page->at.number < h->next_number) {
		web_add_link(page, page->at.number, "later");
		buf_addf(&page->html,
		    "\n<a href=\"" WEB_ROOM_PREFIX "%s\">newest</a>\n",
		    page->room->name);
	}
	buf_addf(&page->html, "<a href=\"/#%s\">talk here</a></p></nav>\n",
	    page->room->name);
}

static void
web_write_page(struct web_page *page, const struct session *s,
    const uint64_t *number)
{
	const struct history *h = &page->room->history;
	struct history_cursor first;
	struct event event;
	uint64_t count = 0, start;

	first = number == NULL ? history_back(h, WEB_PAGE_MESSAGES) :
				 history_seek_number(h, *number);
	page->at = first;
	start = first.pos;
	web_begin_page(page, s);
	/* None has a number below 1. */
	if (number != NULL && *number < h->first_number && h->first_number > 1)
		buf_addstr(&page->html,
		    "<p>(what was said before is no longer held)</p>\n");
	while (count < WEB_PAGE_MESSAGES &&
	    page->at.pos - start < WEB_PAGE_BYTES &&
	    history_read(h, &page->at, &event)) {
		web_add_message(page, &event);
		count++;
	}
	if (count == 0)
		buf_addstr(&page->html, "<p>(nothing was said)</p>\n");
	web_end_page(page, first);
}

static void
web_send_page(const struct web_request *rq, const struct web_page *page)
{
	struct buf head = BUF_INITIALIZER;

	web_add_head(rq, &head, HTTP_OK);
	if (rq->session->all->options->web_index == WEB_INDEX_NO)
		buf_addstr(&head, "X-Robots-Tag: noindex\r\n");
	buf_addstr(&head,
	    "Cache-Control: no-cache\r\n"
	    "Content-Type: text/html; charset=utf-8\r\n");
	web_send(rq, &head, page->html.data, page->html.len);
	buf_fini(&head);
}

/* Paths */

/* Finds the room that name is; NULL: there is none that may be read here. */
static const struct room *
web_find_room(const struct session *s, const char *name, size_t len)
{
	char copy[ROOM_NAME_SIZE];
	const struct room *room;

	if (len == 0 || len >= sizeof(copy))
		return NULL;
	memcpy(copy, name, len);
	copy[len] = '\0';
	if (room_name_check(copy) != NICK_OK)
		return NULL;
	room = chat_find_room(s->all->chat, copy);
	return room != NULL && modes_may_be_read(room) ? room : NULL;
}

static bool
web_parse_number(const char *text, size_t len, uint64_t *number)
{
	char copy[WEB_NUMBER_DIGITS + 1];

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return parse_number(copy, HISTORY_NUMBER_MAX, number) == 0;
}

bool
web_send_room(const struct web_request *rq)
{
	const struct http_text *path = &rq->http.path;
	size_t prefix = strlen(WEB_ROOM_PREFIX), len;
	const char *name = path->at + prefix, *slash;
	struct web_page page = { .day = -1 };
	uint64_t number;

	if (path->len <= prefix ||
	    memcmp(path->at, WEB_ROOM_PREFIX, prefix) != 0)
		return false;
	session_charge(rq->session, WEB_ROOM_COST);
	len = path->len - prefix;
	slash = memchr(name, '/', len);
	if (slash != NULL &&
	    !web_parse_number(slash + 1, (size_t)(name + len - slash - 1),
		&number))
		return false;
	page.room = web_find_room(rq->session, name,
	    slash == NULL ? len : (size_t)(slash - name));
	if (page.room == NULL)
		return false;
	web_write_page(&page, rq->session, slash == NULL ? NULL : &number);
	web_send_page(rq, &page);
	buf_fini(&page.html);
	return true;
}
