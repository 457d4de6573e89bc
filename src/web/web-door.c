/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Which requests are let in. Any page on the web can have the browser of whoever
 * looks at it send requests to any server that this browser reaches: this one,
 * on localhost or behind a firewall. Two fields tell, which a page cannot set:
 *
 * - Origin says which page it is; a browser sends it with each WebSocket. It has
 *   to be one of this server, or of web-origin. Who sends none is no browser.
 * - Host says under which name the browser came here. A name that its owner
 *   made to lead here (DNS rebinding) would make a foreign page one of ours; so
 *   it has to be a name that we know, but with TLS, where the browser has
 *   compared it with the certificate.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/conn.h"
#include "web/web-impl.h"
#include "web/web.h"

#define WEB_HOST_MAX 255

/* Where the connection came to: the address as it stands in a URI. */
struct web_here {
	char address[INET6_ADDRSTRLEN + 2];
	bool is_local; /* reached from this machine alone */
};

static void
web_here_ipv4(struct web_here *here, const struct in_addr *address)
{
	(void)inet_ntop(AF_INET, address, here->address, sizeof(here->address));
	here->is_local = ntohl(address->s_addr) >> 24 == IN_LOOPBACKNET;
}

static void
web_here_ipv6(struct web_here *here, const struct in6_addr *address)
{
	struct in_addr ipv4;

	if (IN6_IS_ADDR_V4MAPPED(address)) {
		memcpy(&ipv4, address->s6_addr + 12, sizeof(ipv4));
		web_here_ipv4(here, &ipv4);
		return;
	}
	here->address[0] = '[';
	(void)inet_ntop(AF_INET6, address, here->address + 1,
	    sizeof(here->address) - 2);
	(void)strcat(here->address, "]");
	here->is_local = IN6_IS_ADDR_LOOPBACK(address);
}

static void
web_look_here(const struct session *s, struct web_here *here)
{
	union {
		struct sockaddr sa;
		struct sockaddr_in sin;
		struct sockaddr_in6 sin6;
		struct sockaddr_un sun;
	} to;
	socklen_t len = sizeof(to);

	memset(here, 0, sizeof(*here));
	if (getsockname(conn_fd(s->conn), &to.sa, &len) == -1)
		return;
	if (to.sa.sa_family == AF_UNIX)
		here->is_local = true;
	else if (to.sa.sa_family == AF_INET)
		web_here_ipv4(here, &to.sin.sin_addr);
	else if (to.sa.sa_family == AF_INET6)
		web_here_ipv6(here, &to.sin6.sin6_addr);
}

bool
web_is_on(const struct session *s)
{
	struct web_here here;

	switch ((enum option_web)s->all->options->web) {
	case WEB_AUTO:
		web_look_here(s, &here);
		return here.is_local || conn_is_secure(s->conn);
	case WEB_ON:
		return true;
	case WEB_OFF:
		break;
	}
	return false;
}

/* Hosts */

/* The length of the name in "name:port" or "[address]:port"; 0: it is
 * neither. */
static size_t
web_name_len(const char *host, size_t len)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._";
	size_t n, i;

	if (len > 0 && host[0] == '[') {
		for (n = 1; n < len && host[n] != '\0' &&
		     strchr("0123456789abcdefABCDEF:.", host[n]) != NULL;
		     n++)
			continue;
		if (n == len || host[n++] != ']')
			return 0;
	} else {
		for (n = 0; n < len && host[n] != '\0' &&
		     strchr(chars, host[n]) != NULL;
		     n++)
			continue;
	}
	if (n == len)
		return n;
	if (host[n] != ':')
		return 0;
	for (i = n + 1; i < len; i++)
		if (host[i] < '0' || host[i] > '9')
			return 0;
	return n;
}

static bool
web_list_has(const struct option_list *list, const struct http_text *text)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (http_text_is_like(text, list->items[i]))
			return true;
	return false;
}

static bool
web_host_is_known(const struct session *s, const struct http_text *host)
{
	const struct option_list *names = &s->all->options->web_host;
	struct http_text name = { host->at, web_name_len(host->at, host->len) };
	struct web_here here;

	if (name.len == 0 || host->len > WEB_HOST_MAX)
		return false;
	if (web_list_has(names, &name) ||
	    (names->count == 0 && conn_is_secure(s->conn)))
		return true;
	web_look_here(s, &here);
	return http_text_is_like(&name, here.address) ||
	    (here.is_local &&
		(http_text_is_like(&name, "localhost") ||
		    http_text_is(&name, "127.0.0.1") ||
		    http_text_is(&name, "[::1]")));
}

/* Origins */

/* Takes the port off the end that the scheme stands for anyway. */
static void
web_drop_port(struct http_text *host, const char *port)
{
	size_t len = strlen(port);

	if (host->len > len &&
	    memcmp(host->at + host->len - len, port, len) == 0)
		host->len -= len;
}

/* Is it a page of the host that the request names? Which scheme it came by is
 * not compared: a proxy may do TLS for us. */
static bool
web_origin_is_own(const struct http_text *origin, const struct http_text *host)
{
	struct http_text from = *origin, to = *host;
	const char *port;

	if (from.len > 8 && strncasecmp(from.at, "https://", 8) == 0) {
		port = ":443";
		from.at += 8;
		from.len -= 8;
	} else if (from.len > 7 && strncasecmp(from.at, "http://", 7) == 0) {
		port = ":80";
		from.at += 7;
		from.len -= 7;
	} else {
		return false;
	}
	web_drop_port(&from, port);
	web_drop_port(&to, port);
	return from.len == to.len && strncasecmp(from.at, to.at, from.len) == 0;
}

bool
web_may_enter(struct web_request *rq)
{
	const struct session *s = rq->session;
	struct http_text host, origin;
	bool has_host = http_find(&rq->http, "Host", &host);
	bool has_origin = http_find(&rq->http, "Origin", &origin);

	/* What says where it comes from may be a browser, and so may be what
	 * asks for a document. */
	if (has_host && (has_origin || !web_asks_for_websocket(rq)) &&
	    !web_host_is_known(s, &host)) {
		s->all->net->web.refused[NET_WEB_HOST]++;
		web_send_text(rq, HTTP_FORBIDDEN,
		    "This server is not known by that name here. Its "
		    "administrator can tell the name by the setting web-host.");
		return false;
	}
	if (has_origin && !(has_host && web_origin_is_own(&origin, &host)) &&
	    !web_list_has(&s->all->options->web_origin, &origin)) {
		s->all->net->web.refused[NET_WEB_ORIGIN]++;
		web_send_text(rq, HTTP_FORBIDDEN,
		    "Pages of other servers may not come here. The "
		    "administrator can allow some by the setting web-origin.");
		return false;
	}
	if (has_host && web_host_is_known(s, &host))
		rq->host = host;
	return true;
}

/* Settings */

static bool
web_is_origin(const char *text)
{
	const char *host = strstr(text, "://");
	size_t len;

	if (host == NULL ||
	    strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+-.") !=
		(size_t)(host - text))
		return false;
	len = strlen(host + 3);
	return len > 0 && web_name_len(host + 3, len) > 0;
}

int
web_check_options(const struct options *o, struct option_errors *errors)
{
	const struct option_list *hosts = &o->web_host;
	const struct option_list *origins = &o->web_origin;
	size_t i;
	int result = 0;

	for (i = 0; i < hosts->count; i++) {
		if (web_name_len(hosts->items[i], strlen(hosts->items[i])) ==
			strlen(hosts->items[i]) &&
		    *hosts->items[i] != '\0')
			continue;
		option_errors_add(errors,
		    "%s: web-host '%s' is no name or address, such as "
		    "chat.example.org or [2001:db8::1], without a port",
		    hosts->where[i], hosts->items[i]);
		result = -1;
	}
	for (i = 0; i < origins->count; i++) {
		if (web_is_origin(origins->items[i]))
			continue;
		option_errors_add(errors,
		    "%s: web-origin '%s' is no SCHEME://HOST or "
		    "SCHEME://HOST:PORT, such as https://example.org",
		    origins->where[i], origins->items[i]);
		result = -1;
	}
	return result;
}
