/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What a client can ask about the server. There is one: asking about another
 * gives 402 (ERR_NOSUCHSERVER).
 */
#include "config.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mask.h"
#include "irc/irc.h"
#include "room/directory.h"
#include "room/modes.h"
#include "session/session-devices.h"
#include "session/session.h"

/* Tokens on one line: it has 15 parameters, the first being the nick and the
 * last a text (Modern, "RPL_ISUPPORT (005)"). */
#define INFO_TOKENS 13
#define INFO_TOKEN_BYTES 380
#define INFO_ADMIN_LINES 3

struct isupport {
	struct session *session;
	struct buf tokens;
	unsigned count;
};

static void
isupport_flush(struct isupport *i)
{
	if (i->count > 0)
		irc_numeric(i->session, 5, "%s :are supported by this server",
		    buf_cstr(&i->tokens));
	buf_reset(&i->tokens);
	i->count = 0;
}

PRINTFLIKE(2, 3)
static void
isupport_add(struct isupport *i, const char *fmt, ...)
{
	va_list ap;

	if (i->count == INFO_TOKENS || i->tokens.len > INFO_TOKEN_BYTES)
		isupport_flush(i);
	if (i->count++ > 0)
		buf_addch(&i->tokens, ' ');
	va_start(ap, fmt);
	buf_vaddf(&i->tokens, fmt, ap);
	va_end(ap);
}

/* Adds what channels and the people in them can be. */
static void
isupport_add_channels(struct isupport *i)
{
	isupport_add(i, "CHANTYPES=#");
	isupport_add(i, "CHANLIMIT=#:"); /* as many as there are */
	isupport_add(i, "CHANMODES=%s", MODES_CHANMODES);
	isupport_add(i, "CHANNELLEN=%d", ROOM_NAME_MAX + 1);
	isupport_add(i, "ELIST=CMNTU");
	isupport_add(i, "EXCEPTS=e");
	isupport_add(i, "ACCOUNTEXTBAN=a");
	isupport_add(i, "EXTBAN=$,am");
	isupport_add(i, "INVEX=I");
	isupport_add(i, "KEYLEN=%d", MODES_KEY_MAX);
	isupport_add(i, "KICKLEN=%d", KICK_TEXT_MAX);
	isupport_add(i, "MAXLIST=b:%d,e:%d,I:%d", MODES_LIST_MAX,
	    MODES_LIST_MAX, MODES_LIST_MAX);
	isupport_add(i, "MODES=%d", MODES_PER_EVENT);
	isupport_add(i, "PREFIX=(ov)@+");
	isupport_add(i, "SAFELIST");
	isupport_add(i, "STATUSMSG=@+");
	isupport_add(i, "TOPICLEN=%d", TOPIC_MAX);
}

void
irc_send_isupport(struct session *s)
{
	struct isupport i = { .session = s, .tokens = BUF_INITIALIZER };

	isupport_add(&i, "CASEMAPPING=ascii");
	isupport_add(&i, "NETWORK=%s", s->all->options->network);
	isupport_add(&i, "NICKLEN=%d", NICK_MAX);
	isupport_add(&i, "USERLEN=%d", MEMBER_USER_MAX);
	isupport_add(&i, "HOSTLEN=%d", MEMBER_HOST_SIZE - 1);
	isupport_add(&i, "NAMELEN=%d", MEMBER_REALNAME_MAX);
	isupport_add(&i, "AWAYLEN=%d", BREAK_TEXT_MAX);
	isupport_add_channels(&i);
	isupport_add(&i,
	    "TARGMAX=JOIN:,KICK:%d,NAMES:%d,NOTICE:%d,PART:,PRIVMSG:%d,"
	    "TAGMSG:%d,WHOIS:%d,WHOWAS:%d",
	    IRC_TARGETS_MAX, IRC_TARGETS_MAX, IRC_TARGETS_MAX, IRC_TARGETS_MAX,
	    IRC_TARGETS_MAX, IRC_TARGETS_MAX, IRC_TARGETS_MAX);
	isupport_add(&i, "MAXTARGETS=%d", IRC_TARGETS_MAX);
	isupport_add(&i, "MONITOR=%d", IRC_MONITOR_MAX);
	isupport_add(&i, "BOT=B");
	isupport_add(&i, "CHATHISTORY=%d", IRC_HISTORY_MAX);
	isupport_add(&i, "MSGREFTYPES=msgid,timestamp");
	isupport_add(&i, "UTF8ONLY");
	isupport_add(&i, "WHOX");
	isupport_flush(&i);
	buf_fini(&i.tokens);
}

/*
 * Counts who is connected, whatever their protocol. People who lost the
 * connection are not, though their nick is held; clients not registered are
 * counted apart.
 */
void
irc_send_lusers(struct session *s)
{
	const struct chat *chat = s->all->chat;
	const struct directory *directory = &chat->directory;
	size_t present = directory->count - chat->lost_count;

	irc_numeric(s, 251,
	    ":There are %zu users and %zu invisible on 1 servers",
	    present - directory->invisible_count, directory->invisible_count);
	irc_numeric(s, 252, "%zu :operator(s) online", directory->oper_count);
	irc_numeric(s, 253, "%zu :unknown connection(s)",
	    s->all->unentered_count);
	irc_numeric(s, 254, "%zu :channels formed", chat->count);
	irc_numeric(s, 255, ":I have %zu clients and 0 servers", present);
	irc_numeric(s, 265, "%zu %zu :Current local users %zu, max %zu",
	    present, directory->present_max, present, directory->present_max);
	irc_numeric(s, 266, "%zu %zu :Current global users %zu, max %zu",
	    present, directory->present_max, present, directory->present_max);
}

/* Sends a line of the settings, as several if it is longer than a line
 * of IRC. */
static void
info_send_text(struct session *s, unsigned number, const char *before,
    const char *text)
{
	/* for ":server NUM nick :before" */
	size_t head = strlen(irc_server(s)) + strlen(irc_nick(s)) +
	    strlen(before) + 8;
	size_t len = strlen(text), at = 0, next, part, room;

	room = head + IRC_SPLIT_MIN < IRC_LINE_MAX ? IRC_LINE_MAX - head :
						     IRC_SPLIT_MIN;
	do {
		part = irc_split(text + at, len - at, room, &next);
		irc_numeric(s, number, ":%s%.*s", before, (int)part, text + at);
		at += next;
	} while (at < len);
}

void
irc_send_motd(struct session *s)
{
	const struct option_list *motd = &s->all->options->motd;
	size_t i;

	if (motd->count == 0) {
		irc_numeric(s, 422, ":There is no message of the day");
		return;
	}
	irc_numeric(s, 375, ":- %s Message of the day -", irc_server(s));
	for (i = 0; i < motd->count; i++)
		info_send_text(s, 372, "- ", motd->items[i]);
	irc_numeric(s, 376, ":End of /MOTD command.");
}

bool
irc_is_here(struct session *s, const char *target)
{
	if (target == NULL || *target == '\0' ||
	    mask_match(target, irc_server(s)) ||
	    directory_find(&s->all->chat->directory, target) != NULL)
		return true;
	irc_about(s, 402, target, "No such server");
	return false;
}

void
irc_lusers_run(struct session *s, struct irc_message *msg)
{
	if (irc_is_here(s, msg->argc > 1 ? msg->argv[1] : NULL))
		irc_send_lusers(s);
}

void
irc_motd_run(struct session *s, struct irc_message *msg)
{
	if (irc_is_here(s, msg->argv[0]))
		irc_send_motd(s);
}

void
irc_version_run(struct session *s, struct irc_message *msg)
{
	if (!irc_is_here(s, msg->argv[0]))
		return;
	irc_numeric(s, 351, "brbd-" PACKAGE_VERSION " %s :%s", irc_server(s),
	    s->all->options->server_info);
	irc_send_isupport(s);
}

void
irc_time_run(struct session *s, struct irc_message *msg)
{
	int64_t now_ms = s->all->net->clock->wall_ms;
	time_t now = (time_t)(now_ms / 1000);
	char date[CLOCK_DATE_SIZE], clock[32];
	struct tm tm;

	if (!irc_is_here(s, msg->argv[0]))
		return;
	clock_date(now_ms, date);
	if (localtime_r(&now, &tm) == NULL ||
	    strftime(clock, sizeof(clock), "%H:%M:%S %z", &tm) == 0)
		clock[0] = '\0';
	irc_numeric(s, 391, "%s :%s %s", irc_server(s), date, clock);
}

static const char *const info_lines[] = {
	"This is brbd, " PACKAGE_VERSION ": the room that remembers what you",
	"missed. A channel is a room, and some in it may not use IRC.",
	"Tell it that you will be right back, and it keeps what is said until",
	"you are: HELP BRB.",
};

void
irc_info_run(struct session *s, struct irc_message *msg)
{
	size_t i;

	if (!irc_is_here(s, msg->argv[0]))
		return;
	for (i = 0; i < NITEMS(info_lines); i++)
		irc_numeric(s, 371, ":%s", info_lines[i]);
	irc_numeric(s, 374, ":End of /INFO list");
}

void
irc_admin_run(struct session *s, struct irc_message *msg)
{
	const struct option_list *admin = &s->all->options->admin;
	size_t i;

	if (!irc_is_here(s, msg->argv[0]))
		return;
	if (admin->count == 0) {
		irc_numeric(s, 423, "%s :Nobody has said who runs the server",
		    irc_server(s));
		return;
	}
	irc_numeric(s, 256, "%s :Administrative info", irc_server(s));
	for (i = 0; i < admin->count && i < INFO_ADMIN_LINES; i++)
		info_send_text(s, 257 + (unsigned)i, "", admin->items[i]);
}

void
irc_stats_run(struct session *s, struct irc_message *msg)
{
	int64_t up_s = (s->all->net->clock->mono_ms - s->all->started_ms) /
	    1000;
	struct buf *out;

	if (!irc_is_here(s, msg->argv[1]))
		return;
	if (strcmp(msg->argv[0], "u") == 0)
		irc_numeric(s, 242, ":Server Up %lld days %lld:%02lld:%02lld",
		    (long long)(up_s / 86400), (long long)(up_s / 3600 % 24),
		    (long long)(up_s / 60 % 60), (long long)(up_s % 60));
	out = irc_begin(s, NULL);
	buf_addf(out, "219 %s", irc_nick(s));
	irc_add_middle(out, msg->argv[0], 1);
	buf_addstr(out, " :End of /STATS report");
	irc_end(s);
}

void
irc_links_run(struct session *s, struct irc_message *msg)
{
	const char *mask = "*";

	if (msg->argc > 1 && !irc_is_here(s, msg->argv[0]))
		return;
	if (msg->argc > 0)
		mask = msg->argv[msg->argc > 1];
	if (mask_match(mask, irc_server(s)))
		irc_numeric(s, 364, "%s %s :0 %s", irc_server(s), irc_server(s),
		    s->all->options->server_info);
	irc_about(s, 365, mask, "End of /LINKS list");
}

void
irc_devices_run(struct session *s, struct irc_message *msg)
{
	session_devices_run(s, msg->argc, msg->argv);
}
