/*
 * db_impl.h: the inside of a connection, for the files of db.h alone, which
 * are the only ones that call the MySQL client library for requests:
 *
 *	db_connect.c	hosts, waiting for a server, connecting, who it is
 *	db_statement.c	values, prepared statements, rows
 *	db_error.c	what an error number means
 *	transaction.c	transactions
 */
#ifndef ORDERMUX_DB_IMPL_H
#define ORDERMUX_DB_IMPL_H

#include <mysql.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/breaker.h"
#include "db/bulkhead.h"
#include "db/client.h"
#include "db/db.h"
#include "db/hosts.h"
#include "db/statement.h"

/* The name of a server, by what it says itself: another server may answer at
 * the same address. */
#define DB_SERVER_MAX	300

/* Where a column's value is put by the library. */
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
	struct arena	*arena;		/* of all this */
};

/* What a server is waited for. */
enum db_wait_kind {
	DB_WAIT_CONNECT,	/* all of connecting */
	DB_WAIT_ANSWER,		/* to a statement */
	DB_WAIT_COMMIT,		/* with more patience: without its answer the outcome is open */
	DB_WAIT_SETTLE,		/* nothing is lost without it */
	DB_WAIT__MAX
};

struct db_wait {
	enum db_wait_kind kind;
	uint64_t	  began_ms;
	uint64_t	  until_ms;
	bool		  whole;	/* until = the limit; else the deadline */
	bool		  timed_out;
	bool		  gave_up;	/* to leave workers to other markets */
};

struct db {
	const struct market	*market;
	const struct statement_table *statements;
	const struct db_limits	*limits;
	struct slot		*slot;
	struct breaker		 breaker;
	struct bulkhead		 bulkhead;
	struct hosts		 hosts;
	struct scoreboard_market *own;		/* without a board */
	MYSQL			*mysql;		/* NULL: not connected */
	size_t			 host;		/* of the connection */
	char			 server[DB_SERVER_MAX];	/* behind it */
	/* The one that was told to COMMIT last, and has not answered. */
	char			 commit_server[DB_SERVER_MAX];
	uint64_t		 deadline_ms;	/* 0 = none */
	bool			 probe;		/* it hung; does it still? */
	struct db_wait		 wait;		/* the last one */
	struct prepared		*(*kept)[DB_KEEP_LINES + 1]; /* by statement */
	struct prepared		*current;	/* its rows are being taken */
	bool			 current_once;	/* not kept: free it after */
	bool			 open;		/* a transaction may be open */
	uint64_t		 opened_ms;
	uint64_t		 used_ms;	/* end of the last statement */
	uint64_t		 matched;
	uint64_t		 insert_id;
};

/* ---- db_error.c ---- */

/* What an error means for whoever runs a transaction. */
enum db_result	db_classify(unsigned error);

/* A server that only reads: after a failover, the old primary. */
bool	db_error_read_only(unsigned error);

/* 1213: at COMMIT, the refusal of a Galera cluster. */
bool	db_error_deadlock(unsigned error);

/* 1193: the server has no such variable. */
bool	db_error_no_variable(unsigned error);

/* One line for an error, at the level that fits what follows from it. */
void	db_log_failure(const struct db *, const char *what, enum db_result,
    unsigned error, const char *message);

/* ---- db_connect.c ---- */

/* Around each call that waits for the server. */
void	db_wait_begin(struct db *, enum db_wait_kind);
void	db_wait_end(struct db *);
void	db_wait_answered(struct db *);	/* the same, when it has answered */

/* Whether there is too little time left to begin with anything. */
bool	db_too_late(const struct db *, uint64_t needed_ms);

/* Whether a statement may not even be sent, as there is no time left, or the
 * worker is needed by other markets. It is then as if waited for in vain. */
bool	db_wait_refused(struct db *);

/* Behind a call that lost its connection: closes it. DB_LOST: worth another
 * try; DB_AWAY when the server was waited for in vain, which others then need
 * not find out again. */
enum db_result	db_lose(struct db *);

/* The host only reads: the next one is to be used, if there is one. */
void	db_leave_host(struct db *);

/* Closes the connection and forgets all that was prepared on it. What was
 * waited for last stays known. */
void	db_disconnect(struct db *);

/* ---- db_statement.c ---- */

/* Closes the prepared statements of a connection that is about to go. */
void	db_forget(struct db *);

#endif
