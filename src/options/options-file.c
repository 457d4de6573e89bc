/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The settings file. libconfuse knows its grammar; this file knows what
 * libconfuse (3.3) does that a daemon's settings must not do:
 *
 *   - it drops what it has no rule for: listen = *:4272 becomes ":4272";
 *   - it replaces ${HOME} by the environment, in words and in strings;
 *   - it counts a line with a comment three times, takes a comment within
 *     braces for a syntax error, and one without an end for the end of the file;
 *   - strings run on over lines, and "\0" in them ends the value unseen;
 *   - it stops at the first name that it does not know;
 *   - its scanner calls exit() when it cannot read, say a directory.
 *
 * So the file is read here, and options_file_scan() goes over the text first:
 *
 *     file -> text -> scan: no surprises, comments -> libconfuse -> settings
 *                     blanked, unknown names noted
 *
 * Names that are unknown are then declared to libconfuse, so that it goes on,
 * and each value is taken from its callback, with its line. include() and other
 * functions are not there unless declared. libconfuse types nothing here: its
 * integers know no units and its errors no range.
 */
#include "config.h"

#include <sys/stat.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <confuse.h>

#include "options/options-impl.h"

#define UNKNOWN_MAX 32

/* The limit on names and values. libconfuse needs 0.1 s for as many as fit into
 * the file, while everybody waits for the reload; no real file comes near. */
#define WORDS_MAX 10000

#define OPTIONS_FILE_SYNTAX \
	"a setting is NAME = VALUE or NAME = {VALUE, ...}, and what has " \
	"blanks or commas stands in \"\""

struct options_file {
	const char *path;
	char *text;
	size_t len;
	size_t pos;
	unsigned line;
	unsigned depth; /* of braces */
	const char *word; /* the last word or string, if nothing followed */
	size_t word_len;
	unsigned words; /* so far */
	char *unknown[UNKNOWN_MAX];
	size_t unknown_count;
	/* The setting that is assigned to, or NULL; in braces, how many words
	 * there were before. */
	const struct option_entry *assigned;
	unsigned words_before;
	struct option_settings *settings;
	struct option_errors *errors;
	size_t syntax_errors;
};

/* The file in hand. libconfuse's callbacks carry no argument of ours, and its
 * scanner is static, so there is one at a time. */
static struct options_file *options_file_current;

int
options_file_read(const char *path, char **text, size_t *len,
    struct option_errors *errors)
{
	struct stat st, null;
	char *data = NULL;
	const char *why;
	size_t used = 0;
	ssize_t n;
	int fd;

	/* O_NONBLOCK, so that opening a FIFO returns and it can be refused. */
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd == -1 || fstat(fd, &st) == -1) {
		why = strerror(errno);
		goto fail;
	}
	/* No settings, as everywhere. */
	if (S_ISCHR(st.st_mode) && stat("/dev/null", &null) == 0 &&
	    st.st_rdev == null.st_rdev) {
		close(fd);
		*text = xstrdup("");
		*len = 0;
		return 0;
	}
	if (!S_ISREG(st.st_mode)) {
		why = S_ISDIR(st.st_mode) ? "it is a directory" :
					    "it is not a regular file";
		goto fail;
	}
	if ((st.st_mode & S_IWOTH) != 0) {
		why = "everybody may write to it (chmod o-w helps)";
		goto fail;
	}
	/* One byte more shows a file that is too long, or growing. */
	data = xmalloc(OPTIONS_FILE_MAX + 1);
	do {
		n = read(fd, data + used, OPTIONS_FILE_MAX + 1 - used);
		if (n > 0)
			used += (size_t)n;
	} while ((n > 0 && used <= OPTIONS_FILE_MAX) ||
	    (n == -1 && errno == EINTR));
	if (n == -1) {
		why = strerror(errno);
		goto fail;
	}
	if (used > OPTIONS_FILE_MAX) {
		why = "it is larger than 1 MiB";
		goto fail;
	}
	close(fd);
	data[used] = '\0';
	*text = data;
	*len = used;
	return 0;

fail:
	option_errors_add(errors, "%s: cannot read the settings: %s", path,
	    why);
	free(data);
	if (fd != -1)
		close(fd);
	return -1;
}

PRINTFLIKE(2, 3)
static void
options_file_error(struct options_file *f, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	option_errors_add(f->errors, "%s:%u: %s", f->path, f->line, text);
	free(text);
	f->syntax_errors++;
}

static void
options_file_add(struct options_file *f, const struct option_entry *e,
    const char *value, unsigned line)
{
	struct option_settings *all = f->settings;
	struct option_setting *s;

	if (all->count == all->cap) {
		all->cap = all->cap == 0 ? 32 : all->cap * 2;
		all->items = xreallocarray(all->items, all->cap,
		    sizeof(*all->items));
	}
	s = &all->items[all->count++];
	s->entry = e;
	s->value = value == NULL ? NULL : xstrdup(value);
	s->line = line;
}

/* The scan */

static bool
options_file_looks_at(const struct options_file *f, const char *s)
{
	size_t len = strlen(s);

	return f->len - f->pos >= len && memcmp(f->text + f->pos, s, len) == 0;
}

/* Replaces the bytes up to end by blanks; line ends stay. */
static void
options_file_blank(struct options_file *f, size_t end)
{
	for (; f->pos < end; f->pos++) {
		if (f->text[f->pos] == '\n')
			f->line++;
		else
			f->text[f->pos] = ' ';
	}
}

static void
options_file_scan_line_comment(struct options_file *f)
{
	const char *lf = memchr(f->text + f->pos, '\n', f->len - f->pos);

	options_file_blank(f, lf == NULL ? f->len : (size_t)(lf - f->text));
}

static void
options_file_scan_comment(struct options_file *f)
{
	size_t end = f->pos + 2;

	while (end + 1 < f->len &&
	    (f->text[end] != '*' || f->text[end + 1] != '/'))
		end++;
	if (end + 1 >= f->len) {
		options_file_error(f, "this comment has no end (*/)");
		end = f->len;
	} else {
		end += 2;
	}
	options_file_blank(f, end);
}

static void
options_file_scan_string(struct options_file *f)
{
	const char quote = f->text[f->pos++];
	const size_t begin = f->pos;
	char c;

	for (; f->pos < f->len; f->pos++) {
		c = f->text[f->pos];
		if (c == quote || c == '\n')
			break;
		if (c == '\\' && f->pos + 1 < f->len) {
			c = f->text[f->pos + 1];
			if (c == quote || c == '\\')
				f->pos++;
			else if (quote == '"' && c != '\n')
				options_file_error(f,
				    "'\\%c' is not known; "
				    "only \\\" and \\\\ are",
				    c);
		} else if (quote == '"' && options_file_looks_at(f, "${")) {
			options_file_error(f,
			    "'${' stands for no variable here; "
			    "put the text into single quotes");
		}
	}
	if (f->pos == f->len || f->text[f->pos] != quote) {
		options_file_error(f, "this string has no end on its line");
		return;
	}
	f->word = f->text + begin;
	f->word_len = f->pos - begin;
	f->words++;
	f->pos++;
}

static void
options_file_scan_word(struct options_file *f)
{
	/* These end a word in libconfuse, too. */
	static const char ends[] = " #\"'\t\n\r={}()+,*";
	const size_t begin = f->pos;

	while (f->pos < f->len && strchr(ends, f->text[f->pos]) == NULL)
		f->pos++;
	f->word = f->text + begin;
	f->word_len = f->pos - begin;
	f->words++;
	if (f->text[f->pos - 1] == '$' && f->pos < f->len &&
	    f->text[f->pos] == '{')
		options_file_error(f,
		    "'${' stands for no variable here; "
		    "put the text into single quotes");
}

static void
options_file_note_unknown(struct options_file *f, const char *name)
{
	char *where;
	size_t i;

	where = xasprintf("%s:%u", f->path, f->line);
	option_errors_unknown(f->errors, where, name);
	free(where);
	for (i = 0; i < f->unknown_count; i++)
		if (strcmp(f->unknown[i], name) == 0)
			return;
	if (f->unknown_count < UNKNOWN_MAX)
		f->unknown[f->unknown_count++] = xstrdup(name);
}

/* Notes a name to which something is assigned. */
static void
options_file_note_name(struct options_file *f)
{
	char *name;

	if (f->word == NULL || f->word_len == 0)
		return; /* libconfuse complains */
	name = xstrndup(f->word, f->word_len);
	f->assigned = option_find(name);
	if (f->assigned == NULL)
		options_file_note_unknown(f, name);
	free(name);
}

/* For "NAME = {}" libconfuse calls no callback. It counts before what else is
 * assigned to the list in this file. */
static void
options_file_note_emptied(struct options_file *f)
{
	if (f->assigned != NULL && f->assigned->type == OPTION_LIST &&
	    f->words == f->words_before)
		options_file_add(f, f->assigned, NULL, f->line);
}

static void
options_file_scan_one(struct options_file *f)
{
	const char c = f->text[f->pos];

	switch (c) {
	case '\n':
		f->line++;
		f->pos++;
		return;
	case ' ':
	case '\t':
	case '\r':
		f->pos++;
		return;
	case '#':
		options_file_scan_line_comment(f);
		return;
	case '"':
	case '\'':
		options_file_scan_string(f);
		return;
	case '+':
		if (!options_file_looks_at(f, "+=")) {
			options_file_error(f,
			    "a value with '+' in it must stand in quotes");
			f->pos++;
			return;
		}
		f->pos++;
		/* FALLTHROUGH */
	case '=':
		if (f->depth == 0)
			options_file_note_name(f);
		break;
	case '*':
		options_file_error(f,
		    "a value with '*' in it must stand in quotes");
		break;
	case '{':
		f->depth++;
		f->words_before = f->words;
		break;
	case '}':
		if (f->depth == 1)
			options_file_note_emptied(f);
		if (f->depth > 0)
			f->depth--;
		break;
	case '(':
	case ')':
	case ',':
		break;
	default:
		if (options_file_looks_at(f, "//"))
			options_file_scan_line_comment(f);
		else if (options_file_looks_at(f, "/*"))
			options_file_scan_comment(f);
		else
			options_file_scan_word(f);
		return;
	}
	f->word = NULL;
	f->pos++;
}

static void
options_file_scan(struct options_file *f)
{
	unsigned char c;

	f->line = 1;
	for (f->pos = 0; f->pos < f->len && !option_errors_are_many(f->errors);
	     f->pos++) {
		c = (unsigned char)f->text[f->pos];
		if (c == '\n')
			f->line++;
		else if ((c < 0x20 && c != '\t' &&
			     !options_file_looks_at(f, "\r\n")) ||
		    c == 0x7f)
			options_file_error(f,
			    "control character \\x%02x; "
			    "a settings file is plain text",
			    c);
	}
	if (f->syntax_errors > 0)
		return;
	f->line = 1;
	f->pos = 0;
	while (f->pos < f->len && !option_errors_are_many(f->errors)) {
		options_file_scan_one(f);
		if (f->words > WORDS_MAX) {
			options_file_error(f, "there are more than %d words",
			    WORDS_MAX);
			return;
		}
	}
}

/* libconfuse */

static int
options_file_value_cb(cfg_t *cfg, cfg_opt_t *opt, const char *value,
    void *result)
{
	struct options_file *f = options_file_current;
	const struct option_entry *e = option_find(cfg_opt_name(opt));

	assert(f != NULL);
	if (e != NULL)
		options_file_add(f, e, value, (unsigned)cfg->line);
	/* libconfuse wants a string that stays; nobody reads it. */
	*(const char **)result = "";
	return 0;
}

PRINTFLIKE(2, 0)
static void
options_file_error_cb(cfg_t *cfg, const char *fmt, va_list ap)
{
	struct options_file *f = options_file_current;
	char *text;

	assert(f != NULL);
	text = xvasprintf(fmt, ap);
	f->line = (unsigned)cfg->line;
	options_file_error(f, "%s; " OPTIONS_FILE_SYNTAX, text);
	free(text);
}

static void
options_file_declare(cfg_opt_t *opt, const char *name, bool is_list)
{
	const cfg_opt_t one = CFG_STR_CB(name, NULL, CFGF_NODEFAULT,
	    options_file_value_cb);
	const cfg_opt_t list = CFG_STR_LIST_CB(name, NULL, CFGF_NODEFAULT,
	    options_file_value_cb);

	*opt = is_list ? list : one;
}

static void
options_file_run_libconfuse(struct options_file *f)
{
	const cfg_opt_t end = CFG_END();
	cfg_opt_t *opts;
	cfg_t *cfg;
	FILE *in;
	size_t i, n = 0;

	opts = xcalloc(option_count + f->unknown_count + 1, sizeof(*opts));
	for (i = 0; i < option_count; i++)
		options_file_declare(&opts[n++], option_table[i].name,
		    option_table[i].type == OPTION_LIST);
	/* Declared as a list, since a list accepts a single value too. */
	for (i = 0; i < f->unknown_count; i++)
		options_file_declare(&opts[n++], f->unknown[i], true);
	opts[n] = end;
	cfg = cfg_init(opts, CFGF_NONE);
	in = fmemopen(f->text, f->len, "r");
	if (cfg == NULL || in == NULL) {
		option_errors_add(f->errors, "%s: cannot parse: %s", f->path,
		    strerror(errno));
	} else {
		options_file_current = f;
		cfg_set_error_function(cfg, options_file_error_cb);
		/* libconfuse fails without a message when a name is "". */
		if (cfg_parse_fp(cfg, in) != CFG_SUCCESS &&
		    f->syntax_errors == 0) {
			f->line = (unsigned)cfg->line;
			options_file_error(f,
			    "syntax error; " OPTIONS_FILE_SYNTAX);
		}
		options_file_current = NULL;
	}
	if (in != NULL)
		fclose(in);
	if (cfg != NULL)
		cfg_free(cfg);
	free(opts);
}

void
options_file_parse(const char *path, char *text, size_t len,
    struct option_settings *settings, struct option_errors *errors)
{
	struct options_file f = {
		.path = path,
		.text = text,
		.len = len,
		.settings = settings,
		.errors = errors,
	};
	size_t i;

	options_file_scan(&f);
	if (f.syntax_errors == 0 && len > 0 && !option_errors_are_many(errors))
		options_file_run_libconfuse(&f);
	for (i = 0; i < f.unknown_count; i++)
		free(f.unknown[i]);
}
