/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef SESSION_DEVICES_H
#define SESSION_DEVICES_H

struct session;

/* printf(3) format for the nick of whom there are too many sessions already. */
#define SESSION_TOO_MANY_TEXT \
	"you are here as %s in %llu sessions already; %sdevices %s lists them, " \
	"and %sdevices end N %s ends one"
/* printf(3) formats for a nick, and for a number. */
#define SESSION_DEVICES_OTHER_TEXT "\"%.*s\" is nobody whom you are"
#define SESSION_DEVICE_NONE_TEXT "there is no session %llu"
#define SESSION_DEVICE_SELF_TEXT "that is this session; quit ends it"

/* Runs /devices with these words, which s, who has a member, has typed: lists the
 * sessions of its person, or of another nick of theirs; or ends one. */
void session_devices_run(struct session *s, int argc, char *argv[]);

#endif
