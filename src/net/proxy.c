/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Connections that come through a proxy. The specification forbids to guess
 * whether there is a header, or whoever the proxy serves could write one: so
 * from those whom trusted-proxy names there has to be one, and from all others
 * it is a line in a foreign language (session/). But an HTTP proxy cannot write
 * one, and says in each request who it is for; it is known by its first byte,
 * which is none that a header begins with.
 *
 * The header comes before everything else, TLS included, and nothing behind it
 * may be taken from the socket: so it is read in steps of known length, and in
 * version 1, whose length is told by nothing, only up to the end of its line.
 */
#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/sys/queue.h>

#include "base/log.h"
#include "net/callback.h"
#include "net/proxy.h"

#define PROXY_V1_MAX 107 /* section 2.1, with CR LF */
#define PROXY_V2_FIXED 16 /* section 2.2: signature, version, family, length */
#define PROXY_SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define PROXY_SIGNATURE_LEN 12

struct proxy {
	TAILQ_ENTRY(proxy) entry;
	struct proxies *all;
	int fd;
	struct event *readable;
	struct deadline deadline;
	struct credential credential; /* the proxy's own */
	bool is_tcp;
	char *protocols;
	size_t len;
	uint8_t header[PROXY_HEADER_MAX];
};
TAILQ_HEAD(proxy_queue, proxy);

struct proxies {
	struct net *net;
	listener_accepted *accepted;
	void *arg;
	struct proxy_queue queue;
	size_t count;
};

/* The header */

/* One of an address family's addresses, as text; NULL is no address. */
static bool
proxy_address(int family, const char *text, struct sockaddr_storage *ss)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)ss;
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ss;

	memset(ss, 0, sizeof(*ss));
	ss->ss_family = (sa_family_t)family;
	return text != NULL &&
	    inet_pton(family, text,
		family == AF_INET ? (void *)&sin->sin_addr :
				    (void *)&sin6->sin6_addr) == 1;
}

/* "PROXY TCP4 192.0.2.1 192.0.2.2 1234 4272", without its end. */
static enum proxy_header
proxy_parse_text(char *line, struct credential *from)
{
	struct sockaddr_storage source, destination;
	char *word, *words[6];
	size_t count = 0;
	uint64_t port;
	int family;

	while ((word = strsep(&line, " ")) != NULL) {
		if (count < NITEMS(words))
			words[count] = word;
		count++;
	}
	if (count < 2 || strcmp(words[0], "PROXY") != 0)
		return PROXY_BAD;
	/* What stands behind it is to be ignored. */
	if (strcmp(words[1], "UNKNOWN") == 0)
		return PROXY_ITSELF;
	family = strcmp(words[1], "TCP4") == 0 ? AF_INET : AF_INET6;
	if (count != NITEMS(words) ||
	    (family == AF_INET6 && strcmp(words[1], "TCP6") != 0) ||
	    !proxy_address(family, words[2], &source) ||
	    !proxy_address(family, words[3], &destination) ||
	    parse_number(words[4], 65535, &port) == -1 ||
	    parse_number(words[5], 65535, &port) == -1)
		return PROXY_BAD;
	*from = credential_from_address((struct sockaddr *)&source);
	return PROXY_TELLS;
}

static enum proxy_header
proxy_parse_1(const uint8_t *data, size_t len, size_t *more, bool *is_text,
    struct credential *from)
{
	char line[PROXY_V1_MAX + 1];

	*is_text = true;
	if (memcmp(data, "PROXY ", len < 6 ? len : 6) != 0)
		return PROXY_BAD;
	/* The shortest line has more than what is read at first. */
	if (memchr(data, '\n', len - 1) != NULL)
		return PROXY_BAD;
	if (data[len - 1] != '\n') {
		*more = PROXY_V1_MAX - len;
		return len < PROXY_V1_MAX ? PROXY_MORE : PROXY_BAD;
	}
	if (len > PROXY_V1_MAX || data[len - 2] != '\r' ||
	    memchr(data, '\0', len) != NULL)
		return PROXY_BAD;
	memcpy(line, data, len - 2);
	line[len - 2] = '\0';
	return proxy_parse_text(line, from);
}

static enum proxy_header
proxy_parse_2(const uint8_t *data, size_t len, size_t *more,
    struct credential *from)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	size_t whole = PROXY_V2_FIXED, length;

	if (memcmp(data, PROXY_SIGNATURE,
		len < PROXY_SIGNATURE_LEN ? len : PROXY_SIGNATURE_LEN) != 0)
		return PROXY_BAD;
	if (len >= PROXY_V2_FIXED) {
		length = (size_t)data[14] << 8 | data[15];
		whole += length;
		/* Version 2; LOCAL or PROXY. */
		if ((data[12] != 0x20 && data[12] != 0x21) ||
		    whole > PROXY_HEADER_MAX)
			return PROXY_BAD;
	}
	if (len < whole) {
		*more = whole - len;
		return PROXY_MORE;
	}
	if (data[12] == 0x20)
		return PROXY_ITSELF;
	data += PROXY_V2_FIXED;
	switch (data[13 - PROXY_V2_FIXED]) {
	case 0x11: /* TCP over IPv4 */
		if (whole < PROXY_V2_FIXED + 12)
			return PROXY_BAD;
		memcpy(&sin.sin_addr, data, 4);
		*from = credential_from_address((struct sockaddr *)&sin);
		return PROXY_TELLS;
	case 0x21: /* TCP over IPv6 */
		if (whole < PROXY_V2_FIXED + 36)
			return PROXY_BAD;
		memcpy(&sin6.sin6_addr, data, 16);
		*from = credential_from_address((struct sockaddr *)&sin6);
		return PROXY_TELLS;
	default: /* unspecified, or what we do not speak */
		return PROXY_ITSELF;
	}
}

enum proxy_header
proxy_parse(const void *data, size_t len, size_t *more, bool *is_text,
    struct credential *from)
{
	const uint8_t *bytes = data;

	/* The shortest of version 1 is "PROXY UNKNOWN\r\n". */
	*more = PROXY_SIGNATURE_LEN;
	*is_text = false;
	if (len == 0)
		return PROXY_MORE;
	return bytes[0] == 'P' ?
	    proxy_parse_1(bytes, len, more, is_text, from) :
	    proxy_parse_2(bytes, len, more, from);
}

/* Connections */

/* Its socket goes on without it, or is closed. */
static void
proxy_free(struct proxy *p, bool is_closed)
{
	if (p->readable != NULL)
		event_free(p->readable);
	deadline_clear(p->all->net->deadlines, &p->deadline);
	if (is_closed)
		(void)close(p->fd);
	TAILQ_REMOVE(&p->all->queue, p, entry);
	p->all->count--;
	free(p->protocols);
	free(p);
}

static void
proxy_refuse(struct proxy *p, const char *why)
{
	char from[CREDENTIAL_STR_SIZE];

	credential_str(&p->credential, from);
	log_debug("closed a connection of a proxy: from=\"%s\" reason=\"%s\"",
	    from, why);
	proxy_free(p, true);
}

static void
proxy_late_cb(void *arg)
{
	struct proxy *p = arg;

	proxy_refuse(p, "no header in time");
}

/* Reads so much of what there is; of text only up to the end of the line. */
static ssize_t
proxy_receive(struct proxy *p, size_t more, bool is_text)
{
	uint8_t *to = p->header + p->len, *lf;
	ssize_t n;

	if (is_text) {
		n = recv(p->fd, to, more, MSG_PEEK);
		if (n <= 0)
			return n;
		more = (size_t)n;
		if ((lf = memchr(to, '\n', more)) != NULL)
			more = (size_t)(lf + 1 - to);
	}
	return recv(p->fd, to, more, 0);
}

/* GET or HEAD, with which no header begins. */
static bool
proxy_speaks_http(const struct proxy *p)
{
	char first;

	return recv(p->fd, &first, 1, MSG_PEEK) == 1 &&
	    (first == 'G' || first == 'H');
}

static void
proxy_readable(struct proxy *p)
{
	struct proxies *all = p->all;
	struct listener_peer peer = { .protocols = p->protocols,
		.is_tcp = p->is_tcp };
	enum proxy_header result;
	size_t more;
	ssize_t n;
	bool is_text;

	if (p->len == 0 && proxy_speaks_http(p)) {
		peer.credential = p->credential;
		event_del(p->readable);
		all->accepted(p->fd, &peer, all->arg);
		proxy_free(p, false);
		return;
	}
	while ((result = proxy_parse(p->header, p->len, &more, &is_text,
		    &peer.credential)) == PROXY_MORE) {
		n = proxy_receive(p, more, is_text);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			proxy_refuse(p, n == 0 ? "closed" : strerror(errno));
			return;
		}
		p->len += (size_t)n;
	}
	if (result == PROXY_BAD) {
		proxy_refuse(p, "no header of the PROXY protocol");
		return;
	}
	if (result == PROXY_ITSELF)
		peer.credential = p->credential;
	else
		peer.is_relayed = true;
	event_del(p->readable);
	all->accepted(p->fd, &peer, all->arg);
	proxy_free(p, false);
}

CALLBACK(proxy_readable, struct proxy, owner->all->net->clock)

struct proxies *
proxies_new(struct net *net, listener_accepted *accepted, void *arg)
{
	struct proxies *all = xcalloc(1, sizeof(*all));

	all->net = net;
	all->accepted = accepted;
	all->arg = arg;
	TAILQ_INIT(&all->queue);
	return all;
}

void
proxies_free(struct proxies *all)
{
	struct proxy *p;

	if (all == NULL)
		return;
	while ((p = TAILQ_FIRST(&all->queue)) != NULL)
		proxy_free(p, true);
	free(all);
}

bool
proxy_is_trusted(const struct options *o, const struct credential *credential)
{
	return option_list_has_origin(&o->trusted_proxy, credential);
}

void
proxies_take(struct proxies *all, int fd, const struct listener_peer *peer)
{
	struct proxy *p = xcalloc(1, sizeof(*p));

	p->all = all;
	p->fd = fd;
	p->credential = peer->credential;
	p->is_tcp = peer->is_tcp;
	p->protocols = xstrdup(peer->protocols);
	TAILQ_INSERT_TAIL(&all->queue, p, entry);
	all->count++;
	deadline_init(&p->deadline, proxy_late_cb, p);
	p->readable = event_new(all->net->base, fd, EV_READ | EV_PERSIST,
	    proxy_readable_cb, p);
	if (p->readable == NULL || event_add(p->readable, NULL) == -1)
		proxy_refuse(p, "no memory");
	else if (all->count > all->net->options->max_members)
		proxy_refuse(p, "too many at once");
	else
		deadline_set(all->net->deadlines, &p->deadline,
		    all->net->clock->mono_ms + PROXY_WAIT_MS);
}
