/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef IRC_SNIFF_H
#define IRC_SNIFF_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Is this, the whole first line of a client, what an IRC client begins with?
 * CAP, PASS, NICK or USER, in any case, with as many parameters as they have:
 * "NICK bob" is, "NICK is my dog" and "NICKY hello" are not.
 */
bool irc_is_first_line(const char *text, size_t len);

#endif
