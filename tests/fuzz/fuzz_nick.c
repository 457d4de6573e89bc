/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Names: no input crashes, what is accepted keeps the rules, and neither case
 * nor look-alike spelling changes what a name is taken for.
 */
#include "config.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/nick.h"
#include "base/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define FUZZ_SPECIAL "_[]\\`^{|}"

static bool
fuzz_has_form(const char *name, size_t max_len, const char *first,
    const char *others)
{
	return name[0] != '\0' && strlen(name) <= max_len &&
	    strchr(first, name[0]) != NULL &&
	    name[strspn(name, others)] == '\0';
}

static bool
fuzz_is_form_fault(enum nick_check check)
{
	return check == NICK_EMPTY || check == NICK_TOO_LONG ||
	    check == NICK_BAD_START || check == NICK_BAD_CHARACTER;
}

static void
fuzz_swap_case(char *s)
{
	for (; *s != '\0'; s++) {
		if ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z'))
			*s ^= 0x20;
	}
}

static void
fuzz_check_name(const char *name)
{
	enum nick_check nick = nick_check(name), room = room_name_check(name);

	assert(fuzz_is_form_fault(nick) ==
	    !fuzz_has_form(name, NICK_MAX, FUZZ_LETTERS FUZZ_SPECIAL,
		FUZZ_LETTERS FUZZ_SPECIAL "0123456789-"));
	assert(fuzz_is_form_fault(room) ==
	    !fuzz_has_form(name, ROOM_NAME_MAX, FUZZ_LETTERS,
		FUZZ_LETTERS "0123456789_-"));
	assert(room == NICK_OK || fuzz_is_form_fault(room));
	assert(nick == NICK_OK || nick_check_str(nick)[0] != '\0');
	assert(room == NICK_OK || room_name_check_str(room)[0] != '\0');
	if (nick == NICK_OK && strncmp(name, "guest", 5) == 0)
		assert(name[5] == '\0' ||
		    name[5 + strspn(name + 5, "0123456789")] != '\0');
}

/*
 * Who replaces an l or o by what looks like it is taken for the same, unless
 * that makes it a name of capitals, or ends one.
 */
static void
fuzz_check_alike(const char *name, const char *skeleton)
{
	char *other = xstrdup(name), *drawn = xmalloc(strlen(name) + 1), *p;

	for (p = other; *p != '\0'; p++)
		*p = *p == 'l' ? '1' : *p == '1' ? '|' : *p == '|' ? 'l' : *p;
	nick_skeleton(drawn, other);
	assert(strcmp(drawn, skeleton) == 0);
	for (p = other; *p != '\0'; p++)
		*p = *p == 'I' ? '1' : *p;
	nick_skeleton(drawn, other);
	assert(strcmp(drawn, skeleton) == 0);
	assert(drawn[strcspn(drawn, "01|ABCDEFGHJKMNOPQRSTUVWXYZ")] == '\0');
	free(drawn);
	free(other);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *name, *swapped, *folded, *skeleton, *other;
	size_t len;

	name = xstrndup((const char *)data, size);
	len = strlen(name);
	fuzz_check_name(name);

	/* Of the exact size, so that a sanitizer sees any excess. */
	folded = xmalloc(len + 1);
	skeleton = xmalloc(len + 1);
	other = xmalloc(len + 1);
	nick_fold(folded, name);
	nick_skeleton(skeleton, name);
	assert(strlen(folded) == len && strlen(skeleton) <= len);
	assert(strcspn(folded, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == len);

	nick_fold(other, folded);
	assert(strcmp(other, folded) == 0);
	fuzz_check_alike(name, skeleton);

	/* Case is no matter but to the looks. */
	swapped = xstrdup(name);
	fuzz_swap_case(swapped);
	assert(nick_check(swapped) == nick_check(name));
	assert(room_name_check(swapped) == room_name_check(name));
	nick_fold(other, swapped);
	assert(strcmp(other, folded) == 0);

	free(swapped);
	free(other);
	free(skeleton);
	free(folded);
	free(name);
	return 0;
}
