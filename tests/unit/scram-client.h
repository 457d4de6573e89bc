/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef SCRAM_CLIENT_H
#define SCRAM_CLIENT_H

/*
 * A client's end of SCRAM-SHA-256 (RFC 5802), apart from the server's but for
 * HMAC and PBKDF2. All that is returned is the caller's to free.
 */

/* client-first-message; nonce is at most 64 characters. */
char *scram_client_first(const char *name, const char *nonce);
/* client-final-message, in answer to server-first-message; and in *expected
 * the server-final-message of a server that knows the password. NULL: first is
 * malformed, or does not have the nonce. */
char *scram_client_final(const char *name, const char *nonce,
    const char *password, const char *first, char **expected);

#endif
