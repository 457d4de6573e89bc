/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CALLBACK_H
#define CALLBACK_H

#include <event2/bufferevent.h>
#include <event2/event.h>

#include "base/clock.h"
#include "base/util.h"

/*
 * Definitions of libevent's callbacks. Each begins with reading the time and is
 * timed to its end: NAME_cb() calls NAME(owner). the_clock is an expression
 * with owner in it; owner may be gone afterwards. Every callback that we give
 * to libevent is defined by these.
 */
#define CALLBACK(name, type, the_clock) \
	CALLBACK_AS(name, type, the_clock, name(owner), \
	    (evutil_socket_t fd_ UNUSED, short what_ UNUSED, void *arg_))

/* For a signal: NAME_cb() calls NAME(owner, signal). */
#define SIGNAL_CALLBACK(name, type, the_clock) \
	CALLBACK_AS(name, type, the_clock, name(owner, (int)fd_), \
	    (evutil_socket_t fd_, short what_ UNUSED, void *arg_))

/* For a bufferevent: what it has read and written, and its end. */
#define BUFFER_CALLBACK(name, type, the_clock) \
	CALLBACK_AS(name, type, the_clock, name(owner), \
	    (struct bufferevent * bev_ UNUSED, void *arg_))
#define BUFFER_END_CALLBACK(name, type, the_clock) \
	CALLBACK_AS(name, type, the_clock, name(owner), \
	    (struct bufferevent * bev_ UNUSED, short what_ UNUSED, \
		void *arg_))

#define CALLBACK_AS(name, type, the_clock, call, parameters) \
	static void name##_cb parameters \
	{ \
		type *owner = arg_; \
		struct clock *clock_ = the_clock; \
\
		clock_update(clock_); \
		call; \
		clock_ended(clock_, #name); \
	}

#endif
