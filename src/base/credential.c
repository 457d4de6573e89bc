/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * An IPv6 address counts by its /64, which is what one household or machine is
 * given: whoever has one can take any address in it. A longer prefix would make
 * limits per address meaningless; a shorter one would lump together the
 * customers of a provider, as IPv4 with its NAT already does.
 *
 * Of a key's fingerprint 120 bits are enough that nobody finds a key of their own
 * for them; and they are whole characters of what people compare.
 */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/credential.h"

#define CREDENTIAL_IPV6_PREFIX 8 /* bytes */
#define CREDENTIAL_SSH_PREFIX "SHA256:"
#define CREDENTIAL_SSH_WHOLE 43 /* characters of 32 bytes */
#define CREDENTIAL_SSH_SHORT 20 /* of CREDENTIAL_SSH_BYTES */

/* The structure has no padding, and every byte of it is set. */
_Static_assert(sizeof(struct credential) == 17, "credential has padding");

/* So many bytes of one of that kind are used. */
static size_t
credential_size(enum credential_kind kind)
{
	switch (kind) {
	case CREDENTIAL_IPV4:
	case CREDENTIAL_UID:
		return 4;
	case CREDENTIAL_IPV6:
	case CREDENTIAL_ACCOUNT:
		return 8;
	case CREDENTIAL_SSH:
		return CREDENTIAL_SSH_BYTES;
	}
	assert(0 && "a credential of no known kind");
	return 0;
}

static struct credential
credential_make(enum credential_kind kind, const void *bytes, size_t len)
{
	struct credential c;

	memset(&c, 0, sizeof(c));
	c.kind = (uint8_t)kind;
	memcpy(c.bytes, bytes, len);
	return c;
}

struct credential
credential_from_address(const struct sockaddr *sa)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	/* The address is copied, since a sockaddr need not be aligned. */
	if (sa->sa_family == AF_INET) {
		memcpy(&sin, sa, sizeof(sin));
		return credential_make(CREDENTIAL_IPV4, &sin.sin_addr, 4);
	}
	assert(sa->sa_family == AF_INET6);
	memcpy(&sin6, sa, sizeof(sin6));
	if (IN6_IS_ADDR_V4MAPPED(&sin6.sin6_addr))
		return credential_make(CREDENTIAL_IPV4,
		    sin6.sin6_addr.s6_addr + 12, 4);
	return credential_make(CREDENTIAL_IPV6, &sin6.sin6_addr,
	    CREDENTIAL_IPV6_PREFIX);
}

bool
credential_from_text(struct credential *c, const char *text)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &sin.sin_addr) == 1)
		*c = credential_from_address((struct sockaddr *)&sin);
	else if (inet_pton(AF_INET6, text, &sin6.sin6_addr) == 1)
		*c = credential_from_address((struct sockaddr *)&sin6);
	else
		return false;
	return true;
}

struct credential
credential_from_uid(uid_t uid)
{
	uint32_t big_endian = htonl((uint32_t)uid);

	_Static_assert(sizeof(uid_t) == sizeof(uint32_t), "uid_t of 32 bits");
	return credential_make(CREDENTIAL_UID, &big_endian, sizeof(big_endian));
}

struct credential
credential_from_account(uint64_t id)
{
	unsigned char bytes[8];
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(id >> (56 - 8 * i));
	return credential_make(CREDENTIAL_ACCOUNT, bytes, sizeof(bytes));
}

uint64_t
credential_account(const struct credential *c)
{
	uint64_t id = 0;
	size_t i;

	assert(c->kind == CREDENTIAL_ACCOUNT);
	for (i = 0; i < sizeof(id); i++)
		id = id << 8 | c->bytes[i];
	return id;
}

bool
credential_from_ssh(struct credential *c, const char *text)
{
	const size_t prefix = strlen(CREDENTIAL_SSH_PREFIX);
	char padded[CREDENTIAL_SSH_WHOLE + 2];
	unsigned char bytes[sizeof(padded)];
	size_t len;

	if (strncmp(text, CREDENTIAL_SSH_PREFIX, prefix) != 0)
		return false;
	text += prefix;
	len = strlen(text);
	if (len != CREDENTIAL_SSH_SHORT && len != CREDENTIAL_SSH_WHOLE)
		return false;
	memcpy(padded, text, len);
	if (len == CREDENTIAL_SSH_WHOLE)
		padded[len++] = '=';
	if (base64_decode(bytes, padded, len) < CREDENTIAL_SSH_BYTES)
		return false;
	*c = credential_make(CREDENTIAL_SSH, bytes, CREDENTIAL_SSH_BYTES);
	return true;
}

void
credential_ssh_str(const struct credential *c, char out[CREDENTIAL_SSH_SIZE])
{
	_Static_assert(CREDENTIAL_SSH_SIZE ==
		sizeof(CREDENTIAL_SSH_PREFIX) + CREDENTIAL_SSH_SHORT,
	    "a fingerprint fits");
	memcpy(out, CREDENTIAL_SSH_PREFIX, strlen(CREDENTIAL_SSH_PREFIX));
	base64_encode(out + strlen(CREDENTIAL_SSH_PREFIX), c->bytes,
	    CREDENTIAL_SSH_BYTES);
}

int
credential_cmp(const struct credential *a, const struct credential *b)
{
	return memcmp(a, b, sizeof(*a));
}

bool
credential_is_strong(const struct credential *c)
{
	return c->kind == CREDENTIAL_UID || c->kind == CREDENTIAL_ACCOUNT ||
	    c->kind == CREDENTIAL_SSH;
}

bool
credential_is_valid(const char *bytes)
{
	static const struct credential none;
	struct credential c;
	size_t used;

	memcpy(&c, bytes, sizeof(c));
	if (c.kind >= CREDENTIAL_KINDS)
		return false;
	used = credential_size((enum credential_kind)c.kind);
	return memcmp(c.bytes + used, none.bytes, sizeof(c.bytes) - used) == 0;
}

bool
credential_is_origin(const char *bytes)
{
	return credential_is_valid(bytes) &&
	    (unsigned char)bytes[0] != CREDENTIAL_ACCOUNT;
}

bool
credential_is_local(const struct credential *c)
{
	static const uint8_t zeros[sizeof(c->bytes)];

	switch ((enum credential_kind)c->kind) {
	case CREDENTIAL_IPV4:
		return c->bytes[0] == 127;
	case CREDENTIAL_IPV6: /* ::1 is the only one that is used */
		return memcmp(c->bytes, zeros, sizeof(zeros)) == 0;
	case CREDENTIAL_UID:
	case CREDENTIAL_SSH: /* it came on by a Unix socket */
		return true;
	case CREDENTIAL_ACCOUNT:
		break;
	}
	return false;
}

void
credential_str(const struct credential *c, char out[CREDENTIAL_STR_SIZE])
{
	char address[INET6_ADDRSTRLEN];
	uint32_t uid;

	switch ((enum credential_kind)c->kind) {
	case CREDENTIAL_IPV4:
		inet_ntop(AF_INET, c->bytes, out, CREDENTIAL_STR_SIZE);
		return;
	case CREDENTIAL_IPV6:
		inet_ntop(AF_INET6, c->bytes, address, sizeof(address));
		snprintf(out, CREDENTIAL_STR_SIZE, "%s/%d", address,
		    CREDENTIAL_IPV6_PREFIX * 8);
		return;
	case CREDENTIAL_UID:
		memcpy(&uid, c->bytes, sizeof(uid));
		snprintf(out, CREDENTIAL_STR_SIZE, "uid %" PRIu32, ntohl(uid));
		return;
	case CREDENTIAL_ACCOUNT:
		snprintf(out, CREDENTIAL_STR_SIZE, "account %016" PRIx64,
		    credential_account(c));
		return;
	case CREDENTIAL_SSH:
		memcpy(out, "ssh ", 4);
		credential_ssh_str(c, out + 4);
		return;
	}
	assert(0 && "a credential of no known kind");
}
