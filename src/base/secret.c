/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Commands with a password that went astray, told by their first words: typed
 * out of habit from other networks, into the wrong window, with a blank in
 * front, or sent by a client that believes to be elsewhere. A sentence that
 * begins so is longer than such a command, and nobody writes those of clients
 * in capitals. Where it is not clear it is taken for a secret: what was not
 * said can be said in other words, and what was said stays.
 */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "base/secret.h"
#include "base/util.h"

/* A word, and what stands behind it. */
struct secret_words {
	const char *rest;
	const char *end;
	const char *word;
	size_t len;
};

static bool
secret_next(struct secret_words *w)
{
	while (w->rest < w->end && *w->rest == ' ')
		w->rest++;
	w->word = w->rest;
	while (w->rest < w->end && *w->rest != ' ')
		w->rest++;
	w->len = (size_t)(w->rest - w->word);
	return w->len > 0;
}

/* word is in lower case. Each line is compared with many, so the first letter
 * decides first. */
static bool
secret_is(const struct secret_words *w, const char *word)
{
	return w->len > 0 && (w->word[0] | 0x20) == word[0] &&
	    strncasecmp(w->word, word, w->len) == 0 && word[w->len] == '\0';
}

static bool
secret_is_any(const struct secret_words *w, const char *const words[],
    size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (secret_is(w, words[i]))
			return true;
	return false;
}

/* How many words follow. */
static size_t
secret_count(struct secret_words w)
{
	size_t count = 0;

	while (secret_next(&w))
		count++;
	return count;
}

static bool
secret_is_capitals(const struct secret_words *w)
{
	size_t i;

	for (i = 0; i < w->len; i++)
		if (w->word[i] < 'A' || w->word[i] > 'Z')
			return false;
	return true;
}

/* Is the word that of a command that takes a password? is_command: it was
 * written as a command. */
static bool
secret_is_command(const struct secret_words *w, bool is_command)
{
	static const char *const of_clients[] = { "pass", "oper",
		"authenticate" };
	static const char *const of_people[] = { "login", "identify",
		"register", "setpass", "passwd" };
	bool is_of_clients = secret_is_any(w, of_clients, NITEMS(of_clients));
	size_t count;

	if (!is_of_clients && !secret_is(w, "webirc") &&
	    !secret_is_any(w, of_people, NITEMS(of_people)))
		return false;
	count = secret_count(*w);
	if (count == 0)
		return false;
	/* WEBIRC password gateway host address; REGISTER account email pw */
	if (secret_is(w, "webirc"))
		return (is_command || secret_is_capitals(w)) && count >= 4;
	if (secret_is(w, "register") && secret_is_capitals(w) && count == 3)
		return true;
	if (is_of_clients)
		return is_command || secret_is_capitals(w) || count == 1;
	return is_command || count <= 2;
}

/* Is it the name of what keeps accounts on other networks? is_command: short
 * ones count, too, which are words as well ("query ns records"). */
static bool
secret_is_service(struct secret_words *w, bool is_command)
{
	static const char *const services[] = { "nickserv", "authserv",
		"userserv" };
	static const char *const aliases[] = { "ns", "q" };
	const char *at = memchr(w->word, '@', w->len);

	if (at != NULL) /* NickServ@services.example.net */
		w->len = (size_t)(at - w->word);
	return secret_is_any(w, services, NITEMS(services)) ||
	    (is_command && secret_is_any(w, aliases, NITEMS(aliases)));
}

bool
text_is_secret(const char *text, size_t len)
{
	static const char *const messages[] = { "msg", "privmsg", "notice",
		"query", "m", "squery" };
	static const char *const quotes[] = { "quote", "raw" };
	static const char *const verbs[] = { "id", "auth", "ghost", "regain",
		"recover", "release" };
	struct secret_words w = { .rest = text };
	bool is_command;

	if (len == 0)
		return false;
	w.end = text + len;
	while (w.rest < w.end && *w.rest == ' ')
		w.rest++;
	is_command = w.rest < w.end && *w.rest == '/';
	while (w.rest < w.end && (*w.rest == '/' || *w.rest == ' '))
		w.rest++;
	if (!secret_next(&w))
		return false;
	if (secret_is_any(&w, quotes, NITEMS(quotes)) && is_command &&
	    !secret_next(&w))
		return false;
	if (secret_is_any(&w, messages, NITEMS(messages)))
		return secret_next(&w) && secret_is_service(&w, is_command) &&
		    secret_count(w) > 0;
	if (secret_is_service(&w, true))
		return secret_next(&w) &&
		    (secret_is_command(&w, true) ||
			(secret_is_any(&w, verbs, NITEMS(verbs)) &&
			    secret_count(w) > 0));
	return secret_is_command(&w, is_command);
}

bool
text_is_same_secret(const char *given, const char *wanted)
{
	size_t len = strlen(wanted), i;
	unsigned char differs = 0;

	if (strlen(given) != len)
		return false;
	for (i = 0; i < len; i++)
		differs |= (unsigned char)(given[i] ^ wanted[i]);
	return differs == 0;
}

bool
name_is_service(const char *name)
{
	struct secret_words w = { .word = name, .len = strlen(name) };

	return secret_is_service(&w, false);
}
