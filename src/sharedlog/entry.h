/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef ENTRY_H
#define ENTRY_H

#include <stddef.h>
#include <stdint.h>

/*
 * An entry of a shared log, as it is given to the log and read from it. Strings
 * and data of one that was read live until the callback returns.
 */
struct sharedlog_entry {
	/* Its place in the log: epoch * HISTORY_EPOCH + a part that counts. */
	uint64_t number;
	/* Its first number: another one if it was lost with an engine, and
	 * appended again by a server that had seen it. */
	uint64_t msgid;
	/* Who appended it first: a start of a server (sharedlog_node()), and
	 * its count of what it appended. Both are not 0. */
	uint64_t node;
	uint64_t counter;
	uint32_t era; /* its epoch's; see engine.h */
	const char *key; /* of a record (sharedlog_put()); else NULL */
	size_t key_len;
	const void *data; /* NULL: the record was removed */
	size_t len;
};

/* In bytes. A log's name is printable ASCII without blanks, a person's is a
 * folded nick; a key is any bytes, at least 1. */
#define SHAREDLOG_DATA_MAX 32768
#define SHAREDLOG_KEY_MAX 255
#define SHAREDLOG_NAME_MAX 64

/* Why there is no engine, or not enough of one. */
enum sharedlog_fault {
	SHAREDLOG_FINE,
	SHAREDLOG_CONNECTING, /* not tried, or not answered yet */
	SHAREDLOG_UNREACHABLE, /* refused, no route, no such socket */
	SHAREDLOG_CUT, /* the connection ended */
	SHAREDLOG_SILENT, /* no answer in time */
	SHAREDLOG_DENIED, /* wrong password or user, or it may not do that */
	SHAREDLOG_LOADING, /* it is starting */
	SHAREDLOG_REPLICA, /* it only follows another one */
	SHAREDLOG_ALONE, /* too few replicas follow it: NOREPLICAS */
	SHAREDLOG_FULL, /* out of memory */
	SHAREDLOG_DISK, /* it cannot write to its disk */
	SHAREDLOG_BUSY, /* it runs somebody's script */
	SHAREDLOG_FENCED, /* there is a new epoch */
	SHAREDLOG_LAPSED, /* this server's lease has ended */
	SHAREDLOG_FORGOTTEN, /* it has lost our scripts */
	SHAREDLOG_ODD /* another answer than there can be */
};

#endif
