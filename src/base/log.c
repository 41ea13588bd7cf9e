/*
 * log.c: writes log lines (see log.h). Called from everywhere; calls nothing
 * of ours but the clock, and never fails: a line that cannot be written is
 * lost.
 *
 * Standard error is shared with other programs, so its flags stay as they are.
 * A socket (the journal's) can be told with each line not to wait. A pipe or a
 * terminal is opened a second time, which gives it flags of its own.
 */
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define WITHOUT_END	(-1)

struct line {
	size_t	len;
	char	text[LOG_LINE_MAX];
};

/* Where the lines go, and how long one waits, in ms. */
static struct {
	int		fd;
	bool		is_socket;
	bool		poll_first;	/* or write(2) may wait for room */
	int		wait;		/* or WITHOUT_END */
	uint64_t	dropped;	/* lines since one was taken */
} output = { .fd = STDERR_FILENO, .wait = WITHOUT_END };

static enum log_level	 threshold = LOG_LEVEL_INFO;
static const char	*request_context;
static const char	*market_context;
static int64_t		 user_context;

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_NOTICE] = "notice",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug"
};

void
log_set_level(enum log_level level)
{
	threshold = level;
}

void
log_set_request(const char *request_id)
{
	request_context = request_id;
}

void
log_set_market(const char *market)
{
	market_context = market;
}

void
log_set_user(int64_t user)
{
	user_context = user;
}

/* Adds a byte; the last place is kept for the newline. */
static void
line_putc(struct line *l, char c)
{
	if (l->len < sizeof(l->text) - 1)
		l->text[l->len++] = c;
}

static void
line_puts(struct line *l, const char *s)
{
	while (*s != '\0')
		line_putc(l, *s++);
}

/* Adds a value between quotes, with control characters, quotes and
 * backslashes escaped, so that it stays one value on one line. */
static void
line_quote(struct line *l, const char *s)
{
	char	 hex[5];

	line_putc(l, '"');
	for (; *s != '\0'; s++) {
		unsigned char	 c = (unsigned char)*s;

		if (c == '"' || c == '\\') {
			line_putc(l, '\\');
			line_putc(l, *s);
		} else if (c < 0x20 || c == 0x7f) {
			snprintf(hex, sizeof(hex), "\\x%02x", c);
			line_puts(l, hex);
		} else
			line_putc(l, *s);
	}
	line_putc(l, '"');
}

/* Adds a string value, between quotes only where logfmt needs them. */
static void
line_value(struct line *l, const char *s)
{
	static const char	 bare[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "-_./:+@,#";

	if (*s != '\0' && s[strspn(s, bare)] == '\0')
		line_puts(l, s);
	else
		line_quote(l, s);
}

static void
line_field(struct line *l, const struct log_field *f)
{
	char	 number[24];

	line_putc(l, ' ');
	line_puts(l, f->name);
	line_putc(l, '=');
	switch (f->kind) {
	case LOG_KIND_STRING:
		line_value(l, f->string != NULL ? f->string : "");
		break;
	case LOG_KIND_SIGNED:
		snprintf(number, sizeof(number), "%lld", (long long)f->number);
		line_puts(l, number);
		break;
	case LOG_KIND_UNSIGNED:
		snprintf(number, sizeof(number), "%llu",
		    (unsigned long long)f->count);
		line_puts(l, number);
		break;
	case LOG_KIND_END:
		break;
	}
}

/* Adds name=value for a context that is set, unless a field says it too. */
static void
line_context(struct line *l, const char *name, const char *value,
    const struct log_field *fields)
{
	struct log_field	 f = log_str(name, value);

	if (value == NULL || *value == '\0')
		return;
	for (; fields->name != NULL; fields++)
		if (strcmp(fields->name, name) == 0)
			return;
	line_field(l, &f);
}

/* Takes away the part of a character at which a full line was cut. */
static void
line_trim(struct line *l)
{
	while (l->len > 0 &&
	    ((unsigned char)l->text[l->len - 1] & 0xc0) == 0x80)
		l->len--;
	if (l->len > 0 && ((unsigned char)l->text[l->len - 1] & 0x80) != 0)
		l->len--;
}

/* Whether standard error is a stream of the journal: systemd.exec(5) says how
 * to tell. Not so in a pipe of a program that systemd has started. */
static bool
stderr_is_journal(void)
{
	const char		*stream = getenv("JOURNAL_STREAM");
	unsigned long long	 device, inode;
	struct stat		 st;

	return stream != NULL && fstat(STDERR_FILENO, &st) == 0 &&
	    sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	    device == st.st_dev && inode == st.st_ino;
}

/* ---- where the lines go ---- */

void
log_set_wait(unsigned ms)
{
	struct stat	 st;
	int		 fd = -1;

	output.wait = (int)ms;
	if (fstat(STDERR_FILENO, &st) == -1)
		return;
	output.is_socket = S_ISSOCK(st.st_mode);
	if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))
		fd = open("/proc/self/fd/2",
		    O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd != -1)
		output.fd = fd;
	/* A pipe of somebody else's may not be opened: what poll(2) says is
	 * then true but for a moment. A file has always room. */
	output.poll_first = fd == -1 && !output.is_socket &&
	    !S_ISREG(st.st_mode);
}

/* Waits until there is room; false if there is none until then. */
static bool
wait_for_room(uint64_t until_ms)
{
	struct pollfd	 p = { .fd = output.fd, .events = POLLOUT };
	uint64_t	 now;
	int		 wait, n;

	do {
		now = clock_ms();
		wait = until_ms == UINT64_MAX ? WITHOUT_END :
		    now < until_ms ? (int)(until_ms - now) : 0;
		n = poll(&p, 1, wait);
	} while (n == -1 && errno == EINTR);
	return n > 0;
}

/* Writes a line. False if there is no room for it within this time. A line
 * that cannot be written for another reason is lost: there is nowhere left to
 * say so. */
static bool
put_line(const struct line *l, int wait)
{
	uint64_t	 until_ms = wait == WITHOUT_END ? UINT64_MAX :
	    clock_ms() + (uint64_t)wait;
	ssize_t		 n;

	if (output.poll_first && !wait_for_room(until_ms))
		return false;
	for (;;) {
		n = output.is_socket ? send(output.fd, l->text, l->len,
		    MSG_DONTWAIT | MSG_NOSIGNAL) :
		    write(output.fd, l->text, l->len);
		if (n != -1 || (errno != EAGAIN && errno != EWOULDBLOCK))
			return true;
		if (!wait_for_room(until_ms))
			return false;
	}
}

/* Begins a line. */
static void
line_begin(struct line *l, enum log_level level, const char *msg)
{
	static int	 journal = -1;

	if (journal == -1)
		journal = stderr_is_journal();
	l->len = 0;
	if (journal) {
		line_putc(l, '<');
		line_putc(l, (char)('0' + level));
		line_putc(l, '>');
	}
	line_puts(l, "level=");
	line_puts(l, level_names[level]);
	line_puts(l, " msg=");
	line_quote(l, msg);
}

/* Ends a line. */
static void
line_end(struct line *l)
{
	if (l->len == sizeof(l->text) - 1)
		line_trim(l);
	l->text[l->len++] = '\n';
}

/* Says how many lines were dropped. False if nobody reads yet. */
static bool
say_dropped(void)
{
	struct line	 l;

	line_begin(&l, LOG_LEVEL_WARNING, "log lines dropped: they were not "
	    "read in time");
	line_field(&l, LOG_FIELDS(log_uint("lines", output.dropped)));
	line_end(&l);
	if (!put_line(&l, 0))
		return false;
	output.dropped = 0;
	return true;
}

void
log_write(enum log_level level, const char *msg, const struct log_field *f)
{
	struct line	 l;

	if (level > threshold)
		return;
	line_begin(&l, level, msg);
	line_context(&l, "request_id", request_context, f);
	line_context(&l, "market", market_context, f);
	if (user_context != 0)
		line_field(&l, LOG_FIELDS(log_int("user", user_context)));
	for (; f->name != NULL; f++)
		line_field(&l, f);
	line_end(&l);
	if ((output.dropped > 0 && !say_dropped()) ||
	    !put_line(&l, output.wait))
		output.dropped++;
}

/* Writes a formatted message as an error line. */
static void __attribute__((format(printf, 1, 0)))
log_verror(const char *fmt, va_list ap)
{
	char	 msg[1024];

	vsnprintf(msg, sizeof(msg), fmt, ap);
	log_error(msg);
}

void
fatal(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_verror(fmt, ap);
	va_end(ap);
	exit(1);
}

void
panic(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_verror(fmt, ap);
	va_end(ap);
	abort();
}
