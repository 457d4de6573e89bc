/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Strict, since clients are programs: whatever the grammar of RFC 9112 does not
 * allow is a bad request. A body is refused rather than skipped, so there is no
 * length to get wrong. Decided against: evhttp, which answers much that we
 * would have to forbid, and whose limits do not bound the time.
 */
#include "config.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "net/http.h"

const char http_chunk_end[] = "\r\n";

/* Finds a line without its end; *next is behind it. False: there is no whole
 * line. */
static bool
http_line(const char *data, const char *end, size_t *len, const char **next)
{
	const char *lf = memchr(data, '\n', (size_t)(end - data));

	if (lf == NULL)
		return false;
	*next = lf + 1;
	*len = (size_t)(lf - data);
	if (*len > 0 && lf[-1] == '\r')
		(*len)--;
	return true;
}

/* The length of a token (RFC 9110 section 5.6.2) at s. */
static size_t
http_token(const char *s, size_t len)
{
	static const char chars[] = "!#$%&'*+-.^_`|~0123456789"
				    "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t n = 0;

	while (n < len && s[n] != '\0' && strchr(chars, s[n]) != NULL)
		n++;
	return n;
}

static bool
http_is(const char *s, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(s, word, len) == 0;
}

/* Parses "GET /metrics?a=b HTTP/1.1". */
static enum http_status
http_request_line(const char *line, size_t len, const char *path, bool *is_1_1)
{
	size_t method = http_token(line, len), target, i;
	const char *version, *p = line + method + 1;

	if (method == 0 || method == len || line[method] != ' ')
		return HTTP_BAD_REQUEST;
	for (i = method + 1; i < len && line[i] > ' ' && line[i] < 0x7f; i++)
		continue;
	target = i - method - 1;
	if (target == 0 || i == len || line[i] != ' ')
		return HTTP_BAD_REQUEST;
	version = line + i + 1;
	len -= i + 1;
	if (len != strlen("HTTP/1.1") || memcmp(version, "HTTP/", 5) != 0 ||
	    version[5] < '0' || version[5] > '9' || version[6] != '.' ||
	    version[7] < '0' || version[7] > '9')
		return HTTP_BAD_REQUEST;
	if (version[5] != '1')
		return HTTP_BAD_VERSION;
	*is_1_1 = version[7] != '0';
	if (!http_is(p, strcspn(p, "? "), path))
		return HTTP_NOT_FOUND;
	return http_is(line, method, "GET") ? HTTP_OK : HTTP_BAD_METHOD;
}

/* Checks a field of the head. False: it is malformed, or announces a body. */
static bool
http_field(const char *line, size_t len, unsigned *hosts)
{
	size_t name = http_token(line, len), i, first;

	if (name == 0 || name == len || line[name] != ':')
		return false;
	first = name + 1;
	while (first < len && (line[first] == ' ' || line[first] == '\t'))
		first++;
	while (len > first && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	for (i = first; i < len; i++)
		if (((unsigned char)line[i] < ' ' && line[i] != '\t') ||
		    line[i] == 0x7f)
			return false;
	if (name == 4 && strncasecmp(line, "Host", 4) == 0)
		(*hosts)++;
	if (name == 17 && strncasecmp(line, "Transfer-Encoding", 17) == 0)
		return false;
	if (name == 14 && strncasecmp(line, "Content-Length", 14) == 0)
		return len - first == 1 && line[first] == '0';
	return true;
}

enum http_status
http_parse(const char *data, size_t len, bool is_full, const char *path,
    bool *is_1_1)
{
	const char *end = data + len, *line = data, *next;
	enum http_status status;
	unsigned hosts = 0;
	size_t line_len;

	*is_1_1 = false;
	if (!http_line(line, end, &line_len, &next))
		return is_full ? HTTP_TOO_LARGE : HTTP_MORE;
	status = http_request_line(line, line_len, path, is_1_1);
	if (status == HTTP_BAD_REQUEST || status == HTTP_BAD_VERSION)
		return status;
	for (;;) {
		line = next;
		if (!http_line(line, end, &line_len, &next))
			return is_full ? HTTP_TOO_LARGE : HTTP_MORE;
		if (line_len == 0)
			break;
		if (!http_field(line, line_len, &hosts))
			return HTTP_BAD_REQUEST;
	}
	/* RFC 9112 section 3.2. */
	if (hosts > 1 || (*is_1_1 && hosts == 0))
		return HTTP_BAD_REQUEST;
	return status;
}

static const char *
http_reason(enum http_status status)
{
	switch (status) {
	case HTTP_MORE:
		break;
	case HTTP_OK:
		return "OK";
	case HTTP_BAD_REQUEST:
		return "Bad Request";
	case HTTP_NOT_FOUND:
		return "Not Found";
	case HTTP_BAD_METHOD:
		return "Method Not Allowed";
	case HTTP_TOO_LARGE:
		return "Request Header Fields Too Large";
	case HTTP_BAD_VERSION:
		return "HTTP Version Not Supported";
	}
	return "";
}

/* Adds "Tue, 02 Jun 2026 14:02:11 GMT" (RFC 9110 section 5.6.7). */
static void
http_add_date(struct buf *out, int64_t wall_ms)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t t = (time_t)(wall_ms / 1000);
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL)
		return;
	buf_addf(out, "Date: %.3s, %02d %.3s %d %02d:%02d:%02d GMT\r\n",
	    days + 3 * (tm.tm_wday % 7), tm.tm_mday,
	    months + 3 * (tm.tm_mon % 12), tm.tm_year + 1900, tm.tm_hour,
	    tm.tm_min, tm.tm_sec);
}

static void
http_add_start(struct buf *out, enum http_status status, int64_t wall_ms)
{
	buf_addf(out, "HTTP/1.1 %d %s\r\n", (int)status, http_reason(status));
	http_add_date(out, wall_ms);
	buf_addstr(out, "Connection: close\r\n");
}

void
http_add_answer(struct buf *out, enum http_status status, const char *text,
    int64_t wall_ms)
{
	http_add_start(out, status, wall_ms);
	if (status == HTTP_BAD_METHOD)
		buf_addstr(out, "Allow: GET\r\n");
	buf_addf(out,
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Length: %zu\r\n\r\n%s\n",
	    strlen(text) + 1, text);
}

void
http_add_head(struct buf *out, enum http_status status, bool is_1_1,
    const char *type, int64_t wall_ms)
{
	if (status != HTTP_OK) {
		http_add_answer(out, status, http_reason(status), wall_ms);
		return;
	}
	http_add_start(out, status, wall_ms);
	buf_addf(out, "Content-Type: %s\r\n%s\r\n", type,
	    is_1_1 ? "Transfer-Encoding: chunked\r\n" : "");
}

void
http_add_chunk_size(struct buf *out, size_t len)
{
	buf_addf(out, "%zx\r\n", len);
}
