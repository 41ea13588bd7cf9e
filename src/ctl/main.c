/*
 * ordermuxctl: what an administrator does beside the service: bring databases
 * to the schema, make the markets' accounts, mint a token to try things.
 *
 * Reads the same configuration as ordermuxd. Exit status: 0 done, 1 an error
 * (on standard error), 2 wrong usage.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/token.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/str.h"
#include "daemon/config.h"
#include "market/market.h"
#include "store/migrate.h"

/* What was said on the command line. */
struct ctl {
	const char		*conf;
	const char		*user;		/* --user */
	const char		*password_file;	/* --password-file */
	const char		*sql_dir;	/* --sql */
	const char		*client_host;	/* --client-host */
	struct arena		*arena;
	const struct config	*config;
	char			**args;		/* behind the command */
	int			 arg_count;
};

struct command {
	const char	*name;
	const char	*args;
	const char	*help;
	int		 args_min;
	int		 args_max;
	int		(*run)(struct ctl *);
};

static int	command_migrate(struct ctl *);
static int	command_grants(struct ctl *);
static int	command_token(struct ctl *);

static const struct command commands[] = {
	{ "migrate", "[MARKET ...]", "bring the databases of these markets (or "
	    "all) to the schema", 0, MARKET_COUNT_MAX, command_migrate },
	{ "grants", "MARKET", "print the SQL that makes the market's account",
	    1, 1, command_grants },
	{ "token", "MARKET USER_ID", "print a token of this user, as a login "
	    "gives it", 2, 2, command_token },
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(*commands))

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "user", required_argument, NULL, 'u' },
	{ "password-file", required_argument, NULL, 'p' },
	{ "sql", required_argument, NULL, 's' },
	{ "client-host", required_argument, NULL, 'H' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 }
};

static void
usage(FILE *out)
{
	fputs("usage: ordermuxctl [-c FILE] [options] COMMAND [ARGUMENTS]\n\n",
	    out);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %s %s\n\t%s\n", commands[i].name,
		    commands[i].args, commands[i].help);
	fputs("\n"
	    "  -c, --config FILE     configuration [" SYSCONFDIR
	    "/ordermux/ordermux.conf]\n"
	    "  --user NAME           migrate: who may change tables [root]\n"
	    "  --password-file FILE  migrate: that user's password "
	    "[none: by the socket]\n"
	    "  --sql DIR             migrate, grants: the SQL files ["
	    PKGDATADIR "/sql]\n"
	    "  --client-host HOST    grants: where the service connects from "
	    "[localhost, or %]\n", out);
}

/* The market of a name; ends the program if there is none. */
static const struct market *
need_market(const struct ctl *ctl, const char *name)
{
	const struct market	*market = market_find(ctl->config->markets,
	    name);

	if (market == NULL) {
		fprintf(stderr, "ordermuxctl: there is no market \"%s\"\n",
		    name);
		exit(1);
	}
	return market;
}

/* The password of --password-file; NULL without one. */
static const char *
read_password(const struct ctl *ctl)
{
	static struct secret	 secret;
	const char		*why;

	if (ctl->password_file == NULL)
		return NULL;
	why = secret_read(ctl->password_file, &secret);
	if (why != NULL) {
		fprintf(stderr, "ordermuxctl: %s: %s\n", ctl->password_file,
		    why);
		exit(1);
	}
	secret_chomp(&secret);
	return (const char *)secret.bytes;
}

static int
command_migrate(struct ctl *ctl)
{
	const struct market_registry	*r = ctl->config->markets;
	struct migrate_account		 account = { .user = ctl->user,
	    .password = read_password(ctl) };
	bool				 ok = true;

	for (int i = 0; i < ctl->arg_count; i++)
		need_market(ctl, ctl->args[i]);
	for (int i = 0; i < ctl->arg_count; i++)
		ok &= migrate_market(need_market(ctl, ctl->args[i]), &account,
		    ctl->sql_dir, ctl->arena);
	for (size_t i = 0; ctl->arg_count == 0 && i < r->count; i++)
		ok &= migrate_market(&r->markets[i], &account, ctl->sql_dir,
		    ctl->arena);
	return ok ? 0 : 1;
}

static int
command_grants(struct ctl *ctl)
{
	const struct market	*market = need_market(ctl, ctl->args[0]);
	const char		*host = ctl->client_host, *sql;

	if (host == NULL)
		host = strcmp(market->database.host, "localhost") == 0 ?
		    "localhost" : "%";
	sql = migrate_grants(market, ctl->sql_dir, host, ctl->arena);
	if (sql == NULL)
		return 1;
	fputs(sql, stdout);
	return 0;
}

static int
command_token(struct ctl *ctl)
{
	const struct market	*market = need_market(ctl, ctl->args[0]);
	const struct config	*config = ctl->config;
	struct token_key	 key = { .kid = config->keys[0].kid,
	    .bytes = config->keys[0].secret.bytes,
	    .len = config->keys[0].secret.len };
	struct token_keys	*keys;
	const char		*token;
	int64_t			 id;

	if (!str_to_int64(ctl->args[1], &id) || id <= 0) {
		fprintf(stderr, "ordermuxctl: \"%s\" is no user's id\n",
		    ctl->args[1]);
		return 1;
	}
	keys = token_keys_new(&key, 1);
	token = token_issue(keys, (uint64_t)id, market->name, clock_us(),
	    config->token_lifetime / 1000, ctl->arena);
	token_keys_free(keys);
	if (token == NULL) {
		fputs("ordermuxctl: the token could not be signed\n", stderr);
		return 1;
	}
	puts(token);
	return 0;
}

/* Takes the options; returns the exit status, or -1 to go on. */
static int
read_options(struct ctl *ctl, int argc, char **argv)
{
	int	 c;

	while ((c = getopt_long(argc, argv, "+c:hV", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			ctl->conf = optarg;
			break;
		case 'u':
			ctl->user = optarg;
			break;
		case 'p':
			ctl->password_file = optarg;
			break;
		case 's':
			ctl->sql_dir = optarg;
			break;
		case 'H':
			ctl->client_host = optarg;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'V':
			puts(PACKAGE_STRING);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	return -1;
}

/* The command of the line, whose options may stand behind it too. */
static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (name != NULL && strcmp(name, commands[i].name) == 0)
			return &commands[i];
	}
	return NULL;
}

/* Loads the configuration; ends the program when there is anything wrong. */
static void
load(struct ctl *ctl)
{
	struct conf_errors	 errors;

	conf_errors_init(&errors, ctl->arena);
	ctl->config = config_load(ctl->conf, false, ctl->arena, &errors);
	for (size_t i = 0; i < errors.count; i++)
		fprintf(stderr, "ordermuxctl: %s\n", errors.text[i]);
	if (ctl->config == NULL)
		exit(1);
}

int
main(int argc, char **argv)
{
	struct ctl		 ctl = {
		.conf = SYSCONFDIR "/ordermux/ordermux.conf",
		.user = "root", .sql_dir = PKGDATADIR "/sql"
	};
	const struct command	*command;
	int			 status;

	if ((status = read_options(&ctl, argc, argv)) != -1)
		return status;
	command = find_command(argv[optind]);
	if (command == NULL) {
		usage(stderr);
		return 2;
	}
	argc -= optind;
	argv += optind;
	optind = 1;
	if ((status = read_options(&ctl, argc, argv)) != -1)
		return status;
	ctl.args = argv + optind;
	ctl.arg_count = argc - optind;
	if (ctl.arg_count < command->args_min ||
	    ctl.arg_count > command->args_max) {
		usage(stderr);
		return 2;
	}
	ctl.arena = arena_new(65536);
	load(&ctl);
	status = command->run(&ctl);
	arena_free(ctl.arena);
	return status;
}
