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
#include "base/text.h"
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
	if (market->shut) {
		ctl_error("%s: this market's file is wrong", name);
		exit(CTL_ERROR);
	}
	return market;
}

const struct market **
ctl_markets(struct ctl *ctl, size_t *count)
{
	const struct market_registry	*r = ctl->settings->markets;
	size_t				 n = (size_t)ctl->arg_count;
	const struct market		**list = arena_array(ctl->arena,
	    n > 0 ? n : r->count, sizeof(const struct market *));

	*count = 0;
	for (size_t i = 0; i < n; i++)
		list[(*count)++] = ctl_market(ctl, ctl->args[i]);
	for (size_t i = 0; n == 0 && i < r->count; i++) {
		if (!r->markets[i].shut)
			list[(*count)++] = &r->markets[i];
		else {
			ctl_error("%s: this market's file is wrong",
			    r->markets[i].name);
			ctl->left_out = true;
		}
	}
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
	if (result == DB_BUSY)
		ctl_error("%s: somebody else is changing the same data; "
		    "nothing was changed: please try again", market->name);
	else if (result == DB_AWAY || result == DB_LOST || result == DB_AGAIN)
		ctl_error("%s: the database cannot be used now; nothing was "
		    "changed", market->name);
	else
		ctl_error("%s: the database refused; nothing was changed",
		    market->name);
	return CTL_ERROR;
}

/* Whether a character may go to a terminal as it is. */
static bool
is_fit_for_terminal(enum text_class class, int32_t cp)
{
	return cp >= 0 && cp != '\\' && class != TEXT_BREAK &&
	    class != TEXT_CONTROL && class != TEXT_TURN &&
	    class != TEXT_UNSEEN;
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
	size_t		 left = text != NULL ? strlen(text) : 0, n;
	enum text_class	 class;
	int32_t		 cp;
	struct buf	 out;

	buf_init(&out, arena, left + 16);
	for (; left > 0; text += n, left -= n) {
		n = text_next(text, left, &class, &cp);
		if (is_fit_for_terminal(class, cp))
			buf_add(&out, text, n);
		for (size_t i = 0; i < n && !is_fit_for_terminal(class, cp);
		    i++)
			put_escaped_byte(&out, (unsigned char)text[i]);
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

	text_trim(&name, &n);
	if (n == 0) {
		ctl_error("who does it? say --by NAME");
		exit(CTL_USAGE);
	}
	if (!str_utf8_valid(name, n) || !text_is_line(name, n) ||
	    strlen(ORDER_BY_STAFF) + str_utf8_count(name, n) > ORDER_BY_MAX) {
		ctl_error("--by: a name has at most %zu characters, in UTF-8, "
		    "on one line",
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
	text_trim(&note, &n);
	if (!str_utf8_valid(note, n) ||
	    str_utf8_count(note, n) > ORDER_NOTE_MAX) {
		ctl_error("--note: expected at most %d characters, in UTF-8",
		    ORDER_NOTE_MAX);
		exit(CTL_USAGE);
	}
	return n > 0 ? arena_strndup(ctl->arena, note, n) : NULL;
}
