/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/util.h"

/*
 * One line for each event worth noting: a readable phrase, then key=value
 * fields. Arguments may come from a peer: every byte outside printable ASCII is
 * written as \xHH, so nobody can forge a line (hostile input 75). Chat text is
 * never passed.
 */
enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};
enum log_target {
	LOG_TARGET_STDERR, /* with a time of day, for people */
	LOG_TARGET_JOURNAL, /* stderr with <N> priorities, see sd-daemon(3) */
	LOG_TARGET_SYSLOG
};

/*
 * Sets target and level: nothing below level is written. Before it is called:
 * stderr, INFO. Logging never blocks: a line that its reader has no room for is
 * dropped, and the next that gets through tells how many were. errno is
 * preserved. A text over 2 KiB is cut.
 */
void log_init(enum log_target target, enum log_level level);
void log_set_level(enum log_level level);

/*
 * Sets where syslogd listens, for tests; path is not copied. Default: /dev/log.
 */
void log_set_syslog_path(const char *path);

/* Lines dropped since the start. */
unsigned long log_lost(void);

/* JOURNAL when stderr is the journal's stream (JOURNAL_STREAM), else STDERR. */
enum log_target log_guess_target(void);

void log_error(const char *fmt, ...) PRINTFLIKE(1, 2);
void log_warning(const char *fmt, ...) PRINTFLIKE(1, 2);
void log_info(const char *fmt, ...) PRINTFLIKE(1, 2);
void log_debug(const char *fmt, ...) PRINTFLIKE(1, 2);

/* Who comes and goes, at a level of its own: DEBUG unless it was set. */
void log_set_people_level(enum log_level level);
void log_people(const char *fmt, ...) PRINTFLIKE(1, 2);

/*
 * A limit on complaints that outsiders can cause at will: one a minute for each
 * limit object, ending with "(N more like it)" for those left out. Zeroed, it
 * is fresh.
 */
struct log_limit {
	int64_t next_ms;
	unsigned long suppressed;
};
void log_limited(struct log_limit *limit, int64_t mono_ms, enum log_level level,
    const char *fmt, ...) PRINTFLIKE(4, 5);

/* Sends libevent's own messages to this log. */
void log_libevent(void);

#endif
