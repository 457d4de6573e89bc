/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CREDENTIAL_H
#define CREDENTIAL_H

#include <sys/socket.h>
#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/util.h"

enum credential_kind {
	CREDENTIAL_IPV4,
	CREDENTIAL_IPV6,
	CREDENTIAL_UID,
	CREDENTIAL_ACCOUNT,
	CREDENTIAL_SSH
};
#define CREDENTIAL_KINDS (CREDENTIAL_SSH + 1)

/*
 * Who somebody is, as far as we can know: where their connection comes from, an
 * address, which is weak, as several people may share it, or the uid on a Unix
 * socket, which is strong; or, told by one of those, the key by which they came
 * there by ssh, which is strong; or the account that they are logged in to,
 * which is strong as well and no origin. Credentials are compared as bytes;
 * only the functions below make one, and they leave no byte undefined.
 */
struct credential {
	uint8_t kind; /* enum credential_kind */
	/* /32, /64 (rest zero), the uid or the account's id, big-endian; of a
	 * key's SHA-256 the first CREDENTIAL_SSH_BYTES */
	uint8_t bytes[16];
};

/* Takes AF_INET and AF_INET6; IPv4-mapped IPv6 (RFC 4291 2.5.5.2) counts as
 * IPv4. */
struct credential credential_from_address(const struct sockaddr *sa);
/* Takes an address as inet_pton(3) does. False: it is none. */
bool credential_from_text(struct credential *c, const char *text) MUST_CHECK;
struct credential credential_from_uid(uid_t uid);
struct credential credential_from_account(uint64_t id);
/*
 * Takes a key's fingerprint as ssh-keygen(1) prints it: "SHA256:" and 43
 * characters of base64 without padding, or the first 20 of them, which are
 * CREDENTIAL_SSH_BYTES. False: it is none.
 */
#define CREDENTIAL_SSH_BYTES 15
bool credential_from_ssh(struct credential *c, const char *text) MUST_CHECK;
/* The reverse, with 20 characters. */
#define CREDENTIAL_SSH_SIZE 28
void credential_ssh_str(const struct credential *c,
    char out[CREDENTIAL_SSH_SIZE]);
/* The id of an account's. */
uint64_t credential_account(const struct credential *c);

int credential_cmp(const struct credential *a, const struct credential *b);
bool credential_is_strong(const struct credential *c);

/* Could one of the above have made these bytes? For what was read. */
bool credential_is_valid(const char *bytes);
/* And one that is an origin? */
bool credential_is_origin(const char *bytes);
/* Is it of a connection that nobody else can read: a Unix socket, or from this
 * machine to itself? */
bool credential_is_local(const struct credential *c);

#define CREDENTIAL_STR_SIZE 64
/* Writes it for the log: "192.0.2.1", "2001:db8:0:1::/64", "uid 1000",
 * "account 00c0ffee00c0ffee", "ssh SHA256:" with 20 characters. */
void credential_str(const struct credential *c, char out[CREDENTIAL_STR_SIZE]);

#endif
