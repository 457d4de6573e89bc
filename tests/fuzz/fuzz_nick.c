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
#define FUZZ_CHARACTERS FUZZ_LETTERS "0123456789_-"

static bool
fuzz_has_form(const char *name, size_t max_len)
{
	return name[0] != '\0' && strlen(name) <= max_len &&
	    strchr(FUZZ_LETTERS, name[0]) != NULL &&
	    name[strspn(name, FUZZ_CHARACTERS)] == '\0';
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

	assert(fuzz_is_form_fault(nick) == !fuzz_has_form(name, NICK_MAX));
	assert(fuzz_is_form_fault(room) == !fuzz_has_form(name, ROOM_NAME_MAX));
	assert(room == NICK_OK || fuzz_is_form_fault(room));
	assert(nick == NICK_OK || nick_check_str(nick)[0] != '\0');
	assert(room == NICK_OK || room_name_check_str(room)[0] != '\0');
	if (nick == NICK_OK && strncmp(name, "guest", 5) == 0)
		assert(name[5] == '\0' ||
		    name[5 + strspn(name + 5, "0123456789")] != '\0');
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

	/* Both are fixed points, and folding does not change the looks. */
	nick_fold(other, folded);
	assert(strcmp(other, folded) == 0);
	nick_skeleton(other, folded);
	assert(strcmp(other, skeleton) == 0);
	nick_skeleton(other, skeleton);
	assert(strcmp(other, skeleton) == 0);

	/* Case is no matter to any of them. */
	swapped = xstrdup(name);
	fuzz_swap_case(swapped);
	assert(nick_check(swapped) == nick_check(name));
	assert(room_name_check(swapped) == room_name_check(name));
	nick_fold(other, swapped);
	assert(strcmp(other, folded) == 0);
	nick_skeleton(other, swapped);
	assert(strcmp(other, skeleton) == 0);

	/*
	 * A good name and its skeleton get the same answer, so nobody passes
	 * for a reserved name or a guest. But all is reserved as it is written
	 * only.
	 */
	if (fuzz_has_form(name, NICK_MAX) && strcmp(skeleton, "all") != 0)
		assert(nick_check(skeleton) == nick_check(name));

	free(swapped);
	free(other);
	free(skeleton);
	free(folded);
	free(name);
	return 0;
}
