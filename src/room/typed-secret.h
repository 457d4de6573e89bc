/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef TYPED_SECRET_H
#define TYPED_SECRET_H

#include <stdbool.h>
#include <stddef.h>

struct fields;
struct member;

/*
 * A password that somebody has just given is not said when they type it once
 * more, as those do who expect to be asked twice. For a minute it is known
 * again by a salted digest; the last one alone, right or wrong.
 */
void typed_secret_note(struct member *m, const char *secret);
/* text is scrubbed. It takes as long for any text of the same length. */
bool typed_secret_is(const struct member *m, const char *text, size_t len);
/* For m, which goes. */
void typed_secret_forget(struct member *m);

/* For the next program: the fields of m->more->typed; then the minute runs on. */
extern const struct fields typed_secret_fields;
void typed_secret_resume(struct member *m);

#endif
