/*
 * test_fcgi.c: answers as FastCGI records, and the end of connections.
 */
#include <criterion/criterion.h>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <fastcgi.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "http/fcgi.h"

#define ID	0x1234		/* of the request */
#define END_LEN	(3 * FCGI_HEADER_LEN)	/* both ends, of text and request */

/* A text of which no two parts are alike. */
static char *
make_text(size_t len, unsigned seed)
{
	char	*text = malloc(len + 1);

	cr_assert_not_null(text);
	for (size_t i = 0; i < len; i++)
		text[i] = (char)((i * 31 + i / 251 + seed) % 251);
	return text;
}

/* Checks the records of an answer: their form, and the text in them. */
static void
check_records(const unsigned char *p, size_t n, const char *head,
    size_t head_len, const char *body, size_t body_len)
{
	const unsigned char	*end = p + n;
	size_t			 at = 0, len;
	char			 c;

	for (; end - p > END_LEN; p += FCGI_HEADER_LEN + len + p[6]) {
		cr_assert_eq(p[0], FCGI_VERSION_1);
		cr_assert_eq(p[1], FCGI_STDOUT);
		cr_assert_eq(p[2] << 8 | p[3], ID);
		len = (size_t)p[4] << 8 | p[5];
		cr_assert_gt(len, 0, "the text ends too early");
		cr_assert_leq(FCGI_HEADER_LEN + len + p[6] + END_LEN,
		    (size_t)(end - p));
		for (size_t i = 0; i < len; i++, at++) {
			cr_assert_lt(at, head_len + body_len);
			c = at < head_len ? head[at] : body[at - head_len];
			cr_assert_eq((char)p[FCGI_HEADER_LEN + i], c,
			    "byte %zu", at);
		}
	}
	cr_assert_eq(at, head_len + body_len);
	cr_assert_eq(end - p, END_LEN);
	cr_assert_arr_eq(p, "\1\6\x12\x34\0\0\0\0" "\1\3\x12\x34\0\10\0\0"
	    "\0\0\0\0\0\0\0\0", END_LEN);
}

/* Reads to the end in pieces of this size, with a pause in us after each. */
static unsigned char *
read_all(int fd, size_t piece, unsigned pause, size_t *n)
{
	size_t		 cap = 1 << 20;
	unsigned char	*got = malloc(cap);
	ssize_t		 r;

	cr_assert_not_null(got);
	for (*n = 0; (r = read(fd, got + *n, piece)) > 0; *n += (size_t)r) {
		cr_assert_lt(*n + piece, cap);
		if (pause > 0)
			usleep(pause);
	}
	cr_assert_eq(r, 0, "the end is no error");
	return got;
}

static void
ignore_signal(int number)
{
	(void)number;
}

/* The input of a request that has been read to its end. */
static FCGX_Stream	input = { .isReader = 1, .isClosed = 1 };

/* Sends an answer from a child to a reader of this pace. */
static void
answer_with(int flags, size_t head_len, size_t body_len, size_t piece,
    unsigned pause)
{
	char		*head = make_text(head_len, 1);
	char		*body = make_text(body_len, 2);
	FCGX_Request	 fcgi = { .requestId = ID, .in = &input };
	unsigned char	*got;
	int		 pair[2], status;
	size_t		 n;
	pid_t		 child;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | flags, 0, pair), 0);
	cr_assert_eq(fcntl(pair[1], F_SETFL, 0), 0);
	child = fork();
	cr_assert_neq(child, -1);
	if (child == 0) {
		fcgi.ipcFd = pair[0];
		(void)close(pair[1]);
		/* A sendmsg(2) that waits is interrupted in the middle. */
		(void)sigaction(SIGALRM, &(struct sigaction){
		    .sa_handler = ignore_signal }, NULL);
		(void)setitimer(ITIMER_REAL, &(struct itimerval){
		    .it_interval.tv_usec = 500, .it_value.tv_usec = 500 },
		    NULL);
		_exit(!fcgi_answer(&fcgi, head, head_len, body, body_len));
	}
	(void)close(pair[0]);
	got = read_all(pair[1], piece, pause, &n);
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0);
	check_records(got, n, head, head_len, body, body_len);
	(void)close(pair[1]);
	free(got);
	free(head);
	free(body);
}

/* On a socket that waits, and on one that does not. */
static void
answer_at_pace(size_t head_len, size_t body_len, size_t piece, unsigned pause)
{
	answer_with(0, head_len, body_len, piece, pause);
	answer_with(SOCK_NONBLOCK, head_len, body_len, piece, pause);
}

Test(fcgi, an_answer_of_any_length_arrives_in_records)
{
	static const size_t	 bodies[] = { 0, 1, 7, 8, 8192, 65535 - 300,
	    65536 - 300, 65535, 65536, 131070 - 300, 131071, 400000 };

	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++)
		answer_at_pace(300, bodies[i], 65536, 0);
	answer_at_pace(65535, 0, 65536, 0);
	answer_at_pace(70000, 70000, 65536, 0);
}

Test(fcgi, a_client_that_reads_slowly_gets_every_byte_once)
{
	answer_at_pace(300, 600000, 4099, 200);
}

Test(fcgi, a_client_that_has_gone_is_noticed_and_harms_nobody)
{
	FCGX_Request	 fcgi = { .requestId = ID, .in = &input };
	char		*body = make_text(900000, 3), first[1000];
	int		 pair[2], status;
	pid_t		 child;

	/* Before the answer. */
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	fcgi.ipcFd = pair[0];
	(void)close(pair[1]);
	cr_expect_not(fcgi_answer(&fcgi, "head", 4, body, 900000));
	cr_expect_eq(fcgi.ipcFd, -1);

	/* In the middle of it. */
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	child = fork();
	cr_assert_neq(child, -1);
	if (child == 0) {
		fcgi.ipcFd = pair[0];
		(void)close(pair[1]);
		_exit(fcgi_answer(&fcgi, "head", 4, body, 900000));
	}
	(void)close(pair[0]);
	cr_assert_eq(recv(pair[1], first, sizeof(first), MSG_WAITALL), 1000);
	(void)close(pair[1]);
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect_eq(status, 0);
	free(body);
}

/* ---- whole requests ---- */

#define BEGIN(flags)	"\1\1\x12\x34\0\10\0\0" "\0\1" flags "\0\0\0\0\0"
#define GET		"\1\4\x12\x34\0\x15\0\0" "\x0e\3REQUEST_METHODGET\0\0"
#define POST		"\1\4\x12\x34\0\x15\0\0" "\x0e\5CONTENT_LENGTH90000"
#define PARAMS_END	"\1\4\x12\x34\0\0\0\0"
#define STDIN_END	"\1\5\x12\x34\0\0\0\0"

/* Lets one request be read, answered and closed; the client then reads. */
static void
exchange(const char *bytes, size_t n, size_t more)
{
	struct sockaddr_un	 address = { .sun_family = AF_UNIX };
	socklen_t		 address_len = sizeof(address);
	FCGX_Request		 fcgi;
	char			*rest = make_text(more, 4);
	unsigned char		*got;
	size_t			 len;
	int			 listener, fd;

	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	/* The kernel makes up a name that is no file's. */
	cr_assert_eq(bind(listener, (struct sockaddr *)&address,
	    sizeof(address.sun_family)), 0);
	cr_assert_eq(listen(listener, 1), 0);
	cr_assert_eq(getsockname(listener, (struct sockaddr *)&address,
	    &address_len), 0);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, address_len),
	    0);
	cr_assert_eq(send(fd, bytes, n, 0), (ssize_t)n);
	if (more > 0)
		cr_assert_eq(send(fd, rest, more, 0), (ssize_t)more);

	cr_assert_eq(setenv(FCGI_CLOSE_TIMEOUT_NAME, FCGI_CLOSE_TIMEOUT, 1),
	    0);
	cr_assert_eq(FCGX_Init(), 0);
	cr_assert_eq(FCGX_InitRequest(&fcgi, listener, 0), 0);
	cr_assert_eq(FCGX_Accept_r(&fcgi), 0);
	cr_assert(fcgi_answer(&fcgi, "head", 4, "body", 4));
	fcgi_close(&fcgi);
	cr_expect_eq(fcgi.ipcFd, -1);

	got = read_all(fd, 65536, 0, &len);
	check_records(got, len, "head", 4, "body", 4);
	(void)close(fd);
	(void)close(listener);
	free(got);
	free(rest);
}

#define EXCHANGE(text, more)	exchange((text), sizeof(text) - 1, (more))

Test(fcgi, a_connection_is_closed_even_if_the_client_would_keep_it)
{
	EXCHANGE(BEGIN("\0") GET PARAMS_END STDIN_END, 0);
	EXCHANGE(BEGIN("\1") GET PARAMS_END STDIN_END, 0);
}

/* The alarm ends the test if it waits for the rest. */
Test(fcgi, a_request_that_never_ends_is_not_waited_for, .timeout = 20)
{
	EXCHANGE(BEGIN("\0") GET PARAMS_END, 0);
	EXCHANGE(BEGIN("\0") GET PARAMS_END "\1\5", 0);
}

Test(fcgi, a_body_that_nobody_has_read_does_not_cost_the_answer)
{
	EXCHANGE(BEGIN("\0") POST PARAMS_END "\1\5\x12\x34\xff\xff\0\0",
	    65535);
	EXCHANGE(BEGIN("\0") POST PARAMS_END, 0);
}
