/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Whom an HTTP proxy speaks for. What a proxy adds stands behind what came to
 * it, and that may say anything: so from the right the proxies that are trusted
 * are skipped, and the first address that is none of theirs is the client's.
 * Where something else stands there, nobody knows whose it is, and the
 * connection stays the proxy's.
 *
 *	X-Forwarded-For: 203.0.113.9, 198.51.100.7, 10.0.0.2
 *	                 what was sent ^   client ^   ^ a trusted proxy
 *
 * A proxy writes X-Forwarded-For, or Forwarded (RFC 7239), and may hand on the
 * other as it came. So if there are both and they differ, neither counts.
 */
#include "config.h"

#include <arpa/inet.h>

#include <string.h>
#include <strings.h>

#include "base/credential.h"
#include "net/proxy.h"
#include "web/web-impl.h"

static bool
forwarded_is_port(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return len > 0;
}

/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80" */
static bool
forwarded_address(struct http_text text, struct credential *from)
{
	const char *end = text.at + text.len, *close = end;
	char word[INET6_ADDRSTRLEN];

	if (text.len > 0 && text.at[0] == '[') {
		text.at++;
		close = memchr(text.at, ']', (size_t)(end - text.at));
		if (close == NULL ||
		    memchr(text.at, ':', (size_t)(close - text.at)) == NULL ||
		    (close + 1 < end &&
			(close[1] != ':' ||
			    !forwarded_is_port(close + 2,
				(size_t)(end - close - 2)))))
			return false;
	} else if (memchr(text.at, '.', text.len) != NULL &&
	    (close = memchr(text.at, ':', text.len)) != NULL &&
	    forwarded_is_port(close + 1, (size_t)(end - close - 1))) {
		/* close is where the address ends */
	} else {
		close = end;
	}
	text.len = (size_t)(close - text.at);
	if (text.len >= sizeof(word) || memchr(text.at, '\0', text.len) != NULL)
		return false;
	memcpy(word, text.at, text.len);
	word[text.len] = '\0';
	return credential_from_text(from, word);
}

/* Finds a parameter of an element: for=192.0.2.1;proto="http". */
static bool
forwarded_parameter(const struct http_text *element, const char *name,
    struct http_text *value)
{
	const char *at = element->at, *end = at + element->len, *next, *equals;

	for (; at < end; at = next + 1) {
		while (at < end && (*at == ' ' || *at == '\t'))
			at++;
		next = memchr(at, ';', (size_t)(end - at));
		if (next == NULL)
			next = end;
		equals = memchr(at, '=', (size_t)(next - at));
		if (equals == NULL || (size_t)(equals - at) != strlen(name) ||
		    strncasecmp(at, name, strlen(name)) != 0)
			continue;
		value->at = equals + 1;
		value->len = (size_t)(next - value->at);
		if (value->len >= 2 && value->at[0] == '"' &&
		    value->at[value->len - 1] == '"') {
			value->at++;
			value->len -= 2;
		}
		return true;
	}
	return false;
}

/* Who stands rightmost of those who are no trusted proxies. False: something
 * that is no address, or nobody. */
static bool
forwarded_find(const struct web_request *rq, const char *name,
    const char *parameter, struct credential *from)
{
	const struct options *o = rq->session->all->options;
	struct http_elements e = { .line = NULL };
	struct http_text element, address;
	struct credential one;
	bool has_found = false;

	while (http_next_element(&rq->http, name, &e, &element)) {
		address = element;
		if ((parameter != NULL &&
			!forwarded_parameter(&element, parameter, &address)) ||
		    !forwarded_address(address, &one)) {
			has_found = false;
		} else if (!proxy_is_trusted(o, &one)) {
			*from = one;
			has_found = true;
		}
	}
	return has_found;
}

/* Did the client come to the proxy by TLS? What the last one says counts. */
static bool
forwarded_by_tls(const struct web_request *rq)
{
	struct http_elements e = { .line = NULL };
	struct http_text element, proto;
	bool is_tls = false;

	if (http_count(&rq->http, "X-Forwarded-Proto") > 0)
		return http_count(&rq->http, "X-Forwarded-Proto") == 1 &&
		    http_find(&rq->http, "X-Forwarded-Proto", &proto) &&
		    http_text_is_like(&proto, "https");
	while (http_next_element(&rq->http, "Forwarded", &e, &element))
		is_tls = forwarded_parameter(&element, "proto", &proto) &&
		    http_text_is_like(&proto, "https");
	return is_tls;
}

bool
web_forward(const struct web_request *rq)
{
	struct session *s = rq->session;
	struct credential from, other;
	bool has_from, has_other;

	if (!proxy_is_trusted(s->all->options, &s->address))
		return true;
	has_from = forwarded_find(rq, "X-Forwarded-For", NULL, &from);
	has_other = forwarded_find(rq, "Forwarded", "for", &other);
	if (http_count(&rq->http, "X-Forwarded-For") == 0) {
		from = other;
		has_from = has_other;
	} else if (http_count(&rq->http, "Forwarded") > 0) {
		has_from = has_from && has_other &&
		    credential_cmp(&from, &other) == 0;
	}
	if (!has_from)
		return true;
	s->is_behind_tls = credential_is_local(&s->address) &&
	    forwarded_by_tls(rq);
	session_relayed(s, &from);
	return !s->has_left;
}
