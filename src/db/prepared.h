/*
 * prepared.h: the prepared statements of a connection. They are prepared at
 * first use and kept until the connection is closed. A connection keeps
 * DB_KEEP_STATEMENTS at most: the one that was not used for longest makes room.
 *
 * A server has room for max_prepared_stmt_count of them, of all clients
 * together. If it is full (error 1461), all workers that use it close those
 * they keep, at their next statement, and keep none for a minute: a statement
 * is then prepared each time. That is slow, but it works.
 */
#ifndef ORDERMUX_PREPARED_H
#define ORDERMUX_PREPARED_H

#include <mysql.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/client.h"
#include "db/db.h"
#include "db/statement.h"

/* Where the library puts the value of a column. */
struct column {
	enum statement_type	 type;
	int64_t			 number;
	MYSQL_TIME		 time;
	char			*bytes;
	unsigned long		 len;
	client_bool		 is_null;
	client_bool		 truncated;
};

struct prepared {
	MYSQL_STMT	*stmt;
	struct column	*columns;	/* NULL: no rows */
	MYSQL_BIND	*binds;
	size_t		 column_count;
	unsigned	 id;		/* of the table */
	size_t		 lines;
	bool		 once;		/* not kept: freed after use */
	struct arena	*arena;		/* of all this */
};

/*
 * The prepared statement of the table for this many lines. It is kept, unless
 * there are more lines than DB_KEEP_LINES, or the server is full. NULL after an
 * error, which is then in *result and in the log.
 */
struct prepared *db_prepare(struct db *, unsigned statement, size_t lines,
    enum db_result *result);

/* Closes all prepared statements, because the connection is about to be
 * closed. */
void	db_forget(struct db *);

#endif
