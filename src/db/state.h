/*
 * state.h: the states of a connection, and what changes them.
 *
 * Between two calls of db.h a connection is disconnected, idle, or in a
 * transaction. It is connecting or probing only inside db_ready().
 */
#ifndef ORDERMUX_STATE_H
#define ORDERMUX_STATE_H

enum db_state {
	DB_DISCONNECTED,	/* there is none */
	DB_CONNECTING,		/* not checked yet: whose database is it? */
	DB_PROBING,		/* as the breaker's probe: the first answer is
				 * waited for with little patience */
	DB_IDLE,		/* no transaction is open */
	DB_IN_TRANSACTION,	/* one may be open */
	DB_STATE__MAX
};

enum db_event {
	DB_CONNECT,		/* a host is about to be connected to */
	DB_PROBE,		/* the same, or a statement, as the probe */
	DB_SENT,		/* a statement is about to be sent */
	DB_ANSWERED,		/* the statement has been answered */
	DB_ENDED,		/* the transaction: commit or rollback */
	DB_CLOSED,		/* the connection, for whatever reason */
	DB_EVENT__MAX
};

/* The state after the event. An event that cannot happen in this state is a
 * panic: it is a bug of ours. */
enum db_state	db_state_after(enum db_state, enum db_event);

#endif
