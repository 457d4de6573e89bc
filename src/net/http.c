/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Strict, since clients are programs: whatever the grammar of RFC 9112 does not
 * allow is a bad request. A body is refused rather than skipped, so there is no
 * length to get wrong, and so is all that a proxy may read in another way: a
 * bare LF, folded lines, two lengths, two hosts. Decided against: evhttp, which
 * answers much that we would have to forbid, and whose limits do not bound the
 * time.
 */
#include "config.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "net/http.h"

const char http_chunk_end[] = "\r\n";

enum http_line { HTTP_LINE_WHOLE, HTTP_LINE_MORE, HTTP_LINE_BAD };

/* Finds a line without its end, which is CR LF; *next is behind it. */
static enum http_line
http_line(const char *data, const char *end, size_t *len, const char **next)
{
	const char *lf = memchr(data, '\n', (size_t)(end - data));

	if (lf == NULL)
		return HTTP_LINE_MORE;
	if (lf == data || lf[-1] != '\r')
		return HTTP_LINE_BAD;
	*next = lf + 1;
	*len = (size_t)(lf - 1 - data);
	return HTTP_LINE_WHOLE;
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

bool
http_text_is(const struct http_text *text, const char *word)
{
	return text->len == strlen(word) &&
	    memcmp(text->at, word, text->len) == 0;
}

bool
http_text_is_like(const struct http_text *text, const char *word)
{
	return text->len == strlen(word) &&
	    strncasecmp(text->at, word, text->len) == 0;
}

/* Parses the target: "/metrics?a=b" (RFC 9112 section 3.2.1). */
static bool
http_target(struct http_request *rq, const char *target, size_t len)
{
	const char *mark = memchr(target, '?', len), *end = target + len;

	rq->path.at = target;
	rq->path.len = (size_t)((mark == NULL ? end : mark) - target);
	rq->query.at = mark == NULL ? end : mark + 1;
	rq->query.len = (size_t)(end - rq->query.at);
	return target[0] == '/';
}

static enum http_method
http_method(const char *method, size_t len)
{
	const struct http_text text = { method, len };

	return http_text_is(&text, "GET") ? HTTP_GET :
	    http_text_is(&text, "HEAD")   ? HTTP_HEAD :
					    HTTP_OTHER_METHOD;
}

/* Parses "GET /metrics?a=b HTTP/1.1". */
static enum http_status
http_request_line(struct http_request *rq, const char *line, size_t len)
{
	size_t method = http_token(line, len), i;
	const char *version;
	bool is_path;

	if (method == 0 || method == len || line[method] != ' ')
		return HTTP_BAD_REQUEST;
	for (i = method + 1; i < len && line[i] > ' ' && line[i] < 0x7f; i++)
		continue;
	if (i == method + 1 || i == len || line[i] != ' ')
		return HTTP_BAD_REQUEST;
	rq->method = http_method(line, method);
	is_path = http_target(rq, line + method + 1, i - method - 1);
	version = line + i + 1;
	len -= i + 1;
	if (len != strlen("HTTP/1.1") || memcmp(version, "HTTP/", 5) != 0 ||
	    version[5] < '0' || version[5] > '9' || version[6] != '.' ||
	    version[7] < '0' || version[7] > '9')
		return HTTP_BAD_REQUEST;
	if (version[5] != '1')
		return HTTP_BAD_VERSION;
	rq->is_1_1 = version[7] != '0';
	return is_path || rq->method == HTTP_OTHER_METHOD ? HTTP_OK :
							    HTTP_BAD_REQUEST;
}

/* Takes a well-formed line of the head apart. */
static void
http_split(const char *line, size_t len, struct http_text *name,
    struct http_text *value)
{
	size_t first;

	name->at = line;
	name->len = http_token(line, len);
	first = name->len + 1;
	while (first < len && (line[first] == ' ' || line[first] == '\t'))
		first++;
	while (len > first && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	value->at = line + first;
	value->len = len - first;
}

/* Is it well-formed, and announces no body? */
static bool
http_field_is_good(const char *line, size_t len)
{
	struct http_text name, value;
	size_t i;

	i = http_token(line, len);
	if (i == 0 || i == len || line[i] != ':')
		return false;
	http_split(line, len, &name, &value);
	for (i = 0; i < value.len; i++)
		if (((unsigned char)value.at[i] < ' ' && value.at[i] != '\t') ||
		    value.at[i] == 0x7f)
			return false;
	if (http_text_is_like(&name, "Transfer-Encoding"))
		return false;
	return !http_text_is_like(&name, "Content-Length") ||
	    http_text_is(&value, "0");
}

/* Goes to the next field; *at is behind it. False: there is none. */
static bool
http_next(const struct http_request *rq, const char **at,
    struct http_text *name, struct http_text *value)
{
	const char *line = *at, *end = rq->fields.at + rq->fields.len;
	size_t len;

	if (line == end || http_line(line, end, &len, at) != HTTP_LINE_WHOLE)
		return false;
	http_split(line, len, name, value);
	return true;
}

bool
http_find(const struct http_request *rq, const char *name,
    struct http_text *value)
{
	const char *at = rq->fields.at;
	struct http_text found;

	while (http_next(rq, &at, &found, value))
		if (http_text_is_like(&found, name))
			return true;
	return false;
}

size_t
http_count(const struct http_request *rq, const char *name)
{
	const char *at = rq->fields.at;
	struct http_text found, value;
	size_t count = 0;

	while (http_next(rq, &at, &found, &value))
		count += http_text_is_like(&found, name);
	return count;
}

/* Cuts the first element off list, which is not empty. */
static void
http_cut_element(struct http_text *list, struct http_text *element)
{
	const char *comma = memchr(list->at, ',', list->len);
	size_t len = comma == NULL ? list->len : (size_t)(comma - list->at);

	element->at = list->at;
	element->len = len;
	len += comma != NULL;
	list->at += len;
	list->len -= len;
	while (element->len > 0 &&
	    (element->at[0] == ' ' || element->at[0] == '\t')) {
		element->at++;
		element->len--;
	}
	while (element->len > 0 &&
	    (element->at[element->len - 1] == ' ' ||
		element->at[element->len - 1] == '\t'))
		element->len--;
}

bool
http_next_element(const struct http_request *rq, const char *name,
    struct http_elements *e, struct http_text *element)
{
	struct http_text found;

	if (e->line == NULL)
		e->line = rq->fields.at;
	for (;;) {
		while (e->rest.len > 0) {
			http_cut_element(&e->rest, element);
			if (element->len > 0)
				return true;
		}
		do {
			if (!http_next(rq, &e->line, &found, &e->rest))
				return false;
		} while (!http_text_is_like(&found, name));
	}
}

bool
http_has_element(const struct http_request *rq, const char *name,
    const char *element)
{
	struct http_elements e = { .line = NULL };
	struct http_text found;

	while (http_next_element(rq, name, &e, &found))
		if (http_text_is_like(&found, element))
			return true;
	return false;
}

/* What can be told only of the whole: how many there are of what may be there
 * once (RFC 9112 section 3.2). */
static enum http_status
http_check(const struct http_request *rq)
{
	size_t hosts = http_count(rq, "Host");

	return hosts > 1 || (rq->is_1_1 && hosts == 0) ||
		http_count(rq, "Content-Length") > 1 ||
		http_count(rq, "Origin") > 1 ?
	    HTTP_BAD_REQUEST :
	    HTTP_OK;
}

enum http_status
http_parse(const char *data, size_t len, bool is_full, struct http_request *rq)
{
	const char *end = data + len, *line = data, *next = data;
	enum http_status status = HTTP_OK;
	enum http_line whole;
	size_t line_len;

	memset(rq, 0, sizeof(*rq));
	while ((whole = http_line(line, end, &line_len, &next)) ==
	    HTTP_LINE_WHOLE) {
		if (line == data) {
			status = http_request_line(rq, line, line_len);
			rq->fields.at = next;
		} else if (line_len == 0) {
			return http_check(rq);
		} else if (!http_field_is_good(line, line_len)) {
			status = HTTP_BAD_REQUEST;
		}
		if (status != HTTP_OK)
			return status;
		rq->fields.len = (size_t)(next - rq->fields.at);
		line = next;
	}
	if (whole == HTTP_LINE_BAD)
		return HTTP_BAD_REQUEST;
	return is_full ? HTTP_TOO_LARGE : HTTP_MORE;
}

const char *
http_reason(enum http_status status)
{
	switch (status) {
	case HTTP_MORE:
		break;
	case HTTP_SWITCHING:
		return "Switching Protocols";
	case HTTP_OK:
		return "OK";
	case HTTP_SEE_OTHER:
		return "See Other";
	case HTTP_NOT_MODIFIED:
		return "Not Modified";
	case HTTP_BAD_REQUEST:
		return "Bad Request";
	case HTTP_FORBIDDEN:
		return "Forbidden";
	case HTTP_NOT_FOUND:
		return "Not Found";
	case HTTP_BAD_METHOD:
		return "Method Not Allowed";
	case HTTP_TIMEOUT:
		return "Request Timeout";
	case HTTP_UPGRADE_REQUIRED:
		return "Upgrade Required";
	case HTTP_TOO_LARGE:
		return "Request Header Fields Too Large";
	case HTTP_BAD_VERSION:
		return "HTTP Version Not Supported";
	}
	return "";
}

/* Adds "Tue, 02 Jun 2026 14:02:11 GMT" (RFC 9110 section 5.6.7). */
void
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
