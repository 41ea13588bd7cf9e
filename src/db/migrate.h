/*
 * migrate.h: brings a market's database to the schema that this version of
 * the service needs. For ordermuxctl: the service has no right to do so.
 *
 * Migrations are files NNNN_name.sql, applied in the order of their numbers,
 * each noted in schema_version when it is done. They can be applied twice
 * without harm (IF NOT EXISTS), because a server commits each change of a
 * table by itself and may be stopped between two. Two hosts that migrate at
 * once take turns: each locks a row on a second connection, and notes a
 * migration in the transaction that holds the lock. A lock ends with its
 * connection, and then nothing can be noted. (Two nodes of a Galera cluster do
 * not share locks. So the hosts of a market must be in the same order
 * everywhere: they are tried in that order.)
 *
 * schema_version.serves_from says which older programs go on working with the
 * schema: those that need that version or a later one (migration.h). A program
 * is not served by a newer schema that does not say so (ready.c).
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
 * standard error. A database of another market or program is not touched.
 */
bool	migrate_market(const struct market *, const struct migrate_account *,
    const char *sql_dir, struct arena *);

#endif
