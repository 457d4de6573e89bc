/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * They are global: the generator is one program with one purpose.
 */
#include "config.h"

#include <sys/resource.h>

#include <bsd/stdlib.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dialect.h"
#include "settings.h"
#include "trial.h"

struct settings settings = {
	.label = "server",
	.dialect = &dialect_line,
	.members = 100,
	.senders = 1,
	.window = 1,
	.joining = 256,
	.talk_s = 1,
	.warm_s = 0.2,
	.limit_s = 30,
	.cpu = -1,
};

static _Noreturn void
settings_usage(void)
{
	(void)fputs(
	    "usage: load [-egrS] [-c CPU] [-d DIALECT] [-i ASIDE] [-I SIZE]\n"
	    "            [-j JOINING] [-L LABEL] [-l LIVE] [-m MEMBERS] [-n LINES]\n"
	    "            [-p PORT] [-P PID] [-s SENDERS] [-T LIMIT] [-t SECONDS]\n"
	    "            [-W SECONDS] [-w WINDOW] [-z SLEEPERS]\n"
	    "  -c  run on this CPU alone\n"
	    "  -d  what the server speaks: line (the default), irc, mqtt, nats,\n"
	    "      redis\n"
	    "  -e  senders get their own lines back, in the dialect line\n"
	    "  -g  sleepers are told how many lines they missed: hold the server\n"
	    "      to it\n"
	    "  -I  in rooms of so many each\n"
	    "  -i  so many of the members are idle in another room\n"
	    "  -j  so many join at a time (256)\n"
	    "  -L  what to call the server in the report\n"
	    "  -l  who is live is told so by a line that ends in this, in the\n"
	    "      dialect line\n"
	    "  -m  how many join (100)\n"
	    "  -n  how many lines are said at most (0: any number)\n"
	    "  -p  the server's port on 127.0.0.1\n"
	    "  -P  the server's process, to look at what it costs\n"
	    "  -r  the senders talk in turns, a line at a time\n"
	    "  -S  by TLS\n"
	    "  -s  how many of them talk (1)\n"
	    "  -T  after so many seconds the server has given up (30), or after\n"
	    "      five without anything from it\n"
	    "  -t  for so long they talk (1; 0: they do not)\n"
	    "  -W  for so long they do before it counts (0.2)\n"
	    "  -w  how many lines of a sender may be in flight (1)\n"
	    "  -z  so many of the members fall asleep meanwhile: all talk for\n"
	    "      half of the time, then for all of it while they read nothing,\n"
	    "      and, when they have read on, for the other half\n",
	    stderr);
	exit(EXIT_OWN_FAULT);
}

static long long
settings_number(char opt, const char *text, long long min, long long max)
{
	const char *error;
	long long n = strtonum(text, min, max, &error);

	if (error == NULL)
		return n;
	(void)fprintf(stderr, "load: -%c %s is %s\n", opt, text, error);
	exit(EXIT_OWN_FAULT);
}

static unsigned
settings_count(char opt, const char *text, long long min, long long max)
{
	return (unsigned)settings_number(opt, text, min, max);
}

static double
settings_seconds(char opt, const char *text)
{
	char *end;
	double s = strtod(text, &end);

	if (end != text && *end == '\0' && s >= 0 && s <= 3600)
		return s;
	(void)fprintf(stderr, "load: -%c %s is no number of seconds\n", opt,
	    text);
	exit(EXIT_OWN_FAULT);
}

static const struct dialect *
settings_dialect(const char *name)
{
	const struct dialect *d = dialect_find(name);

	if (d != NULL)
		return d;
	(void)fprintf(stderr, "load: there is no dialect %s\n", name);
	exit(EXIT_OWN_FAULT);
}

/* Whether opt is one of those with a number or a time. */
static bool
settings_set_figure(int opt, const char *arg)
{
	const long long many = 1000000;
	char c = (char)opt;

	switch (opt) {
	case 'c':
		settings.cpu = (int)settings_number(c, arg, 0, CPU_SETSIZE - 1);
		return true;
	case 'I':
		dialect_options.aside_size = settings_count(c, arg, 1, many);
		return true;
	case 'i':
		settings.asides = settings_count(c, arg, 0, many);
		return true;
	case 'j':
		settings.joining = settings_count(c, arg, 1, many);
		return true;
	case 'm':
		settings.members = settings_count(c, arg, 1, many);
		return true;
	case 'n':
		settings.lines = (uint64_t)settings_number(c, arg, 0,
		    INT32_MAX);
		return true;
	case 'p':
		settings.port = settings_count(c, arg, 1, 65535);
		return true;
	case 'P':
		settings.pid = (pid_t)settings_number(c, arg, 1, INT32_MAX);
		return true;
	case 's':
		settings.senders = settings_count(c, arg, 1,
		    SETTINGS_SENDERS_MAX);
		return true;
	case 'T':
		settings.limit_s = settings_seconds(c, arg);
		return true;
	case 't':
		settings.talk_s = settings_seconds(c, arg);
		return true;
	case 'W':
		settings.warm_s = settings_seconds(c, arg);
		return true;
	case 'w':
		settings.window = settings_count(c, arg, 1,
		    SETTINGS_WINDOW_MAX);
		return true;
	case 'z':
		settings.sleepers = settings_count(c, arg, 0, many);
		return true;
	default:
		return false;
	}
}

static void
settings_set(int opt, const char *arg)
{
	switch (opt) {
	case 'd':
		settings.dialect = settings_dialect(arg);
		break;
	case 'e':
		settings.is_echo = true;
		break;
	case 'g':
		settings.is_gap_told = true;
		break;
	case 'L':
		settings.label = arg;
		break;
	case 'l':
		dialect_options.live_text = arg;
		break;
	case 'S':
		settings.is_secure = true;
		break;
	case 'r':
		settings.is_in_turns = true;
		break;
	default:
		if (!settings_set_figure(opt, arg))
			settings_usage();
	}
}

void
settings_parse(int argc, char *argv[])
{
	static const char opts[] = "c:d:egI:i:j:L:l:m:n:p:P:rSs:T:t:W:w:z:";
	unsigned others;
	int opt;

	while ((opt = getopt(argc, argv, opts)) != -1)
		settings_set(opt, optarg);
	if (optind < argc || settings.port == 0)
		settings_usage();
	if (settings.dialect != &dialect_line)
		settings.is_echo = settings.dialect->is_echo;
	others = settings.sleepers + settings.asides;
	if (settings.senders + others > settings.members ||
	    (!settings.is_echo && settings.members - others < 2)) {
		(void)fputs("load: there are too few members\n", stderr);
		exit(EXIT_OWN_FAULT);
	}
	if (settings.asides > 0 && !dialect_tells_live(settings.dialect)) {
		(void)fputs("load: there is no other room\n", stderr);
		exit(EXIT_OWN_FAULT);
	}
	if (settings.is_in_turns)
		settings.window = 1;
}

void
settings_apply_limits(void)
{
	struct rlimit limit;
	cpu_set_t cpus;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
		if (settings.members + 16 > limit.rlim_cur) {
			(void)fprintf(stderr,
			    "load: %u members need more than the %llu open "
			    "files that there may be\n",
			    settings.members,
			    (unsigned long long)limit.rlim_cur);
			exit(EXIT_OWN_FAULT);
		}
	}
	if (settings.cpu == -1)
		return;
	CPU_ZERO(&cpus);
	CPU_SET(settings.cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) == -1)
		trial_fail("sched_setaffinity");
}
