/*
 * db_impl.h: the inside of a connection, for the files of src/db alone. A file
 * of this list calls only those below it:
 *
 *	transaction.c	transactions, what became of one, probes
 *	ready.c		a connection for a request: which host, whose database
 *	query.c		statements, their values and rows
 *	connection.c	opening and closing a connection, its state
 *	prepared.c	prepared statements
 *	db_error.c	what an error number means
 *	wait.c		waiting for the server
 *	breaker.c, bulkhead.c, hosts.c
 *			what all processes know together
 *	state.c		what an event does to a connection
 *	client.c	what differs between the client libraries
 */
#ifndef ORDERMUX_DB_IMPL_H
#define ORDERMUX_DB_IMPL_H

#include <mysql.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/breaker.h"
#include "db/bulkhead.h"
#include "db/db.h"
#include "db/hosts.h"
#include "db/state.h"
#include "db/statement.h"

/* Bytes of the name that a server gives itself. (Its address is no name:
 * another server may answer there next.) */
#define DB_SERVER_MAX	300

struct prepared;

/* What the server is waited for. */
enum db_wait_kind {
	DB_WAIT_CONNECT,	/* the connection, all steps together */
	DB_WAIT_STATEMENT,	/* the answer to a statement */
	DB_WAIT_COMMIT,		/* its answer: without it nobody knows the
				 * outcome, so it is given up later */
	DB_WAIT_SETTLE,		/* nothing is lost without the answer */
	DB_WAIT__MAX
};

/* How a wait ended. */
enum db_wait_end {
	DB_END_ANSWER,		/* by the server, or it broke the connection */
	DB_END_LIMIT,		/* after all the time that its kind may take */
	DB_END_DEADLINE,	/* with the request's time */
	DB_END_GAVE_UP,		/* to leave the worker to other markets */
	DB_END_LOCKED,		/* to leave it to requests without locks */
	DB_END__MAX
};

struct db_wait {
	enum db_wait_kind kind;
	uint64_t	  began_ms;
	uint64_t	  until_ms;
	enum db_wait_end  until;	/* what until_ms is: limit, deadline */
	uint64_t	  look_ms;	/* the next look at the bulkhead */
	enum db_wait_end  end;
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
	bool			 asked;		/* since this request's start */
	enum db_state		 state;		/* db_event() changes it */
	MYSQL			*mysql;		/* NULL if disconnected */
	size_t			 host;		/* the index of its host */
	char			 server[DB_SERVER_MAX];	/* the server's name */
	uint64_t		 checked_ms;	/* its database was ours */
	/* The server that got the last COMMIT without an answer. */
	char			 commit_server[DB_SERVER_MAX];
	uint64_t		 deadline_ms;	/* 0 = none */
	struct db_wait		 wait;		/* the current or the last */
	/* The statements that are kept, the last used first. */
	struct prepared		*kept[DB_KEEP_STATEMENTS];
	size_t			 kept_count;
	_Atomic uint64_t	*full_at;	/* shared: the server was */
	struct prepared		*current;	/* its rows are being fetched */
	uint64_t		 opened_ms;	/* the transaction, if in one */
	uint64_t		 used_ms;	/* end of the last statement */
	uint64_t		 matched;
	uint64_t		 insert_id;
};

#endif
