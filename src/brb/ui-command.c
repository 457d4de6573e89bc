/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What begins with a slash. Most are requests of the protocol, whose answers
 * are shown; the server's rules are its own.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/command.h"
#include "base/nearest.h"
#include "brb/store.h"
#include "brb/talk.h"
#include "brb/ui-impl.h"

#define COMMAND(name, usage, help) \
	static void cmd_##name(struct ui *ui, char *args);
#include "brb/commands.def"
#undef COMMAND

static const struct ui_command {
	const char *name, *usage, *help;
	void (*run)(struct ui *ui, char *args);
} ui_commands[] = {
#define COMMAND(name, usage, help) { #name, usage, help, cmd_##name },
#include "brb/commands.def"
#undef COMMAND
};

const char *
ui_command_name(size_t i)
{
	return i < NITEMS(ui_commands) ? ui_commands[i].name : NULL;
}

void
ui_command(struct ui *ui, const char *line)
{
	char *copy = xstrdup(line + 1), *args = copy, *name;
	struct nearest nearest;
	size_t i;

	name = command_word(&args);
	nearest_init(&nearest, name);
	for (i = 0; i < NITEMS(ui_commands); i++) {
		nearest_offer(&nearest, ui_commands[i].name);
		if (strcasecmp(ui_commands[i].name, name) == 0)
			break;
	}
	if (i < NITEMS(ui_commands))
		ui_commands[i].run(ui, args);
	else if (nearest.name != NULL)
		ui_error(ui, "there is no /%s; did you mean /%s?", name,
		    nearest.name);
	else
		ui_error(ui,
		    "there is no such command; /help lists them, and "
		    "//%s would say it",
		    line + 1);
	free(copy);
}

/* Requests */

static bool
cmd_needs(struct ui *ui, const char *arg, const char *usage)
{
	if (*arg != '\0')
		return true;
	ui_error(ui, "usage: %s", usage);
	return false;
}

static const char *
cmd_room(struct ui *ui)
{
	if (ui->current != NULL)
		return ui->current->name;
	ui_error(ui, "you are in no room; /join one");
	return NULL;
}

/* Tells only what went wrong. */
static void
cmd_answer(void *arg, json_t *answer, bool ok)
{
	struct ui *ui = arg;

	if (answer == NULL)
		ui_error(ui, "there is no connection now");
	else if (!ok)
		ui_error(ui, "%s", talk_text(answer, "text"));
}

/* A list of texts, or of objects with a member of that name, as a line. */
static void
cmd_show_list(struct ui *ui, const char *title, const json_t *list,
    const char *member)
{
	struct buf text = BUF_INITIALIZER;
	const json_t *one;
	size_t i;

	TALK_EACH(list, i, one)
		buf_addf(&text, "%s%s", i == 0 ? "" : ", ",
		    json_is_string(one) ? json_string_value(one) :
					  talk_text(one, member));
	ui_note(ui, "%s: %s", title, text.len == 0 ? "none" : buf_cstr(&text));
	buf_fini(&text);
}

static void
cmd_show_rooms(struct ui *ui, const json_t *o)
{
	const json_t *list = json_object_get(o, "rooms"), *one;
	size_t i;

	TALK_EACH(list, i, one)
		ui_note(ui, "%s: %llu here, %llu new%s%s",
		    talk_text(one, "room"),
		    (unsigned long long)talk_number(one, "people"),
		    (unsigned long long)talk_number(one, "new"),
		    *talk_text(one, "topic") == '\0' ? "" : ": ",
		    talk_text(one, "topic"));
}

static void
cmd_show_devices(struct ui *ui, const json_t *o)
{
	const json_t *list = json_object_get(o, "devices"), *one;
	char since[CLOCK_DURATION_SIZE];
	double s;
	size_t i;

	TALK_EACH(list, i, one) {
		s = json_number_value(json_object_get(one, "for"));
		clock_duration(s > 0 && s < 1e9 ? (int64_t)(s * 1000) : 0,
		    since);
		ui_note(ui, "%llu: %s from %s, for %s%s%s",
		    (unsigned long long)talk_number(one, "number"),
		    talk_text(one, "protocol"), talk_text(one, "from"), since,
		    json_is_true(json_object_get(one, "paused")) ?
			", on break" :
			"",
		    json_is_true(json_object_get(one, "this")) ? ", this one" :
								 "");
	}
}

static void
cmd_show_messages(struct ui *ui, const json_t *o)
{
	struct show show = ui->show;
	const json_t *list = json_object_get(o, "messages"), *one;
	size_t i;

	ui_note(ui, "%zu message%s:", json_array_size(list),
	    json_array_size(list) == 1 ? "" : "s");
	TALK_EACH(list, i, one) {
		if (strcmp(talk_text(one, "event"), "gap") == 0)
			show_event(&show, ui_lines(ui), "gap", one, "");
		else
			show_said(&show, ui_lines(ui), one, false);
	}
	ui_note(ui, "that is all");
}

static void
cmd_show_account(struct ui *ui, const json_t *o)
{
	const json_t *list = json_object_get(o, "credentials"), *one;
	size_t i;

	if (*talk_text(o, "token") != '\0')
		ui_note(ui, "a token to log in with: %s",
		    talk_text(o, "token"));
	if (*talk_text(o, "account") == '\0')
		ui_note(ui, "you have no account; /register makes one");
	else
		ui_note(ui, "account: %s", talk_text(o, "account"));
	TALK_EACH(list, i, one)
		ui_note(ui, "%s %s", talk_text(one, "kind"),
		    talk_text(one, "name"));
}

/* Shows whatever the answer has to show. */
static void
cmd_show_answer(void *arg, json_t *answer, bool ok)
{
	struct ui *ui = arg;
	json_t *o;

	if (answer == NULL || !ok) {
		cmd_answer(arg, answer, ok);
		return;
	}
	o = answer;
	if (json_object_get(o, "rooms") != NULL)
		cmd_show_rooms(ui, o);
	else if (json_object_get(o, "devices") != NULL)
		cmd_show_devices(ui, o);
	else if (json_object_get(o, "messages") != NULL)
		cmd_show_messages(ui, o);
	else if (json_object_get(o, "masks") != NULL)
		cmd_show_list(ui, "bans", json_object_get(o, "masks"), "mask");
	else if (json_object_get(o, "ignored") != NULL)
		cmd_show_list(ui, "ignored", json_object_get(o, "ignored"),
		    "nick");
	else if (json_is_string(json_object_get(o, "modes")))
		ui_note(ui, "modes: %s", talk_text(o, "modes"));
	else if (strcmp(talk_text(o, "done"), "account") == 0)
		cmd_show_account(ui, o);
	else if (json_object_get(o, "skipped") != NULL)
		ui_note(ui, "%llu skipped",
		    (unsigned long long)talk_number(o, "skipped"));
}

static void
cmd_ask(struct ui *ui, json_t *request)
{
	talk_ask(ui->talk, request, cmd_show_answer, ui);
}

/* NAME: VALUE, where an empty value is null; in the room that is looked at. */
static void
cmd_ask_in_room(struct ui *ui, const char *name, const char *value)
{
	const char *room = cmd_room(ui);

	if (room != NULL)
		cmd_ask(ui,
		    json_pack("{s:s?,s:s}", name,
			value == NULL || *value == '\0' ? NULL : value, "room",
			room));
}

/* The commands */

static void
cmd_accept(struct ui *ui, char *args)
{
	if (cmd_needs(ui, args, "/accept accounts, or anyone"))
		cmd_ask(ui, json_pack("{s:s}", "accept", args));
}

static void
cmd_account(struct ui *ui, char *args)
{
	char *what = command_word(&args);

	if (*what == '\0')
		cmd_ask(ui, json_pack("{s:n}", "account"));
	else if (*args == '\0')
		cmd_ask(ui, json_pack("{s:s}", "account", what));
	else
		cmd_ask(ui,
		    json_pack("{s:s,s:s}", "account", what, "name", args));
}

static void
cmd_away(struct ui *ui, char *args)
{
	cmd_ask(ui, json_pack("{s:s?}", "away", *args == '\0' ? NULL : args));
}

static void
cmd_back(struct ui *ui, char *args)
{
	if (*args != '\0' && strcmp(args, "all") != 0)
		ui_error(ui,
		    "usage: /back, or /back all for all of your "
		    "sessions");
	else if (talk_is_on_break(ui->talk) || *args != '\0')
		talk_back(ui->talk, *args != '\0');
	else
		ui_error(ui, "you are not on break");
}

static void
cmd_ban(struct ui *ui, char *args)
{
	cmd_ask_in_room(ui, "ban", args);
}

static void
cmd_brb(struct ui *ui, char *args)
{
	talk_brb(ui->talk, args);
	ui_note(ui, "see you; everything is kept for you, until /back");
}

static void
cmd_go(struct ui *ui, char *args)
{
	struct talk_room *room;
	uint64_t number;

	if (!cmd_needs(ui, args, "/go ROOM, or its number"))
		return;
	if (parse_number(args, TALK_ROOMS_MAX, &number) == 0)
		room = ui_numbered(ui, (unsigned)number);
	else
		room = talk_find_room(ui->talk, room_name_meant(args));
	if (room == NULL)
		ui_error(ui, "you are not in %s; /join it", args);
	else
		ui_go(ui, room);
}

static void
cmd_devices(struct ui *ui, char *args)
{
	char *word = command_word(&args);

	if (*word == '\0')
		cmd_ask(ui, json_pack("{s:n}", "devices"));
	else if (strcmp(word, "end") == 0 && *args != '\0')
		cmd_ask(ui, json_pack("{s:n,s:s}", "devices", "end", args));
	else
		ui_error(ui, "usage: /devices [end NUMBER]");
}

static void
cmd_help(struct ui *ui, char *args)
{
	char *name;
	size_t i;

	(void)args;
	for (i = 0; i < NITEMS(ui_commands); i++) {
		name = xasprintf("/%s %s", ui_commands[i].name,
		    ui_commands[i].usage);
		ui_note(ui, "%-22s  %s", name, ui_commands[i].help);
		free(name);
	}
}

static void
cmd_history(struct ui *ui, char *args)
{
	char *with = *args == '@' ? command_word(&args) : NULL;
	const char *whose = with != NULL ? with : cmd_room(ui);

	if (whose != NULL)
		cmd_ask(ui,
		    json_pack("{s:s,s:s}", "history", whose, "limit",
			*args == '\0' ? "20" : args));
}

static void
cmd_ignore(struct ui *ui, char *args)
{
	cmd_ask(ui, json_pack("{s:s?}", "ignore", *args == '\0' ? NULL : args));
}

static void
cmd_invite(struct ui *ui, char *args)
{
	if (cmd_needs(ui, args, "/invite NICK"))
		cmd_ask_in_room(ui, "invite", args);
}

static void
cmd_join(struct ui *ui, char *args)
{
	char *name = command_word(&args);
	struct talk_room *room;

	if (!cmd_needs(ui, name, "/join ROOM"))
		return;
	room = talk_join(ui->talk, name, *args == '\0' ? NULL : args, NULL);
	if (room != NULL)
		ui_go(ui, room);
}

static void
cmd_kick(struct ui *ui, char *args)
{
	char *nick = command_word(&args);
	const char *room = cmd_room(ui);

	if (room != NULL && cmd_needs(ui, nick, "/kick NICK [TEXT]"))
		cmd_ask(ui,
		    json_pack("{s:s,s:s,s:s?}", "kick", nick, "room", room,
			"text", *args == '\0' ? NULL : args));
}

static void
cmd_leave(struct ui *ui, char *args)
{
	struct talk_room *room = ui->current;

	if (*args != '\0')
		room = talk_find_room(ui->talk, room_name_meant(args));
	if (room == NULL || room->is_left) {
		ui_error(ui, "you are not there");
		return;
	}
	talk_leave(ui->talk, room);
	ui_note(ui, "you have left %s; your place there is kept", room->name);
	if (room == ui->current)
		ui_go(ui, ui_any_room(ui));
}

static void
cmd_ask_password(struct ui *ui, enum ui_question question, const char *name)
{
	if (!ui->screen.is_terminal) {
		ui_error(ui, "passwords are taken at a terminal only");
		return;
	}
	(void)snprintf(ui->question_name, sizeof(ui->question_name), "%s",
	    name);
	ui->question = question;
	edit_set_secret(ui->edit, true);
	ui_changed(ui);
}

static void
cmd_login(struct ui *ui, char *args)
{
	if (cmd_needs(ui, args, "/login NAME"))
		cmd_ask_password(ui, UI_LOGIN, args);
}

static void
cmd_me(struct ui *ui, char *args)
{
	if (cmd_needs(ui, args, "/me ACTION"))
		ui_say(ui, "me", args);
}

static void
cmd_mode(struct ui *ui, char *args)
{
	cmd_ask_in_room(ui, "mode", args);
}

static void
cmd_msg(struct ui *ui, char *args)
{
	char *nick = command_word(&args);

	if (!cmd_needs(ui, nick, "/msg NICK TEXT") ||
	    !cmd_needs(ui, args, "/msg NICK TEXT"))
		return;
	if (strlen(nick) > NICK_MAX || !talk_msg(ui->talk, nick, "say", args))
		ui_error(ui, "not sent: %s", args);
}

static void
cmd_nick(struct ui *ui, char *args)
{
	if (!cmd_needs(ui, args, "/nick NICK"))
		return;
	if (nick_check(args) != NICK_OK)
		ui_error(ui, "%s", nick_check_str(nick_check(args)));
	else if (talk_is_settled(ui->talk))
		talk_nick(ui->talk, args);
	else
		ui_error(ui, "there is no connection now");
}

static void
cmd_quit(struct ui *ui, char *args)
{
	ui_quit(ui, args);
}

static void
cmd_register(struct ui *ui, char *args)
{
	(void)args;
	cmd_ask_password(ui, UI_REGISTER, "");
}

static void
cmd_rooms(struct ui *ui, char *args)
{
	(void)args;
	cmd_ask(ui, json_pack("{s:b}", "rooms", 1));
}

static void
cmd_search(struct ui *ui, char *args)
{
	if (cmd_needs(ui, args, "/search TEXT"))
		cmd_ask(ui, json_pack("{s:s}", "search", args));
}

static void
cmd_skip(struct ui *ui, char *args)
{
	const char *room = cmd_room(ui);

	(void)args;
	if (room != NULL)
		cmd_ask(ui, json_pack("{s:s}", "skip", room));
}

static void
cmd_topic(struct ui *ui, char *args)
{
	if (*args != '\0')
		cmd_ask_in_room(ui, "topic",
		    strcmp(args, "-") == 0 ? NULL : args);
	else if (cmd_room(ui) != NULL)
		ui_note(ui, "topic: %s",
		    ui->current->topic == NULL ? "none" : ui->current->topic);
}

static void
cmd_unban(struct ui *ui, char *args)
{
	if (cmd_needs(ui, args, "/unban NICK"))
		cmd_ask_in_room(ui, "unban", args);
}

static void
cmd_unignore(struct ui *ui, char *args)
{
	if (cmd_needs(ui, args, "/unignore NICK"))
		cmd_ask(ui, json_pack("{s:s}", "unignore", args));
}

static void
cmd_who(struct ui *ui, char *args)
{
	size_t i;
	struct buf text = BUF_INITIALIZER;

	(void)args;
	if (cmd_room(ui) == NULL)
		return;
	for (i = 0; i < ui->current->people_count; i++)
		buf_addf(&text, "%s%s", i == 0 ? "" : ", ",
		    ui->current->people[i]);
	ui_note(ui, "%zu in %s: %s", ui->current->people_count,
	    ui->current->name, buf_cstr(&text));
	buf_fini(&text);
}

void
ui_answered_password(struct ui *ui, const char *password)
{
	if (*password == '\0')
		ui_note(ui, "nothing was done");
	else if (ui->question == UI_LOGIN)
		talk_login(ui->talk, ui->question_name, password);
	else
		talk_register(ui->talk, password);
}
