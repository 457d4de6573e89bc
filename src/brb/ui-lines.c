/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Lines for the user, above the prompt.
 */
#include "config.h"

#include <sys/types.h>

#include <event2/event.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "brb/ui-impl.h"

int64_t
ui_wall_ms(void)
{
	struct clock now;

	memset(&now, 0, sizeof(now));
	clock_update(&now);
	return now.wall_ms;
}

void
ui_changed(struct ui *ui)
{
	event_active(ui->draw, EV_TIMEOUT, 0);
}

struct buf *
ui_lines(struct ui *ui)
{
	ui_changed(ui);
	return &ui->screen.lines;
}

void
ui_note(struct ui *ui, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	show_note(&ui->show, ui_lines(ui), text);
	free(text);
}

void
ui_error(struct ui *ui, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	show_error(&ui->show, ui_lines(ui), text);
	free(text);
}
