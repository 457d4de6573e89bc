/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Telling clients that came to the wrong door by their first line, so that none
 * of what they send is said or obeyed: a page on any web site can have a
 * browser send lines of its choice to any port of the machine it runs on.
 *
 * What a person may type first is none of these. So words count only as
 * programs write them, in capitals, and a request only if it is whole. Of a
 * request whose first line was too long to be looked at, the next is a field.
 */
#include "config.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "session/stranger.h"

static bool
stranger_begins(const char *line, size_t len, const char *with)
{
	return len >= strlen(with) && memcmp(line, with, strlen(with)) == 0;
}

static bool
stranger_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A handshake's record (RFC 8446 section 5.1). */
static bool
stranger_is_tls(const char *line, size_t len)
{
	return len >= 2 && line[0] == 0x16 && line[1] == 0x03;
}

/* Is it "METHOD target NAME/1.1"? (RFC 9112 section 3; RFC 2326; RFC 3261) */
static bool
stranger_is_request(const char *line, size_t len, const char *name)
{
	size_t tail = strlen(name) + sizeof(" /1.1") - 1;
	const char *blank = memchr(line, ' ', len), *version;

	while (len > 0 && line[len - 1] == ' ')
		len--;
	if (blank == NULL || blank == line || len < tail)
		return false;
	version = line + len - tail;
	return blank < version && version[0] == ' ' &&
	    stranger_begins(version + 1, len, name) && line[len - 4] == '/' &&
	    stranger_is_digit(line[len - 3]) && line[len - 2] == '.' &&
	    stranger_is_digit(line[len - 1]);
}

/* Is it "EHLO host"? */
static bool
stranger_is_smtp(const char *line, size_t len)
{
	return len > 5 &&
	    (stranger_begins(line, len, "EHLO ") ||
		stranger_begins(line, len, "HELO ")) &&
	    memchr(line + 5, ' ', len - 5) == NULL;
}

bool
stranger_is_http(const char *line, size_t len)
{
	return stranger_is_request(line, len, "HTTP");
}

bool
stranger_is_http_field(const char *line, size_t len)
{
	/* With "-", also all that begin so. */
	static const char *const names[] = { "accept", "accept-",
		"authorization", "cache-control", "connection", "content-",
		"cookie", "date", "dnt", "expect", "forwarded", "from", "host",
		"if-", "origin", "pragma", "priority", "range", "referer",
		"sec-", "te", "trailer", "transfer-encoding", "upgrade",
		"upgrade-", "user-agent", "via", "x-" };
	const char *colon = memchr(line, ':', len);
	size_t i, n, name_len = colon == NULL ? 0 : (size_t)(colon - line);

	for (i = 0; i < NITEMS(names); i++) {
		n = strlen(names[i]);
		if ((name_len == n ||
			(name_len > n && names[i][n - 1] == '-')) &&
		    strncasecmp(line, names[i], n) == 0)
			return memchr(line, ' ', name_len) == NULL;
	}
	return false;
}

enum stranger
stranger_of(const char *line, size_t len)
{
	if (len == 0)
		return STRANGER_NONE;
	if (stranger_is_tls(line, len))
		return STRANGER_TLS;
	if (stranger_is_http(line, len) ||
	    (stranger_begins(line, len, "Host: ") &&
		memchr(line + 6, ' ', len - 6) == NULL))
		return STRANGER_HTTP;
	/* Version 2 begins with two empty lines, and this. */
	if (stranger_begins(line, len, "PROXY TCP") ||
	    stranger_begins(line, len, "PROXY UNKNOWN") ||
	    (len == 1 && line[0] == '\0'))
		return STRANGER_PROXY;
	if (stranger_begins(line, len, "SSH-") && len > 4 &&
	    stranger_is_digit(line[4]))
		return STRANGER_SSH;
	if (stranger_is_smtp(line, len))
		return STRANGER_SMTP;
	if (stranger_is_request(line, len, "RTSP") ||
	    stranger_is_request(line, len, "SIP"))
		return STRANGER_RTSP;
	/* As STUN and many others begin, and no keyboard does. */
	return line[0] == '\0' ? STRANGER_BINARY : STRANGER_NONE;
}

const char *
stranger_str(enum stranger stranger)
{
	switch (stranger) {
	case STRANGER_NONE:
		break;
	case STRANGER_HTTP:
		return "HTTP";
	case STRANGER_TLS:
		return "TLS";
	case STRANGER_PROXY:
		return "PROXY";
	case STRANGER_SSH:
		return "SSH";
	case STRANGER_SMTP:
		return "SMTP";
	case STRANGER_RTSP:
		return "RTSP or SIP";
	case STRANGER_BINARY:
		return "such a protocol";
	}
	return "";
}
