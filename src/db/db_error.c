/*
 * db_error.c: see db_error.h. The errors have names of ours: theirs differ
 * between the two client libraries.
 */
#include <errmsg.h>

#include "base/log.h"
#include "db/db_error.h"
#include "db/db_impl.h"
#include "db/wait.h"
#include "market/market.h"

enum {
	E_LOCK_WAIT = 1205, E_LOCK_TABLE_FULL = 1206, E_NO_VARIABLE = 1193,
	E_DEADLOCK = 1213, E_DUPLICATE = 1062,
	E_NULL = 1048, E_UNKNOWN_COMMAND = 1047, E_SHUTDOWN = 1053,
	E_KILLED = 1927, E_READ_ONLY_OPTION = 1290, E_READ_ONLY = 1792,
	E_READ_ONLY_MODE = 1836, E_STATEMENT_TIMEOUT = 1969,
	E_EXECUTION_TIME = 3024, E_TOO_MANY_STATEMENTS = 1461,
	E_NO_TABLE = 1146, E_TABLE_ACCESS = 1142, E_COLUMN_ACCESS = 1143,
	E_NO_DEFINER = 1449, E_CHANGED = 1020, E_INTERRUPTED = 1317,
	E_STALE_STMT = 1243, E_PARSE = 1064,
	E_REPREPARE = 1615,
	E_STMT_CLOSED = 2056, E_NEW_METADATA = 2057, E_SERVER_EXTENDED = 2055,
	E_DISK_FULL = 1021, E_WRITE = 1026, E_NO_MEMORY = 1037,
	E_NO_SORT_MEMORY = 1038, E_OUT_OF_RESOURCES = 1041,
	E_TABLE_FULL = 1114, E_USER_LIMIT = 1226,
	E_SSL = 2026, E_SOCKET = 2002, E_CONNECT = 2003, E_IDLE = 4031,
	E_SESSION_KILLED = 3169, E_COMMIT = 1180, E_PACKET_READ = 1158,
	E_PACKET_READ_TIMEOUT = 1159, E_PACKET_WRITE = 1160,
	E_PACKET_WRITE_TIMEOUT = 1161
};

enum db_result
db_classify(unsigned error)
{
	switch (error) {
	case E_LOCK_WAIT:
		return DB_BUSY;
	case E_DEADLOCK:
	case E_LOCK_TABLE_FULL:
	case E_CHANGED:
		return DB_AGAIN;
	case E_DUPLICATE:
		return DB_DUPLICATE;
	case E_NULL:
		return DB_NULL;
	case CR_SERVER_GONE_ERROR:
	case CR_SERVER_LOST:
	case CR_COMMANDS_OUT_OF_SYNC:
	case CR_MALFORMED_PACKET:
	case E_STALE_STMT:
	case E_REPREPARE:
	case E_STMT_CLOSED:
	case E_NEW_METADATA:
	case E_SERVER_EXTENDED:
	case E_SSL:
	case E_SOCKET:
	case E_CONNECT:
	case E_IDLE:
	case E_SESSION_KILLED:
	case E_COMMIT:
	case E_PACKET_READ:
	case E_PACKET_READ_TIMEOUT:
	case E_PACKET_WRITE:
	case E_PACKET_WRITE_TIMEOUT:
	case E_SHUTDOWN:
	case E_KILLED:
	case E_UNKNOWN_COMMAND:
	case E_INTERRUPTED:	/* by KILL; the session may go with it */
		return DB_LOST;
	case E_READ_ONLY_OPTION:
	case E_READ_ONLY:
	case E_READ_ONLY_MODE:
	case E_STATEMENT_TIMEOUT:
	case E_EXECUTION_TIME:
	case E_TOO_MANY_STATEMENTS:
	case E_NO_TABLE:
	case E_PARSE:		/* not our text: a trigger's. A KILL that hits a
				 * session which opens a table leaves MariaDB a
				 * copy of it that lacks the trigger's body or
				 * table, until FLUSH TABLES */
	case E_TABLE_ACCESS:
	case E_COLUMN_ACCESS:
	case E_NO_DEFINER:
	case E_DISK_FULL:
	case E_WRITE:
	case E_NO_MEMORY:
	case E_NO_SORT_MEMORY:
	case E_OUT_OF_RESOURCES:
	case E_TABLE_FULL:
	case E_USER_LIMIT:
		return DB_AWAY;
	default:
		return DB_FAILED;
	}
}

bool
db_error_read_only(unsigned error)
{
	return error == E_READ_ONLY_OPTION || error == E_READ_ONLY ||
	    error == E_READ_ONLY_MODE;
}

bool
db_error_deadlock(unsigned error)
{
	return error == E_DEADLOCK;
}

bool
db_error_statements_full(unsigned error)
{
	return error == E_TOO_MANY_STATEMENTS;
}

bool
db_error_session_ended(unsigned error)
{
	return error == CR_SERVER_LOST || error == CR_SERVER_GONE_ERROR ||
	    error == E_KILLED || error == E_INTERRUPTED ||
	    error == E_SESSION_KILLED;
}

bool
db_error_no_variable(unsigned error)
{
	return error == E_NO_VARIABLE;
}

void
db_log_failure(const struct db *db, const char *what, enum db_result result,
    unsigned error, const char *message)
{
	enum log_level	 level = LOG_LEVEL_ERROR;
	uint64_t	 began = db->wait.began_ms;
	enum db_wait_end end = db->wait.end;

	if (result == DB_DUPLICATE || result == DB_NULL)
		return;		/* expected: an answer, not a failure */
	if (result == DB_AGAIN || result == DB_BUSY)
		level = LOG_LEVEL_INFO;
	else if (result == DB_LOST)
		level = LOG_LEVEL_WARNING;
	/* If we have ended the wait, the library only knows that the connection
	 * is lost; else the field has no name, and so the line ends. */
	log_write(level, "database error", LOG_FIELDS(
	    log_str("database", db->market->name), log_str("statement", what),
	    log_uint("errno", error), log_str("error", message),
	    log_uint("idle_ms", began > db->used_ms ?
		began - db->used_ms : 0),
	    log_str(end != DB_END_ANSWER ? "why" : NULL,
		db_wait_end_name(end))));
}
