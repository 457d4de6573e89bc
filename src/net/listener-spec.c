/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Only the form is checked, so that checking the settings asks no name server
 * and opens nothing.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/listener-spec.h"

void
listener_spec_fini(struct listener_spec *spec)
{
	free(spec->address);
	free(spec->protocols);
	free(spec->path);
	free(spec->host);
	free(spec->port);
}

/* Each parser returns what is wrong, or NULL. */

static const char *
listener_spec_parse_protocols(const char *s)
{
	size_t len;

	for (;;) {
		len = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");
		if (len == 0 || (s[len] != '\0' && s[len] != ','))
			return "a protocol's name has only a-z, 0-9 and -";
		if (s[len] == '\0')
			return NULL;
		s += len + 1;
	}
}

static const char *
listener_spec_parse_ipv6(const char *host)
{
	struct in6_addr unused;
	char address[INET6_ADDRSTRLEN];
	size_t len = strcspn(host, "%"); /* an interface may follow */

	if (len >= sizeof(address) || (host[len] == '%' && !host[len + 1]))
		return "not an IPv6 address in the brackets";
	memcpy(address, host, len);
	address[len] = '\0';
	if (inet_pton(AF_INET6, address, &unused) != 1)
		return "not an IPv6 address in the brackets";
	return NULL;
}

static const char *
listener_spec_parse_host(struct listener_spec *spec, const char *host,
    size_t len)
{
	if (len == 1 && host[0] == '*')
		return NULL;
	if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
		spec->is_bracketed = true;
		spec->host = xstrndup(host + 1, len - 2);
		return listener_spec_parse_ipv6(spec->host);
	}
	spec->host = xstrndup(host, len);
	if (strchr(spec->host, ':') != NULL)
		return "an IPv6 address stands in brackets";
	if (len == 0)
		return "an address is missing (* stands for all)";
	if (spec->host[strspn(spec->host,
		"abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")] != '\0')
		return "not an address or the name of a host";
	return NULL;
}

static const char *
listener_spec_parse_address(struct listener_spec *spec)
{
	const char *address = spec->address, *colon;
	size_t prefix = strlen(LISTENER_UNIX_PREFIX);
	uint64_t port;

	if (strncmp(address, LISTENER_UNIX_PREFIX, prefix) == 0) {
		spec->path = xstrdup(address + prefix);
		if (spec->path[0] == '\0')
			return "a path is missing";
		if (strlen(spec->path) >=
		    sizeof(((struct sockaddr_un *)NULL)->sun_path))
			return "the path is too long for a socket";
		return NULL;
	}
	colon = strrchr(address, ':');
	if (colon == NULL)
		return "neither ADDR:PORT nor unix:PATH";
	spec->port = xstrdup(colon + 1);
	if (parse_number(spec->port, 65535, &port) == -1)
		return "a port is a number from 0 to 65535";
	return listener_spec_parse_host(spec, address,
	    (size_t)(colon - address));
}

const char *
listener_spec_parse(struct listener_spec *spec, const char *text)
{
	size_t len = strcspn(text, ",");
	const char *why;

	memset(spec, 0, sizeof(*spec));
	spec->address = xstrndup(text, len);
	spec->protocols = xstrdup(text[len] == ',' ? text + len + 1 : "");
	if ((why = listener_spec_parse_address(spec)) != NULL)
		return why;
	return text[len] == ',' ?
	    listener_spec_parse_protocols(spec->protocols) :
	    NULL;
}

char *
listener_spec_error(const char *text, const char *why)
{
	return xasprintf("cannot listen on '%s': %s", text, why);
}
