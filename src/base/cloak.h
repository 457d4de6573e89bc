/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CLOAK_H
#define CLOAK_H

#include "base/credential.h"

/*
 * A name for where somebody comes from that does not tell it: the same for the
 * same credential, and nobody finds the credential who has not the key.
 */
#define CLOAK_KEY_SIZE 32
struct cloak_key {
	unsigned char bytes[CLOAK_KEY_SIZE];
};

/* A new one, from the system's random numbers. Cannot fail. */
void cloak_key_init(struct cloak_key *key);

#define CLOAK_SIZE 16
/* "3f9a1c0d2e.ip", "3f9a1c0d2e.ip6", "3f9a1c0d2e.user" */
void cloak_str(const struct cloak_key *key, const struct credential *c,
    char out[CLOAK_SIZE]);

#endif
