/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef DIALOG_PEOPLE_IMPL_H
#define DIALOG_PEOPLE_IMPL_H

#include <stddef.h>
#include <stdint.h>

struct actor;
struct script;

/* What the statements about people share: dialog-people.c. All end the test if
 * they fail. */
void people_type(struct script *s, struct actor *p, const char *line);
/* The next line; what was wanted is for the report only. */
const char *people_next(struct script *s, struct actor *p, size_t *len,
    int64_t deadline, const char *wanted);
/* The next line must match. */
void people_see(struct script *s, struct actor *p, const char *pattern);
_Noreturn void people_fail_line(struct script *s, struct actor *p,
    const char *wanted, const char *line, size_t len);

/* scram NAME PASSWORD: up to what the server makes of it, or its refusal
 * (dialog-scram.c). */
void people_scram(struct script *s, struct actor *p, const char *text);
/* Its steps: scram-begin NAME PASSWORD, up to the challenge; scram-prove, up to
 * the server's proof; scram-end. */
void people_scram_begin(struct script *s, struct actor *p, const char *text);
void people_scram_prove(struct script *s, struct actor *p, const char *text);
void people_scram_end(struct script *s, struct actor *p, const char *text);

#endif
