/*
 * grants.c: see grants.h.
 */
#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "db/grants.h"
#include "db/migration.h"
#include "db/sql_text.h"
#include "market/market.h"

/* What stands for the names in market.sql. No mark is the beginning of a later
 * one. */
enum mark { MARK_DATABASES, MARK_DATABASE, MARK_LOGINS, MARK_ACCOUNTS,
	MARK_REQUIRE, MARK_USER, MARK_HOSTS, MARK_SCHEMA, MARK_GRANTEES,
	MARK_REVOKE, MARK_FROM, MARK__MAX };

static const char *const mark_names[MARK__MAX] = {
	[MARK_DATABASES] = "@DATABASES@",
	[MARK_DATABASE] = "@DATABASE@",
	[MARK_LOGINS] = "@LOGINS@",
	[MARK_ACCOUNTS] = "@ACCOUNTS@",
	[MARK_REQUIRE] = "@REQUIRE@",
	[MARK_USER] = "@USER@",
	[MARK_HOSTS] = "@HOSTS@",
	/* As texts: what information_schema has, and parts of a REVOKE. */
	[MARK_SCHEMA] = "@SCHEMA@",
	[MARK_GRANTEES] = "@GRANTEES@",
	[MARK_REVOKE] = "@REVOKE@",
	[MARK_FROM] = "@FROM@",
};

/* How a server on this host sees a client on this host; NULL if the name is
 * not this host's for sure. */
static const char *
local_host_name(const char *name)
{
	if (str_equal_nocase(name, "localhost"))
		return "localhost";
	if (strncmp(name, "127.", 4) == 0 &&
	    strspn(name, "0123456789.") == strlen(name))
		return "127.0.0.1";
	return strcmp(name, "::1") == 0 ? "::1" : NULL;
}

/* Whether the list, which ends with NULL, has the host. */
static bool
has_host(const char *const *list, const char *host)
{
	while (*list != NULL && strcmp(*list, host) != 0)
		list++;
	return *list != NULL;
}

const char **
grants_own_hosts(const struct market *market, struct arena *arena)
{
	const struct market_database	*d = &market->database;
	const char			**list, *host;
	size_t				 n = 0;

	list = arena_array(arena, d->host_count + 1, sizeof(*list));
	for (size_t i = 0; i < d->host_count; i++) {
		host = local_host_name(d->hosts[i].name);
		if (host == NULL)
			return NULL;
		list[n] = NULL;
		if (!has_host(list, host))
			list[n++] = host;
	}
	list[n] = NULL;
	return list;
}

/* Writes something for each host, with commas between: with a user the
 * account, with a password also that; else the host itself. */
static const char *
list_accounts(const char *const *hosts, const char *user,
    const char *password, struct arena *arena)
{
	struct buf	 b;

	buf_init(&b, arena, 128);
	for (size_t i = 0; hosts[i] != NULL; i++) {
		buf_puts(&b, i > 0 ? ", " : "");
		if (user != NULL)
			buf_printf(&b, "%s@", user);
		buf_puts(&b, sql_text(arena, hosts[i]));
		if (password != NULL)
			buf_printf(&b, " IDENTIFIED BY %s", password);
	}
	return buf_text(&b);
}

/* Writes each account as information_schema has it, as a text. */
static const char *
list_grantees(const char *const *hosts, const char *user, struct arena *arena)
{
	struct buf	 b;

	buf_init(&b, arena, 128);
	for (size_t i = 0; hosts[i] != NULL; i++) {
		buf_puts(&b, i > 0 ? ", " : "");
		buf_puts(&b, sql_text(arena, arena_printf(arena, "'%s'@'%s'",
		    user, hosts[i])));
	}
	return buf_text(&b);
}

/* Makes what stands for each mark. */
static void
fill_marks(const struct market_database *d, const char *const *hosts,
    struct arena *arena, const char *out[MARK__MAX])
{
	const char	*user = sql_text(arena, d->user);
	const char	*password = sql_text(arena,
	    (const char *)d->password.bytes);

	out[MARK_DATABASES] = sql_pattern(arena, d->name);
	out[MARK_DATABASE] = sql_name(arena, d->name);
	out[MARK_LOGINS] = list_accounts(hosts, user, password, arena);
	out[MARK_ACCOUNTS] = list_accounts(hosts, user, NULL, arena);
	out[MARK_REQUIRE] = *d->tls_ca != '\0' ? "REQUIRE SSL" :
	    "REQUIRE NONE";
	out[MARK_USER] = user;
	out[MARK_HOSTS] = list_accounts(hosts, NULL, NULL, arena);
	out[MARK_SCHEMA] = sql_text(arena, d->name);
	out[MARK_GRANTEES] = list_grantees(hosts, d->user, arena);
	out[MARK_REVOKE] = sql_text(arena, arena_printf(arena,
	    "REVOKE ALL PRIVILEGES ON %s.", out[MARK_DATABASE]));
	out[MARK_FROM] = sql_text(arena, arena_printf(arena, " FROM %s",
	    out[MARK_ACCOUNTS]));
}

/* Copies the text with the marks replaced. */
static char *
replace_marks(const char *text, const char *const values[MARK__MAX],
    struct arena *arena)
{
	struct buf	 out;
	size_t		 i, n;

	buf_init(&out, arena, strlen(text) * 2);
	for (; *text != '\0'; text += n) {
		for (i = 0; i < MARK__MAX; i++) {
			n = strlen(mark_names[i]);
			if (strncmp(text, mark_names[i], n) == 0)
				break;
		}
		if (i < MARK__MAX)
			buf_puts(&out, values[i]);
		else
			buf_add(&out, text, n = 1);
	}
	buf_text(&out);
	return out.data;
}

char *
grants_sql(const struct market *market, const char *sql_dir,
    const char *const *hosts, struct arena *arena, const char **why)
{
	const char	*values[MARK__MAX];
	char		*text;

	*why = NULL;
	if (market->database.password.bytes == NULL)
		*why = "the market has no password_file: an account without "
		    "a password is not made";
	if (*why == NULL)
		*why = migration_file(sql_dir, "grants/market.sql", arena,
		    &text);
	if (*why != NULL)
		return NULL;
	fill_marks(&market->database, hosts, arena, values);
	return replace_marks(text, values, arena);
}
