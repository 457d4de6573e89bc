/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * brb(1): the terminal's way into the rooms. This is what it is called with, and
 * who one is.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/nick.h"
#include "base/text.h"
#include "brb/address.h"
#include "brb/script.h"
#include "brb/ssh.h"
#include "brb/store.h"
#include "brb/ui.h"

#define BRB_SOCKET RUNSTATEDIR "/brbd/brbd.sock"
#define BRB_CLIENT "client" /* the file with the secret of ids */
#define BRB_PATIENCE_MS 30000

enum brb_option {
	OPTION_AFTER = 256,
	OPTION_JSON,
	OPTION_LINES,
	OPTION_MARK,
	OPTION_ME,
	OPTION_NICK,
	OPTION_NO_COLOR,
	OPTION_NOTICE,
	OPTION_ONLY_ON_FAILURE,
	OPTION_PLAIN,
	OPTION_SSH,
	OPTION_TLS,
	OPTION_UNREAD,
	OPTION_WAIT
};

struct brb {
	const char *server, *nick;
	bool is_plain, is_tls, is_ssh, has_no_color, only_on_failure;
	bool needs_ssh_key; /* it is not by a Unix user of their own */
	bool is_tail; /* its options are parsed */
	struct script_options script;
	struct address address;
	char *client, *account, *token, *user, *ssh_key;
};

static const struct brb_verb {
	const char *name;
	enum script_verb verb;
} brb_verbs[] = {
	{ "catchup", SCRIPT_CATCHUP },
	{ "rooms", SCRIPT_ROOMS },
	{ "say", SCRIPT_SAY },
	{ "tail", SCRIPT_TAIL },
	{ "who", SCRIPT_WHO },
};

/* For getopt_long(). The first word that is no option ends them where there are
 * others behind it: a verb's, a command's, or what looks so and is to be said. */
#define BRB_OPTIONS "s:n:fhV"
#define BRB_OPTIONS_FIRST "+" BRB_OPTIONS

static const char brb_usage[] =
    "usage: brb [OPTION]... [HOST[:PORT]] [ROOM]...\n"
    "       brb tail [--json] [-n COUNT | --after NUMBER | --unread] [-f] "
    "[ROOM]\n"
    "       brb say [--me | --notice] ROOM [TEXT]...\n"
    "       brb say --only-on-failure ROOM COMMAND [ARGUMENT]...\n"
    "       brb catchup [--json] [--mark]\n"
    "       brb who [--json] [ROOM]\n"
    "       brb rooms [--json]\n"
    "       brb --ssh\n";

static const char brb_help[] =
    "\n"
    "Talk in the rooms of brbd: what you type stays below what others say.\n"
    "\n"
    "  -s, --server ADDRESS  unix:PATH, HOST or HOST:PORT\n"
    "  -n, --nick NICK       who you are\n"
    "      --plain           no TLS, also to other machines\n"
    "      --tls             TLS, also to this machine\n"
    "      --no-color        no colors\n"
    "      --ssh             be what somebody gets who comes by ssh\n"
    "  -h, --help            show this\n"
    "  -V, --version         show the version\n"
    "\n"
    "tail:\n"
    "  -n, --lines COUNT     the last so many (20)\n"
    "      --after NUMBER    all after that message; 0: all that is held\n"
    "      --unread          all that you have not read\n"
    "  -f, --follow          and what is said from now on\n"
    "      --json            an object a line, as brbd-json(7) has them\n"
    "say:\n"
    "      --me, --notice    what you do; or what is no talk\n"
    "      --only-on-failure run a command, and say it if that fails\n"
    "      --wait SECONDS    for a server that is not there (30)\n"
    "catchup:\n"
    "      --mark            it is read then\n"
    "\n"
    "Exit status: 0 done, 1 not done, 2 bad usage, 3 the server is not there.\n";

static void __attribute__((noreturn))
brb_bad_usage(const char *what, const char *about)
{
	(void)fprintf(stderr, "brb: %s%s\n%s", what, about, brb_usage);
	exit(BRB_USAGE);
}

static uint64_t
brb_number(const char *name, const char *value, uint64_t max)
{
	uint64_t n;

	if (parse_number(value, max, &n) == -1)
		brb_bad_usage("not a number for ", name);
	return n;
}

static void
brb_set_count(struct brb *b, const char *name, const char *value)
{
	b->script.count = (unsigned)brb_number(name, value, 100);
}

static void
brb_set_kind(struct brb *b, const char *kind)
{
	if (strcmp(b->script.kind, "say") != 0 &&
	    strcmp(b->script.kind, kind) != 0)
		brb_bad_usage("--me and --notice do not go together", "");
	b->script.kind = kind;
}

static void
brb_take_option(struct brb *b, int c)
{
	struct script_options *o = &b->script;

	switch (c) {
	case 's':
		b->server = optarg;
		break;
	case 'n':
		/* As in tail(1). */
		if (b->is_tail)
			brb_set_count(b, "-n", optarg);
		else
			b->nick = optarg;
		break;
	case OPTION_NICK:
		b->nick = optarg;
		break;
	case OPTION_LINES:
		brb_set_count(b, "--lines", optarg);
		break;
	case 'f':
		o->is_following = true;
		break;
	case OPTION_AFTER:
		o->after = brb_number("--after", optarg, UINT64_MAX);
		o->has_after = true;
		break;
	case OPTION_JSON:
		o->is_json = true;
		break;
	case OPTION_MARK:
		o->marks = true;
		break;
	case OPTION_ME:
		brb_set_kind(b, "me");
		break;
	case OPTION_NOTICE:
		brb_set_kind(b, "notice");
		break;
	case OPTION_NO_COLOR:
		b->has_no_color = true;
		break;
	case OPTION_ONLY_ON_FAILURE:
		b->only_on_failure = true;
		break;
	case OPTION_PLAIN:
		b->is_plain = true;
		break;
	case OPTION_SSH:
		b->is_ssh = true;
		break;
	case OPTION_TLS:
		b->is_tls = true;
		break;
	case OPTION_UNREAD:
		o->is_unread = true;
		break;
	case OPTION_WAIT:
		o->patience_ms = (int64_t)brb_number("--wait", optarg, 86400) *
		    1000;
		break;
	case 'h':
		(void)printf("%s%s", brb_usage, brb_help);
		exit(BRB_DONE);
	case 'V':
		(void)printf("brb %s\n", PACKAGE_VERSION);
		exit(BRB_DONE);
	default:
		(void)fputs(brb_usage, stderr);
		exit(BRB_USAGE);
	}
}

static void
brb_parse(struct brb *b, int argc, char *argv[], const char *how)
{
	static const struct option options[] = {
		{ "after", required_argument, NULL, OPTION_AFTER },
		{ "follow", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "lines", required_argument, NULL, OPTION_LINES },
		{ "mark", no_argument, NULL, OPTION_MARK },
		{ "me", no_argument, NULL, OPTION_ME },
		{ "nick", required_argument, NULL, OPTION_NICK },
		{ "no-color", no_argument, NULL, OPTION_NO_COLOR },
		{ "notice", no_argument, NULL, OPTION_NOTICE },
		{ "only-on-failure", no_argument, NULL,
		    OPTION_ONLY_ON_FAILURE },
		{ "plain", no_argument, NULL, OPTION_PLAIN },
		{ "server", required_argument, NULL, 's' },
		{ "ssh", no_argument, NULL, OPTION_SSH },
		{ "tls", no_argument, NULL, OPTION_TLS },
		{ "unread", no_argument, NULL, OPTION_UNREAD },
		{ "version", no_argument, NULL, 'V' },
		{ "wait", required_argument, NULL, OPTION_WAIT },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, how, options, NULL)) != -1)
		brb_take_option(b, c);
}

/* Where the server is */

static bool
brb_is_server(const char *word)
{
	return word != NULL && strpbrk(word, ".:/") != NULL;
}

static void
brb_find_server(struct brb *b)
{
	struct stat st;

	if (b->server == NULL)
		b->server = getenv("BRB_SERVER");
	if (b->server == NULL || *b->server == '\0')
		b->server = stat(BRB_SOCKET, &st) == 0 ? "unix:" BRB_SOCKET :
							 "localhost";
	if (address_parse(b->server, &b->address) == -1)
		brb_bad_usage("that is no address of a server: ", b->server);
	if (b->address.path == NULL && b->is_tls)
		b->address.is_tls = true;
	if (b->is_plain)
		b->address.is_tls = false;
	b->address.shows_no_key = b->is_ssh;
}

/* Who one is */

static void
brb_find_nick(struct brb *b)
{
	const struct passwd *pw;

	if (b->nick == NULL)
		b->nick = getenv("BRB_NICK");
	if (b->nick != NULL && *b->nick != '\0') {
		if (nick_check(b->nick) != NICK_OK)
			brb_bad_usage(nick_check_str(nick_check(b->nick)), "");
		return;
	}
	/* cppcheck-suppress getpwuidCalled */
	pw = getpwuid(getuid());
	b->nick = NULL;
	if (pw == NULL)
		return;
	b->user = xstrdup(pw->pw_name);
	if (nick_check(b->user) == NICK_OK)
		b->nick = b->user;
}

/* The secret that goes with ids: made once. Without a place for it, what is said
 * by this process alone is said once. */
static void
brb_find_client(struct brb *b)
{
	char secret[TALK_SECRET_SIZE];
	size_t len;

	b->client = store_read(BRB_CLIENT);
	if (b->client != NULL) {
		len = strspn(b->client, "0123456789abcdef");
		b->client[len] = '\0';
		if (len == TALK_SECRET_SIZE - 1)
			return;
		free(b->client);
	}
	talk_random(secret);
	b->client = xstrdup(secret);
	if (store_write(BRB_CLIENT, secret) == -1 && errno != ENOENT)
		(void)fprintf(stderr,
		    "brb: cannot write to ~/.config/brb: "
		    "%s\n",
		    strerror(errno));
}

/* A token of an account at this server: "NAME TOKEN". */
static void
brb_find_account(struct brb *b)
{
	char *line = store_get("accounts", b->address.name), *token;

	/* Nothing is done as somebody else. */
	if (line == NULL ? errno != ENOENT :
			   !text_is_utf8(line, strlen(line))) {
		(void)fprintf(stderr,
		    "brb: cannot read ~/.config/brb/accounts: %s\n",
		    line == NULL ? strerror(errno) : "it is no UTF-8");
		exit(BRB_FAILED);
	}
	if (line == NULL)
		return;
	token = strchr(line, ' ');
	if (token != NULL) {
		b->account = xstrndup(line, (size_t)(token - line));
		b->token = xstrdup(token + 1);
	}
	explicit_bzero(line, strlen(line));
	free(line);
}

static void
brb_identify(struct brb *b, struct talk_options *talk)
{
	brb_find_nick(b);
	brb_find_client(b);
	/* By ssh the files may be everybody's who comes so. */
	if (!b->is_ssh)
		brb_find_account(b);
	talk->ssh_key = b->ssh_key;
	talk->needs_ssh_key = b->needs_ssh_key;
	talk->nick_is_user = b->nick != NULL && b->nick == b->user;
	talk->nick = b->nick;
	talk->client = b->client;
	talk->account = b->account;
	talk->token = b->token;
}

/* What is done */

static char *
brb_join_words(char *const words[])
{
	struct buf text = BUF_INITIALIZER;
	char *whole;
	size_t i;

	for (i = 0; words[i] != NULL; i++)
		buf_addf(&text, "%s%s", i == 0 ? "" : " ", words[i]);
	whole = xstrdup(buf_cstr(&text));
	buf_fini(&text);
	return whole;
}

static void
brb_check_script(const struct brb *b, char *const words[])
{
	const struct script_options *o = &b->script;
	bool is_tail = o->verb == SCRIPT_TAIL, is_say = o->verb == SCRIPT_SAY;
	size_t count = 0, max = o->verb == SCRIPT_TAIL || o->verb == SCRIPT_WHO;

	while (words[count] != NULL)
		count++;
	if (!is_say && count > max)
		brb_bad_usage("too many words: ", words[max]);
	if (is_say && count == 0)
		brb_bad_usage("say it in which room?", "");
	if (!is_tail && (o->has_after || o->is_unread || o->is_following))
		brb_bad_usage("--after, --unread and --follow are for tail",
		    "");
	if (o->has_after && o->is_unread)
		brb_bad_usage("--after and --unread do not go together", "");
	if (o->marks && o->verb != SCRIPT_CATCHUP)
		brb_bad_usage("--mark is for catchup", "");
	if (b->only_on_failure && (!is_say || count < 2))
		brb_bad_usage("--only-on-failure needs a room and a command",
		    "");
}

static int
brb_script(struct brb *b, char *words[])
{
	struct script_options *o = &b->script;
	char *text = NULL;
	int status;

	brb_check_script(b, words);
	brb_find_server(b);
	o->address = &b->address;
	brb_identify(b, &o->talk);
	o->talk.attends = o->marks;
	o->talk.must_have_nick = (o->talk.nick != NULL ||
				     o->talk.account != NULL) &&
	    (o->verb == SCRIPT_SAY || o->verb == SCRIPT_CATCHUP ||
		o->is_unread);
	o->room = words[0];
	if (o->room != NULL && !text_is_utf8(o->room, strlen(o->room)))
		brb_bad_usage("that is no name of a room", "");
	if (b->only_on_failure)
		o->command = words + 1 + (strcmp(words[1], "--") == 0);
	else if (o->verb == SCRIPT_SAY && words[1] != NULL)
		o->text = text = brb_join_words(words + 1);
	if (o->patience_ms < 0)
		o->patience_ms = o->verb == SCRIPT_SAY ? BRB_PATIENCE_MS : 0;
	status = script_run(o);
	free(text);
	return status;
}

static int
brb_talk(struct brb *b, char *words[])
{
	struct ui_options o = { .rooms = words };
	const char *no_color = getenv("NO_COLOR");

	if (b->server == NULL && !b->is_ssh && brb_is_server(words[0])) {
		b->server = words[0];
		o.rooms = words + 1;
	}
	brb_find_server(b);
	brb_identify(b, &o.talk);
	o.address = &b->address;
	o.talk.attends = true;
	o.keeps_no_token = b->is_ssh;
	o.has_colors = !b->has_no_color &&
	    (no_color == NULL || *no_color == '\0');
	return ui_run(&o);
}

/* argv begins with the name of the verb. */
static int
brb_verb(struct brb *b, int argc, char *argv[])
{
	size_t i;

	for (i = 0; i < NITEMS(brb_verbs); i++)
		if (strcmp(brb_verbs[i].name, argv[0]) == 0)
			b->script.verb = brb_verbs[i].verb;
	b->is_tail = b->script.verb == SCRIPT_TAIL;
	optind = 0; /* glibc: begin anew */
	brb_parse(b, argc, argv,
	    b->script.verb == SCRIPT_SAY ? BRB_OPTIONS_FIRST : BRB_OPTIONS);
	return brb_script(b, argv + optind);
}

/* Parses the options, those of a verb as well, and does it. */
static int
brb_go(struct brb *b, int argc, char *argv[])
{
	size_t i;
	int at;

	brb_parse(b, argc, argv, BRB_OPTIONS_FIRST);
	at = optind;
	for (i = 0; at < argc && i < NITEMS(brb_verbs); i++)
		if (strcmp(brb_verbs[i].name, argv[at]) == 0)
			return brb_verb(b, argc - at, argv + at);
	return brb_talk(b, argv + at);
}

/* What somebody gets who comes by ssh: a command, or NULL. */
static int
brb_ssh(struct brb *b, const char *command)
{
	char *copy, *words[SSH_WORDS_MAX + 1];
	const char *why;
	char *none[] = { NULL };
	int n, status;

	b->is_ssh = true;
	if (getenv("SSH_USER_AUTH") != NULL)
		b->ssh_key = ssh_read_key(getenv("SSH_USER_AUTH"));
	if (command == NULL || *command == '\0')
		return brb_talk(b, none);
	copy = xstrdup(command);
	n = ssh_words(copy, words, &why);
	if (n == -1) {
		(void)fprintf(stderr, "brb: %s\n", why);
		free(copy);
		return BRB_USAGE;
	}
	status = brb_verb(b, n, words);
	free(copy);
	return status;
}

/* Whoever has closed one of the first three has given it to nobody: what is
 * opened next must not become standard input. */
static void
brb_open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		(void)close(fd);
}

int
main(int argc, char *argv[])
{
	struct brb b;
	int status;

	memset(&b, 0, sizeof(b));
	b.script.kind = "say";
	b.script.count = 20;
	b.script.patience_ms = -1;
	brb_open_standard();
	(void)setlocale(LC_CTYPE, "");
	(void)signal(SIGPIPE, SIG_IGN);
	/* As a login shell: "-brb", or "brb -c COMMAND" for a command. */
	if (argc > 0 && argv[0][0] == '-')
		status = brb_ssh(&b, NULL);
	else if (argc == 3 && strcmp(argv[1], "-c") == 0)
		status = brb_ssh(&b, argv[2]);
	else {
		brb_parse(&b, argc, argv, BRB_OPTIONS_FIRST);
		optind = 0;
		b.needs_ssh_key = b.is_ssh;
		if (b.is_ssh)
			status = brb_ssh(&b, getenv("SSH_ORIGINAL_COMMAND"));
		else
			status = brb_go(&b, argc, argv);
	}
	if (b.client != NULL)
		explicit_bzero(b.client, strlen(b.client));
	if (b.token != NULL)
		explicit_bzero(b.token, strlen(b.token));
	free(b.client);
	free(b.account);
	free(b.token);
	free(b.user);
	free(b.ssh_key);
	address_fini(&b.address);
	return status;
}
