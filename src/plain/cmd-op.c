/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /op, /deop, /voice and /devoice: who may do what in a room.
 */
#include "config.h"

#include "plain/plain.h"
#include "session/session.h"

void
cmd_op_run(struct session *s, int argc, char *argv[])
{
	(void)argc;
	plain_mode_apply(s, true, 'o', argv[0]);
}

void
cmd_deop_run(struct session *s, int argc, char *argv[])
{
	(void)argc;
	plain_mode_apply(s, false, 'o', argv[0]);
}

void
cmd_voice_run(struct session *s, int argc, char *argv[])
{
	(void)argc;
	plain_mode_apply(s, true, 'v', argv[0]);
}

void
cmd_devoice_run(struct session *s, int argc, char *argv[])
{
	(void)argc;
	plain_mode_apply(s, false, 'v', argv[0]);
}
