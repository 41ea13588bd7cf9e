/*
 * main.c: ordermuxctl: for administrators and staff. It creates and updates
 * the tables, makes the markets' accounts and test tokens, finds users, lists
 * and moves orders, corrects the stock and reconciles the books.
 *
 * Reads the same configuration as ordermuxd. The commands are in the tables of
 * command.c; this file reads the command line with them.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/streams.h"
#include "config/ini.h"
#include "config/settings.h"
#include "ctl/command.h"
#include "ctl/ctl.h"

#define LETTERS 256	/* of options; unsigned char */

/* The values that options were given, by the letter of the first meaning of
 * their name; NULL: not given. What they mean is known with the command. */
static const char	*given_values[LETTERS];

/* The options as getopt_long() wants them: each name once. */
static void
make_getopt_table(struct option out[LETTERS])
{
	size_t	 n = 0;

	for (const struct command_option *o = command_options;
	    o->name != NULL; o++) {
		if (command_option_first(o->name) != o)
			continue;
		out[n++] = (struct option){ .name = o->name,
		    .has_arg = o->value != NULL ? required_argument :
		    no_argument, .val = o->letter };
	}
	out[n] = (struct option){ 0 };
}

/* Takes an option; ends the program if nothing more is to be done. */
static void
take_option(int letter)
{
	switch (letter) {
	case COMMAND_HELP:
		command_put_help(stdout);
		exit(CTL_DONE);
	case COMMAND_VERSION:
		puts(PACKAGE_STRING);
		exit(CTL_DONE);
	case COMMAND_LIST:
		if (command_put_list(optarg))
			exit(CTL_DONE);
		ctl_error("--list: expected \"commands\" or \"exits\"");
		exit(CTL_USAGE);
	case '?':	/* getopt has said what is wrong */
		fputs("Try: ordermuxctl --help\n", stderr);
		exit(CTL_USAGE);
	default:
		given_values[letter] = optarg != NULL ? optarg : "";
	}
}

/* Takes the words of the line that are no options, wherever these stand.
 * "-5" is a word: a stock can be changed by it. */
static void
read_command_line(struct ctl *ctl, int argc, char **argv)
{
	struct option	 table[LETTERS];
	int		 c;

	make_getopt_table(table);
	ctl->args = argv + 1;
	while (optind < argc) {
		if (argv[optind][0] == '-' &&
		    isdigit((unsigned char)argv[optind][1]))
			ctl->args[ctl->arg_count++] = argv[optind++];
		else if ((c = getopt_long(argc, argv, "+c:hV", table,
		    NULL)) != -1)
			take_option(c);
		else if (optind < argc)
			ctl->args[ctl->arg_count++] = argv[optind++];
	}
}

/* Puts the value of an option where the command looks for it. Returns false if
 * the command does not have the option. */
static bool
set_option(struct ctl *ctl, const struct command *command, const char *name,
    const char *value)
{
	const struct command_option	*o = command_option_of(command, name);
	char				*base = (char *)ctl;

	if (o == NULL) {
		ctl_error("this command has no --%s", name);
		return false;
	}
	memcpy(base + o->field, &value, sizeof(value));
	return true;
}

/* Gives the options their values. Ends the program if the command is not to be
 * used so. */
static void
check_usage(struct ctl *ctl, const struct command *command)
{
	bool	 ok = true;

	for (const struct command_option *o = command_options;
	    o->name != NULL; o++) {
		if (given_values[o->letter] != NULL &&
		    !set_option(ctl, command, o->name,
			given_values[o->letter]))
			ok = false;
	}
	if (ok && ctl->arg_count >= command->args_min &&
	    ctl->arg_count <= command->args_max)
		return;
	command_put_usage(stderr, command);
	exit(CTL_USAGE);
}

/* Through sudo, a configuration of one's own could make us hand out what only
 * root may read. Ends the program if others than root may change the file. */
static void
check_configuration_owner(const struct ctl *ctl)
{
	struct stat	 st;

	if (!ctl_is_person() || stat(ctl->conf, &st) != 0 ||
	    (st.st_uid == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0))
		return;
	ctl_error("--config: through sudo, only a file that nobody but root "
	    "can change");
	exit(CTL_USAGE);
}

/* Loads the configuration, without secrets; ends the program when it cannot be
 * used. What is wrong with one market is no reason not to work for another. */
static void
load_settings(struct ctl *ctl)
{
	static struct ini_errors	 errors;

	check_configuration_owner(ctl);
	ini_errors_init(&errors, ctl->arena);
	ctl->errors = &errors;
	ctl->loaded = settings_load(ctl->conf, true, ctl->arena, &errors);
	ctl->settings = ctl->loaded;
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
		.admin = "root", .sql_dir = PKGDATADIR "/sql"
	};
	const struct command	*command;
	int			 status, used;

	streams_occupy();
	read_command_line(&ctl, argc, argv);
	command = command_find(ctl.args, ctl.arg_count, &used);
	if (command == NULL) {
		command_put_help(stderr);
		return CTL_USAGE;
	}
	ctl.args += used;
	ctl.arg_count -= used;
	check_usage(&ctl, command);
	ctl.to = command->to;
	ctl.arena = arena_new(65536);
	log_set_level(LOG_LEVEL_WARNING);
	secret_forbid_dumps();
	load_settings(&ctl);
	status = command->run(&ctl);
	if (status == CTL_DONE && ctl.left_out)
		status = CTL_ERROR;
	arena_free(ctl.arena);
	return status;
}
