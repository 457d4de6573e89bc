/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What comes by ssh. The command is never given to a shell, and only those verbs
 * and options are taken that touch nothing but the rooms: not the ones that say
 * which server it is, or that run something.
 */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "brb/ssh.h"

/* Ends the word at *p, which quotes may be in, and moves on. False: a quote is
 * not closed. */
static bool
ssh_word(char **p)
{
	char *in = *p, *out = *p, quote = '\0';

	for (; *in != '\0' && (quote != '\0' || *in != ' '); in++) {
		if (quote == '\0' && (*in == '\'' || *in == '"'))
			quote = *in;
		else if (*in == quote)
			quote = '\0';
		else if (*in == '\\' && quote != '\'' && in[1] != '\0')
			*out++ = *++in;
		else
			*out++ = *in;
	}
	*p = in + (*in == ' ');
	*out = '\0';
	return quote == '\0';
}

static bool
ssh_has(const char *const *list, const char *word)
{
	for (; *list != NULL; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

int
ssh_words(char *command, char *words[SSH_WORDS_MAX + 1], const char **why)
{
	static const char *const verbs[] = { "tail", "say", "catchup", "who",
		"rooms", NULL };
	static const char *const options[] = { "--json", "--follow", "--unread",
		"--after", "--lines", "--mark", "--me", "--notice", "-f", "-n",
		"--", NULL };
	bool is_text = false;
	int n = 0;

	for (;;) {
		while (*command == ' ')
			command++;
		if (*command == '\0')
			break;
		if (n == SSH_WORDS_MAX) {
			*why = "that are too many words";
			return -1;
		}
		words[n] = command;
		if (!ssh_word(&command)) {
			*why = "a quote is not closed";
			return -1;
		}
		/* Elsewhere -n says who one is. */
		if (n > 0 && !is_text && words[n][0] == '-' &&
		    (!ssh_has(options, words[n]) ||
			(strcmp(words[n], "-n") == 0 &&
			    strcmp(words[0], "tail") != 0))) {
			*why = "that option is not for ssh";
			return -1;
		}
		if (n > 0 && strcmp(words[n], "--") == 0)
			is_text = true;
		n++;
	}
	words[n] = NULL;
	if (n == 0 || !ssh_has(verbs, words[0])) {
		*why = "by ssh there are only tail, say, catchup, who and "
		       "rooms; without a command one talks";
		return -1;
	}
	return n;
}
