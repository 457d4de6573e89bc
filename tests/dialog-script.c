/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Dialogs are played line by line as they are read: there is no program to
 * build first, and the report of a failure is about the line that failed. A
 * statement is a line; lines that are indented belong to the one before.
 */
#include "config.h"

#include <arpa/inet.h>
#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dialog-pattern.h"
#include "dialog-script.h"
#include "tls-client.h"

void
words_add(struct words *w, const char *word)
{
	w->items = xreallocarray(w->items, w->count + 2, sizeof(*w->items));
	w->items[w->count++] = xstrdup(word);
	w->items[w->count] = NULL;
}

int
words_split(struct words *w, const char *text)
{
	struct buf word = BUF_INITIALIZER;

	for (;;) {
		bool is_quoted = false;

		text += strspn(text, " \t");
		if (*text == '\0')
			break;
		buf_reset(&word);
		for (; *text != '\0' && (is_quoted || !isblank(*text));
		     text++) {
			if (*text == '"')
				is_quoted = !is_quoted;
			else
				buf_addch(&word, *text);
		}
		if (is_quoted) {
			buf_fini(&word);
			return -1;
		}
		words_add(w, buf_cstr(&word));
	}
	buf_fini(&word);
	return 0;
}

void
words_fini(struct words *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->items[i]);
	free(w->items);
	*w = (struct words){ NULL, 0 };
}

static void
script_load(struct words *lines, const char *path)
{
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	if (file == NULL)
		ck_abort_msg("cannot read '%s'", path);
	while ((len = getline(&line, &cap, file)) > 0) {
		line[strcspn(line, "\n")] = '\0';
		words_add(lines, line);
	}
	free(line);
	fclose(file);
}

const char *
script_after(const char *text, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(text, word, len) != 0)
		return NULL;
	if (text[len] != '\0' && !isblank(text[len]))
		return NULL;
	return text + len + strspn(text + len, " \t");
}

int64_t
script_duration(struct script *s, const char *text)
{
	char *number = xstrndup(text, strspn(text, "0123456789"));
	const char *unit = text + strlen(number);
	uint64_t value = 0;
	int bad = parse_number(number, 3600000, &value);

	free(number);
	if (bad == -1 || (strcmp(unit, "ms") != 0 && strcmp(unit, "s") != 0))
		stage_fail(&s->stage, NULL, "'%s' is no time", text);
	return (int64_t)value * (unit[0] == 's' ? 1000 : 1);
}

/* What {name} stands for in every text of a dialog. */
static const char *
script_lookup(const char *name, size_t len, void *arg)
{
	struct script *s = arg;
	unsigned value;

	if (len == 3 && memcmp(name, "dir", 3) == 0)
		return s->stage.dir;
	if (len == 1 && name[0] == 'i' && s->repeat > 0)
		value = s->repeat;
	else if (len == 4 && memcmp(name, "port", 4) == 0)
		value = s->stage.daemon.port_ipv4;
	else if (len == 6 && memcmp(name, "handed", 6) == 0)
		value = s->inherited_port;
	else if (len == 3 && memcmp(name, "uid", 3) == 0)
		value = (unsigned)getuid();
	else if (len == 3 && memcmp(name, "pid", 3) == 0)
		value = (unsigned)s->stage.daemon.pid;
	else
		return NULL;
	snprintf(s->scratch, sizeof(s->scratch), "%u", value);
	return s->scratch;
}

char *
script_expand(struct script *s, const char *text)
{
	return pattern_expand(text, script_lookup, s);
}

static void
script_timer(struct script *s, const char *text)
{
	const char *least = script_after(text, "at-least");
	int64_t passed = stage_now_ms() - s->timer_ms;

	if (strcmp(text, "start") == 0)
		s->timer_ms = stage_now_ms();
	else if (least == NULL)
		stage_fail(&s->stage, NULL, "timer start, or at-least TIME");
	else if (passed < script_duration(s, least))
		stage_fail(&s->stage, NULL, "only %lld ms have passed",
		    (long long)passed);
}

static void script_statement(struct script *s, const char *text);

static void
script_repeat(struct script *s, const char *text)
{
	size_t digits = strspn(text, "0123456789");
	char *number = xstrndup(text, digits);
	uint64_t times = 0;
	int bad = parse_number(number, 1000000, &times);

	free(number);
	if (bad == -1 || !isblank(text[digits]))
		stage_fail(&s->stage, NULL, "repeat takes a number");
	text += digits + strspn(text + digits, " \t");
	for (s->repeat = 1; s->repeat <= times; s->repeat++) {
		/* Here, so that it may be in a name too. */
		char *expanded = script_expand(s, text);

		script_statement(s, expanded);
		free(expanded);
	}
	s->repeat = 0;
}

/* certificate NAME SECONDS: new ones in {dir}/certificate and {dir}/key */
static void
script_certificate(struct script *s, const char *text)
{
	char name[64], *path, *key_path;
	long seconds;
	int result;

	if (sscanf(text, "%63s %ld", name, &seconds) != 2)
		stage_fail(&s->stage, NULL, "certificate NAME SECONDS");
	path = xasprintf("%s/certificate", s->stage.dir);
	key_path = xasprintf("%s/key", s->stage.dir);
	result = tls_client_certificate(name, seconds, path, key_path);
	if (result == 0)
		script_memory_note_key(s, key_path);
	free(path);
	free(key_path);
	if (result == -1)
		stage_fail(&s->stage, NULL, "no certificate: needs tls");
}

static void
script_statement(struct script *s, const char *text)
{
	const char *rest;

	if ((rest = script_after(text, "repeat")) != NULL)
		script_repeat(s, rest);
	else if ((rest = script_after(text, "daemon")) != NULL)
		script_daemon(s, rest);
	else if ((rest = script_after(text, "manager")) != NULL)
		script_manager(s, rest);
	else if ((rest = script_after(text, "file")) != NULL)
		script_file(s, rest);
	else if ((rest = script_after(text, "detached")) != NULL)
		script_detached(s, rest);
	else if ((rest = script_after(text, "run")) != NULL)
		script_run(s, rest);
	else if ((rest = script_after(text, "brbctl")) != NULL)
		script_brbctl(s, rest);
	else if ((rest = script_after(text, "timer")) != NULL)
		script_timer(s, rest);
	else if ((rest = script_after(text, "certificate")) != NULL)
		script_certificate(s, rest);
	else if (strcmp(text, "settings") == 0)
		script_settings(s);
	else if (script_after(text, "needs") == NULL && !script_people(s, text))
		stage_fail(&s->stage, NULL, "not understood");
}

void
script_play(const char *path, const char *dir)
{
	struct script s = { .next = 0 };
	struct buf line = BUF_INITIALIZER;

	stage_init(&s.stage, path, dir);
	daemon_adopt_detached();
	s.settings = xstrdup("");
	script_load(&s.lines, path);
	while (s.next < s.lines.count) {
		const char *text = s.lines.items[s.next++];

		if (*text == '\0' || *text == '#')
			continue;
		buf_reset(&line);
		buf_addstr(&line, text);
		while (line.len > 0 && isblank(line.data[line.len - 1]))
			line.len--;
		s.stage.line = (unsigned)s.next;
		s.stage.statement = buf_cstr(&line);
		script_statement(&s, s.stage.statement);
	}
	s.stage.statement = "(the end)";
	script_finish(&s);

	stage_fini(&s.stage);
	buf_fini(&line);
	words_fini(&s.lines);
	words_fini(&s.arguments);
	words_fini(&s.never_logged);
	words_fini(&s.environment);
	script_manager_fini(&s);
	script_clock_fini(&s);
	free(s.settings);
}

/* Can a socket of this machine have the address? */
static bool
script_has_address(const char *name)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	bool is_ipv4 = inet_pton(AF_INET, name, &in.sin_addr) == 1;
	int fd, bad;

	if (strcmp(name, "tls") == 0)
#ifdef HAVE_OPENSSL
		return true;
#else
		return false;
#endif

	if (!is_ipv4 && inet_pton(AF_INET6, name, &in6.sin6_addr) != 1)
		return false;
	fd = socket(is_ipv4 ? AF_INET : AF_INET6, SOCK_STREAM, 0);
	if (fd == -1)
		return false;
	if (is_ipv4)
		bad = bind(fd, (struct sockaddr *)&in, sizeof(in));
	else
		bad = bind(fd, (struct sockaddr *)&in6, sizeof(in6));
	close(fd);
	return bad == 0;
}

char *
script_unmet_need(const char *path)
{
	FILE *file = fopen(path, "r");
	char *line = NULL, *unmet = NULL;
	size_t cap = 0;

	if (file == NULL)
		return NULL; /* playing it will say so */
	while (unmet == NULL && getline(&line, &cap, file) > 0) {
		const char *address = script_after(line, "needs");

		line[strcspn(line, "\n")] = '\0';
		if (address != NULL && !script_has_address(address))
			unmet = xstrdup(address);
	}
	free(line);
	fclose(file);
	return unmet;
}
