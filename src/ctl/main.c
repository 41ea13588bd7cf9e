/*
 * ordermuxctl: what an administrator and the staff do beside the service:
 * bring databases to the schema, make the markets' accounts, mint a token to
 * try things; look at orders and move them on, correct stock, prove the books.
 *
 * Reads the same configuration as ordermuxd. Exit status: ctl.h.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "config/ini.h"
#include "config/settings.h"
#include "ctl/ctl.h"
#include "market/market.h"

struct command {
	const char		*word;
	const char		*verb;		/* the second word, or NULL */
	const char		*args;
	const char		*help;		/* NULL: as the row above it */
	const char		*options;	/* its own, by letter */
	int			 args_min;
	int			 args_max;
	int			(*run)(struct ctl *);
	enum order_state	 to;		/* of ctl_order_enter */
};

#define ENTER(verb, state) \
	{ "order", verb, "MARKET ORDER", NULL, "fnb", 2, 2, \
	    ctl_order_enter, state }

static const struct command commands[] = {
	{ "migrate", NULL, "[MARKET ...]", "bring the databases of these "
	    "markets (or all) to the schema", "ups", 0, MARKET_COUNT_MAX,
	    ctl_migrate, 0 },
	{ "grants", NULL, "MARKET", "print the SQL that makes the market's "
	    "account", "sH", 1, 1, ctl_grants, 0 },
	{ "token", NULL, "MARKET USER_ID", "print a token of this user, as a "
	    "login gives it", "", 2, 2, ctl_token, 0 },
	{ "order", "list", "MARKET", "orders, newest first: number, id, "
	    "state, total, currency, time, customer", "Sl", 1, 1,
	    ctl_order_list, 0 },
	{ "order", "show", "MARKET ORDER", "all about an order (its number or "
	    "id), and what it has been through", "", 2, 2, ctl_order_show, 0 },
	{ "order", "move", "MARKET ORDER STATE", "bring an order to a state, "
	    "if the workflow allows it; or shorter:", "fnb", 3, 3,
	    ctl_order_move, 0 },
	ENTER("confirm", ORDER_CONFIRMED),
	ENTER("process", ORDER_PROCESSING),
	ENTER("ship", ORDER_SHIPPED),
	ENTER("deliver", ORDER_DELIVERED),
	ENTER("cancel", ORDER_CANCELLED),
	ENTER("return", ORDER_RETURNED),
	{ "stock", NULL, "MARKET [SKU DELTA]", "the stock of all SKUs; or add "
	    "DELTA (+5, -2) to that of one (its code or id)", "nb", 1, 3,
	    ctl_stock, 0 },
	{ "reconcile", NULL, "[MARKET ...]", "prove that stock, amounts and "
	    "histories of these markets (or all) are right", "", 0,
	    MARKET_COUNT_MAX, ctl_reconcile, 0 },
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(*commands))

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "user", required_argument, NULL, 'u' },
	{ "password-file", required_argument, NULL, 'p' },
	{ "sql", required_argument, NULL, 's' },
	{ "client-host", required_argument, NULL, 'H' },
	{ "status", required_argument, NULL, 'S' },
	{ "limit", required_argument, NULL, 'l' },
	{ "from", required_argument, NULL, 'f' },
	{ "note", required_argument, NULL, 'n' },
	{ "by", required_argument, NULL, 'b' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 }
};

static const char option_help[] =
    "\n"
    "  -c, --config FILE     configuration [" SYSCONFDIR
    "/ordermux/ordermux.conf]\n"
    "  --user NAME           migrate: who may change tables [root]\n"
    "  --password-file FILE  migrate: that user's password "
    "[none: by the socket]\n"
    "  --sql DIR             migrate, grants: the SQL files ["
    PKGDATADIR "/sql]\n"
    "  --client-host HOST    grants: where the service connects from "
    "[localhost, or %]\n"
    "  --status STATE        order list: only orders in this state\n"
    "  --limit N             order list: at most so many, 1 to 10000 [20]\n"
    "  --from STATE          order: move it only if it is in this state\n"
    "  --note TEXT           order, stock: kept with it, at most 500 "
    "characters;\n"
    "                        THE CUSTOMER CAN READ the note of an order\n"
    "  --by NAME             order, stock: who does it "
    "[SUDO_USER, or the login name]\n"
    "\n"
    "States: pending, confirmed, processing, shipped, delivered, cancelled, "
    "returned.\n"
    "\n"
    "Exit status: 0 done; 1 an error, or books that are wrong; 2 wrong usage;"
    "\n3 refused: the order's state or the stock does not allow it; "
    "4 reconcile could\nnot read a market.\n";

static void
put_command(FILE *out, const char *before, const struct command *c)
{
	fprintf(out, "%s%s%s%s %s\n", before, c->word,
	    c->verb != NULL ? " " : "", c->verb != NULL ? c->verb : "",
	    c->args);
	if (c->help != NULL)
		fprintf(out, "\t%s\n", c->help);
}

static void
usage(FILE *out)
{
	fputs("usage: ordermuxctl [-c FILE] [options] COMMAND [ARGUMENTS]\n\n",
	    out);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		put_command(out, "  ", &commands[i]);
	fputs(option_help, out);
}

/* ---- the command line ---- */

/* Where an option's value goes; NULL if it has none. */
static const char **
option_value(struct ctl *ctl, int letter)
{
	switch (letter) {
	case 'c':
		return &ctl->conf;
	case 'u':
		return &ctl->user;
	case 'p':
		return &ctl->password_file;
	case 's':
		return &ctl->sql_dir;
	case 'H':
		return &ctl->client_host;
	case 'S':
		return &ctl->status;
	case 'l':
		return &ctl->limit;
	case 'f':
		return &ctl->from;
	case 'n':
		return &ctl->note;
	case 'b':
		return &ctl->by;
	default:
		return NULL;
	}
}

/* Takes an option; ends the program at the last word that is to be said. */
static void
take_option(struct ctl *ctl, int letter, bool *given)
{
	const char	**value = option_value(ctl, letter);

	if (letter == 'h') {
		usage(stdout);
		exit(CTL_DONE);
	}
	if (letter == 'V') {
		puts(PACKAGE_STRING);
		exit(CTL_DONE);
	}
	if (value == NULL) {	/* getopt has said what is wrong */
		fputs("Try: ordermuxctl --help\n", stderr);
		exit(CTL_USAGE);
	}
	*value = optarg;
	given[letter] = true;
}

/* Takes the words of the line that are no options, wherever these stand.
 * "-5" is a word: a stock can be changed by it. */
static void
read_command_line(struct ctl *ctl, int argc, char **argv, bool *given)
{
	int	 c;

	ctl->args = argv + 1;
	while (optind < argc) {
		if (argv[optind][0] == '-' &&
		    isdigit((unsigned char)argv[optind][1]))
			ctl->args[ctl->arg_count++] = argv[optind++];
		else if ((c = getopt_long(argc, argv, "+c:hV", options,
		    NULL)) != -1)
			take_option(ctl, c, given);
		else if (optind < argc)
			ctl->args[ctl->arg_count++] = argv[optind++];
	}
}

/* The command of the words, which are then those behind it; NULL if there is
 * no such. */
static const struct command *
find_command(struct ctl *ctl)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		const struct command	*c = &commands[i];
		int			 words = c->verb != NULL ? 2 : 1;

		if (ctl->arg_count < words ||
		    strcmp(ctl->args[0], c->word) != 0 ||
		    (words == 2 && strcmp(ctl->args[1], c->verb) != 0))
			continue;
		ctl->args += words;
		ctl->arg_count -= words;
		return c;
	}
	return NULL;
}

/* Ends the program if the command is not to be used so. */
static void
check_usage(const struct ctl *ctl, const struct command *command,
    const bool *given)
{
	bool	 ok = true;

	for (const struct option *o = options; o->name != NULL; o++) {
		if (!given[o->val] || o->val == 'c' ||
		    strchr(command->options, o->val) != NULL)
			continue;
		ctl_error("this command has no --%s", o->name);
		ok = false;
	}
	if (ok && ctl->arg_count >= command->args_min &&
	    ctl->arg_count <= command->args_max)
		return;
	put_command(stderr, "usage: ordermuxctl ", command);
	exit(CTL_USAGE);
}

/* Loads the configuration; ends the program when there is anything wrong. */
static void
load(struct ctl *ctl)
{
	struct ini_errors	 errors;

	ini_errors_init(&errors, ctl->arena);
	ctl->settings = settings_load(ctl->conf, false, ctl->arena, &errors);
	for (size_t i = 0; i < errors.count; i++)
		ctl_error("%s", errors.text[i]);
	if (ctl->settings == NULL)
		exit(CTL_ERROR);
}

int
main(int argc, char **argv)
{
	struct ctl		 ctl = {
		.conf = SYSCONFDIR "/ordermux/ordermux.conf",
		.user = "root", .sql_dir = PKGDATADIR "/sql"
	};
	bool			 given[256] = { false };
	const struct command	*command;
	int			 status;

	read_command_line(&ctl, argc, argv, given);
	command = find_command(&ctl);
	if (command == NULL) {
		usage(stderr);
		return CTL_USAGE;
	}
	check_usage(&ctl, command, given);
	ctl.to = command->to;
	ctl.arena = arena_new(65536);
	log_set_level(LOG_LEVEL_WARNING);
	load(&ctl);
	status = command->run(&ctl);
	arena_free(ctl.arena);
	return status;
}
