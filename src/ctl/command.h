/*
 * command.h: what ordermuxctl can do, as three tables: the commands, the
 * options and the exit statuses. --help and --list print the same tables.
 *
 * One name of an option may stand in two rows of the table with different
 * meanings: "--user" of migrate is not "--user" of "order list". Each row has
 * a letter of its own, and a command lists the letters that it takes. So for
 * one command a name has one meaning.
 */
#ifndef ORDERMUX_COMMAND_H
#define ORDERMUX_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "market/workflow.h"

struct ctl;

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

struct command_option {
	const char	*name;		/* without the dashes */
	unsigned char	 letter;
	const char	*value;		/* "NAME"; NULL: it has no value */
	const char	*help;
	size_t		 field;		/* of struct ctl, for the value */
};

/* All meanings of all options; the row after the last has no name. */
extern const struct command_option command_options[];

/* The letters of the options that work without a command. */
#define COMMAND_CONFIG	'c'
#define COMMAND_HELP	'h'
#define COMMAND_LIST	'L'
#define COMMAND_VERSION	'V'

/* The first row of command_options with this name. */
const struct command_option *command_option_first(const char *name);

/* What the option means for this command; NULL if it does not know it. */
const struct command_option *command_option_of(const struct command *,
    const char *name);

/* The command that these words begin with, and how many of them are its name;
 * NULL if there is none. */
const struct command *command_find(char *const *words, int count, int *used);

/* "usage: ordermuxctl order show MARKET ORDER", and what it does. */
void	command_put_usage(FILE *, const struct command *);

/* The text of --help. */
void	command_put_help(FILE *);

/* Prints a table for programs, a line a row: "exits" as STATUS, tab, MEANING;
 * "commands" as COMMAND [VERB], tab, OPTIONS. False if there is no such. */
bool	command_put_list(const char *what);

#endif
