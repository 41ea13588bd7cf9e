/*
 * migrate.c: schema changes (see migrate.h). Written for ordermuxctl: it talks
 * to people, and an error ends what is being done.
 */
#include <mysql.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "db/client.h"
#include "db/migrate.h"
#include "market/market.h"

#define CONNECT_SECONDS	5
#define LOCK_SECONDS	"600"	/* for another host's migration to end */
#define SILENT_SECONDS	"604800"	/* the longest migration: a week */
#define TABLE_SECONDS	"1"	/* for a table in use: others queue behind us */
#define TABLE_TRIES	300
#define BUSY_SECONDS	60	/* for long transactions to end before that */
#define FILES_MAX	1000

#define E_LOCK_WAIT	1205
#define E_DEADLOCK	1213

struct migration {
	unsigned	 number;
	const char	*name;		/* of the file */
};

struct run {
	const struct market	*market;
	const char		*dir;
	struct arena		*arena;
	size_t			 host;	/* of both: the first that works */
	MYSQL			*work;	/* changes tables */
	MYSQL			*lock;	/* holds the lock */
	struct migration	 files[FILES_MAX];
	size_t			 count;
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
	int		 more = mysql_query(mysql, sql);

	while (more == 0) {
		if ((rows = mysql_store_result(mysql)) != NULL)
			mysql_free_result(rows);
		more = mysql_next_result(mysql);
	}
	return more == -1 ? 0 : mysql_errno(mysql);
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

/* ---- the files ---- */

static int
by_migration_number(const void *a, const void *b)
{
	const struct migration	*x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

/* Takes a file of the directory if its name is NNNN_name.sql. */
static void
add_migration(struct run *r, const char *name)
{
	size_t	 n = strlen(name);

	if (n < 10 || strspn(name, "0123456789") != 4 || name[4] != '_' ||
	    strcmp(name + n - 4, ".sql") != 0 || r->count == FILES_MAX)
		return;
	r->files[r->count].number = (unsigned)strtoul(name, NULL, 10);
	r->files[r->count].name = arena_strdup(r->arena, name);
	r->count++;
}

/* Lists the migrations: 1, 2, 3 ... without a gap. */
static bool
list_migrations(struct run *r)
{
	DIR		*d = opendir(r->dir);
	struct dirent	*e;

	if (d == NULL)
		return fail_migration(r, r->dir, strerror(errno));
	while ((e = readdir(d)) != NULL)
		add_migration(r, e->d_name);
	closedir(d);
	qsort(r->files, r->count, sizeof(*r->files), by_migration_number);
	for (size_t i = 0; i < r->count; i++) {
		if (r->files[i].number != i + 1)
			return fail_migration(r, r->dir, "the numbers of the "
			    "migrations have a gap, or one is there twice");
	}
	return r->count > 0 ||
	    fail_migration(r, r->dir, "there are no migrations");
}

/* The text of a file, in the arena; NULL after an error. */
static char *
read_sql_file(struct run *r, const char *name)
{
	char		*path = arena_printf(r->arena, "%s/%s", r->dir, name);
	FILE		*f = fopen(path, "r");
	struct buf	 text;
	size_t		 n = 1;

	buf_init(&text, r->arena, 16384);
	while (f != NULL && n > 0) {
		n = fread(buf_reserve(&text, 4096), 1, 4096, f);
		text.len += n;
	}
	if (f == NULL || ferror(f)) {
		fail_migration(r, path, strerror(errno));
		if (f != NULL)
			fclose(f);
		return NULL;
	}
	fclose(f);
	buf_text(&text);
	return text.data;
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
	/* The server must not end a session that waits for the other one. */
	mysql_options(mysql, MYSQL_INIT_COMMAND, "SET SESSION sql_mode = "
	    "'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', "
	    "autocommit = 1, wait_timeout = " SILENT_SECONDS ", "
	    "foreign_key_checks = 1, completion_type = 0, "
	    "sql_safe_updates = 0, "
	    "innodb_lock_wait_timeout = " LOCK_SECONDS ", "
	    "lock_wait_timeout = " TABLE_SECONDS
	    " /*M!100300 , idle_transaction_timeout = 0, "
	    "idle_write_transaction_timeout = 0, "
	    "idle_readonly_transaction_timeout = 0 */");
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

/* A name between backticks, in the arena. */
static const char *
quote_name(struct arena *arena, const char *name)
{
	struct buf	 b;

	buf_init(&b, arena, strlen(name) + 3);
	buf_putc(&b, '`');
	for (; *name != '\0'; name++) {
		if (*name == '`')
			buf_putc(&b, '`');
		buf_putc(&b, *name);
	}
	buf_putc(&b, '`');
	return buf_text(&b);
}

/* Makes the database the current one, having created it if there was none. */
static bool
use_database(struct run *r)
{
	const char	*name = quote_name(r->arena,
	    r->market->database.name);

	if (mysql_select_db(r->work, r->market->database.name) != 0) {
		if (!run_sql(r, r->work, "create database",
		    arena_printf(r->arena, "CREATE DATABASE IF NOT EXISTS %s "
		    "CHARACTER SET utf8mb4", name)))
			return false;
		printf("%s: created database %s\n", r->market->name,
		    r->market->database.name);
	}
	return (mysql_select_db(r->work, r->market->database.name) == 0 &&
	    mysql_select_db(r->lock, r->market->database.name) == 0) ||
	    fail_migration(r, "use database", mysql_error(r->work));
}

/* Waits until no other host migrates this database, and locks it for us. */
static bool
take_lock(struct run *r)
{
	return run_sql(r, r->work, "schema_version",
	    "CREATE TABLE IF NOT EXISTS schema_version ("
	    " version INT UNSIGNED NOT NULL PRIMARY KEY,"
	    " name VARCHAR(255) NOT NULL DEFAULT '',"
	    " applied_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6))"
	    ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;"
	    "CREATE TABLE IF NOT EXISTS schema_lock ("
	    " id TINYINT UNSIGNED NOT NULL PRIMARY KEY"
	    ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;"
	    "INSERT IGNORE INTO schema_lock (id) VALUES (1)") &&
	    run_sql(r, r->lock, "lock", "START TRANSACTION;"
	    "SELECT id FROM schema_lock WHERE id = 1 FOR UPDATE");
}

/* Refuses a database that says it is another market's. */
static bool
check_owner(struct run *r)
{
	const char	*owner;
	bool		 ok;

	if (fetch_one(r, "SELECT 1 FROM information_schema.tables "
	    "WHERE table_schema = DATABASE() "
	    "AND table_name = 'market_identity'", &ok) == NULL)
		return ok;
	owner = fetch_one(r, "SELECT market FROM market_identity", &ok);
	if (owner == NULL || strcmp(owner, r->market->name) == 0)
		return ok;
	return fail_migration(r, r->market->database.name,
	    arena_printf(r->arena, "this database belongs to market %s; "
	    "nothing was changed", owner));
}

/*
 * How many transactions of others are older than a second. Those that wait
 * for a lock hold up nothing (a migration of another host is one). 0 for an
 * administrator who may not know.
 */
static unsigned long
count_long(struct run *r)
{
	const char	*sql = arena_printf(r->arena, "SELECT COUNT(*) FROM "
	    "information_schema.innodb_trx WHERE trx_state = 'RUNNING' "
	    "AND trx_mysql_thread_id NOT IN (0, %lu, %lu) "
	    "AND CONVERT_TZ(trx_started, 'SYSTEM', '+00:00') "
	    "< UTC_TIMESTAMP() - INTERVAL 1 SECOND",
	    mysql_thread_id(r->work), mysql_thread_id(r->lock));
	MYSQL_RES	*rows;
	MYSQL_ROW	 row;
	unsigned long	 count = 0;

	if (mysql_query(r->work, sql) != 0 ||
	    (rows = mysql_store_result(r->work)) == NULL)
		return 0;
	if ((row = mysql_fetch_row(rows)) != NULL)
		count = strtoul(row[0], NULL, 10);
	mysql_free_result(rows);
	return count;
}

/*
 * Waits, for a while, for long transactions to end. A change of a table that
 * one of them has read would wait for it, and everybody who needs that table
 * would wait behind the change.
 */
static void
wait_for_others(struct run *r)
{
	unsigned long	 count;

	for (int i = 0; i < BUSY_SECONDS && (count = count_long(r)) > 0; i++) {
		if (i == 0)
			printf("%s: waiting for %lu long transaction%s to "
			    "end\n", r->market->name, count,
			    count > 1 ? "s" : "");
		sleep(1);
	}
}

/*
 * Applies one migration. A table that stays in use is tried again: a migration
 * can be begun anew (see migrate.h).
 */
static bool
apply_migration(struct run *r, const struct migration *m, const char *text)
{
	unsigned	 error;

	for (int i = 1; i <= TABLE_TRIES; i++) {
		wait_for_others(r);
		error = try_sql(r->work, text);
		if (error == 0)
			return run_sql(r, r->work, m->name, arena_printf(
			    r->arena, "INSERT INTO schema_version "
			    "(version, name) VALUES (%u, '%.200s')",
			    m->number, m->name));
		if (error != E_LOCK_WAIT && error != E_DEADLOCK)
			break;
		printf("%s: %s: a table is in use, trying again\n",
		    r->market->name, m->name);
	}
	return fail_migration(r, m->name, mysql_error(r->work));
}

/* Applies the migrations that are missing. */
static bool
apply_missing(struct run *r, unsigned *applied)
{
	const char	*version, *text;
	bool		 ok;

	version = fetch_one(r, "SELECT MAX(version) FROM schema_version", &ok);
	*applied = version != NULL ? (unsigned)strtoul(version, NULL, 10) : 0;
	for (size_t i = *applied; ok && i < r->count; i++) {
		const struct migration	*m = &r->files[i];

		if ((text = read_sql_file(r, m->name)) == NULL)
			return false;
		ok = apply_migration(r, m, text);
		if (ok) {
			*applied = m->number;
			printf("%s: applied %s\n", r->market->name, m->name);
		}
	}
	return ok;
}

/* All of it, on two open connections. A market's name is [a-z0-9_-]. */
static bool
migrate_locked(struct run *r)
{
	unsigned	 version;

	if (!use_database(r) || !take_lock(r) || !check_owner(r) ||
	    !apply_missing(r, &version) ||
	    !run_sql(r, r->work, "market_identity", arena_printf(r->arena,
	    "INSERT IGNORE INTO market_identity (id, market) VALUES (1, '%s')",
	    r->market->name)))
		return false;
	printf("%s: %s is at version %u\n", r->market->name,
	    r->market->database.name, version);
	return true;
}

bool
migrate_market(const struct market *market,
    const struct migrate_account *account, const char *sql_dir,
    struct arena *arena)
{
	struct run	*r = arena_alloc(arena, sizeof(*r));
	bool		 ok = false;

	r->market = market;
	r->dir = sql_dir;
	r->arena = arena;
	if (!list_migrations(r))
		return false;
	if (connect_both(r, account))
		ok = migrate_locked(r);
	if (r->lock != NULL)
		mysql_close(r->lock);	/* and with it the lock */
	if (r->work != NULL)
		mysql_close(r->work);
	return ok;
}

/* ---- the account ---- */

/* A text as an SQL string. Backslashes are doubled, which is right for a
 * server at its defaults; passwords had better not have any. */
static const char *
quote_text(struct arena *arena, const char *text)
{
	struct buf	 b;

	buf_init(&b, arena, strlen(text) * 2 + 3);
	buf_putc(&b, '\'');
	for (; *text != '\0'; text++) {
		if (*text == '\'' || *text == '\\')
			buf_putc(&b, *text);
		buf_putc(&b, *text);
	}
	buf_putc(&b, '\'');
	return buf_text(&b);
}

char *
migrate_grants(const struct market *market, const char *sql_dir,
    const char *client_host, struct arena *arena)
{
	struct run	*r = arena_alloc(arena, sizeof(*r));
	const struct { const char *mark, *value; } fill[] = {
		{ "@DATABASE@", quote_name(arena, market->database.name) },
		{ "@ACCOUNT@", arena_printf(arena, "%s@%s",
		    quote_text(arena, market->database.user),
		    quote_text(arena, client_host)) },
		{ "@PASSWORD@", market->database.password.bytes == NULL ? "" :
		    quote_text(arena,
		    (const char *)market->database.password.bytes) }
	};
	struct buf	 out;
	const char	*text;

	r->market = market;
	r->dir = sql_dir;
	r->arena = arena;
	if (market->database.password.bytes == NULL) {
		fail_migration(r, "grants", "the market has no "
		    "password_file: an account without a password is not made");
		return NULL;
	}
	if ((text = read_sql_file(r, "grants/market.sql")) == NULL)
		return NULL;
	buf_init(&out, arena, strlen(text) * 2);
	while (*text != '\0') {
		size_t	 i, n = 1;

		for (i = 0; i < 3; i++) {
			n = strlen(fill[i].mark);
			if (strncmp(text, fill[i].mark, n) == 0)
				break;
		}
		if (i < 3)
			buf_puts(&out, fill[i].value);
		else
			buf_add(&out, text, n = 1);
		text += n;
	}
	buf_text(&out);
	return out.data;
}
