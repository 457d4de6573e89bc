/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef SESSION_ACCOUNT_H
#define SESSION_ACCOUNT_H

#include "base/buf.h"
#include "session/session.h"

/* What protocols say alike about accounts. */

#define SESSION_ACCOUNT_USAGE \
	"[password|token|uid|key|remove|alias|unalias|main [NAME]]"
#define SESSION_INSECURE_TEXT \
	"others could read a password on its way here; it is taken over TLS, on " \
	"a Unix socket and from this machine only"

#define SESSION_PROOFS_FULL_TEXT \
	"as many credentials as there may be are in use; remove one first"

/* Runs /account with these words, which s has typed; s has a member. */
void session_account_run(struct session *s, int argc, char *argv[]);
/* The same, for what changes something but the password. False: it was not done.
 * Adds a sentence that says so, with a new token in it if that was asked for. */
bool session_account_change(struct session *s, int argc, char *argv[],
    struct buf *text) MUST_CHECK;
/*
 * Makes a token that lets into a; the caller shows it to s, whose connection
 * has to be private, and wipes it. Returns what a has of it from now on, or NULL:
 * it has as many credentials as there may be.
 */
const struct account_proof *session_make_token(struct session *s,
    struct account *a, char token[TOKEN_SIZE]) MUST_CHECK;
/* Adds a sentence about what came of session_login() and the like. */
void session_login_text(struct session *s, enum login_purpose purpose,
    enum login result, const struct login_answer *answer, struct buf *out);

#endif
