/*
 * command.c: the tables of ordermuxctl (see command.h).
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <string.h>

#include "ctl/command.h"
#include "ctl/ctl.h"
#include "market/market.h"

#define ENTER(verb, state) \
	{ "order", verb, "MARKET ORDER", NULL, "fnb", 2, 2, \
	    ctl_order_enter, state }

static const struct command commands[] = {
	{ "whois", NULL, "PHONE|USER|ORDER", "find a user in all markets: by "
	    "a phone number, a user's id, an\n\torder's number or id; or say "
	    "which: phone:NUMBER, user:ID, order:ORDER", "", 1, 1, ctl_whois,
	    0 },
	{ "migrate", NULL, "[MARKET ...]", "create or update the tables of "
	    "these markets (default: all)", "ups", 0, MARKET_COUNT_MAX,
	    ctl_migrate, 0 },
	{ "markets", NULL, "[MARKET ...]", "print the names of the markets, "
	    "one a line", "d", 0, MARKET_COUNT_MAX, ctl_markets_list, 0 },
	{ "grants", NULL, "[MARKET ...]", "print the SQL that makes the "
	    "accounts of these markets (default: all)", "sH", 0,
	    MARKET_COUNT_MAX, ctl_grants, 0 },
	{ "token", NULL, "MARKET USER_ID", "print a token of this user, as a "
	    "login gives it", "", 2, 2, ctl_token, 0 },
	{ "order", "list", "MARKET", "orders, newest first: number, id, "
	    "state, total, currency, time, customer", "UPSl", 1, 1,
	    ctl_order_list, 0 },
	{ "order", "show", "MARKET ORDER", "show an order (by number or id) "
	    "and its history", "", 2, 2, ctl_order_show, 0 },
	{ "order", "move", "MARKET ORDER STATE", "move an order to a state, "
	    "if the workflow allows it; or shorter:", "fnb", 3, 3,
	    ctl_order_move, 0 },
	ENTER("confirm", ORDER_CONFIRMED),
	ENTER("process", ORDER_PROCESSING),
	ENTER("ship", ORDER_SHIPPED),
	ENTER("deliver", ORDER_DELIVERED),
	ENTER("cancel", ORDER_CANCELLED),
	ENTER("return", ORDER_RETURNED),
	{ "stock", NULL, "MARKET [SKU DELTA]", "list the stock of all SKUs, "
	    "or add DELTA (+5, -2) to one (code or id);\n\twith --file, to "
	    "all that the file names, or to none", "nbFN", 1, 3,
	    ctl_stock, 0 },
	{ "reconcile", NULL, "[MARKET ...]", "check that the books of these "
	    "markets (default: all) are right", "", 0,
	    MARKET_COUNT_MAX, ctl_reconcile, 0 },
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(*commands))

/* A further line of an option's help. */
#define HELP_LINE "\n                        "
#define FIELD(name) offsetof(struct ctl, name)

const struct command_option command_options[] = {
	{ "config", COMMAND_CONFIG, "FILE", "configuration"
	    HELP_LINE "[" SYSCONFDIR "/ordermux/ordermux.conf]",
	    FIELD(conf) },
	{ "user", 'u', "NAME", "migrate: who may change tables [root]",
	    FIELD(admin) },
	{ "password-file", 'p', "FILE", "migrate: that user's password "
	    "[none: by the socket]", FIELD(password_file) },
	{ "sql", 's', "DIR", "migrate, grants: the SQL files"
	    HELP_LINE "[" PKGDATADIR "/sql]", FIELD(sql_dir) },
	{ "client-host", 'H', "HOSTS", "grants: where the service connects "
	    "from, with commas" HELP_LINE "[the database's host, if it is "
	    "this one]", FIELD(client_host) },
	{ "long", 'd', NULL, "markets: also database, host, port and socket",
	    FIELD(long_list) },
	{ "user", 'U', "ID", "order list: only orders of this customer",
	    FIELD(customer) },
	{ "phone", 'P', "NUMBER", "order list: only orders of the customer "
	    "with" HELP_LINE "this phone number", FIELD(phone) },
	{ "status", 'S', "STATE", "order list: only orders in this state",
	    FIELD(status) },
	{ "limit", 'l', "N", "order list: at most N orders, 1 to 10000 [20]",
	    FIELD(limit) },
	{ "from", 'f', "STATE", "order: move it only if it is in this state",
	    FIELD(from) },
	{ "note", 'n', "TEXT", "order, stock: a note, at most 500 "
	    "characters;" HELP_LINE "THE CUSTOMER CAN READ the note of an "
	    "order", FIELD(note) },
	{ "by", 'b', "NAME", "order, stock: who does it; only root may name"
	    HELP_LINE "somebody else [who called sudo, or the login name]",
	    FIELD(by) },
	{ "file", 'F', "FILE", "stock: a CSV file, a SKU and a DELTA a line; "
	    "-:" HELP_LINE "standard input", FIELD(file) },
	{ "dry-run", 'N', NULL, "stock: say what --file would change, and "
	    "change nothing", FIELD(dry_run) },
	{ "list", COMMAND_LIST, "TABLE", "print a table for programs: "
	    "commands, exits", 0 },
	{ "help", COMMAND_HELP, NULL, "print this text", 0 },
	{ "version", COMMAND_VERSION, NULL, "print the version", 0 },
	{ NULL, 0, NULL, NULL, 0 }
};

static const struct {
	enum ctl_status	 status;
	const char	*meaning;
} exits[] = {
	{ CTL_DONE, "done" },
	{ CTL_ERROR, "an error; nothing found; of reconcile: the books are "
	    "wrong" },
	{ CTL_USAGE, "wrong usage" },
	{ CTL_REFUSED, "refused: the order's state or the stock does not "
	    "allow it" },
	{ CTL_AWAY, "a market could not be read (reconcile, whois)" },
};
#define EXIT_COUNT (sizeof(exits) / sizeof(*exits))

/* ---- look-up ---- */

const struct command_option *
command_option_first(const char *name)
{
	const struct command_option	*o = command_options;

	while (o->name != NULL && strcmp(o->name, name) != 0)
		o++;
	return o->name != NULL ? o : NULL;
}

const struct command_option *
command_option_of(const struct command *command, const char *name)
{
	const struct command_option	*o = command_options;

	for (; o->name != NULL; o++) {
		if (strcmp(o->name, name) == 0 &&
		    (o->letter == COMMAND_CONFIG ||
			strchr(command->options, o->letter) != NULL))
			return o;
	}
	return NULL;
}

const struct command *
command_find(char *const *words, int count, int *used)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		const struct command	*c = &commands[i];
		int			 need = c->verb != NULL ? 2 : 1;

		if (count < need || strcmp(words[0], c->word) != 0 ||
		    (need == 2 && strcmp(words[1], c->verb) != 0))
			continue;
		*used = need;
		return c;
	}
	return NULL;
}

/* ---- printing ---- */

/* Writes the name of a command: one word or two. */
static void
put_command_name(FILE *out, const struct command *c)
{
	fputs(c->word, out);
	if (c->verb != NULL)
		fprintf(out, " %s", c->verb);
}

/* Writes a command with its arguments, and what it does. */
static void
put_command(FILE *out, const struct command *c)
{
	put_command_name(out, c);
	fprintf(out, " %s\n", c->args);
	if (c->help != NULL)
		fprintf(out, "\t%s\n", c->help);
}

void
command_put_usage(FILE *out, const struct command *command)
{
	fputs("usage: ordermuxctl ", out);
	put_command(out, command);
}

/* Writes one meaning of an option. */
static void
put_option_help(FILE *out, const struct command_option *o)
{
	bool	 is_short = o->letter == COMMAND_CONFIG ||
	    o->letter == COMMAND_HELP || o->letter == COMMAND_VERSION;
	int	 width = is_short ? 16 : 20;

	fputs("  ", out);
	if (is_short)
		fprintf(out, "-%c, ", o->letter);
	width -= fprintf(out, "--%s%s%s", o->name,
	    o->value != NULL ? " " : "", o->value != NULL ? o->value : "");
	fprintf(out, "%*s  %s\n", width > 0 ? width : 0, "", o->help);
}

void
command_put_help(FILE *out)
{
	fputs("usage: ordermuxctl [-c FILE] [options] COMMAND [ARGUMENTS]\n\n",
	    out);
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		fputs("  ", out);
		put_command(out, &commands[i]);
	}
	fputc('\n', out);
	for (size_t i = 0; command_options[i].name != NULL; i++)
		put_option_help(out, &command_options[i]);
	fputs("\nStates:", out);
	for (int s = 0; s < ORDER_STATE__MAX; s++)
		fprintf(out, "%s %s", s > 0 ? "," : "",
		    workflow_name((enum order_state)s));
	fputs(".\n\nExit status:\n", out);
	for (size_t i = 0; i < EXIT_COUNT; i++)
		fprintf(out, "  %d  %s\n", (int)exits[i].status,
		    exits[i].meaning);
}

/* Writes the row of a command for --list: its name and its options. */
static void
list_command(const struct command *c)
{
	const char	*before = "\t";

	put_command_name(stdout, c);
	for (size_t i = 0; command_options[i].name != NULL; i++) {
		if (strchr(c->options, command_options[i].letter) == NULL)
			continue;
		printf("%s--%s", before, command_options[i].name);
		before = " ";
	}
	puts(*before == '\t' ? before : "");
}

bool
command_put_list(const char *what)
{
	if (strcmp(what, "commands") == 0) {
		for (size_t i = 0; i < COMMAND_COUNT; i++)
			list_command(&commands[i]);
		return true;
	}
	if (strcmp(what, "exits") == 0) {
		for (size_t i = 0; i < EXIT_COUNT; i++)
			printf("%d\t%s\n", (int)exits[i].status,
			    exits[i].meaning);
		return true;
	}
	return false;
}
