/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * brbctl(8) in a dialog: it is run beside the daemon, and what it prints, on
 * its standard output and error, is compared with the indented lines that
 * follow the statement, without the blanks at their start.
 */
#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "dialog-pattern.h"
#include "dialog-script.h"

/* The lines of a text one after another. */
struct brbctl_lines {
	const char *next;
	size_t len;
};

static const char *
brbctl_line(struct brbctl_lines *lines)
{
	const char *line = lines->next;

	if (*line == '\0')
		return NULL;
	line += strspn(line, " ");
	lines->len = strcspn(line, "\n");
	lines->next = line + lines->len + (line[lines->len] == '\n');
	return line;
}

/* "..." stands for any lines, as few as will do. */
static void
brbctl_compare(struct script *s, const char *output)
{
	struct brbctl_lines lines = { output, 0 };
	bool may_skip = false;
	const char *line;

	while (s->next < s->lines.count && isblank(*s->lines.items[s->next])) {
		const char *text = s->lines.items[s->next++];
		char *pattern = script_expand(s, text + strspn(text, " \t"));

		if (strcmp(pattern, "...") == 0) {
			may_skip = true;
			free(pattern);
			continue;
		}
		do {
			line = brbctl_line(&lines);
			if (line == NULL)
				stage_fail(&s->stage, NULL,
				    "brbctl did not print: %s", pattern);
			if (pattern_match(pattern, line, lines.len))
				break;
			if (!may_skip)
				stage_fail(&s->stage, NULL,
				    "brbctl should have printed: %s", pattern);
		} while (true);
		may_skip = false;
		free(pattern);
	}
	line = brbctl_line(&lines);
	if (line != NULL && !may_skip)
		stage_fail(&s->stage, NULL, "brbctl printed this, too: %.*s",
		    (int)lines.len, line);
}

/* brbctl STATUS [ARGUMENTS], and below it what it prints. */
void
script_brbctl(struct script *s, const char *text)
{
	const char *program = getenv("BRBCTL"), *rest = text + 1;
	struct words argv = { NULL, 0 };
	char *path = xasprintf("%s/control", s->stage.dir), *expanded;

	if (!isdigit((unsigned char)text[0]) ||
	    (text[1] != '\0' && !isblank(text[1])))
		stage_fail(&s->stage, NULL, "brbctl STATUS [ARGUMENTS]");
	expanded = script_expand(s, rest);
	words_add(&argv, program != NULL ? program : "src/brbctl");
	words_add(&argv, "-s");
	words_add(&argv, path);
	if (words_split(&argv, expanded) == -1)
		stage_fail(&s->stage, NULL, "unpaired quote");
	script_start(s);
	script_begin_run(s, &argv, text[0] - '0');
	brbctl_compare(s, buf_cstr(&s->stage.daemon.log));
	script_end_run(s);
	words_fini(&argv);
	free(expanded);
	free(path);
}
