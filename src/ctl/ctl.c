/*
 * ctl.c: what the commands share (see ctl.h).
 */
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/money.h"
#include "base/slot.h"
#include "base/str.h"
#include "config/ini.h"
#include "config/market_file.h"
#include "config/settings.h"
#include "ctl/ctl.h"
#include "market/market.h"
#include "store/order_move.h"
#include "store/statements.h"

void
ctl_error(const char *fmt, ...)
{
	va_list	 ap;

	fputs("ordermuxctl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

const struct market *
ctl_market(const struct ctl *ctl, const char *name)
{
	const struct market	*market = market_find(ctl->settings->markets,
	    name);

	if (market == NULL) {
		ctl_error("there is no market \"%s\"", name);
		exit(CTL_ERROR);
	}
	return market;
}

const struct market **
ctl_markets(const struct ctl *ctl, size_t *count)
{
	const struct market_registry	*r = ctl->settings->markets;
	const struct market		**list;
	size_t				 n = (size_t)ctl->arg_count;

	*count = n > 0 ? n : r->count;
	list = arena_array(ctl->arena, *count, sizeof(*list));
	for (size_t i = 0; i < *count; i++)
		list[i] = n > 0 ? ctl_market(ctl, ctl->args[i]) :
		    &r->markets[i];
	return list;
}

void
ctl_need_password(const struct ctl *ctl, const struct market *market)
{
	size_t	 before = ctl->errors->count;

	if (market_read_password(ctl->settings->dir,
	    &ctl->settings->markets->markets[market->index], ctl->arena,
	    ctl->errors))
		return;
	for (size_t i = before; i < ctl->errors->count; i++)
		ctl_error("%s", ctl->errors->text[i]);
	exit(CTL_ERROR);
}

struct db *
ctl_db(const struct ctl *ctl, const struct market *market,
    unsigned query_timeout)
{
	static struct slot	 slot;	/* nobody reads it */
	struct db_limits	*limits = arena_alloc(ctl->arena,
	    sizeof(*limits));

	ctl_need_password(ctl, market);
	limits->connect_timeout = ctl->settings->connect_timeout;
	limits->query_timeout = query_timeout;
	return store_db_new(market, limits, NULL, &slot);
}

int
ctl_db_error(const struct market *market, enum db_result result)
{
	if (result == DB_AWAY || result == DB_LOST || result == DB_AGAIN)
		ctl_error("%s: the database cannot be used now; nothing was "
		    "changed", market->name);
	else
		ctl_error("%s: the database refused; nothing was changed",
		    market->name);
	return CTL_ERROR;
}

/* ---- texts ---- */

/* Returns how many bytes at p must not be sent to a terminal; 0 if the first
 * character is harmless. Text that is not UTF-8 is judged byte by byte. */
static size_t
unfit_bytes(const unsigned char *p, bool utf8)
{
	if (*p < 0x20 || *p == 0x7f || *p == '\\')
		return 1;
	if (*p >= 0x80 && !utf8)
		return 1;
	if (p[0] == 0xc2 && p[1] < 0xa0)	/* U+0080 .. U+009F */
		return 2;
	if (p[0] == 0xd8 && p[1] == 0x9c)	/* U+061C */
		return 2;
	if (p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0x8e || p[2] == 0x8f ||
	    (p[2] >= 0xa8 && p[2] <= 0xae)))	/* U+200E, U+2028 and on */
		return 3;
	if (p[0] == 0xe2 && p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)
		return 3;			/* U+2066 .. U+2069 */
	return 0;
}

/* Writes a byte in visible characters. */
static void
put_escaped_byte(struct buf *out, unsigned char c)
{
	if (c == '\n')
		buf_puts(out, "\\n");
	else if (c == '\t')
		buf_puts(out, "\\t");
	else if (c == '\\')
		buf_puts(out, "\\\\");
	else
		buf_printf(out, "\\x%02x", c);
}

const char *
ctl_clean(struct arena *arena, const char *text)
{
	const unsigned char	*p = (const unsigned char *)text;
	struct buf		 out;
	bool			 utf8;

	if (text == NULL)
		return "";
	utf8 = str_utf8_valid(text, strlen(text));
	buf_init(&out, arena, strlen(text) + 16);
	while (*p != '\0') {
		size_t	 n = unfit_bytes(p, utf8);

		if (n == 0)
			buf_putc(&out, (char)*p++);
		while (n-- > 0)
			put_escaped_byte(&out, *p++);
	}
	return buf_text(&out);
}

const char *
ctl_amount(const struct ctl *ctl, const struct market *market, int64_t minor)
{
	char	 amount[MONEY_TEXT_MAX];

	money_format(minor, market->currency.digits, amount);
	return arena_strdup(ctl->arena, amount);
}

const char *
ctl_time(struct arena *arena, int64_t us)
{
	time_t		 seconds = (time_t)(us / 1000000);
	struct tm	 tm;
	char		 text[32];

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return arena_strdup(arena, text);
}

/* ---- who, and why ---- */

/* Returns who called sudo or doas to be root; NULL if nobody, or root. Only
 * root's environment is believed: anybody can set a variable. */
static const char *
caller_of_sudo(void)
{
	static const char *const	 names[] = { "SUDO_USER",
		"DOAS_USER" };
	const char			*name;

	for (size_t i = 0; getuid() == 0 && i < 2; i++) {
		name = getenv(names[i]);
		if (name != NULL && *name != '\0' && strcmp(name, "root") != 0)
			return name;
	}
	return NULL;
}

bool
ctl_is_person(void)
{
	return caller_of_sudo() != NULL;
}

/* Returns the name of the user who runs the program, also through sudo. */
static const char *
caller_name(void)
{
	const char		*name = caller_of_sudo();
	const struct passwd	*entry;

	if (name != NULL)
		return name;
	entry = getpwuid(getuid());
	return entry != NULL ? entry->pw_name : "";
}

/* Ends the program if the name of --by is somebody else's. */
static void
check_by(const char *name, size_t n)
{
	const char	*caller = caller_name();

	if ((getuid() == 0 && !ctl_is_person()) ||
	    (strlen(caller) == n && strncmp(caller, name, n) == 0))
		return;
	ctl_error("--by: only root may name somebody else; you are %s",
	    *caller != '\0' ? caller : "nobody");
	exit(CTL_USAGE);
}

const char *
ctl_by(const struct ctl *ctl)
{
	const char	*name = ctl->by != NULL ? ctl->by : caller_name();
	size_t		 n = strlen(name);

	str_trim(&name, &n);
	if (n == 0) {
		ctl_error("who does it? say --by NAME");
		exit(CTL_USAGE);
	}
	if (!str_utf8_valid(name, n) || strlen(ORDER_BY_STAFF) +
	    str_utf8_count(name, n) > ORDER_BY_MAX) {
		ctl_error("--by: a name has at most %zu characters, in UTF-8",
		    ORDER_BY_MAX - strlen(ORDER_BY_STAFF));
		exit(CTL_USAGE);
	}
	if (ctl->by != NULL)
		check_by(name, n);
	return arena_printf(ctl->arena, "%s%.*s", ORDER_BY_STAFF, (int)n,
	    name);
}

const char *
ctl_note(const struct ctl *ctl)
{
	const char	*note = ctl->note;
	size_t		 n;

	if (note == NULL)
		return NULL;
	n = strlen(note);
	str_trim(&note, &n);
	if (!str_utf8_valid(note, n) ||
	    str_utf8_count(note, n) > ORDER_NOTE_MAX) {
		ctl_error("--note: expected at most %d characters, in UTF-8",
		    ORDER_NOTE_MAX);
		exit(CTL_USAGE);
	}
	return n > 0 ? arena_strndup(ctl->arena, note, n) : NULL;
}
