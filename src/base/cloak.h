/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CLOAK_H
#define CLOAK_H

#include "base/credential.h"

/* A stand-in for somebody's address or uid: the same credential always gets the
 * same one, and without the key nobody can compute the credential from it. */
#define CLOAK_KEY_SIZE 32
struct cloak_key {
	unsigned char bytes[CLOAK_KEY_SIZE];
};

/* Makes a new key from the system's random numbers. Cannot fail. */
void cloak_key_init(struct cloak_key *key);

#define CLOAK_SIZE 16
/*
 * Writes the stand-in: "3f9a1c0d2e.ip", "3f9a1c0d2e.ip6" or "3f9a1c0d2e.user".
 */
void cloak_str(const struct cloak_key *key, const struct credential *c,
    char out[CLOAK_SIZE]);

#endif
