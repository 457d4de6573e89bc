/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Several lines as one message (IRCv3 draft/multiline): a client opens a batch,
 * sends them in it, and closes it. They are kept until then, and said as a whole
 * or not at all. What is sent in a batch that was refused is dropped, up to its
 * end. To one person, and to a room's operators, each line goes by itself, as
 * those messages have one line.
 *
 *   BATCH +a draft/multiline #lobby
 *   @batch=a PRIVMSG #lobby :one
 *   @batch=a;draft/multiline-concat PRIVMSG #lobby : and the rest of it
 *   BATCH -a
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "irc/irc.h"

#define MULTILINE_TYPE "draft/multiline"
#define MULTILINE_REFERENCE_MAX 64 /* bytes */

struct irc_multiline {
	char reference[MULTILINE_REFERENCE_MAX + 1];
	char label[IRC_LABEL_MAX + 1]; /* of BATCH; "": none */
	char *target;
	char *tags; /* of BATCH, as they came; or NULL */
	struct buf text; /* so far; LF between its lines */
	size_t bytes; /* of what came, with an LF after each line */
	uint16_t count; /* of lines */
	bool is_begun; /* is_notice is known */
	bool is_notice;
	bool is_refused; /* what is in it is dropped */
};

static const struct field multiline_list[] = {
	{ FIELD_STRING(1, struct irc_multiline, reference) },
	{ FIELD_STRING(2, struct irc_multiline, label) },
	{ FIELD_TEXT(3, struct irc_multiline, target, IRC_LINE_MAX) },
	{ FIELD_TEXT(4, struct irc_multiline, tags, IRC_TAGS_MAX) },
	{ FIELD_BUF(5, struct irc_multiline, text) },
	{ FIELD_UINT(6, struct irc_multiline, bytes) },
	{ FIELD_UINT(7, struct irc_multiline, count) },
	{ FIELD_BOOL(8, struct irc_multiline, is_begun) },
	{ FIELD_BOOL(9, struct irc_multiline, is_notice) },
	{ FIELD_BOOL(10, struct irc_multiline, is_refused) },
};

/* Without a target nothing can be said. */
static bool
multiline_check(struct fields_in *in, void *base)
{
	const struct irc_multiline *m = base;

	(void)in;
	return m->target != NULL && m->reference[0] != '\0' &&
	    (m->text.len == 0 ||
		memchr(m->text.data, '\0', m->text.len) == NULL);
}

const struct fields irc_multiline_fields = {
	FIELDS("a batch of lines", struct irc_multiline, multiline_list),
	.check = multiline_check,
};

void
irc_multiline_free(struct irc *irc)
{
	struct irc_multiline *m = irc->multiline;

	if (m == NULL)
		return;
	buf_fini(&m->text);
	free(m->target);
	free(m->tags);
	free(m);
	irc->multiline = NULL;
}

/* Refuses the batch, once; the answer has its label. */
PRINTFLIKE(4, 5)
static void
multiline_refuse(struct session *s, const char *code, const char *context,
    const char *fmt, ...)
{
	struct irc_multiline *m = irc_of(s)->multiline;
	struct buf text = BUF_INITIALIZER;
	va_list ap;

	if (m != NULL && m->is_refused)
		return;
	if (m != NULL) {
		m->is_refused = true;
		buf_reset(&m->text);
		if (irc_of(s)->label[0] == '\0')
			memcpy(irc_of(s)->label, m->label, sizeof(m->label));
		m->label[0] = '\0';
	}
	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	irc_fail(s, "BATCH", code, context, "%s", buf_cstr(&text));
	buf_fini(&text);
}

static void
multiline_open(struct session *s, const struct irc_message *msg)
{
	struct irc *irc = irc_of(s);
	const char *reference = msg->argv[0] + 1;
	struct irc_multiline *m;

	if (irc->multiline != NULL) {
		multiline_refuse(s, "MULTILINE_INVALID", "",
		    "One batch at a time; end it with BATCH -%s",
		    irc->multiline->reference);
		return;
	}
	if (msg->argc < 3 || strcmp(msg->argv[1], MULTILINE_TYPE) != 0 ||
	    *msg->argv[2] == '\0' || *reference == '\0' ||
	    strlen(reference) > MULTILINE_REFERENCE_MAX) {
		multiline_refuse(s, "MULTILINE_INVALID", "",
		    "A batch begins with BATCH +reference " MULTILINE_TYPE
		    " target");
		return;
	}
	m = xcalloc(1, sizeof(*m));
	(void)snprintf(m->reference, sizeof(m->reference), "%s", reference);
	memcpy(m->label, irc->label, sizeof(m->label));
	irc->label[0] = '\0'; /* the whole of it is answered */
	m->target = xstrdup(msg->argv[2]);
	if (msg->tags != NULL)
		m->tags = xstrdup(msg->tags);
	irc->multiline = m;
}

static void
multiline_close(struct session *s, const char *reference)
{
	struct irc *irc = irc_of(s);
	struct irc_multiline *m = irc->multiline;

	if (m == NULL || strcmp(m->reference, reference) != 0) {
		irc_fail(s, "BATCH", "MULTILINE_INVALID", "",
		    "There is no such batch");
		return;
	}
	if (!m->is_refused && irc->label[0] == '\0')
		memcpy(irc->label, m->label, sizeof(m->label));
	if (!m->is_refused &&
	    !irc_say_lines(s, m->target, m->is_notice, m->tags,
		buf_cstr(&m->text)))
		multiline_refuse(s, "MULTILINE_INVALID", "",
		    "There is no text in it");
	irc_multiline_free(irc);
}

void
irc_batch_run(struct session *s, struct irc_message *msg)
{
	if (!irc_has(s, IRC_CAP_MULTILINE))
		irc_about(s, 421, msg->command, "Unknown command");
	else if (*msg->argv[0] == '+')
		multiline_open(s, msg);
	else
		multiline_close(s, msg->argv[0] + (*msg->argv[0] == '-'));
}

/* Can the line be in the batch? If not, that is refused. */
static bool
multiline_fits(struct session *s, const struct irc_message *msg,
    const char *text, bool is_concat)
{
	const struct irc_multiline *m = irc_of(s)->multiline;
	const struct options *o = s->all->options;
	bool is_notice = *msg->command == 'N';
	struct buf limit = BUF_INITIALIZER;

	if (strcasecmp(m->target, msg->argv[0]) != 0) {
		irc_add_middle(&limit, m->target, IRC_WORD_MAX);
		irc_add_middle(&limit, msg->argv[0], IRC_WORD_MAX);
		multiline_refuse(s, "MULTILINE_INVALID_TARGET",
		    buf_cstr(&limit) + 1, "All lines go to one target");
	} else if ((m->is_begun && m->is_notice != is_notice) ||
	    *msg->command == 'T' || *text == '\1') {
		multiline_refuse(s, "MULTILINE_INVALID", "",
		    "All lines are PRIVMSG, or all are NOTICE, without CTCP");
	} else if (m->bytes + strlen(text) + 1 > o->max_line) {
		buf_addf(&limit, "%zu", o->max_line);
		multiline_refuse(s, "MULTILINE_MAX_BYTES", buf_cstr(&limit),
		    "The lines have too many bytes; nothing was said");
	} else if (!is_concat && m->count >= o->max_lines) {
		buf_addf(&limit, "%llu", (unsigned long long)o->max_lines);
		multiline_refuse(s, "MULTILINE_MAX_LINES", buf_cstr(&limit),
		    "There are too many lines; nothing was said");
	}
	buf_fini(&limit);
	return !m->is_refused;
}

bool
irc_multiline_takes(struct session *s, const struct irc_message *msg)
{
	struct irc_multiline *m = irc_of(s)->multiline;
	const char *text = msg->argc > 1 ? msg->argv[1] : "";
	struct irc_tag tag;
	bool is_concat;

	if (!irc_has(s, IRC_CAP_MULTILINE) ||
	    !irc_tags_find(msg->tags, "batch", &tag))
		return false;
	if (m == NULL || strlen(m->reference) != tag.value_len ||
	    memcmp(m->reference, tag.value, tag.value_len) != 0) {
		irc_fail(s, "BATCH", "MULTILINE_INVALID", "",
		    "There is no such batch; nothing was said");
		return true;
	}
	is_concat = m->count > 0 &&
	    irc_tags_find(msg->tags, MULTILINE_TYPE "-concat", &tag);
	if (m->is_refused || !multiline_fits(s, msg, text, is_concat))
		return true;
	if (m->count > 0 && !is_concat)
		buf_addch(&m->text, '\n');
	buf_addstr(&m->text, text);
	m->bytes += strlen(text) + 1;
	m->count += !is_concat;
	m->is_begun = true;
	m->is_notice = *msg->command == 'N';
	return true;
}

void
irc_multiline_add_limits(const struct session *s, struct buf *out)
{
	const struct options *o = s->all->options;

	buf_addf(out, "=max-bytes=%zu,max-lines=%llu", o->max_line,
	    (unsigned long long)o->max_lines);
}
