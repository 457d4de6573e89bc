/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The settings in words, as people read them: what a value may be, --help, the
 * sample file, and the list in brbd.conf(5). All of it comes from options.def.
 * In the sample each setting is commented out with its default, so that the
 * file can be installed as it is, and a later default reaches those who did not
 * choose otherwise.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "options/options-impl.h"

#define HELP_COLUMN 30
#define DOC_WIDTH 76

/* The smallest unit comes first. */
const struct option_unit option_size_units[OPTION_SIZE_UNITS] = {
	{ "", 1 },
	{ "K", INT64_C(1) << 10 },
	{ "M", INT64_C(1) << 20 },
	{ "G", INT64_C(1) << 30 },
};
const struct option_unit option_time_units[OPTION_TIME_UNITS] = {
	{ "ms", 1 },
	{ "s", INT64_C(1000) },
	{ "m", INT64_C(60000) },
	{ "h", INT64_C(3600000) },
	{ "d", INT64_C(86400000) },
};

const char *
option_choices_words(const struct option_entry *e, size_t *len)
{
	const char *begin = strchr(e->help, '{');

	assert(e->type == OPTION_CHOICE && begin != NULL);
	*len = strcspn(++begin, "}");
	return begin;
}

/* The help up to a CHOICE's {a|b}, that as "a or b", and the rest; the first and
 * the last only if is_whole. The caller frees it. */
static char *
option_doc_choices(const struct option_entry *e, bool is_whole)
{
	size_t len, i;
	const char *words = option_choices_words(e, &len);
	struct buf out = BUF_INITIALIZER;
	char *text;

	if (is_whole)
		buf_add(&out, e->help, (size_t)(words - 1 - e->help));
	for (i = 0; i < len; i++)
		if (words[i] == '|')
			buf_addstr(&out, " or ");
		else
			buf_addch(&out, words[i]);
	if (is_whole)
		buf_addstr(&out, words + len + 1);
	text = xstrdup(buf_cstr(&out));
	buf_fini(&out);
	return text;
}

char *
option_format(int64_t value, const struct option_unit *units, size_t unit_count)
{
	size_t i = unit_count - 1;

	if (value == 0)
		return xstrdup("0");
	while (i > 0 && value % units[i].factor != 0)
		i--;
	return xasprintf("%lld%s", (long long)(value / units[i].factor),
	    units[i].suffix);
}

static char *
option_describe_range(const struct option_entry *e, const char *noun,
    const struct option_unit *units, size_t unit_count)
{
	char *min = option_format(e->min, units, unit_count);
	char *max = option_format(e->max, units, unit_count);
	char *s = xasprintf("%s from %s to %s", noun, min, max);

	free(max);
	free(min);
	return s;
}

char *
option_describe(const struct option_entry *e)
{
	char *range, *s;

	switch (e->type) {
	case OPTION_STRING:
	case OPTION_LIST:
		return xstrdup("text");
	case OPTION_NUMBER:
		return xasprintf("a number from %lld to %lld",
		    (long long)e->min, (long long)e->max);
	case OPTION_SIZE:
		return option_describe_range(e, "a size", option_size_units,
		    OPTION_SIZE_UNITS);
	case OPTION_DURATION:
		range = option_describe_range(e, "a time", option_time_units,
		    OPTION_TIME_UNITS);
		s = xasprintf("%s with its unit (ms, s, m, h or d)", range);
		free(range);
		return s;
	case OPTION_RATE:
		return xasprintf("a rate such as 5 (a second), 1/10s or 0 "
				 "(unlimited), with a count up to %lld",
		    (long long)e->max);
	case OPTION_CHOICE:
		return option_doc_choices(e, false);
	}
	return NULL;
}

/* The help, with a CHOICE's {a|b} written "a or b". The caller frees it. */
static char *
option_doc_help(const struct option_entry *e)
{
	if (e->type != OPTION_CHOICE)
		return xstrdup(e->help);
	return option_doc_choices(e, true);
}

/* Prints words of text, wrapped at DOC_WIDTH. The first line goes on at column;
 * later ones begin with lead. */
static void
option_doc_wrap(FILE *out, const char *text, size_t text_len, const char *lead,
    size_t column)
{
	const size_t first = column;
	const char *end = text + text_len;
	size_t len;

	while (text < end) {
		len = strcspn(text, " ");
		if (len > (size_t)(end - text))
			len = (size_t)(end - text);
		if (column > first && column + 1 + len > DOC_WIDTH) {
			fprintf(out, "\n%s", lead);
			column = first;
		}
		if (column > first) {
			fputc(' ', out);
			column++;
		}
		fprintf(out, "%.*s", (int)len, text);
		column += len;
		text += len + (text + len < end);
	}
	fputc('\n', out);
}

/* The length of the first sentence of text, its period counted. */
static size_t
option_doc_sentence(const char *text)
{
	const char *period = strstr(text, ". ");

	return period == NULL ? strlen(text) : (size_t)(period + 1 - text);
}

void
options_print_help(FILE *out)
{
	const struct option_entry *e;
	char lead[HELP_COLUMN + 1];
	char *help;
	int n;

	memset(lead, ' ', HELP_COLUMN);
	lead[HELP_COLUMN] = '\0';
	for (e = option_table; e < option_table + option_count; e++) {
		help = option_doc_help(e);
		n = fprintf(out, "  %s=%s", e->name, e->def);
		/* The help follows after two blanks at least, or on a line of
		 * its own. */
		if (n < 0 || n + 2 > HELP_COLUMN)
			fprintf(out, "\n%s", lead);
		else
			fprintf(out, "%*s", HELP_COLUMN - n, "");
		option_doc_wrap(out, help, option_doc_sentence(help), lead,
		    HELP_COLUMN);
		free(help);
	}
}

/* The type as a sentence. The caller frees it. */
static char *
option_doc_type(const struct option_entry *e)
{
	char *allowed, *text;

	switch (e->type) {
	case OPTION_STRING:
		return xstrdup("A string.");
	case OPTION_LIST:
		return xstrdup("A list of strings.");
	case OPTION_CHOICE:
		return xstrdup("One of these words.");
	default:
		allowed = option_describe(e);
		text = xasprintf("A%s.", allowed + 1);
		free(allowed);
		return text;
	}
}

/* The default as one would write it in the file. */
static void
option_doc_print_default(FILE *out, const struct option_entry *e)
{
	if (e->type == OPTION_STRING)
		fprintf(out, "\"%s\"", e->def);
	else if (e->type != OPTION_LIST)
		fputs(e->def, out);
	else if (e->def[0] == '\0')
		fputs("{}", out);
	else
		fprintf(out, "{\"%s\"}", e->def);
}

void
options_print_sample(FILE *out)
{
	const struct option_entry *e;
	char *text;

	fputs(
	    "# Settings of brbd; brbd.conf(5) explains them.\n"
	    "# What is commented out shows the default.\n"
	    "# 'brbd -t -f FILE' checks the file; SIGHUP has it read again.\n",
	    out);
	for (e = option_table; e < option_table + option_count; e++) {
		text = option_doc_help(e);
		fputs("\n# ", out);
		option_doc_wrap(out, text, strlen(text), "# ", 2);
		free(text);
		if (e->max > 0) {
			text = option_doc_type(e);
			fputs("# ", out);
			option_doc_wrap(out, text, strlen(text), "# ", 2);
			free(text);
		}
		if (!e->is_reloadable)
			fputs("# A change takes a restart.\n", out);
		fprintf(out, "#%s = ", e->name);
		option_doc_print_default(out, e);
		fputc('\n', out);
	}
}

/*
 * Escapes a line for mdoc, where a leading period and any backslash are markup.
 */
static char *
option_doc_roff(const char *text, size_t len)
{
	char *out = xmalloc(len * 2 + 3), *p = out;
	size_t i;

	if (len > 0 && (text[0] == '.' || text[0] == '\''))
		p = stpcpy(p, "\\&");
	for (i = 0; i < len; i++) {
		*p++ = text[i];
		if (text[i] == '\\')
			*p++ = 'e';
	}
	*p = '\0';
	return out;
}

/* mdoc wants each sentence to start a line. */
static void
option_doc_print_sentences(FILE *out, const char *text)
{
	size_t len;
	char *line;

	while (*text != '\0') {
		len = option_doc_sentence(text);
		line = option_doc_roff(text, len);
		option_doc_wrap(out, line, strlen(line), "", 0);
		free(line);
		text += len;
		text += strspn(text, " ");
	}
}

void
options_print_mdoc(FILE *out)
{
	const struct option_entry *e;
	char *text;

	fputs(".Bl -tag -width Ds\n", out);
	for (e = option_table; e < option_table + option_count; e++) {
		fprintf(out, ".It Ic %s\n", e->name);
		text = option_doc_help(e);
		option_doc_print_sentences(out, text);
		free(text);
		fputs(".Pp\n", out);
		text = option_doc_type(e);
		option_doc_print_sentences(out, text);
		free(text);
		if (e->type == OPTION_LIST && e->def[0] == '\0')
			fputs("Empty by default.\n", out);
		else
			fprintf(out, "The default is\n.Ql %s .\n", e->def);
		fputs(e->is_reloadable ? "A reload applies a change.\n" :
					 "A change takes a restart.\n",
		    out);
	}
	fputs(".El\n", out);
}
