/*
 * state.c: see state.h.
 */
#include "base/log.h"
#include "db/state.h"

/* An event that cannot happen in this state. */
#define NEVER	DB_STATE__MAX

/*
 * What each event does to a connection. Read a line as: in this state, the
 * event leads to that one.
 *
 * A failed statement is no event: whether it has begun a transaction is not
 * known, and its caller must end the transaction or close the connection. The
 * statement that checks a new connection is such a case: until it is answered
 * the connection stays as it is, and db_ready() closes it after a failure.
 */
static const enum db_state table[DB_STATE__MAX][DB_EVENT__MAX] = {
	[DB_DISCONNECTED] = {
		[DB_CONNECT]	= DB_CONNECTING,
		[DB_PROBE]	= DB_PROBING,
		[DB_SENT]	= NEVER,
		[DB_ANSWERED]	= NEVER,
		[DB_ENDED]	= NEVER,
		[DB_CLOSED]	= DB_DISCONNECTED,
	},
	[DB_CONNECTING] = {
		[DB_CONNECT]	= NEVER,
		[DB_PROBE]	= NEVER,
		[DB_SENT]	= DB_CONNECTING,
		[DB_ANSWERED]	= DB_IN_TRANSACTION,
		[DB_ENDED]	= NEVER,
		[DB_CLOSED]	= DB_DISCONNECTED,
	},
	[DB_PROBING] = {
		[DB_CONNECT]	= NEVER,
		[DB_PROBE]	= NEVER,
		[DB_SENT]	= DB_PROBING,
		[DB_ANSWERED]	= DB_IN_TRANSACTION,
		[DB_ENDED]	= NEVER,
		[DB_CLOSED]	= DB_DISCONNECTED,
	},
	[DB_IDLE] = {
		[DB_CONNECT]	= NEVER,
		[DB_PROBE]	= DB_PROBING,
		[DB_SENT]	= DB_IN_TRANSACTION,
		[DB_ANSWERED]	= NEVER,
		[DB_ENDED]	= DB_IDLE,
		[DB_CLOSED]	= DB_DISCONNECTED,
	},
	[DB_IN_TRANSACTION] = {
		[DB_CONNECT]	= NEVER,
		[DB_PROBE]	= DB_PROBING,
		[DB_SENT]	= DB_IN_TRANSACTION,
		[DB_ANSWERED]	= DB_IN_TRANSACTION,
		[DB_ENDED]	= DB_IDLE,
		[DB_CLOSED]	= DB_DISCONNECTED,
	},
};

enum db_state
db_state_after(enum db_state state, enum db_event event)
{
	enum db_state	 after = table[state][event];

	if (after == NEVER)
		panic("connection: event %d in state %d", (int)event,
		    (int)state);
	return after;
}
