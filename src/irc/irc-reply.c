/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Answers to a client. The lines of an answer are collected while its command
 * runs, and sent at its end, since only then it is known where a label (IRCv3
 * labeled-response) goes: on the line, if there is one; on a batch around them,
 * if there are more; on an ACK, if there is none.
 *
 * Other lines, as when somebody else does something, are sent at once, each by
 * itself.
 */
#include "config.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "irc/irc.h"
#include "net/conn.h"
#include "room/client.h"
#include "session/protocol.h"

void
irc_charge(struct session *s, unsigned tenths)
{
	struct irc *irc = irc_of(s);

	tenths += irc->tenths;
	irc->tenths = tenths % 10;
	if (tenths >= 10)
		session_charge(s, tenths / 10);
}

const char *
irc_server(const struct session *s)
{
	return s->all->options->server_name;
}

const char *
irc_nick(const struct session *s)
{
	const struct irc *irc = irc_of(s);

	if (s->member != NULL)
		return s->member->nick;
	return irc->nick[0] != '\0' ? irc->nick : "*";
}

struct session *
irc_session_of(const struct member *m)
{
	const struct client *client;
	struct session *s;

	SLIST_FOREACH(client, &m->clients, in_member) {
		s = client->session;
		if (s != NULL && s->protocol == &protocol_irc)
			return s;
	}
	return NULL;
}

/* The buffer that collects lines for s. */
static struct buf *
reply_buf(struct session *s)
{
	return irc_of(s)->is_answering ? &s->all->answer : &s->all->out;
}

/* The same buffer, at the start of a line. */
static struct buf *
reply_start(struct session *s)
{
	if (!irc_of(s)->is_answering)
		buf_reset(&s->all->out);
	return reply_buf(s);
}

/* Ends a line; outside of an answer it is sent at once. */
static void
reply_done(struct session *s)
{
	struct buf *out = reply_buf(s);

	if (irc_of(s)->is_answering)
		return;
	conn_reply(s->conn, out->data, out->len);
}

struct buf *
irc_begin(struct session *s, const struct member *from)
{
	struct buf *out = reply_start(s);

	s->all->line_start = out->len;
	buf_addch(out, ':');
	if (from == NULL)
		buf_addstr(out, irc_server(s));
	else
		irc_add_mask(out, from);
	buf_addch(out, ' ');
	return out;
}

struct buf *
irc_begin_bare(struct session *s)
{
	struct buf *out = reply_start(s);

	s->all->line_start = out->len;
	return out;
}

/*
 * Removes control characters: answers may repeat what a client sent (PONG, an
 * unknown command), and must not control a terminal. CTCP is never in an
 * answer.
 */
static void
reply_drop_controls(char *line, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
}

void
irc_end(struct session *s)
{
	struct buf *out = reply_buf(s);
	char *line = out->data + s->all->line_start;
	size_t len = out->len - s->all->line_start;

	if (len > IRC_LINE_MAX)
		len = text_cut(line, len, IRC_LINE_MAX);
	out->len = s->all->line_start + len;
	reply_drop_controls(line, len);
	buf_add(out, "\r\n", 2);
	reply_done(s);
}

void
irc_numeric(struct session *s, unsigned number, const char *fmt, ...)
{
	struct buf *out = irc_begin(s, NULL);
	va_list ap;

	buf_addf(out, "%03u %s ", number, irc_nick(s));
	va_start(ap, fmt);
	buf_vaddf(out, fmt, ap);
	va_end(ap);
	irc_end(s);
}

void
irc_line(struct session *s, const char *fmt, ...)
{
	struct buf *out = irc_begin(s, NULL);
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(out, fmt, ap);
	va_end(ap);
	irc_end(s);
}

void
irc_event_as(struct session *s, const struct event *event, uint32_t caps)
{
	struct buf *out = reply_start(s);

	dialect_render(irc_dialect(caps), out, event);
	reply_done(s);
}

void
irc_event(struct session *s, const struct event *event)
{
	irc_event_as(s, event, irc_of(s)->caps);
}

void
irc_fail(struct session *s, const char *command, const char *code,
    const char *context, const char *fmt, ...)
{
	struct buf *out = irc_begin(s, NULL);
	va_list ap;

	buf_addf(out, "FAIL %s %s%s%s :", command, code,
	    *context == '\0' ? "" : " ", context);
	va_start(ap, fmt);
	buf_vaddf(out, fmt, ap);
	va_end(ap);
	irc_end(s);
}

void
irc_about(struct session *s, unsigned number, const char *what, const char *fmt,
    ...)
{
	struct buf *out = irc_begin(s, NULL);
	va_list ap;

	buf_addf(out, "%03u %s", number, irc_nick(s));
	irc_add_middle(out, what, IRC_WORD_MAX);
	buf_addstr(out, " :");
	va_start(ap, fmt);
	buf_vaddf(out, fmt, ap);
	va_end(ap);
	irc_end(s);
}

void
irc_about_in(struct session *s, unsigned number, const char *what,
    const struct room *room, const char *text)
{
	struct buf *out = irc_begin(s, NULL);

	buf_addf(out, "%03u %s", number, irc_nick(s));
	irc_add_middle(out, what, IRC_WORD_MAX);
	buf_addf(out, " #%s :%s", room->name, text);
	irc_end(s);
}

void
irc_no_such_nick(struct session *s, const char *nick)
{
	irc_about(s, 401, nick, "No such nick");
}

void
irc_no_such_channel(struct session *s, const char *name)
{
	irc_about(s, 403, name, "No such channel");
}

void
irc_not_on_channel(struct session *s, const char *name)
{
	irc_about(s, 442, name, "You are not on that channel");
}

void
irc_need_more_params(struct session *s, const char *command)
{
	irc_about(s, 461, command, "Not enough parameters");
}

void
irc_list_begin(struct irc_list *l, struct session *s, unsigned number,
    char separator, const char *before, ...)
{
	va_list ap;

	memset(l, 0, sizeof(*l));
	l->session = s;
	l->number = number;
	l->separator = separator;
	va_start(ap, before);
	buf_vaddf(&l->before, before, ap);
	va_end(ap);
}

static void
list_flush(struct irc_list *l)
{
	if (l->items.len > 0)
		irc_numeric(l->session, l->number, "%s%s", buf_cstr(&l->before),
		    buf_cstr(&l->items));
	buf_reset(&l->items);
}

void
irc_list_add(struct irc_list *l, const char *item)
{
	size_t head = strlen(irc_server(l->session)) +
	    strlen(irc_nick(l->session)) + strlen(": 353  ") + l->before.len;

	if (head + l->items.len + 1 + strlen(item) > IRC_LINE_MAX)
		list_flush(l);
	if (l->items.len > 0)
		buf_addch(&l->items, l->separator);
	buf_addstr(&l->items, item);
}

void
irc_list_end(struct irc_list *l)
{
	list_flush(l);
	buf_fini(&l->before);
	buf_fini(&l->items);
}

/* Adds line (len bytes with its end) with tag ("label=x") among its tags. */
static void
reply_add_tagged(struct buf *out, const char *line, size_t len, const char *tag)
{
	bool has_tags = line[0] == '@';

	buf_addch(out, '@');
	buf_addstr(out, tag);
	buf_addch(out, has_tags ? ';' : ' ');
	buf_add(out, line + has_tags, len - has_tags);
}

static size_t
reply_line_len(const struct buf *b, size_t at)
{
	const char *end = memchr(b->data + at, '\n', b->len - at);

	assert(end != NULL);
	return (size_t)(end - b->data) + 1 - at;
}

/* Is it in a batch? That tag comes first: reply_add_tagged() puts it there. */
static bool
reply_is_in_batch(const char *line, size_t len)
{
	return len > 7 && memcmp(line, "@batch=", 7) == 0;
}

/* Adds tag to the lines of b from start on, except those that are in a batch
 * already. */
static void
reply_tag_lines(struct buf *b, size_t start, const char *tag)
{
	struct buf tagged = BUF_INITIALIZER;
	size_t at, len;

	for (at = start; at < b->len; at += len) {
		len = reply_line_len(b, at);
		if (reply_is_in_batch(b->data + at, len))
			buf_add(&tagged, b->data + at, len);
		else
			reply_add_tagged(&tagged, b->data + at, len, tag);
	}
	b->len = start;
	buf_add(b, tagged.data, tagged.len);
	buf_fini(&tagged);
}

static void
reply_new_reference(struct session *s, char *out, size_t size)
{
	(void)snprintf(out, size, "%llx",
	    (unsigned long long)++irc_of(s)->batches);
}

void
irc_batch_begin(struct session *s, struct irc_batch *batch, const char *fmt,
    ...)
{
	struct buf *out;
	va_list ap;

	batch->reference[0] = '\0';
	if (!irc_has(s, IRC_CAP_BATCH) || !irc_of(s)->is_answering)
		return;
	reply_new_reference(s, batch->reference, sizeof(batch->reference));
	out = irc_begin(s, NULL);
	buf_addf(out, "BATCH +%s ", batch->reference);
	va_start(ap, fmt);
	buf_vaddf(out, fmt, ap);
	va_end(ap);
	irc_end(s);
	batch->start = out->len;
}

void
irc_batch_end(struct session *s, struct irc_batch *batch)
{
	char tag[sizeof(batch->reference) + 8];

	if (batch->reference[0] == '\0')
		return;
	(void)snprintf(tag, sizeof(tag), "batch=%s", batch->reference);
	reply_tag_lines(&s->all->answer, batch->start, tag);
	irc_line(s, "BATCH -%s", batch->reference);
}

/*
 * There is a batch for what is sent at once, rather than one from the replay's
 * start to its end: clients show a batch when it is complete, and have not read
 * what they do not show.
 */
void
irc_mark_past(struct session *s, struct buf *lines, const char *room)
{
	char reference[24], tag[40];
	struct buf batch = BUF_INITIALIZER;

	if (!irc_has(s, IRC_CAP_BATCH))
		return;
	reply_new_reference(s, reference, sizeof(reference));
	(void)snprintf(tag, sizeof(tag), "batch=%s", reference);
	reply_tag_lines(lines, 0, tag);
	buf_addf(&batch, ":%s BATCH +%s chathistory #%s\r\n", irc_server(s),
	    reference, room);
	buf_add(&batch, lines->data, lines->len);
	buf_addf(&batch, ":%s BATCH -%s\r\n", irc_server(s), reference);
	buf_reset(lines);
	buf_add(lines, batch.data, batch.len);
	buf_fini(&batch);
}

/* Is tag a label that can be sent back as it came? */
static bool
reply_is_label(const struct irc_tag *tag)
{
	size_t i;

	for (i = 0; i < tag->value_len; i++)
		if ((unsigned char)tag->value[i] < ' ' || tag->value[i] == 0x7f)
			return false;
	return tag->value_len <= IRC_LABEL_MAX &&
	    text_is_utf8(tag->value, tag->value_len);
}

void
irc_answer_begin(struct session *s, const struct irc_message *msg)
{
	struct irc *irc = irc_of(s);
	struct irc_tag tag;

	assert(!irc->is_answering);
	irc->is_answering = true;
	buf_reset(&s->all->answer);
	irc->label[0] = '\0';
	if (irc_has(s, IRC_CAP_LABELED_RESPONSE) && msg != NULL &&
	    irc_tags_find(msg->tags, "label", &tag) && reply_is_label(&tag)) {
		memcpy(irc->label, tag.value, tag.value_len);
		irc->label[tag.value_len] = '\0';
	}
}

void
irc_answer_resume(struct session *s, const char *label)
{
	struct irc *irc = irc_of(s);

	irc_answer_begin(s, NULL);
	(void)snprintf(irc->label, sizeof(irc->label), "%s", label);
}

/* The reference of a line that begins a batch (sign '+') or ends one ('-'), up to
 * a blank or the line's end; or NULL. */
static const char *
reply_batch(const char *line, size_t len, char sign)
{
	static const char command[] = "BATCH ";
	const char *end = line + len, *at = line;

	/* Tags, and who it is from. */
	while (at != NULL && (*at == '@' || *at == ':')) {
		at = memchr(at, ' ', (size_t)(end - at));
		at = at == NULL ? NULL : at + 1;
	}
	if (at == NULL || (size_t)(end - at) <= sizeof(command) ||
	    memcmp(at, command, sizeof(command) - 1) != 0 ||
	    at[sizeof(command) - 1] != sign)
		return NULL;
	return at + sizeof(command);
}

/* Is the answer one batch, from its first line to its last? */
static bool
reply_is_batch(const struct buf *answer)
{
	const char *first, *last;
	size_t at = 0, len = 0, n;

	first = reply_batch(answer->data, reply_line_len(answer, 0), '+');
	for (at = 0; at < answer->len; at += len)
		len = reply_line_len(answer, at);
	last = reply_batch(answer->data + answer->len - len, len, '-');
	if (first == NULL || last == NULL)
		return false;
	n = strcspn(first, " \r");
	return strcspn(last, "\r") == n && memcmp(first, last, n) == 0;
}

static void
reply_add_label(struct session *s, struct buf *answer)
{
	struct irc *irc = irc_of(s);
	struct irc_batch batch;
	char tag[IRC_LABEL_MAX + 8];
	struct buf labeled = BUF_INITIALIZER;
	size_t len;

	(void)snprintf(tag, sizeof(tag), "label=%s", irc->label);
	if (answer->len == 0)
		irc_line(s, "ACK");
	len = reply_line_len(answer, 0);
	if (len < answer->len && !reply_is_batch(answer)) {
		/* With more than one line: a batch around them. */
		reply_new_reference(s, batch.reference,
		    sizeof(batch.reference));
		buf_addf(&labeled, "@%s :%s BATCH +%s labeled-response\r\n",
		    tag, irc_server(s), batch.reference);
		batch.start = 0;
		irc_batch_end(s, &batch);
		buf_add(&labeled, answer->data, answer->len);
	} else {
		reply_add_tagged(&labeled, answer->data, len, tag);
		buf_add(&labeled, answer->data + len, answer->len - len);
	}
	buf_reset(answer);
	buf_add(answer, labeled.data, labeled.len);
	buf_fini(&labeled);
}

void
irc_answer_end(struct session *s)
{
	struct irc *irc = irc_of(s);
	struct buf *answer = &s->all->answer;

	assert(irc->is_answering);
	if (irc->label[0] != '\0')
		reply_add_label(s, answer);
	irc->is_answering = false;
	irc->label[0] = '\0';
	conn_reply(s->conn, answer->data, answer->len);
	buf_reset(answer);
}
