/*
 * test_log.c: the lines of the log.
 */
#include "scratch.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <stdint.h>
#include <time.h>

#include "base/log.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A pipe that keeps writes apart, in place of standard error. */
static int	log_pipe[2];

static void
log_catch(void)
{
	cr_assert_eq(pipe2(log_pipe, O_DIRECT | O_NONBLOCK), 0);
	cr_assert_eq(dup2(log_pipe[1], STDERR_FILENO), STDERR_FILENO);
}

/* What one write wrote, "" if there was none. */
static const char *
log_caught(void)
{
	static char	text[2 * LOG_LINE_MAX];
	ssize_t		n = read(log_pipe[0], text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

Test(log, a_line_is_one_write_with_its_fields_in_order)
{
	log_catch();
	log_info("one");
	log_error("two", log_str("s", "bare-_./:+@,#9"),
	    log_int("i", INT64_MIN), log_uint("u", UINT64_MAX),
	    log_str("none", NULL), log_str("empty", ""));
	cr_expect_str_eq(log_caught(), "level=info msg=\"one\"\n");
	cr_expect_str_eq(log_caught(), "level=error msg=\"two\" "
	    "s=bare-_./:+@,#9 i=-9223372036854775808 u=18446744073709551615 "
	    "none=\"\" empty=\"\"\n");
	cr_expect_str_eq(log_caught(), "");
}

Test(log, the_journals_priority_stands_before_lines_for_the_journal_only)
{
	char		 stream[64];
	struct stat	 st;

	log_catch();
	cr_assert_eq(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu",
	    (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	cr_assert_eq(setenv("JOURNAL_STREAM", stream, 1), 0);
	log_warning("m");
	cr_expect_str_eq(log_caught(), "<4>level=warning msg=\"m\"\n");
}

Test(log, a_pipe_that_is_not_the_journals_has_no_priorities)
{
	log_catch();
	cr_assert_eq(setenv("JOURNAL_STREAM", "1:2", 1), 0);
	log_warning("m");
	cr_expect_str_eq(log_caught(), "level=warning msg=\"m\"\n");
}

Test(log, no_value_can_end_a_line_or_forge_a_field)
{
	static const struct {
		const char	*value;
		const char	*shown;
	} cases[] = {
		{ "a\nlevel=error", "\"a\\x0alevel=error\"" },
		{ "a\r\n", "\"a\\x0d\\x0a\"" },
		{ "\" user=1 x=\"", "\"\\\" user=1 x=\\\"\"" },
		{ "\\", "\"\\\\\"" },
		{ "\\\"", "\"\\\\\\\"\"" },
		{ "\x1b[2J", "\"\\x1b[2J\"" },
		{ "\x7f", "\"\\x7f\"" },
		{ "\x01\x1f", "\"\\x01\\x1f\"" },
		{ "two words", "\"two words\"" },
		{ "a=b", "\"a=b\"" },
		{ "\tx", "\"\\x09x\"" },
		{ "сом", "\"сом\"" },
	};
	char	expected[256];

	log_catch();
	for (size_t i = 0; i < COUNT(cases); i++) {
		log_info(cases[i].value, log_str("v", cases[i].value));
		/* The message always stands between quotes. */
		snprintf(expected, sizeof(expected),
		    "level=info msg=%s v=%s\n", cases[i].shown,
		    cases[i].shown);
		cr_expect_str_eq(log_caught(), expected);
	}
}

Test(log, a_line_is_cut_at_its_limit_but_still_ends)
{
	static char	 value[3 * LOG_LINE_MAX];
	const char	*fillers = "x\n\"";

	log_catch();
	for (const char *f = fillers; *f != '\0'; f++) {
		for (size_t n = LOG_LINE_MAX - 60; n < sizeof(value) - 1;
		    n += n < LOG_LINE_MAX ? 1 : 997) {
			const char	*line;

			memset(value, *f, n);
			value[n] = '\0';
			log_info("m", log_str("v", value), log_str("w", "end"));
			line = log_caught();
			cr_assert_leq(strlen(line), LOG_LINE_MAX);
			cr_assert(n < LOG_LINE_MAX ||
			    strlen(line) == LOG_LINE_MAX);
			cr_assert_eq(strchr(line, '\n'),
			    line + strlen(line) - 1, "%zu x %d", n, *f);
			cr_assert_str_eq(log_caught(), "");
		}
	}
}

Test(log, contexts_are_on_every_line_until_they_are_taken_away)
{
	log_catch();
	log_set_request("4be1\n");
	log_set_market("us");
	log_set_user(19);
	log_info("m", log_int("n", 1));
	cr_expect_str_eq(log_caught(), "level=info msg=\"m\" "
	    "request_id=\"4be1\\x0a\" market=us user=19 n=1\n");
	log_set_user(0);
	log_set_request("");
	log_notice("m");
	cr_expect_str_eq(log_caught(), "level=notice msg=\"m\" market=us\n");
	log_info("m", log_str("market", "kg"));
	cr_expect_str_eq(log_caught(), "level=info msg=\"m\" market=kg\n",
	    "a name comes once in a line");
	log_set_market(NULL);
	log_warning("m");
	cr_expect_str_eq(log_caught(), "level=warning msg=\"m\"\n");
}

Test(log, only_what_is_urgent_enough_is_written)
{
	log_catch();
	log_debug("d");
	cr_expect_str_eq(log_caught(), "", "info is the level at first");
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("d");
	cr_expect_str_eq(log_caught(), "level=debug msg=\"d\"\n");
	log_set_level(LOG_LEVEL_ERROR);
	log_warning("w");
	cr_expect_str_eq(log_caught(), "");
	log_error("e");
	cr_expect_str_eq(log_caught(), "level=error msg=\"e\"\n");
}

/* Makes standard error a pipe or a socket that nobody reads until
 * read_errors(). Its other end. */
static int
stand_still(bool socket)
{
	int	 ends[2];

	cr_assert_eq(socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends) :
	    pipe(ends), 0);
	cr_assert_neq(dup2(ends[1], STDERR_FILENO), -1);
	(void)close(ends[1]);
	return ends[0];
}

/* Reads what there is. Returns how many lines, and the first of those that say
 * what was dropped in *dropped. */
static uint64_t
read_errors(int fd, uint64_t *dropped)
{
	static char	 text[1 << 22];
	size_t		 len = 0;
	ssize_t		 n;
	uint64_t	 lines = 0;
	const char	*at;

	cr_assert_neq(fcntl(fd, F_SETFL, O_NONBLOCK), -1);
	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	at = strstr(text, "in time\" lines=");
	*dropped = at != NULL ?
	    strtoull(at + strlen("in time\" lines="), NULL, 10) : 0;
	return lines;
}

static void
drop_and_count(bool socket)
{
	const uint64_t	 sent = 20000;
	uint64_t	 lines, dropped;
	int		 fd = stand_still(socket);

	/* Nothing else has changed of what the other programs share. */
	log_set_wait(10);
	cr_expect_eq(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK, 0);
	for (uint64_t i = 0; i < sent; i++)
		log_info("a line", log_uint("i", i));
	lines = read_errors(fd, &dropped);
	cr_expect(lines > 0 && lines < sent, "%llu",
	    (unsigned long long)lines);
	cr_expect_eq(dropped, 0);
	log_info("read again");
	cr_expect_eq(read_errors(fd, &dropped), 2);
	cr_expect_eq(dropped, sent - lines);
	log_info("and again");
	cr_expect_eq(read_errors(fd, &dropped), 1);
	cr_expect_eq(dropped, 0);
}

Test(log, a_pipe_that_nobody_reads_costs_lines_and_they_are_counted)
{
	drop_and_count(false);
}

Test(log, a_socket_that_nobody_reads_costs_lines_and_they_are_counted)
{
	drop_and_count(true);
}

Test(log, a_reader_who_is_only_slow_costs_nothing)
{
	const uint64_t	 sent = 3000;
	uint64_t	 lines = 0, dropped;
	int		 fd = stand_still(false), status;
	pid_t		 pid = fork();

	cr_assert_neq(pid, -1);
	if (pid == 0) {
		log_set_wait(10000);
		for (uint64_t i = 0; i < sent; i++)
			log_info("a line", log_uint("i", i));
		_exit(0);
	}
	(void)close(STDERR_FILENO);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		lines += read_errors(fd, &dropped);
		cr_expect_eq(dropped, 0);
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	lines += read_errors(fd, &dropped);
	cr_expect_eq(lines, sent);
	cr_expect_eq(status, 0);
}

Test(log, fatal_ends_the_process_with_1, .exit_code = 1)
{
	fatal("no %s", "way");
}
