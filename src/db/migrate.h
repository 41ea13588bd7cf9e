/*
 * migrate.h: brings a market's database to the schema that this version of
 * the service needs. For ordermuxctl; the service itself has no right to.
 *
 * Migrations are files NNNN_name.sql, applied in the order of their numbers,
 * each noted in schema_version when it is done. They can be applied twice
 * without harm (IF NOT EXISTS), because a server commits each change of a
 * table by itself and may be stopped between two. Two hosts that migrate at
 * once take turns: a row is locked on a second connection all the while, and a
 * lock goes with its connection, however that ends. (Through two nodes of a
 * Galera cluster they would not: a lock is one node's. The hosts of a market
 * are tried in their order, which is to be the same everywhere.)
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
 * Creates the market's database if there is none, applies what is missing
 * from the directory, and notes whose database it is. Says on standard output
 * what was done. False after an error, which is on standard error; a database
 * that belongs to another market is not touched.
 */
bool	migrate_market(const struct market *, const struct migrate_account *,
    const char *sql_dir, struct arena *);

/*
 * The SQL that makes the market's account, from the file of that name in the
 * directory (grants/market.sql) with names and password filled in and quoted.
 * The account is for the host from which the service connects. NULL after an
 * error, which is on standard error.
 */
char *	migrate_grants(const struct market *, const char *sql_dir,
    const char *client_host, struct arena *);

#endif
