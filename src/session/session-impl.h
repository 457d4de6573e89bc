/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Shared by session*.c only.
 */
#ifndef SESSION_IMPL_H
#define SESSION_IMPL_H

#include <stdint.h>

#include "base/util.h"
#include "session/session.h"

extern const struct client_ops session_client_ops;
extern const struct conn_handler session_conn_handler;

/* Asking what has been read; and s, which goes, is not looked at any more. */
void session_confirm_init(struct sessions *all);
void session_confirm_fini(struct sessions *all);
void session_confirm_remove(struct session *s);

/* session-probe.c: s has sent a line; s, which goes, is freed of all probes; the
 * nick for which s waits, or "", and waiting for it in the next program. */
void session_probe_alive(struct session *s);
void session_probe_remove(struct session *s);
const char *session_probe_nick(const struct session *s);
void session_probe_resume(struct session *s, const char *nick);

/* The step of ban_walk. */
bool sessions_ban_step(struct walk_budget *budget, void *sessions);

/* Has s wait for those of the same origin who have sent something before. */
void session_wait_turn(struct session *s);

/*
 * Looks at a line of s, who has not spoken before: takes a byte order mark off
 * its front, and answers a client of a protocol that nobody speaks here. True:
 * it did, and closed the connection.
 */
bool session_is_stranger(struct session *s, char **text, size_t *len);
/* The member of s, a guest who has done nothing, goes, and nobody hears of it;
 * there may be another later. */
void session_drop_guest(struct session *s);
/* Closes, with these last words alone: for who has not spoken yet. */
void session_end_stranger(struct session *s, const char *words, size_t len);
/* The protocol of a client that shakes hands. */
extern const struct protocol protocol_tls;
/* What TLS there is for somebody who comes in so. */
enum conn_tls_use session_tls_use(const struct listener_peer *peer);
/* s, with nobody behind it, speaks then once its hands are shaken. */
void session_await_tls(struct session *s, const struct protocol *then);
/* What s speaks, or that then. */
const struct protocol *session_protocol(const struct session *s);
void session_tls_cb(struct conn *c, enum conn_tls_event event, void *arg);
const struct credential *session_from_cb(const void *arg);

/* Gives up a login that is under way; and for the next program. */
void session_login_cancel(struct session *s);
void session_login_save(const struct session *s, struct fields_out *out,
    uint16_t tag);
bool session_login_load(struct session *s, struct fields_in *in,
    const struct tlv *item) MUST_CHECK;

/* Gives up a search that is under way. */
void session_search_cancel(struct session *s);

/* Resumes reading, which is paused, at at_ms. */
void session_throttle_until(struct session *s, int64_t at_ms);

#endif
