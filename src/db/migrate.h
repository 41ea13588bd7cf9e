/*
 * migrate.h: brings a market's database to the schema that this version of
 * the service needs. For ordermuxctl: the service has no right to do so.
 *
 * Migrations are files NNNN_name.sql, applied in the order of their numbers,
 * each noted in schema_version when it is done. They can be applied twice
 * without harm (IF NOT EXISTS), because a server commits each change of a
 * table by itself and may be stopped between two. Two hosts that migrate at
 * once take turns: each locks a row on a second connection for all that time,
 * and a lock ends with its connection. (Two nodes of a Galera cluster do not
 * share locks. So the hosts of a market must be in the same order everywhere:
 * they are tried in that order.)
 */
#ifndef ORDERMUX_MIGRATE_H
#define ORDERMUX_MIGRATE_H

#include <stdbool.h>

struct arena;
struct market;

/* Who may change tables. The password is NULL for a server that knows the
 * user by the socket. */
struct migrate_account {
	const char	*user;
	const char	*password;
};

/*
 * Creates the market's database if it does not exist, applies the migrations of
 * the directory that are missing, and notes the market in the database. Says on
 * standard output what was done. Returns false after an error, which is on
 * standard error. A database that belongs to another market is not touched.
 */
bool	migrate_market(const struct market *, const struct migrate_account *,
    const char *sql_dir, struct arena *);

/*
 * Returns the SQL that creates the market's account: grants/market.sql of the
 * directory, with names and password filled in and quoted. The account is for
 * the host from which the service connects. NULL after an error, which is on
 * standard error.
 */
char *	migrate_grants(const struct market *, const char *sql_dir,
    const char *client_host, struct arena *);

#endif
