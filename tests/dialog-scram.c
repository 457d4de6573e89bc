/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Logging in by SCRAM, whose messages a dialog cannot know beforehand.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "dialog-people-impl.h"
#include "dialog-script.h"
#include "unit/scram-client.h"

/* What comes as "AUTHENTICATE TEXT", decoded and NUL-terminated; NULL: the next
 * line is something else, and stays unread. */
static char *
people_take_challenge(struct script *s, struct actor *p)
{
	static const char word[] = "AUTHENTICATE ";
	size_t len, skip = sizeof(word) - 1;
	const char *line = people_next(s, p, &len, stage_deadline(&s->stage),
	    word);
	unsigned char *data;
	ssize_t n;

	if (len < skip || strncmp(line, word, skip) != 0)
		return NULL;
	data = xcalloc(1, len);
	n = base64_decode(data, line + skip, len - skip);
	if (n == -1)
		people_fail_line(s, p, "base64", line, len);
	data[n] = '\0';
	actor_next_line(p);
	return (char *)data;
}

static void
people_answer(struct script *s, struct actor *p, const char *text)
{
	char *encoded = xcalloc(1, BASE64_ENCODED_SIZE(strlen(text))), *line;

	base64_encode(encoded, (const unsigned char *)text, strlen(text));
	line = xasprintf("AUTHENTICATE %s", encoded);
	people_type(s, p, line);
	free(line);
	free(encoded);
}

void
people_scram_begin(struct script *s, struct actor *p, const char *text)
{
	static const char nonce[] = "fyko+d2lbbFgONRv9qkxdawL";
	size_t len = strcspn(text, " ");
	char *name = xstrndup(text, len), *first, *challenge;

	people_type(s, p, "AUTHENTICATE SCRAM-SHA-256");
	people_see(s, p, "AUTHENTICATE +");
	first = scram_client_first(name, nonce);
	people_answer(s, p, first);
	challenge = people_take_challenge(s, p);
	actor_forget_scram(p);
	p->scram_final = challenge == NULL ?
	    NULL :
	    scram_client_final(name, nonce, text + len + (text[len] == ' '),
		challenge, &p->scram_expected);
	if (p->scram_final == NULL)
		stage_fail(&s->stage, p, "no challenge of SCRAM");
	free(challenge);
	free(first);
	free(name);
}

/* False: the server does not take it, as its next line says. */
static bool
people_prove(struct script *s, struct actor *p)
{
	char *end;

	if (p->scram_final == NULL)
		stage_fail(&s->stage, p, "scram-begin comes first");
	people_answer(s, p, p->scram_final);
	end = people_take_challenge(s, p);
	if (end != NULL && strcmp(end, p->scram_expected) != 0)
		stage_fail(&s->stage, p, "the server does not know it: %s",
		    end);
	actor_forget_scram(p);
	free(end);
	return end != NULL;
}

void
people_scram_prove(struct script *s, struct actor *p, const char *text)
{
	(void)text;
	(void)people_prove(s, p);
}

void
people_scram_end(struct script *s, struct actor *p, const char *text)
{
	(void)text;
	people_type(s, p, "AUTHENTICATE +");
}

void
people_scram(struct script *s, struct actor *p, const char *text)
{
	people_scram_begin(s, p, text);
	if (people_prove(s, p))
		people_scram_end(s, p, "");
}
