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

#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <json-c/json_c_version.h>
#include <mysql.h>
#include <pwd.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "api/routes.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/streams.h"
#include "config/ini.h"
#include "config/market_file.h"
#include "config/settings.h"
#include "daemon/advice.h"
#include "daemon/child.h"
#include "daemon/listener.h"
#include "daemon/master.h"
#include "daemon/title.h"
#include "http/error.h"
#include "market/market.h"

#define EXIT_USAGE	2
#define ARENA_SIZE	(64 * 1024)	/* bytes; a few markets fit */
#define LOG_WAIT	100		/* ms, for a log that nobody reads */
#define SERVICE_USER	"ordermux"	/* User= of ordermux.service */

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
	const char	*user;		/* of --user, or NULL */
};

static const struct {
	int		 status;
	const char	*meaning;
} exits[] = {
	{ EXIT_SUCCESS, "done" },
	{ EXIT_FAILURE, "-t, -T: the configuration is wrong; the service: its "
	    "environment is wrong" },
	{ EXIT_USAGE, "wrong usage" },
	{ EX_CONFIG, "the service: its configuration is wrong" },
};
#define EXIT_COUNT (sizeof(exits) / sizeof(*exits))

static const struct option long_options[] = {
	{ "config",	required_argument,	NULL, 'c' },
	{ "check",	no_argument,		NULL, 't' },
	{ "print",	no_argument,		NULL, 'T' },
	{ "user",	required_argument,	NULL, 'u' },
	{ "list",	required_argument,	NULL, 'L' },
	{ "version",	no_argument,		NULL, 'V' },
	{ "help",	no_argument,		NULL, 'h' },
	{ NULL,		0,			NULL, 0 }
};

static const char usage_text[] =
    "usage: ordermuxd [-c FILE] [-t [-u USER] | -T]\n"
    "       ordermuxd --list WHAT | -V | -h\n"
    "\n"
    "  -c, --config FILE  the configuration, instead of\n"
    "                     " SYSCONFDIR "/ordermux/ordermux.conf\n"
    "  -t, --check        check it, report errors and warnings, and exit\n"
    "  -u, --user USER    check as root whether this user could run the\n"
    "                     service, instead of " SERVICE_USER "\n"
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
	while ((c = getopt_long(argc, argv, "c:tTu:Vh", long_options,
	    NULL)) != -1)
		switch (c) {
		case 'c': options->conf = optarg; break;
		case 't': options->action = ACTION_CHECK; break;
		case 'T': options->action = ACTION_PRINT; break;
		case 'u': options->user = optarg; break;
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

/* As which user root checks the configuration. */
static const char *
user_of(const struct options *options)
{
	return options->user != NULL ? options->user : SERVICE_USER;
}

/*
 * Root can read everything; whether the service could is the question. So from
 * here on, all files are opened as its user. Before the user has been created,
 * root checks as root. Ends the program if that is not possible.
 */
static void
check_as_user(const struct options *options)
{
	const struct passwd	*user;

	if (getuid() != 0 && options->user == NULL)
		return;
	user = getpwnam(user_of(options));
	if (user == NULL && options->user == NULL)
		return;
	if (user == NULL) {
		fprintf(stderr, "ordermuxd: --user: there is no user %s\n",
		    options->user);
		exit(EXIT_USAGE);
	}
	if (user->pw_uid == getuid())
		return;
	if (initgroups(user->pw_name, user->pw_gid) == -1 ||
	    setegid(user->pw_gid) == -1 || seteuid(user->pw_uid) == -1) {
		fprintf(stderr, "ordermuxd: cannot check as the user %s: %s\n",
		    user->pw_name, strerror(errno));
		exit(EXIT_FAILURE);
	}
}

/* Says all that is wrong: in the log if the service was to run, on stderr if
 * the user asked. Who prints the values has not asked for warnings. */
static void
report_notes(const struct options *options, const struct ini_errors *errors)
{
	const struct ini_notes	*warnings = &errors->warnings;

	for (size_t i = 0; i < errors->count; i++)
		if (options->action == ACTION_RUN)
			log_error(errors->text[i]);
		else
			fprintf(stderr, "%s\n", errors->text[i]);
	if (errors->count > 0 && getuid() != geteuid())
		fprintf(stderr, "checked as the user %s, as which the service "
		    "runs (--user)\n", user_of(options));
	for (size_t i = 0; i < warnings->count; i++)
		if (options->action == ACTION_RUN)
			log_warning(warnings->text[i]);
		else if (options->action == ACTION_CHECK)
			fprintf(stderr, "warning: %s\n", warnings->text[i]);
}

/* Says in the log which markets are shut. */
static void
report_shut_markets(const struct market_registry *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->markets[i].shut)
			log_error("MARKET IS SHUT: its file is wrong, and the "
			    "others are served; mend it, check it with "
			    "ordermuxd -t, and restart the service",
			    log_str("market", r->markets[i].name),
			    log_str("file", r->markets[i].file));
}

/*
 * Reads the configuration. If it cannot be used, ends the program; if the user
 * asked about it, after any error. EX_CONFIG is the one status after which
 * systemd does not try again. Printing needs no secrets: users who may read
 * the files may print them.
 */
static const struct settings *
read_settings(const struct options *options, struct arena *arena)
{
	const struct settings	*settings;
	struct ini_errors	 errors;

	ini_errors_init(&errors, arena);
	errors.strict = options->action == ACTION_CHECK;
	settings = settings_load(options->conf, options->action == ACTION_PRINT,
	    arena, &errors);
	report_notes(options, &errors);
	if (settings != NULL && errors.count == 0)
		return settings;
	if (settings != NULL && options->action == ACTION_RUN) {
		report_shut_markets(settings->markets);
		return settings;
	}
	arena_free(arena);
	exit(options->action == ACTION_RUN ? EX_CONFIG : EXIT_FAILURE);
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

/* Prints a line of advice. */
static void
print_advice(const char *line, bool warning)
{
	printf("%s: %s\n", warning ? "warning" : "note", line);
}

/* Says that the configuration is good, and what it means. Returns the exit
 * status. */
static int
print_check(const struct settings *settings, const char *conf)
{
	printf("%s: configuration is good\n", conf);
	advise(settings, child_workers(settings), print_advice);
	return flush_stdout();
}

/* Logs advice that the administrator must not miss. */
static void
log_advice(const char *line, bool warning)
{
	if (warning)
		log_warning(line);
}

/* Runs the service until it is stopped. Returns the exit status. */
static int
run_service(const struct settings *settings)
{
	struct listener	 listener;
	int		 status;

	log_set_level((enum log_level)settings->log_level);
	log_set_wait(LOG_WAIT);
	advise(settings, child_workers(settings), log_advice);

	title_set("ordermuxd: master");

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

	streams_occupy();

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
	secret_forbid_dumps();
	start_sodium();
	if (options.action == ACTION_CHECK)
		check_as_user(&options);
	settings = read_settings(&options, arena);

	/* The configuration is good. */
	if (options.action == ACTION_CHECK)
		status = print_check(settings, options.conf);
	else if (options.action == ACTION_PRINT)
		status = print_settings(settings, arena);
	else {
		/* The options are not needed any more. */
		title_init(argc, argv);
		status = run_service(settings);
	}

	/* This also clears the secrets. */
	arena_free(arena);
	return status;
}
