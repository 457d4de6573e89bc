/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The lines are read anew each time somebody asks: that is seldom, takes
 * microseconds for a few of them, and what a reload took away is not kept
 * anywhere.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "room/bans.h"
#include "room/opers.h"

#define OPERS_BLANKS " \t"

/* A line of the settings. */
struct opers_entry {
	char name[NICK_SIZE];
	const char *hash; /* within text */
	struct ban_subject origin;
	char *text;
};

static void
opers_entry_fini(struct opers_entry *e)
{
	if (e->text != NULL)
		explicit_bzero(e->text, strlen(e->text));
	free(e->text);
	e->text = NULL;
}

static char *
opers_word(char **rest)
{
	char *word = *rest + strspn(*rest, OPERS_BLANKS);
	size_t len = strcspn(word, OPERS_BLANKS);

	*rest = word + len;
	if (**rest != '\0')
		*(*rest)++ = '\0';
	return word;
}

static const char *
opers_parse_origin(struct ban_subject *origin, const char *text)
{
	const char *why;

	memset(origin, 0, sizeof(*origin));
	if (text[0] == '\0')
		return NULL;
	why = ban_subject_parse(origin, text);
	if (why == NULL && !origin->has_origin)
		why = "an origin is an address, a network such as "
		      "192.0.2.0/24, or uid:N";
	return why;
}

/* NULL, or what is wrong; to be finished in both cases. */
static const char *
opers_parse(struct opers_entry *e, const char *line)
{
	const char *name, *origin, *why;
	enum nick_check check;
	char *rest;

	rest = e->text = xstrdup(line);
	name = opers_word(&rest);
	e->hash = opers_word(&rest);
	origin = opers_word(&rest);
	if (e->hash[0] == '\0' || *opers_word(&rest) != '\0')
		return "it is NAME HASH, or NAME HASH ORIGIN";
	check = nick_check(name);
	/* It is nobody's nick: admin is as good as any. */
	if (check != NICK_OK && check != NICK_RESERVED && check != NICK_GUEST)
		return nick_check_str(check);
	if ((why = verify_check_hash(e->hash)) != NULL)
		return why;
	(void)strlcpy(e->name, name, sizeof(e->name));
	return opers_parse_origin(&e->origin, origin);
}

static bool
opers_is_from(const struct ban_subject *origin, const struct credential *c)
{
	unsigned bytes = origin->prefix / 8, bits = origin->prefix % 8;
	unsigned mask = (0xff00U >> bits) & 0xff;

	if (!origin->has_origin)
		return true;
	if (origin->origin.kind != c->kind ||
	    memcmp(origin->origin.bytes, c->bytes, bytes) != 0)
		return false;
	return bits == 0 ||
	    ((origin->origin.bytes[bytes] ^ c->bytes[bytes]) & mask) == 0;
}

static bool
opers_is_name(const struct opers_entry *e, const char *name)
{
	char folded[NICK_SIZE], other[NICK_SIZE];

	if (strlen(name) >= sizeof(other))
		return false;
	nick_fold(folded, e->name);
	nick_fold(other, name);
	return strcmp(folded, other) == 0;
}

/* The same for the same name, so that asking again tells nothing new. */
static uint32_t
opers_number(const char *name)
{
	uint32_t number = 2166136261U; /* FNV-1a */

	for (; *name != '\0'; name++)
		number = (number ^ (unsigned char)*name) * 16777619U;
	return number;
}

static void
opers_take(struct oper *out, const struct opers_entry *e, bool is_real)
{
	memset(out, 0, sizeof(*out));
	out->is_real = is_real;
	(void)strlcpy(out->hash, e->hash, sizeof(out->hash));
	if (is_real)
		(void)strlcpy(out->name, e->name, sizeof(out->name));
}

bool
opers_find(struct oper *out, const struct option_list *settings,
    const char *name, const struct credential *credential)
{
	struct opers_entry *here, *e;
	size_t i, count = 0;
	bool is_found = false;

	here = xcalloc(settings->count + 1, sizeof(*here));
	for (i = 0; i < settings->count; i++) {
		e = &here[count];
		if (opers_parse(e, settings->items[i]) == NULL &&
		    opers_is_from(&e->origin, credential))
			count++;
		else
			opers_entry_fini(e);
	}
	for (i = 0; i < count && !is_found; i++) {
		is_found = opers_is_name(&here[i], name);
		if (is_found)
			opers_take(out, &here[i], true);
	}
	if (count > 0 && !is_found)
		opers_take(out, &here[opers_number(name) % count], false);
	for (i = 0; i < count; i++)
		opers_entry_fini(&here[i]);
	free(here);
	return count > 0;
}

int
opers_check_options(const struct options *o, struct option_errors *errors)
{
	struct opers_entry e;
	const char *where, *why;
	size_t i;
	int result = 0;

	for (i = 0; i < o->oper.count; i++) {
		memset(&e, 0, sizeof(e));
		why = opers_parse(&e, o->oper.items[i]);
		where = o->oper.where[i];
		/* An assignment is named by its text, hash and all. */
		if (where == NULL || strncmp(where, "-o ", 3) == 0)
			where = "-o oper";
		if (why != NULL) {
			option_errors_add(errors, "%s: oper '%.*s': %s", where,
			    (int)strcspn(o->oper.items[i], OPERS_BLANKS),
			    o->oper.items[i], why);
			result = -1;
		}
		opers_entry_fini(&e);
	}
	return result;
}
