/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Origins as people write them. A connection shows a credential; an origin is a
 * credential with a prefix, which stands for many. Bans and the setting
 * room-operator name origins.
 */
#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdio.h>
#include <string.h>

#include "base/origin.h"
#include "base/util.h"

#define ORIGIN_UID_PREFIX "uid:"

void
origin_mask(struct credential *c, unsigned prefix)
{
	unsigned i, bits;

	for (i = 0; i < sizeof(c->bytes); i++) {
		bits = prefix > 8 * i ? prefix - 8 * i : 0;
		if (bits < 8)
			c->bytes[i] &= (uint8_t)(0xff00 >> bits);
	}
}

unsigned
origin_prefix_max(const struct credential *c)
{
	switch ((enum credential_kind)c->kind) {
	case CREDENTIAL_IPV4:
	case CREDENTIAL_UID:
		return 32;
	case CREDENTIAL_IPV6:
	case CREDENTIAL_ACCOUNT:
		return 64;
	case CREDENTIAL_SSH:
		return 8 * CREDENTIAL_SSH_BYTES;
	}
	return 32;
}

bool
origin_has(const struct credential *origin, unsigned prefix,
    const struct credential *credential)
{
	struct credential masked = *credential;

	origin_mask(&masked, prefix);
	return credential_cmp(&masked, origin) == 0;
}

static void
origin_set(struct credential *origin, unsigned *out, const struct sockaddr *sa,
    unsigned prefix)
{
	unsigned max;

	*origin = credential_from_address(sa);
	/* An IPv4 address in IPv6 is its last 32 bits. */
	if (sa->sa_family == AF_INET6 && origin->kind == CREDENTIAL_IPV4)
		prefix = prefix < 96 ? 0 : prefix - 96;
	max = origin_prefix_max(origin);
	*out = prefix < max ? prefix : max;
	origin_mask(origin, *out);
}

static const char *
origin_parse_address(struct credential *origin, unsigned *out, const char *text)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	const char *slash = strchr(text, '/');
	size_t len = slash == NULL ? strlen(text) : (size_t)(slash - text);
	char address[INET6_ADDRSTRLEN];
	uint64_t prefix = 128;
	bool is_ipv6;

	if (len >= sizeof(address))
		return "not an address";
	memcpy(address, text, len);
	address[len] = '\0';
	is_ipv6 = strchr(address, ':') != NULL;
	if (slash != NULL &&
	    parse_number(slash + 1, is_ipv6 ? 128 : 32, &prefix) == -1)
		return is_ipv6 ? "a prefix is a number from 0 to 128" :
				 "a prefix is a number from 0 to 32";
	if (is_ipv6 && inet_pton(AF_INET6, address, &sin6.sin6_addr) == 1)
		origin_set(origin, out, (struct sockaddr *)&sin6,
		    (unsigned)prefix);
	else if (!is_ipv6 && inet_pton(AF_INET, address, &sin.sin_addr) == 1)
		origin_set(origin, out, (struct sockaddr *)&sin,
		    (unsigned)prefix);
	else
		return "not an address";
	return NULL;
}

const char *
origin_parse(struct credential *origin, unsigned *prefix, const char *text)
{
	const size_t uid_len = strlen(ORIGIN_UID_PREFIX);
	uint64_t uid;

	if (credential_from_ssh(origin, text)) {
		*prefix = origin_prefix_max(origin);
		return NULL;
	}
	if (strncmp(text, ORIGIN_UID_PREFIX, uid_len) != 0)
		return origin_parse_address(origin, prefix, text);
	/* The largest value, (uid_t)-1, is nobody's uid. */
	if (parse_number(text + uid_len, UINT32_MAX - 1, &uid) == -1)
		return "a uid is a number";
	*origin = credential_from_uid((uid_t)uid);
	*prefix = 32;
	return NULL;
}

void
origin_str(const struct credential *origin, unsigned prefix,
    char out[ORIGIN_STR_SIZE])
{
	char address[INET6_ADDRSTRLEN];
	uint32_t uid;

	if (origin->kind == CREDENTIAL_UID) {
		memcpy(&uid, origin->bytes, sizeof(uid));
		snprintf(out, ORIGIN_STR_SIZE, ORIGIN_UID_PREFIX "%lu",
		    (unsigned long)ntohl(uid));
		return;
	}
	if (origin->kind == CREDENTIAL_SSH) {
		credential_ssh_str(origin, out);
		return;
	}
	inet_ntop(origin->kind == CREDENTIAL_IPV6 ? AF_INET6 : AF_INET,
	    origin->bytes, address, sizeof(address));
	if (origin->kind == CREDENTIAL_IPV4 && prefix == 32)
		snprintf(out, ORIGIN_STR_SIZE, "%s", address);
	else
		snprintf(out, ORIGIN_STR_SIZE, "%s/%u", address, prefix);
}

static const char *
room_operator_parse_names(struct room_operator *op, const char *room,
    const char *nick)
{
	if (room_name_check(room) != NICK_OK)
		return room_name_check_str(room_name_check(room));
	nick_fold(op->room, room);
	if (nick_check(nick) != NICK_OK)
		return nick_check_str(nick_check(nick));
	nick_fold(op->nick, nick);
	return NULL;
}

const char *
room_operator_parse(struct room_operator *op, const char *text)
{
	char copy[ROOM_OPERATOR_MAX + 1], *nick, *at;
	const char *why;

	memset(op, 0, sizeof(*op));
	if (strlen(text) > ROOM_OPERATOR_MAX)
		return "must be ROOM NICK or ROOM NICK@ORIGIN";
	memcpy(copy, text, strlen(text) + 1);
	nick = strchr(copy, ' ');
	if (nick == NULL)
		return "must be ROOM NICK or ROOM NICK@ORIGIN";
	*nick++ = '\0';
	nick += strspn(nick, " ");
	at = strchr(nick, '@');
	if (at != NULL)
		*at++ = '\0';
	why = room_operator_parse_names(op, copy, nick);
	if (why != NULL || at == NULL)
		return why;
	op->has_origin = true;
	return origin_parse(&op->origin, &op->prefix, at);
}

bool
room_operator_is(const struct room_operator *op, const char *folded,
    const struct credential *credential)
{
	return strcmp(op->nick, folded) == 0 &&
	    (!op->has_origin ||
		origin_has(&op->origin, op->prefix, credential));
}

const char *
gateway_parse(struct gateway *gateway, const char *text)
{
	char origin[ORIGIN_STR_SIZE];
	size_t len = strcspn(text, " ");

	gateway->password = text + len + strspn(text + len, " ");
	if (*gateway->password == '\0' || len >= sizeof(origin) ||
	    strchr(gateway->password, ' ') != NULL)
		return "must be ORIGIN PASSWORD";
	memcpy(origin, text, len);
	origin[len] = '\0';
	return origin_parse(&gateway->origin, &gateway->prefix, origin);
}
