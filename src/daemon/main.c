/*
 * main.c: ordermuxd. Reads what was asked for and the configuration, and puts
 * the parts together in the one order in which they can start. It must not
 * know how any of them works.
 *
 * Exit status: exits[].
 */
#ifdef HAVE_CONFIG_H
#include <config.h>	/* in <>: "config.h" would be the daemon's own */
#endif

#include <getopt.h>
#include <json-c/json_c_version.h>
#include <mysql.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/routes.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "config/ini.h"
#include "config/market_file.h"
#include "config/settings.h"
#include "daemon/listener.h"
#include "daemon/master.h"
#include "http/error.h"

#define MAIN_EXIT_USAGE	2
#define MAIN_ARENA	(64 * 1024)	/* bytes; a few markets fit */

enum action {
	ACTION_RUN,
	ACTION_CHECK,
	ACTION_PRINT,
	ACTION_LIST,
	ACTION_VERSION,
	ACTION_HELP
};

struct options {
	enum action	 action;
	const char	*conf;
	const char	*list;		/* of --list */
};

static const struct {
	int		 status;
	const char	*meaning;
} exits[] = {
	{ EXIT_SUCCESS, "done" },
	{ EXIT_FAILURE, "wrong configuration, or an error of the system" },
	{ MAIN_EXIT_USAGE, "wrong usage" },
};
#define EXIT_COUNT (sizeof(exits) / sizeof(*exits))

static const struct option long_options[] = {
	{ "config",	required_argument,	NULL, 'c' },
	{ "check",	no_argument,		NULL, 't' },
	{ "print",	no_argument,		NULL, 'T' },
	{ "list",	required_argument,	NULL, 'L' },
	{ "version",	no_argument,		NULL, 'V' },
	{ "help",	no_argument,		NULL, 'h' },
	{ NULL,		0,			NULL, 0 }
};

static const char usage_text[] =
    "usage: ordermuxd [-c FILE] [-t | -T]\n"
    "       ordermuxd --list WHAT | -V | -h\n"
    "\n"
    "  -c, --config FILE  the configuration, instead of\n"
    "                     " SYSCONFDIR "/ordermux/ordermux.conf\n"
    "  -t, --check        check it, say all that is wrong, and exit\n"
    "  -T, --print        print what is in force, secrets masked, and exit\n"
    "      --list WHAT    print all routes, options, errors or exits that there\n"
    "                     are, a line each, with tabs between their parts\n"
    "  -V, --version      print the versions of ordermux and its libraries\n"
    "  -h, --help         print this\n";

/*
 * Reads the command line. Ends the program when it makes no sense.
 */
static void
options_init(struct options *options, int argc, char *argv[])
{
	int c;

	*options = (struct options){
	    .conf = SYSCONFDIR "/ordermux/ordermux.conf" };
	while ((c = getopt_long(argc, argv, "c:tTVh", long_options, NULL))
	    != -1)
		switch (c) {
		case 'c': options->conf = optarg; break;
		case 't': options->action = ACTION_CHECK; break;
		case 'T': options->action = ACTION_PRINT; break;
		case 'L':
			options->action = ACTION_LIST;
			options->list = optarg;
			break;
		case 'V': options->action = ACTION_VERSION; break;
		case 'h': options->action = ACTION_HELP; break;
		default:
			fputs(usage_text, stderr);
			exit(MAIN_EXIT_USAGE);
		}
	if (optind < argc) {
		fprintf(stderr, "ordermuxd: unexpected argument: %s\n%s",
		    argv[optind], usage_text);
		exit(MAIN_EXIT_USAGE);
	}
}

/*
 * Reads the configuration. On errors says them all, on lines for people when
 * a person has asked, else in the log, and ends the program. Printing needs
 * no secrets, so that whoever may read the files may print them.
 */
static const struct settings *
settings_init(const struct options *options, struct arena *arena)
{
	const struct settings *settings;
	struct ini_errors errors;
	size_t i;

	ini_errors_init(&errors, arena);
	settings = settings_load(options->conf, options->action == ACTION_PRINT,
	    arena, &errors);
	if (settings != NULL)
		return settings;
	for (i = 0; i < errors.count; i++)
		if (options->action == ACTION_RUN)
			log_error(errors.text[i]);
		else
			fprintf(stderr, "%s\n", errors.text[i]);
	arena_free(arena);
	exit(EXIT_FAILURE);
}

/*
 * libsodium must be ready before the first secret is read.
 */
static void
sodium_start(void)
{
	if (sodium_init() == -1)
		fatal("cannot initialise libsodium");
}

/*
 * Flushes what was printed. Returns the exit status: a full disk must not
 * look like success.
 */
static int
main_printed(void)
{
	if (fflush(stdout) == EOF || ferror(stdout)) {
		perror("ordermuxd: cannot print");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

/*
 * Returns the exit status. libfcgi and libjwt cannot be asked.
 */
static int
main_version(void)
{
	printf("%s\nlibsodium %s\njson-c %s\nMySQL client %s\n",
	    PACKAGE_STRING, sodium_version_string(), json_c_version(),
	    mysql_get_client_info());
	return main_printed();
}

/*
 * Returns the exit status.
 */
static int
main_print(const struct settings *settings, struct arena *arena)
{
	struct buf buf;

	buf_init(&buf, arena, 4096);
	settings_print(settings, &buf);
	(void)fwrite(buf.data, 1, buf.len, stdout);
	return main_printed();
}

static void
list_exits(struct buf *out)
{
	for (size_t i = 0; i < EXIT_COUNT; i++)
		buf_printf(out, "%d\t%s\n", exits[i].status,
		    exits[i].meaning);
}

/* The options of both kinds of file. */
static void
list_options(struct buf *out)
{
	settings_list(out);
	market_file_list(out);
}

/*
 * Prints what the program knows of one kind, for checks of its papers and
 * tests. Returns the exit status.
 */
static int
main_list(const char *what, struct arena *arena)
{
	static const struct {
		const char	*what;
		void		(*list)(struct buf *);
	} lists[] = {
		{ "routes", api_routes_list },
		{ "options", list_options },
		{ "errors", http_errors_list },
		{ "exits", list_exits },
	};
	struct buf	 buf;

	buf_init(&buf, arena, 4096);
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		if (strcmp(lists[i].what, what) == 0) {
			lists[i].list(&buf);
			(void)fwrite(buf.data, 1, buf.len, stdout);
			return main_printed();
		}
	fprintf(stderr, "ordermuxd: --list: expected routes, options, errors "
	    "or exits, not \"%s\"\n", what);
	return MAIN_EXIT_USAGE;
}

/*
 * Runs the service until it is told to stop. Returns the exit status.
 */
static int
main_serve(const struct settings *settings)
{
	struct listener listener;
	int status;

	log_set_level((enum log_level)settings->log_level);

	/* From here others see us: the socket, then the processes. */
	listener_open(&listener, settings->listen);
	status = master_run(&listener, settings);

	/* All workers have gone. */
	listener_close(&listener);
	return status;
}

int
main(int argc, char *argv[])
{
	struct options options;
	const struct settings *settings;
	struct arena *arena;
	int status;

	/* What was asked for. */
	options_init(&options, argc, argv);
	if (options.action == ACTION_VERSION)
		return main_version();
	if (options.action == ACTION_HELP) {
		fputs(usage_text, stdout);
		return main_printed();
	}

	arena = arena_new(MAIN_ARENA);
	if (options.action == ACTION_LIST) {
		status = main_list(options.list, arena);
		arena_free(arena);
		return status;
	}

	/* Only files are read: wrong ones end it before anything happens. */
	sodium_start();
	settings = settings_init(&options, arena);

	/* The configuration is good. */
	if (options.action == ACTION_CHECK) {
		printf("%s: configuration is good\n", options.conf);
		status = main_printed();
	} else if (options.action == ACTION_PRINT)
		status = main_print(settings, arena);
	else
		status = main_serve(settings);

	/* The secrets are zeroed with the rest. */
	arena_free(arena);
	return status;
}
