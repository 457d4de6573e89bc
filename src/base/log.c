/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A line is put together in a buffer on the stack, escaped, and written by one
 * system call, so that lines of several processes on one pipe do not mix. There
 * is no queue, as nothing may hold up the loop: a line for which the reader has
 * no room is dropped and counted, and the next that gets through tells how many
 * are missing.
 *
 * stderr belongs to whoever started us, so it is not made non-blocking, which
 * would reach everybody who shares it. A socket is written with MSG_DONTWAIT,
 * anything else when poll() says that there is room; a pipe then has room for
 * PIPE_BUF bytes, and no line is longer.
 *
 * syslog(3) blocks when the daemon behind /dev/log does not read, so the
 * datagram (RFC 3164, as glibc sends it) is made here.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <paths.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <bsd/string.h>
#include <event2/event.h>

#include "base/log.h"

#define LOG_TEXT_SIZE 2048 /* before it is escaped */
#define LOG_LINE_SIZE 4096 /* after it, with time, priority and name */
#define LOG_LIMIT_MS 60000

struct log_out {
	char data[LOG_LINE_SIZE];
	size_t len;
};

static enum log_target log_target = LOG_TARGET_STDERR;
static enum log_level log_level = LOG_LEVEL_INFO;
static enum log_level log_people_level = LOG_LEVEL_DEBUG;
static unsigned long log_dropped; /* since the last line that got through */
static unsigned long log_lost_count; /* since the start */
static bool log_is_torn; /* the last write ended inside a line */
static const char *log_syslog_path = _PATH_LOG;
static int log_syslog_fd = -1;

void
log_init(enum log_target target, enum log_level level)
{
	log_target = target;
	log_level = level;
	log_dropped = 0;
	log_is_torn = false;
	if (log_syslog_fd != -1) {
		close(log_syslog_fd);
		log_syslog_fd = -1;
	}
}

void
log_set_level(enum log_level level)
{
	log_level = level;
}

void
log_set_syslog_path(const char *path)
{
	log_syslog_path = path;
}

unsigned long
log_lost(void)
{
	return log_lost_count;
}

enum log_target
log_guess_target(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat st;
	char ours[64];

	if (stream == NULL || fstat(STDERR_FILENO, &st) == -1)
		return LOG_TARGET_STDERR;
	snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	return strcmp(stream, ours) == 0 ? LOG_TARGET_JOURNAL :
					   LOG_TARGET_STDERR;
}

/* Putting a line together */

static void
log_put(struct log_out *out, const char *s)
{
	size_t n = strlen(s), left = sizeof(out->data) - out->len;

	if (n > left)
		n = left;
	memcpy(out->data + out->len, s, n);
	out->len += n;
}

/* Escapes text into out. It is cut with "..." so that room bytes stay free. */
static void
log_put_escaped(struct log_out *out, const char *text, size_t room)
{
	static const char hex[] = "0123456789abcdef";
	const size_t end = sizeof(out->data) - room - strlen("...");
	unsigned char c;

	for (; *text != '\0'; text++) {
		c = (unsigned char)*text;
		if (out->len + 4 > end) {
			log_put(out, "...");
			return;
		}
		if (c >= 0x20 && c < 0x7f) {
			out->data[out->len++] = (char)c;
		} else {
			out->data[out->len++] = '\\';
			out->data[out->len++] = 'x';
			out->data[out->len++] = hex[c >> 4];
			out->data[out->len++] = hex[c & 15];
		}
	}
}

static int
log_priority(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return LOG_ERR;
	case LOG_LEVEL_WARNING:
		return LOG_WARNING;
	case LOG_LEVEL_INFO:
		return LOG_INFO;
	case LOG_LEVEL_DEBUG:
		return LOG_DEBUG;
	}
	return LOG_ERR;
}

static const char *
log_level_lead(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return "error: ";
	case LOG_LEVEL_WARNING:
		return "warning: ";
	case LOG_LEVEL_INFO:
		return "";
	case LOG_LEVEL_DEBUG:
		return "debug: ";
	}
	return "";
}

/* Puts "Jun  2 14:02:11", in English whatever the locale. */
static void
log_put_syslog_time(struct log_out *out, const struct tm *tm)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char text[48];

	snprintf(text, sizeof(text), "%.3s %2d %02d:%02d:%02d ",
	    months + 3 * (tm->tm_mon % 12), tm->tm_mday, tm->tm_hour,
	    tm->tm_min, tm->tm_sec);
	log_put(out, text);
}

static void
log_put_lead(struct log_out *out, enum log_level level)
{
	const time_t now = time(NULL);
	struct tm tm = { 0 };
	char text[64];

	localtime_r(&now, &tm);
	switch (log_target) {
	case LOG_TARGET_STDERR:
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S ", &tm);
		log_put(out, text);
		log_put(out, log_level_lead(level));
		return;
	case LOG_TARGET_JOURNAL:
		snprintf(text, sizeof(text), "<%d>", log_priority(level));
		log_put(out, text);
		return;
	case LOG_TARGET_SYSLOG:
		snprintf(text, sizeof(text), "<%d>",
		    LOG_DAEMON | log_priority(level));
		log_put(out, text);
		log_put_syslog_time(out, &tm);
		snprintf(text, sizeof(text), "brbd[%ld]: ", (long)getpid());
		log_put(out, text);
		return;
	}
}

/* Writing it */

/* Returns 0 when the whole line is on its way, else -1. */
static int
log_write_stderr(const char *data, size_t len)
{
	struct pollfd pfd = { .fd = STDERR_FILENO, .events = POLLOUT };
	ssize_t n;

	do {
		n = send(STDERR_FILENO, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n == -1 && errno == ENOTSOCK) {
			if (poll(&pfd, 1, 0) != 1 ||
			    (pfd.revents & POLLOUT) == 0)
				return -1;
			n = write(STDERR_FILENO, data, len);
		}
	} while (n == -1 && errno == EINTR);
	if (n <= 0)
		return -1;
	log_is_torn = data[n - 1] != '\n';
	return (size_t)n == len ? 0 : -1;
}

static int
log_syslog_connect(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	if (strlcpy(sun.sun_path, log_syslog_path, sizeof(sun.sun_path)) >=
	    sizeof(sun.sun_path))
		return -1;
	log_syslog_fd = socket(AF_UNIX,
	    SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (log_syslog_fd == -1)
		return -1;
	if (connect(log_syslog_fd, (const struct sockaddr *)&sun,
		sizeof(sun)) == 0)
		return 0;
	close(log_syslog_fd);
	log_syslog_fd = -1;
	return -1;
}

static int
log_write_syslog(const char *data, size_t len)
{
	int attempts;

	for (attempts = 0; attempts < 2; attempts++) {
		if (log_syslog_fd == -1 && log_syslog_connect() == -1)
			return -1;
		if (send(log_syslog_fd, data, len,
			MSG_DONTWAIT | MSG_NOSIGNAL) != -1)
			return 0;
		if (errno == EAGAIN || errno == ENOBUFS)
			return -1;
		/* syslogd was restarted: there is a new socket. */
		close(log_syslog_fd);
		log_syslog_fd = -1;
	}
	return -1;
}

static int
log_write_line(enum log_level level, const char *text, const char *tail)
{
	struct log_out out;

	out.len = 0;
	if (log_is_torn && log_target != LOG_TARGET_SYSLOG)
		log_put(&out, "\n");
	log_put_lead(&out, level);
	log_put_escaped(&out, text, strlen(tail) + 1);
	log_put(&out, tail);
	if (log_target == LOG_TARGET_SYSLOG)
		return log_write_syslog(out.data, out.len);
	log_put(&out, "\n");
	return log_write_stderr(out.data, out.len);
}

static void log_write(enum log_level level, const char *tail, const char *fmt,
    va_list ap) PRINTFLIKE(3, 0);

static void
log_write(enum log_level level, const char *tail, const char *fmt, va_list ap)
{
	const int saved_errno = errno;
	char text[LOG_TEXT_SIZE], missing[64];
	int n;

	if (log_dropped > 0) {
		snprintf(missing, sizeof(missing),
		    "the log had no room for %lu lines", log_dropped);
		if (log_write_line(LOG_LEVEL_WARNING, missing, "") == 0)
			log_dropped = 0;
	}
	n = vsnprintf(text, sizeof(text), fmt, ap);
	if (n < 0)
		strlcpy(text, fmt, sizeof(text));
	else if ((size_t)n >= sizeof(text))
		strlcpy(text + sizeof(text) - sizeof("..."), "...",
		    sizeof("..."));
	if (log_dropped > 0 || log_write_line(level, text, tail) == -1) {
		log_dropped++;
		log_lost_count++;
	}
	errno = saved_errno;
}

void
log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_write(LOG_LEVEL_ERROR, "", fmt, ap);
	va_end(ap);
}

void
log_warning(const char *fmt, ...)
{
	va_list ap;

	if (log_level < LOG_LEVEL_WARNING)
		return;
	va_start(ap, fmt);
	log_write(LOG_LEVEL_WARNING, "", fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	if (log_level < LOG_LEVEL_INFO)
		return;
	va_start(ap, fmt);
	log_write(LOG_LEVEL_INFO, "", fmt, ap);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;

	if (log_level < LOG_LEVEL_DEBUG)
		return;
	va_start(ap, fmt);
	log_write(LOG_LEVEL_DEBUG, "", fmt, ap);
	va_end(ap);
}

void
log_set_people_level(enum log_level level)
{
	log_people_level = level;
}

void
log_people(const char *fmt, ...)
{
	va_list ap;

	if (log_level < log_people_level)
		return;
	va_start(ap, fmt);
	log_write(log_people_level, "", fmt, ap);
	va_end(ap);
}

void
log_limited(struct log_limit *limit, int64_t mono_ms, enum log_level level,
    const char *fmt, ...)
{
	char tail[64] = "";
	va_list ap;

	if (log_level < level)
		return;
	if (mono_ms < limit->next_ms) {
		limit->suppressed++;
		return;
	}
	if (limit->suppressed > 0)
		snprintf(tail, sizeof(tail), " (%lu more like it)",
		    limit->suppressed);
	limit->suppressed = 0;
	limit->next_ms = mono_ms + LOG_LIMIT_MS;
	va_start(ap, fmt);
	log_write(level, tail, fmt, ap);
	va_end(ap);
}

static void
log_libevent_cb(int severity, const char *msg)
{
	switch (severity) {
	case EVENT_LOG_DEBUG:
		log_debug("libevent: %s", msg);
		return;
	case EVENT_LOG_MSG:
		log_info("libevent: %s", msg);
		return;
	case EVENT_LOG_WARN:
		log_warning("libevent: %s", msg);
		return;
	default:
		log_error("libevent: %s", msg);
		return;
	}
}

void
log_libevent(void)
{
	event_set_log_callback(log_libevent_cb);
}
