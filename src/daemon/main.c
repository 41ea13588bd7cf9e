/*
 * main.c: ordermuxd. Reads the command line and the configuration, and starts
 * the parts of the service in the one possible order. It must not know how any
 * of them works.
 *
 * Exit status: exits[].
 */
#ifdef HAVE_CONFIG_H
#include <config.h>	/* in <>: "config.h" would be the daemon's */
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

#define EXIT_USAGE	2
#define ARENA_SIZE	(64 * 1024)	/* bytes; a few markets fit */

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
	{ EXIT_FAILURE, "the configuration or the environment is wrong" },
	{ EXIT_USAGE, "wrong usage" },
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
    "  -t, --check        check it, report all errors, and exit\n"
    "  -T, --print        print all values in force, and exit\n"
    "      --list WHAT    print all routes, options, errors or exits: one\n"
    "                     per line, with tabs between the fields\n"
    "  -V, --version      print the versions of ordermux and its libraries\n"
    "  -h, --help         print this\n";

/* Reads the command line. Ends the program if it is wrong. */
static void
read_options(struct options *options, int argc, char *argv[])
{
	int	 c;

	*options = (struct options){
	    .conf = SYSCONFDIR "/ordermux/ordermux.conf" };
	while ((c = getopt_long(argc, argv, "c:tTVh", long_options,
	    NULL)) != -1)
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
			exit(EXIT_USAGE);
		}
	if (optind < argc) {
		fprintf(stderr, "ordermuxd: unexpected argument: %s\n%s",
		    argv[optind], usage_text);
		exit(EXIT_USAGE);
	}
}

/*
 * Reads the configuration. If there are errors, ends the program: all of them
 * are in the log if the service was to run, or on stderr if the user asked.
 * Printing needs no secrets: users who may read the files may print them.
 */
static const struct settings *
read_settings(const struct options *options, struct arena *arena)
{
	const struct settings	*settings;
	struct ini_errors	 errors;

	ini_errors_init(&errors, arena);
	settings = settings_load(options->conf, options->action == ACTION_PRINT,
	    arena, &errors);
	if (settings != NULL)
		return settings;
	for (size_t i = 0; i < errors.count; i++) {
		if (options->action == ACTION_RUN)
			log_error(errors.text[i]);
		else
			fprintf(stderr, "%s\n", errors.text[i]);
	}
	arena_free(arena);
	exit(EXIT_FAILURE);
}

/* Initialises libsodium, before the first secret is read. */
static void
start_sodium(void)
{
	if (sodium_init() == -1)
		fatal("cannot initialise libsodium");
}

/* Flushes the output. Returns the exit status: a full disk must not look like
 * success. */
static int
flush_stdout(void)
{
	if (fflush(stdout) == EOF || ferror(stdout)) {
		perror("ordermuxd: cannot print");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

/* Prints the versions. Returns the exit status. libfcgi and libjwt do not tell
 * their versions. */
static int
print_versions(void)
{
	printf("%s\nlibsodium %s\njson-c %s\nMySQL client %s\n",
	    PACKAGE_STRING, sodium_version_string(), json_c_version(),
	    mysql_get_client_info());
	return flush_stdout();
}

/* Prints the configuration. Returns the exit status. */
static int
print_settings(const struct settings *settings, struct arena *arena)
{
	struct buf	 buf;

	buf_init(&buf, arena, 4096);
	settings_print(settings, &buf);
	(void)fwrite(buf.data, 1, buf.len, stdout);
	return flush_stdout();
}

/* Lists the exit statuses. */
static void
list_exits(struct buf *out)
{
	for (size_t i = 0; i < EXIT_COUNT; i++)
		buf_printf(out, "%d\t%s\n", exits[i].status,
		    exits[i].meaning);
}

/* Lists the options of both kinds of file. */
static void
list_options(struct buf *out)
{
	settings_list(out);
	market_file_list(out);
}

/* Prints a list of what the program knows, to check the documents and the tests
 * against. Returns the exit status. */
static int
print_list(const char *what, struct arena *arena)
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
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		if (strcmp(lists[i].what, what) != 0)
			continue;
		lists[i].list(&buf);
		(void)fwrite(buf.data, 1, buf.len, stdout);
		return flush_stdout();
	}
	fprintf(stderr, "ordermuxd: --list: expected routes, options, errors "
	    "or exits, not \"%s\"\n", what);
	return EXIT_USAGE;
}

/* Runs the service until it is stopped. Returns the exit status. */
static int
run_service(const struct settings *settings)
{
	struct listener	 listener;
	int		 status;

	log_set_level((enum log_level)settings->log_level);

	/* From here on other programs see the service. */
	listener_open(&listener, settings->listen);
	status = master_run(&listener, settings);

	/* All workers have ended. */
	listener_close(&listener);
	return status;
}

int
main(int argc, char *argv[])
{
	struct options		 options;
	const struct settings	*settings;
	struct arena		*arena;
	int			 status;

	/* These need no configuration. */
	read_options(&options, argc, argv);
	if (options.action == ACTION_VERSION)
		return print_versions();
	if (options.action == ACTION_HELP) {
		fputs(usage_text, stdout);
		return flush_stdout();
	}

	arena = arena_new(ARENA_SIZE);
	if (options.action == ACTION_LIST) {
		status = print_list(options.list, arena);
		arena_free(arena);
		return status;
	}

	/* This only reads files: an error ends the program before anything
	 * has happened. */
	start_sodium();
	settings = read_settings(&options, arena);

	/* The configuration is good. */
	if (options.action == ACTION_CHECK) {
		printf("%s: configuration is good\n", options.conf);
		status = flush_stdout();
	} else if (options.action == ACTION_PRINT)
		status = print_settings(settings, arena);
	else
		status = run_service(settings);

	/* This also clears the secrets. */
	arena_free(arena);
	return status;
}
