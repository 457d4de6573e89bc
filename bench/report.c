/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A name that has no value is left out; README says what they mean.
 */
#include "config.h"

#include <stdio.h>

#include "members.h"
#include "report.h"
#include "settings.h"
#include "trial.h"

struct report report;

static double
report_cpu_per_million(const struct talk_figures *f)
{
	return f->cpu_s * 1e6 / (double)f->deliveries;
}

static double
report_per_s(const struct talk_figures *f)
{
	return (double)f->deliveries / f->talk_s;
}

static double
report_us(const struct talk_figures *f, double quantile)
{
	return (double)latency_quantile_ns(&f->latency, quantile) / 1e3;
}

static void
report_print_talk(const struct talk_figures *f)
{
	if (f->deliveries == 0 || f->talk_s <= 0)
		return;
	(void)printf(" talk_s=%.3f per_s=%.0f cpu_s=%.3f cpu_per_million=%.3f "
		     "p50_us=%.0f p99_us=%.0f max_us=%.0f lines_per_read=%.2f",
	    f->talk_s, report_per_s(f), f->cpu_s, report_cpu_per_million(f),
	    report_us(f, 0.5), report_us(f, 0.99),
	    (double)f->latency.max_ns / 1e3,
	    (double)f->deliveries / (double)f->reads);
}

/* What the sleepers got in the end, the worst of them. */
static const char *
report_sleepers_got(uint64_t *missed, uint64_t *told)
{
	const struct member *m = members.list + settings.members -
	    settings.sleepers;
	const char *got = "all";
	unsigned i;

	*missed = *told = 0;
	for (i = 0; i < settings.sleepers; i++, m++) {
		if (m->is_dropped)
			return "dropped";
		*missed += m->missed;
		*told += m->told;
		if (m->missed != m->told)
			got = "lost";
		else if (m->missed > 0 && got[0] == 'a')
			got = "gap";
	}
	return got;
}

static void
report_print_sleepers(void)
{
	const struct talk_figures *before = &report.awake;
	const struct talk_figures *then = &report.talk;
	uint64_t missed, told;
	const char *got;

	if (settings.sleepers == 0 || before->deliveries == 0 ||
	    then->deliveries == 0)
		return;
	got = report_sleepers_got(&missed, &told);
	(void)printf(" awake_per_s=%.0f awake_cpu_per_million=%.3f "
		     "awake_p50_us=%.0f awake_p99_us=%.0f",
	    report_per_s(before), report_cpu_per_million(before),
	    report_us(before, 0.5), report_us(before, 0.99));
	(void)printf(" rate_ratio=%.3f cpu_ratio=%.3f p99_ratio=%.3f "
		     "grown_kb=%lld got=%s missed=%llu told=%llu",
	    report_per_s(then) / report_per_s(before),
	    report_cpu_per_million(then) / report_cpu_per_million(before),
	    report_us(then, 0.99) / report_us(before, 0.99),
	    (long long)report.grown_bytes / 1024, got,
	    (unsigned long long)missed, (unsigned long long)told);
}

void
report_print(const char *status)
{
	const struct talk_figures *f = &report.talk;

	(void)printf("label=%s status=%s members=%u senders=%u window=%u "
		     "sleepers=%u asides=%u live=%u lines=%llu "
		     "deliveries=%llu wrong=%llu",
	    settings.label, status, settings.members, settings.senders,
	    settings.window, settings.sleepers, settings.asides,
	    dialect_tells_live(settings.dialect) ? members.live :
						   members.synced,
	    (unsigned long long)f->lines, (unsigned long long)f->deliveries,
	    (unsigned long long)trial.wrong);
	(void)printf(" connect_s=%.3f join_s=%.3f joins_per_s=%.0f "
		     "join_cpu_s=%.3f idle_bytes=%lld peak_kb=%lld",
	    members.connect_s, report.join_s,
	    report.join_s > 0 ? settings.members / report.join_s : 0,
	    report.join_cpu_s, (long long)report.idle_bytes,
	    (long long)report.peak_bytes / 1024);
	report_print_talk(f);
	report_print_sleepers();
	(void)putchar('\n');
}
