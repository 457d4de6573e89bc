/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef TLS_RECORD_H
#define TLS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * The records of TLS 1.3 after the handshake (RFC 8446 section 5), and what
 * changes their keys. Plain data: it can be copied, carried to another program
 * and forgotten. Whoever copies it seals with one of the two only, since no
 * sequence number may be used twice.
 */
enum tls_suite { /* RFC 8446 appendix B.4 */
	TLS_SUITE_AES_128_GCM_SHA256 = 0x1301,
	TLS_SUITE_AES_256_GCM_SHA384 = 0x1302,
	TLS_SUITE_CHACHA20_POLY1305_SHA256 = 0x1303
};

enum tls_alert { /* section 6; those that we send or know */
	TLS_ALERT_CLOSE_NOTIFY = 0,
	TLS_ALERT_UNEXPECTED_MESSAGE = 10,
	TLS_ALERT_BAD_RECORD_MAC = 20,
	TLS_ALERT_RECORD_OVERFLOW = 22,
	TLS_ALERT_ILLEGAL_PARAMETER = 47,
	TLS_ALERT_DECODE_ERROR = 50,
	TLS_ALERT_INTERNAL_ERROR = 80,
	TLS_ALERT_USER_CANCELED = 90
};

#define TLS_RECORD_HEADER 5
#define TLS_PLAIN_MAX 16384 /* bytes of content in a record */
#define TLS_SEALED_MAX (TLS_RECORD_HEADER + TLS_PLAIN_MAX + 256)
#define TLS_SECRET_MAX 48 /* SHA-384 */
#define TLS_KEY_MAX 32
#define TLS_IV_SIZE 12

/* One direction. */
struct tls_keys {
	uint64_t sequence; /* of the next record under this key */
	uint8_t secret[TLS_SECRET_MAX];
	uint8_t key[TLS_KEY_MAX];
	uint8_t iv[TLS_IV_SIZE];
};

struct tls_record {
	struct tls_keys in, out;
	uint16_t suite; /* enum tls_suite */
	uint8_t idle_count; /* without data, of TLS_IDLE_MAX */
	uint8_t message_len; /* of a KeyUpdate that is not whole yet: */
	uint8_t message[5];
	bool owes_update; /* the peer has asked for a KeyUpdate of ours */
};

/* The length of suite's secrets, or 0 if it is none of the three. */
size_t tls_secret_len(unsigned suite);

/* Begins with the application traffic secrets, of tls_secret_len() bytes, that
 * the peer and we send under. suite is one of the three. */
void tls_record_init(struct tls_record *r, enum tls_suite suite,
    const uint8_t *in_secret, const uint8_t *out_secret);
/* Is r, which was read from outside, one that can be used? */
bool tls_record_is_valid(const struct tls_record *r);
/* Overwrites the keys. */
void tls_record_wipe(struct tls_record *r);
/* Frees what all records of this process share. */
void tls_record_free_shared(void);

/*
 * Appends one record with len bytes, at most TLS_PLAIN_MAX, to out; and before
 * it a KeyUpdate, if one is due. What was appended must be sent, in this order.
 */
void tls_seal(struct tls_record *r, struct buf *out, const char *data,
    size_t len);
void tls_seal_alert(struct tls_record *r, struct buf *out,
    enum tls_alert alert);
/* Changes our key, and asks the peer for the same. */
void tls_seal_key_update(struct tls_record *r, struct buf *out);

/* So many records without data may come in a row: section 5.1 allows them, and
 * no rule says how many. */
#define TLS_IDLE_MAX 32
/* To be called now and then, so that as many may come again. */
void tls_record_forgive(struct tls_record *r);

enum tls_result {
	TLS_MORE, /* that is no whole record yet */
	TLS_DATA, /* data and len, which may be 0 */
	TLS_UPDATE, /* a KeyUpdate or a part of it; nothing for the reader */
	TLS_CLOSED, /* close_notify: the peer sends no more */
	TLS_ENDED, /* the peer sent a fatal alert */
	TLS_BAD /* send alert, and close */
};

struct tls_opened {
	size_t consumed; /* bytes of in; 0 for TLS_MORE and TLS_BAD */
	char *data; /* inside in */
	size_t len;
	enum tls_alert alert;
};

/*
 * Opens the record that in begins with, in place. However the peer's bytes are
 * cut into pieces, the results are the same. After TLS_CLOSED, TLS_ENDED and
 * TLS_BAD it must not be called again.
 */
enum tls_result tls_open(struct tls_record *r, char *in, size_t len,
    struct tls_opened *opened) MUST_CHECK;

#endif
