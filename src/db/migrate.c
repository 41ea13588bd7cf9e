/*
 * migrate.c: schema changes (see migrate.h). Written for ordermuxctl: it talks
 * to people, and an error ends what is being done.
 */
#include <mysql.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "db/client.h"
#include "db/long_transactions.h"
#include "db/migrate.h"
#include "db/migration.h"
#include "db/sql_text.h"
#include "market/market.h"

#define CONNECT_SECONDS	5
#define LOCK_SECONDS	"600"	/* for another host's migration to end */
#define SILENT_SECONDS	"604800"	/* the longest migration: a week */
#define TABLE_SECONDS	"1"	/* for a table in use: others queue behind us */
#define TABLE_TRIES	300
#define BUSY_SECONDS	60	/* for long transactions to end before that */
#define OBSTACLES_MAX	20	/* that are named */

#define E_NO_DATABASE	1049
#define E_LOCK_WAIT	1205
#define E_DEADLOCK	1213

struct run {
	const struct market	*market;
	struct arena		*arena;
	size_t			 host;	/* of both: the first that works */
	MYSQL			*work;	/* changes tables */
	MYSQL			*lock;	/* holds the lock, notes versions */
	struct migration_dir	 dir;
};

/*
 * What the two sessions rely on, whatever the server's defaults are: above all
 * that each statement is committed by itself, and that the server ends neither
 * a session nor its transaction while the other one changes a large table.
 */
static const char *const session_options[] = {
	"SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', "
	    "time_zone = '+00:00', autocommit = 1, foreign_key_checks = 1, "
	    "unique_checks = 1, sql_safe_updates = 0, "
	    "group_concat_max_len = 65536, wait_timeout = 31536000, "
	    "interactive_timeout = 31536000, "
	    "innodb_lock_wait_timeout = " LOCK_SECONDS ", "
	    "lock_wait_timeout = " TABLE_SECONDS
	    "/*M!100302 , max_statement_time = 0, "
	    "idle_transaction_timeout = 0, "
	    "idle_readonly_transaction_timeout = 0, "
	    "idle_write_transaction_timeout = 0 */",
	"SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE",
	"SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci",
	NULL
};

/* Says what went wrong, and gives false. */
static bool
fail_migration(const struct run *r, const char *what, const char *why)
{
	fprintf(stderr, "ordermuxctl: %s: %s: %s\n", r->market->name, what,
	    why);
	return false;
}

/* Runs one text, and takes all results of the statements in it. Returns the
 * number of the error, or 0. */
static unsigned
try_sql(MYSQL *mysql, const char *sql)
{
	MYSQL_RES	*rows;
	int		 more;

	/* -1 means "lost" here, and "no further result" below. */
	if (mysql_query(mysql, sql) != 0)
		return mysql_errno(mysql);
	do {
		if ((rows = mysql_store_result(mysql)) != NULL)
			mysql_free_result(rows);
		more = mysql_next_result(mysql);
	} while (more == 0);
	return more == -1 && mysql_errno(mysql) == 0 ? 0 : mysql_errno(mysql);
}

/* The same for what must work. */
static bool
run_sql(struct run *r, MYSQL *mysql, const char *what, const char *sql)
{
	return try_sql(mysql, sql) == 0 ||
	    fail_migration(r, what, mysql_error(mysql));
}

/* The first column of the first row, in the arena; NULL with *ok if there is
 * no row, or NULL stands there. */
static const char *
fetch_one(struct run *r, const char *sql, bool *ok)
{
	MYSQL_RES	*rows = NULL;
	MYSQL_ROW	 row;
	const char	*value = NULL;

	*ok = mysql_query(r->work, sql) == 0 &&
	    (rows = mysql_store_result(r->work)) != NULL;
	if (!*ok) {
		fail_migration(r, "query", mysql_error(r->work));
		return NULL;
	}
	row = mysql_fetch_row(rows);
	if (row != NULL && row[0] != NULL)
		value = arena_strdup(r->arena, row[0]);
	mysql_free_result(rows);
	return value;
}

/* ---- the database ---- */

static MYSQL *
connect_as(struct run *r, const struct migrate_account *account)
{
	const struct market_database	*d = &r->market->database;
	MYSQL				*mysql = mysql_init(NULL);
	unsigned			 seconds = CONNECT_SECONDS;

	if (mysql == NULL) {
		fail_migration(r, "connect", "out of memory");
		return NULL;
	}
	mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
	mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	for (const char *const *o = session_options; *o != NULL; o++)
		mysql_options(mysql, MYSQL_INIT_COMMAND, *o);
	client_set_tls(mysql, d->tls_ca);
	if (mysql_real_connect(mysql, d->hosts[r->host].name, account->user,
	    account->password, NULL, d->hosts[r->host].port,
	    *d->socket != '\0' ? d->socket : NULL,
	    CLIENT_MULTI_STATEMENTS) == NULL) {
		fail_migration(r, arena_printf(r->arena, "connect to %s",
		    d->host_list[r->host]), mysql_error(mysql));
		mysql_close(mysql);
		return NULL;
	}
	return mysql;
}

/* Opens both connections to the first host that works. */
static bool
connect_both(struct run *r, const struct migrate_account *account)
{
	for (; r->host < r->market->database.host_count; r->host++) {
		if ((r->work = connect_as(r, account)) != NULL)
			return (r->lock = connect_as(r, account)) != NULL;
	}
	return false;
}

/* ---- whose database it is ---- */

/* Refuses a database that says it is another market's. */
static bool
refuse_other_market(struct run *r)
{
	const char	*owner;
	bool		 ok;

	owner = fetch_one(r, "SELECT market FROM market_identity", &ok);
	if (owner == NULL || strcmp(owner, r->market->name) == 0)
		return ok;
	return fail_migration(r, r->market->database.name,
	    arena_printf(r->arena, "this database belongs to market %s; "
	    "nothing was changed", owner));
}

/* Whether the database has this table now. */
static bool
has_table(struct run *r, const char *name, bool *ok)
{
	return fetch_one(r, arena_printf(r->arena, "SELECT 1 FROM "
	    "information_schema.tables WHERE table_schema = DATABASE() "
	    "AND table_name = '%s'", name), ok) != NULL;
}

/* Refuses a database that is another program's: it has tables, but not the one
 * that we create first. Another host may be creating ours at this moment: so
 * that one is looked for last. */
static bool
refuse_other_program(struct run *r)
{
	const char	*tables;
	bool		 ok, ours;

	tables = fetch_one(r, "SELECT CONCAT("
	    "SUBSTRING_INDEX(GROUP_CONCAT(t.table_name "
	    "ORDER BY t.table_name SEPARATOR ', '), ', ', 5), "
	    "IF(COUNT(*) > 5, CONCAT(' and ', COUNT(*) - 5, ' more'), '')) "
	    "FROM information_schema.tables t "
	    "WHERE t.table_schema = DATABASE() "
	    "AND t.table_name <> 'schema_lock' HAVING COUNT(*) > 0", &ok);
	if (tables == NULL)
		return ok;
	ours = has_table(r, strcmp(tables, "schema_version") == 0 ?
	    "schema_lock" : "market_identity", &ok);
	if (ours || !ok)
		return ok;
	return fail_migration(r, r->market->database.name, arena_printf(
	    r->arena, "this database belongs to another program: it has "
	    "tables, but not market_identity: %s; nothing was changed",
	    tables));
}

/* Refuses a database that is not this market's, before anything in it is
 * changed. An empty one is. */
static bool
check_owner(struct run *r)
{
	bool	 ok;

	if (!refuse_other_program(r))
		return false;
	return has_table(r, "market_identity", &ok) ?
	    refuse_other_market(r) : ok;
}

/* Creates the database. */
static bool
create_database(struct run *r)
{
	if (!run_sql(r, r->work, "create database", arena_printf(r->arena,
	    "CREATE DATABASE IF NOT EXISTS %s CHARACTER SET utf8mb4 "
	    "COLLATE utf8mb4_unicode_ci",
	    sql_name(r->arena, r->market->database.name))))
		return false;
	printf("%s: created database %s\n", r->market->name,
	    r->market->database.name);
	return true;
}

/* Makes the database the current one, having created it if there was none. */
static bool
use_database(struct run *r)
{
	const char	*name = r->market->database.name;

	if (mysql_select_db(r->work, name) != 0 &&
	    mysql_errno(r->work) == E_NO_DATABASE && !create_database(r))
		return false;
	if (mysql_select_db(r->work, name) != 0)
		return fail_migration(r, "use database", mysql_error(r->work));
	if (mysql_select_db(r->lock, name) != 0)
		return fail_migration(r, "use database", mysql_error(r->lock));
	return true;
}

/* ---- the lock ---- */

/* Creates the tables of the migrations themselves. The first is the mark by
 * which refuse_other_program() knows the second as ours. */
static bool
create_schema_tables(struct run *r)
{
	return run_sql(r, r->work, "schema_lock",
	    "CREATE TABLE IF NOT EXISTS schema_lock ("
	    " id TINYINT UNSIGNED NOT NULL PRIMARY KEY"
	    ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"
	    " COLLATE=utf8mb4_unicode_ci;"
	    "INSERT IGNORE INTO schema_lock (id) VALUES (1)") &&
	    run_sql(r, r->work, "schema_version",
	    "CREATE TABLE IF NOT EXISTS schema_version ("
	    " version INT UNSIGNED NOT NULL PRIMARY KEY,"
	    " name VARCHAR(255) NOT NULL DEFAULT '',"
	    " applied_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),"
	    " serves_from INT UNSIGNED NULL"
	    ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"
	    " COLLATE=utf8mb4_unicode_ci");
}

/* Waits until no other host migrates this database, and locks it for us. The
 * lock is a transaction, which ends when a version is noted in it. */
static bool
take_lock(struct run *r)
{
	return run_sql(r, r->lock, "lock", "START TRANSACTION;"
	    "SELECT id FROM schema_lock WHERE id = 1 FOR UPDATE");
}

/* Adds the column that an older program has not made (see migrate.h). */
static bool
add_serves_from(struct run *r)
{
	const char	*there;
	bool		 ok;

	there = fetch_one(r, "SELECT 1 FROM information_schema.columns "
	    "WHERE table_schema = DATABASE() "
	    "AND table_name = 'schema_version' "
	    "AND column_name = 'serves_from'", &ok);
	if (there != NULL || !ok)
		return ok;
	return run_sql(r, r->work, "schema_version", "ALTER TABLE "
	    "schema_version ADD COLUMN serves_from INT UNSIGNED NULL");
}

/* ---- applying ---- */

/*
 * Waits, for a while, for long transactions to end. A change of a table that
 * one of them has read would wait for it, and everybody who needs that table
 * would wait behind the change.
 */
static void
wait_for_others(struct run *r)
{
	unsigned long	 count;

	for (int i = 0; i < BUSY_SECONDS && (count = long_transactions(r->work,
	    r->lock)) > 0; i++) {
		if (i == 0)
			printf("%s: waiting for %lu long transaction%s to "
			    "end\n", r->market->name, count,
			    count > 1 ? "s" : "");
		sleep(1);
	}
}

/* Refuses a migration that something stands in the way of. Its check is a
 * query that gives a text for each such thing. */
static bool
check_obstacles(struct run *r, const struct migration *m)
{
	MYSQL_RES	*rows;
	MYSQL_ROW	 row;
	uint64_t	 count, shown = 0;

	if (m->check == NULL)
		return true;
	if (mysql_query(r->work, m->check) != 0 ||
	    (rows = mysql_store_result(r->work)) == NULL)
		return fail_migration(r, m->name, mysql_error(r->work));
	count = mysql_num_rows(rows);
	if (count > 0)
		fail_migration(r, m->name, "cannot be applied yet; change "
		    "this first:");
	while (shown++ < OBSTACLES_MAX && (row = mysql_fetch_row(rows)) != NULL)
		fprintf(stderr, "\t%s\n", row[0] != NULL ? row[0] : "");
	if (count > OBSTACLES_MAX)
		fprintf(stderr, "\tand %" PRIu64 " more\n",
		    count - OBSTACLES_MAX);
	mysql_free_result(rows);
	return count == 0;
}

/* Notes a migration in the transaction that holds the lock, so that a version
 * is never noted by a run that has lost it. */
static bool
note_migration(struct run *r, const struct migration *m)
{
	const char	*sql = arena_printf(r->arena, "INSERT INTO "
	    "schema_version (version, name, serves_from) "
	    "SELECT %u, '%.200s', GREATEST(%u, COALESCE(MAX(serves_from), 0)) "
	    "FROM schema_version; COMMIT", m->number, m->name, m->serves_from);

	if (try_sql(r->lock, sql) == 0)
		return true;
	return fail_migration(r, m->name, arena_printf(r->arena, "the lock "
	    "was lost meanwhile (%s): this migration is not noted; run "
	    "\"ordermuxctl migrate\" again", mysql_error(r->lock)));
}

/*
 * Applies one migration. A table that stays in use is tried again: a migration
 * can be begun anew (see migrate.h).
 */
static bool
apply_migration(struct run *r, const struct migration *m)
{
	unsigned	 error;

	if (!check_obstacles(r, m))
		return false;
	for (int i = 1; i <= TABLE_TRIES; i++) {
		wait_for_others(r);
		error = try_sql(r->work, m->text);
		if (error == 0)
			return note_migration(r, m);
		if (error != E_LOCK_WAIT && error != E_DEADLOCK)
			break;
		printf("%s: %s: a table is in use, trying again\n",
		    r->market->name, m->name);
	}
	return fail_migration(r, m->name, mysql_error(r->work));
}

/* Applies the first migration that is missing, if any; *version is the
 * schema's afterwards. The lock is held before. It is held afterwards if
 * nothing was missing. */
static bool
apply_next(struct run *r, unsigned *version, bool *applied)
{
	struct migration	*m;
	const char		*found, *why;
	bool			 ok;

	*applied = false;
	found = fetch_one(r, "SELECT MAX(version) FROM schema_version", &ok);
	*version = found != NULL ? (unsigned)strtoul(found, NULL, 10) : 0;
	if (!ok || *version >= r->dir.count)
		return ok;
	m = &r->dir.files[*version];
	why = migration_read(&r->dir, m, r->arena);
	if (why != NULL)
		return fail_migration(r, m->name, why);
	if (!apply_migration(r, m))
		return false;
	*applied = true;
	*version = m->number;
	printf("%s: applied %s\n", r->market->name, m->name);
	return true;
}

/* Notes whose database it is, and says at which version. */
static bool
finish_migration(struct run *r, unsigned version)
{
	const char	*serves;
	bool		 ok;

	/* A market's name is [a-z0-9_-]. */
	if (!run_sql(r, r->work, "market_identity", arena_printf(r->arena,
	    "INSERT IGNORE INTO market_identity (id, market) VALUES (1, '%s')",
	    r->market->name)))
		return false;
	printf("%s: %s is at version %u\n", r->market->name,
	    r->market->database.name, version);
	if (version <= r->dir.count)
		return true;
	serves = fetch_one(r, "SELECT serves_from FROM schema_version "
	    "ORDER BY version DESC LIMIT 1", &ok);
	if (!ok || (serves != NULL && strtoul(serves, NULL, 10) <=
	    r->dir.count))
		return ok;
	return fail_migration(r, r->market->database.name, arena_printf(
	    r->arena, "its schema is newer than this program, which knows "
	    "version %zu, and does not serve it: install the newer program, "
	    "or go back to a backup", r->dir.count));
}

/* All of it, on two open connections. The lock is taken for each migration
 * anew; another host may have applied the next one in between. */
static bool
migrate_database(struct run *r)
{
	unsigned	 version = 0;
	bool		 applied = false;

	if (!use_database(r) || !check_owner(r) || !create_schema_tables(r))
		return false;
	do {
		if (!take_lock(r) || !check_owner(r) || !add_serves_from(r) ||
		    !apply_next(r, &version, &applied))
			return false;
	} while (applied);
	return finish_migration(r, version);
}

bool
migrate_market(const struct market *market,
    const struct migrate_account *account, const char *sql_dir,
    struct arena *arena)
{
	struct run	*r = arena_alloc(arena, sizeof(*r));
	const char	*why;
	bool		 ok = false;

	r->market = market;
	r->arena = arena;
	why = migration_list(&r->dir, sql_dir, arena);
	if (why != NULL)
		return fail_migration(r, sql_dir, why);
	if (connect_both(r, account))
		ok = migrate_database(r);
	if (r->lock != NULL)
		mysql_close(r->lock);	/* and with it the lock */
	if (r->work != NULL)
		mysql_close(r->work);
	fflush(stdout);
	return ok;
}
