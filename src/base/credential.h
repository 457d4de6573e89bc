/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CREDENTIAL_H
#define CREDENTIAL_H

#include <sys/socket.h>
#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

enum credential_kind { CREDENTIAL_IPV4, CREDENTIAL_IPV6, CREDENTIAL_UID };

/*
 * Where a connection comes from, as far as we can know: an address, which is
 * weak, as several people may share it, or the uid on a Unix socket, which is
 * strong. Credentials are compared as bytes; only the functions below make one,
 * and they leave no byte undefined.
 */
struct credential {
	uint8_t kind; /* enum credential_kind */
	uint8_t bytes[16]; /* /32, /64 (rest zero), or the uid, big-endian */
};

/* Takes AF_INET and AF_INET6; IPv4-mapped IPv6 (RFC 4291 2.5.5.2) counts as
 * IPv4. */
struct credential credential_from_address(const struct sockaddr *sa);
struct credential credential_from_uid(uid_t uid);

int credential_cmp(const struct credential *a, const struct credential *b);
bool credential_is_strong(const struct credential *c);

/* Could one of the above have made these bytes? For what was read. */
bool credential_is_valid(const char *bytes);

#define CREDENTIAL_STR_SIZE 64
/* Writes it for the log: "192.0.2.1", "2001:db8:0:1::/64", "uid 1000". */
void credential_str(const struct credential *c, char out[CREDENTIAL_STR_SIZE]);

#endif
