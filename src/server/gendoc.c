/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Prints the parts of the documentation that come from the tables of options,
 * commands, verbs and IRC's commands; run by make, never installed. A program
 * rather than a script, as the tables are C.
 */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/verb.h"
#include "base/command.h"
#include "base/util.h"
#include "irc/irc.h"
#include "options/options.h"
#include "plain/plain.h"

/*
 * Prints usage such as "NICK TEXT" or "[message]" as arguments of an mdoc .It.
 */
static void
gendoc_print_usage(const char *usage)
{
	size_t len;

	for (usage += strspn(usage, " "); *usage != '\0';
	     usage += strspn(usage, " ")) {
		len = strcspn(usage, " ");
		if (len > 2 && usage[0] == '[' && usage[len - 1] == ']')
			printf(" Op Ar %.*s", (int)len - 2, usage + 1);
		else
			printf(" Ar %.*s", (int)len, usage);
		usage += len;
	}
}

static void
gendoc_print_commands(void)
{
	const struct plain_command *c;

	puts(".Bl -tag -width Ds");
	for (c = plain_commands; c->run != NULL; c++) {
		printf(".It Ic /%s", c->command.name);
		gendoc_print_usage(c->command.usage);
		printf("\n%s\n", c->command.manual);
	}
	puts(".El");
}

/* Prints "WHOM [for DURATION] [REASON...]": lower-case words are typed as they
 * are. */
static void
gendoc_print_verb_usage(const char *usage)
{
	size_t len;

	for (usage += strspn(usage, " "); *usage != '\0';
	     usage += strspn(usage, " ")) {
		if (*usage == '[') {
			fputs(" Oo", stdout);
			usage++;
		}
		len = strcspn(usage, " ].");
		printf(" %s %.*s", islower((unsigned char)*usage) ? "Cm" : "Ar",
		    (int)len, usage);
		usage += len;
		if (strncmp(usage, "...", 3) == 0) {
			fputs(" ...", stdout);
			usage += 3;
		}
		for (; *usage == ']'; usage++)
			fputs(" Oc", stdout);
	}
}

static void
gendoc_print_verbs(void)
{
	const struct verb *verb;

	puts(".Bl -tag -width Ds");
	for (verb = verb_table; verb->run != NULL; verb++) {
		printf(".It Cm %s", verb->command.name);
		gendoc_print_verb_usage(verb->command.usage);
		printf("\n%s\n", verb->command.manual);
	}
	puts(".El");
}

/* Prints help as a sentence; a leading dot or quote is escaped for mdoc. */
static void
gendoc_print_sentence(const char *text)
{
	printf("\\&%c%s.\n", toupper((unsigned char)text[0]), text + 1);
}

/* Prints IRC usage, "<channel>{,<channel>} [:<text>]", as it is. */
static void
gendoc_print_irc_usage(const char *usage)
{
	const char *c;

	if (*usage == '\0')
		return;
	fputs(" No \\&", stdout);
	for (c = usage; *c != '\0'; c++) {
		putchar(*c);
		/*
		 * Guards words that begin with what mdoc takes for punctuation.
		 */
		if (*c == ' ')
			fputs("\\&", stdout);
	}
}

static void
gendoc_print_irc_commands(void)
{
	const struct irc_command *c;

	puts(".Bl -tag -width Ds -compact");
	for (c = irc_commands; c->run != NULL; c++) {
		printf(".It Ic %s", c->command.name);
		gendoc_print_irc_usage(c->command.usage);
		putchar('\n');
		gendoc_print_sentence(c->command.help);
	}
	puts(".El");
}

/* Prints a JSON request's usage: names in capitals are what stands there. */
static void
gendoc_print_json_usage(const char *usage)
{
	size_t len;

	for (; *usage != '\0'; usage += len + (usage[len] == ' ')) {
		len = strcspn(usage, " ");
		printf(" %s \\&%.*s",
		    isupper((unsigned char)usage[usage[0] == '"']) ? "Ar" :
								     "No",
		    (int)len, usage);
	}
}

static void
gendoc_print_json_commands(void)
{
	static const struct command commands[] = {
#define COMMAND(field, ...) { __VA_ARGS__ },
#include "json/commands.def"
#undef COMMAND
	};
	size_t i;

	puts(".Bl -tag -width Ds -compact");
	for (i = 0; i < NITEMS(commands); i++) {
		printf(".It Cm %s", commands[i].name);
		gendoc_print_json_usage(commands[i].usage);
		putchar('\n');
		gendoc_print_sentence(commands[i].help);
	}
	puts(".El");
}

static void
gendoc_print_irc_caps(void)
{
	const struct irc_cap_entry *c;

	puts(".Bl -tag -width Ds -compact");
	for (c = irc_cap_table; c->name != NULL; c++) {
		printf(".It Cm %s\n", c->name);
		gendoc_print_sentence(c->help);
	}
	puts(".El");
}

static void
gendoc_print_options_mdoc(void)
{
	options_print_mdoc(stdout);
}

static void
gendoc_print_sample(void)
{
	options_print_sample(stdout);
}

static const struct gendoc {
	const char *name;
	void (*print)(void);
} gendocs[] = {
	{ "options-mdoc", gendoc_print_options_mdoc },
	{ "sample", gendoc_print_sample },
	{ "commands-mdoc", gendoc_print_commands },
	{ "verbs-mdoc", gendoc_print_verbs },
	{ "irc-commands-mdoc", gendoc_print_irc_commands },
	{ "json-commands-mdoc", gendoc_print_json_commands },
	{ "irc-caps-mdoc", gendoc_print_irc_caps },
};

int
main(int argc, char *argv[])
{
	size_t i;

	for (i = 0; argc == 2 && i < NITEMS(gendocs); i++) {
		if (strcmp(argv[1], gendocs[i].name) != 0)
			continue;
		gendocs[i].print();
		if (fflush(stdout) == EOF || ferror(stdout)) {
			perror("gendoc: cannot write");
			return EXIT_FAILURE;
		}
		return EXIT_SUCCESS;
	}
	fputs("usage: gendoc", stderr);
	for (i = 0; i < NITEMS(gendocs); i++)
		fprintf(stderr, "%s%s", i == 0 ? " " : "|", gendocs[i].name);
	fputc('\n', stderr);
	return 2;
}
