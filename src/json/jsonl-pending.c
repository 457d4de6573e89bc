/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Requests whose answer takes time: logging in, a nick that somebody silent has,
 * a search. What the request was is kept in the session's state until the answer
 * is known, and no further one is handled before.
 */
#include "config.h"

#include <assert.h>
#include <bsd/string.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "json/jsonl.h"

#define PENDING_TOKEN "token"

void
jsonl_pending_begin(struct session *s, const struct jsonl_request *rq)
{
	struct jsonl_pending *p = xcalloc(1, sizeof(*p));

	assert(s->state == NULL);
	p->command = rq->command;
	p->has_ref = rq->ref != NULL;
	p->wants_token = json_is_true(json_object_get(rq->object, "token"));
	if (p->has_ref)
		(void)strlcpy(p->ref, rq->ref, sizeof(p->ref));
	s->state = p;
}

void
jsonl_pending_end(struct session *s, struct jsonl_pending *p,
    struct jsonl_request *rq)
{
	const struct jsonl_pending *pending = s->state;

	memset(p, 0, sizeof(*p));
	if (pending != NULL)
		*p = *pending;
	jsonl_pending_free(s);
	memset(rq, 0, sizeof(*rq));
	rq->command = p->command;
	rq->ref = p->has_ref ? p->ref : NULL;
}

void
jsonl_pending_free(struct session *s)
{
	free(s->state);
	s->state = NULL;
}

/* The command's name and, each behind a NUL, "token" or nothing, and the ref. */
void
jsonl_save(const struct session *s, struct fields_out *out)
{
	const struct jsonl_pending *p = s->state;

	if (p == NULL)
		return;
	buf_addstr(&out->data, p->command->name);
	if (!p->has_ref && !p->wants_token)
		return;
	buf_addch(&out->data, '\0');
	if (p->wants_token)
		buf_addstr(&out->data, PENDING_TOKEN);
	if (!p->has_ref)
		return;
	buf_addch(&out->data, '\0');
	buf_addstr(&out->data, p->ref);
}

static const struct command *
pending_command(const char *name, size_t len)
{
	const struct jsonl_command *c;

	for (c = jsonl_commands; len > 0 && c->run != NULL; c++)
		if (strlen(c->command.name) == len &&
		    memcmp(c->command.name, name, len) == 0)
			return &c->command;
	return NULL;
}

/* Cuts off what of *data, of *len bytes, is before a NUL; returns its length. */
static size_t
pending_part(const char **data, size_t *len)
{
	const char *end;
	size_t part_len;

	if (*len == 0)
		return 0;
	end = memchr(*data, '\0', *len);
	part_len = end == NULL ? *len : (size_t)(end - *data);
	if (end != NULL)
		end++;
	*len -= end == NULL ? *len : (size_t)(end - *data);
	*data = end;
	return part_len;
}

bool
jsonl_load(struct session *s, struct fields_in *in, const struct tlv *item)
{
	const char *data = (const char *)item->data, *part = data;
	size_t len = item->len, part_len = pending_part(&data, &len);
	const struct command *command = pending_command(part, part_len);
	struct jsonl_pending *p;

	(void)in;
	if (s->member == NULL)
		session_set_left(s);
	if (command == NULL)
		return true;
	p = xcalloc(1, sizeof(*p));
	p->command = command;
	part = data;
	part_len = pending_part(&data, &len);
	p->wants_token = part_len > 0 && part_len == strlen(PENDING_TOKEN) &&
	    memcmp(part, PENDING_TOKEN, part_len) == 0;
	if (len > 0 && len <= JSONL_REF_MAX) {
		p->has_ref = true;
		memcpy(p->ref, data, len);
	}
	s->state = p;
	return true;
}
