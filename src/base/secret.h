/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef SECRET_H
#define SECRET_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Does text, which somebody is about to say to others, look like a password on
 * its way to the server? Such as "PASS hunter2", "identify hunter2",
 * " /msg NickServ identify hunter2" (the blank in front is the mistake), or
 * "/login ana hunter2". What people say with the same words, "login does not
 * work", does not. text is scrubbed.
 */
bool text_is_secret(const char *text, size_t len);
/* Is that what keeps accounts on other networks? To it one sends passwords. */
bool name_is_service(const char *name);

/* Are they equal? It takes as long for any text of the same length. */
bool text_is_same_secret(const char *given, const char *wanted);

#endif
