/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef ORIGIN_H
#define ORIGIN_H

#include <stdbool.h>

#include "base/credential.h"
#include "base/nick.h"
#include "base/util.h"

/* Where people may come from: all addresses with a common prefix, a Unix uid, or
 * a key of ssh. It is stored as a credential whose bits behind the prefix are
 * zero. */

/* The longest prefix for a credential of this kind, in bits; and of any. */
#define ORIGIN_PREFIX_MAX (8 * CREDENTIAL_SSH_BYTES)
unsigned origin_prefix_max(const struct credential *c);
/* Clears the bits of c behind prefix. */
void origin_mask(struct credential *c, unsigned prefix);

/*
 * Reads "192.0.2.1", "192.0.2.0/24", "2001:db8::/32", "uid:1000" or a key's
 * "SHA256:..." (credential_from_ssh()). IPv6 longer than /64 becomes its /64,
 * as connections are known by that (credential.h); IPv4-mapped addresses become
 * IPv4. Returns NULL, or what is wrong as a static string; then origin and
 * prefix are undefined.
 */
const char *origin_parse(struct credential *origin, unsigned *prefix,
    const char *text) MUST_CHECK;

bool origin_has(const struct credential *origin, unsigned prefix,
    const struct credential *credential);

#define ORIGIN_STR_SIZE 64
/* Writes "192.0.2.0/24", "2001:db8:0:1::/64", "uid:1000" or "SHA256:...". */
void origin_str(const struct credential *origin, unsigned prefix,
    char out[ORIGIN_STR_SIZE]);

/* A value of the setting room-operator. */
struct room_operator {
	char room[ROOM_NAME_SIZE]; /* folded, as nick is */
	char nick[NICK_SIZE];
	bool has_origin;
	struct credential origin;
	unsigned prefix;
};
#define ROOM_OPERATOR_MAX 150 /* bytes */

/* Reads "ROOM NICK" or "ROOM NICK@ORIGIN". Returns NULL, or what is wrong as a
 * static string. */
const char *room_operator_parse(struct room_operator *op,
    const char *text) MUST_CHECK;

/* Does op name the person with this folded nick and this credential? */
bool room_operator_is(const struct room_operator *op, const char *folded,
    const struct credential *credential);

/* A value of the setting webirc: whose gateway may tell where its users come
 * from, with this password. */
struct gateway {
	struct credential origin;
	unsigned prefix;
	const char *password; /* within the text that was read */
};
/* Reads "ORIGIN PASSWORD". Returns NULL, or what is wrong as a static string. */
const char *gateway_parse(struct gateway *gateway, const char *text) MUST_CHECK;

#endif
