/*
 * rights.c: whether the server would take all statements (see db.h,
 * db_check()). It prepares them and executes nothing.
 */
#include <mysqld_error.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/relaxed.h"
#include "base/scoreboard.h"
#include "db/connection.h"
#include "db/db_impl.h"
#include "db/statement.h"
#include "db/wait.h"
#include "market/market.h"

/* Times in ms, between two checks of all processes together. */
#define CHECK_AFTER_GOOD 5000
#define CHECK_AFTER_BAD	 1000

/* The errors that say what is missing. All others say nothing of rights and
 * tables: the server is full, or goes away. */
static bool
is_about_rights(unsigned error)
{
	switch (error) {
	case ER_DBACCESS_DENIED_ERROR:
	case ER_TABLEACCESS_DENIED_ERROR:
	case ER_COLUMNACCESS_DENIED_ERROR:
	case ER_SPECIFIC_ACCESS_DENIED_ERROR:
	case ER_NO_SUCH_TABLE:
	case ER_BAD_FIELD_ERROR:
		return true;
	default:
		return false;
	}
}

/* Lets the server look at one statement. Returns DB_REFUSED if something is
 * missing, with a line in the log unless it is known already. */
static enum db_result
try_statement(struct db *db, const struct statement *st, bool known,
    struct arena *arena)
{
	const char	*sql = statement_expand(st->sql, 1, arena);
	MYSQL_STMT	*stmt = mysql_stmt_init(db->mysql);
	enum db_result	 result = DB_OK;

	if (stmt == NULL)
		panic("out of memory for a statement");
	db_wait_begin(db, DB_WAIT_STATEMENT);
	if (mysql_stmt_prepare(stmt, sql, strlen(sql)) != 0)
		result = is_about_rights(mysql_stmt_errno(stmt)) ? DB_REFUSED :
		    DB_AWAY;
	if (result == DB_REFUSED && !known)
		log_error("the market's account or tables are not as the "
		    "service needs them: run \"ordermuxctl migrate\" and "
		    "\"ordermuxctl grants\"",
		    log_str("market", db->market->name),
		    log_str("statement", st->name),
		    log_str("error", mysql_stmt_error(stmt)));
	mysql_stmt_close(stmt);
	db_wait_end(db);
	return result;
}

/* Lets the server look at all statements. Returns DB_AWAY if it could not be
 * found out. */
static enum db_result
try_all_statements(struct db *db, bool known)
{
	struct arena	*arena = arena_new(4096);
	enum db_result	 result = DB_OK;

	for (size_t id = 0; result == DB_OK && id < db->statements->count; id++)
		if (db_too_late(db, 0))
			result = DB_AWAY;
		else
			result = try_statement(db,
			    &db->statements->statements[id], known, arena);
	arena_free(arena);
	return result;
}

enum db_result
db_check(struct db *db)
{
	struct scoreboard_market *shared = db->breaker.shared;
	uint64_t		  now = clock_ms();
	uint64_t		  at = relaxed_load(&shared->check_at);
	bool			  bad = relaxed_load(&shared->incomplete) != 0;
	enum db_result		  result;

	if (db->state == DB_DISCONNECTED || now < at ||
	    !atomic_compare_exchange_strong(&shared->check_at, &at,
		now + (bad ? CHECK_AFTER_BAD : CHECK_AFTER_GOOD)))
		return bad ? DB_REFUSED : DB_OK;
	db_skip(db);
	result = try_all_statements(db, bad);
	if (result == DB_AWAY)
		return bad ? DB_REFUSED : DB_OK;
	relaxed_store(&shared->incomplete, result == DB_REFUSED);
	if (bad && result == DB_OK)
		log_notice("the market's account and tables are as the "
		    "service needs them",
		    log_str("market", db->market->name));
	return result;
}
