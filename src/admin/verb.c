/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The table of verbs, and what their handlers share. The handlers are in
 * verb-*.c; the descriptions are apart, in verbs.def, since brbctl needs them
 * without the daemon.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "admin/verb.h"
#include "base/util.h"

const struct verb verb_table[] = {
#define COMMAND(field, ...) { { __VA_ARGS__ }, verb_run_##field },
#include "admin/verbs.def"
#undef COMMAND
	{ .run = NULL },
};

const struct verb *
verb_find(const char *name)
{
	const struct verb *verb;

	for (verb = verb_table; verb->run != NULL; verb++)
		if (strcmp(verb->command.name, name) == 0)
			return verb;
	return NULL;
}

char *
verb_join(const struct verb_call *call, int index)
{
	struct buf text = BUF_INITIALIZER;
	char *joined;
	int i;

	if (index >= call->argc)
		return NULL;
	for (i = index; i < call->argc; i++)
		buf_addf(&text, "%s%s", i == index ? "" : " ", call->argv[i]);
	joined = xstrdup(buf_cstr(&text));
	buf_fini(&text);
	return joined;
}

enum verb_result
verb_say(struct verb_call *call, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	if (call->is_json) {
		json_object_open(&call->json, NULL);
		json_text(&call->json, "result", text);
		json_object_close(&call->json);
		buf_addch(&call->out, '\n');
	} else {
		buf_addf(&call->out, "%s\n", text);
	}
	free(text);
	return VERB_DONE;
}

enum verb_result
verb_end_list(struct verb_call *call)
{
	if (call->is_json) {
		json_array_close(&call->json);
		json_object_close(&call->json);
		buf_addch(&call->out, '\n');
	}
	return VERB_DONE;
}

enum verb_result
verb_fail(struct verb_call *call, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&call->out, fmt, ap);
	va_end(ap);
	return VERB_FAILED;
}
