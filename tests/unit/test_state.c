/*
 * test_state.c: what an event does to a connection.
 */
#include <criterion/criterion.h>
#include <signal.h>

#include "db/state.h"

/* One step: the event, and the state that it must lead to. */
struct step {
	enum db_event	event;
	enum db_state	after;
};

static void
walk(const struct step *steps, size_t count)
{
	enum db_state	 state = DB_DISCONNECTED;

	for (size_t i = 0; i < count; i++) {
		state = db_state_after(state, steps[i].event);
		cr_expect_eq(state, steps[i].after, "step %zu: %d", i, state);
	}
}

Test(state, an_order_on_a_new_connection)
{
	static const struct step	 steps[] = {
		{ DB_CONNECT, DB_CONNECTING },
		{ DB_SENT, DB_CONNECTING },	/* whose database is it? */
		{ DB_ANSWERED, DB_IN_TRANSACTION },
		{ DB_ENDED, DB_IDLE },
		{ DB_SENT, DB_IN_TRANSACTION },
		{ DB_ANSWERED, DB_IN_TRANSACTION },
		{ DB_SENT, DB_IN_TRANSACTION },
		{ DB_ANSWERED, DB_IN_TRANSACTION },
		{ DB_ENDED, DB_IDLE },
		{ DB_ENDED, DB_IDLE },		/* with nothing in it */
		{ DB_CLOSED, DB_DISCONNECTED },
	};

	walk(steps, sizeof(steps) / sizeof(*steps));
}

Test(state, only_an_answer_ends_a_probe)
{
	static const struct step	 steps[] = {
		{ DB_PROBE, DB_PROBING },	/* with a new connection */
		{ DB_SENT, DB_PROBING },
		{ DB_ANSWERED, DB_IN_TRANSACTION },
		{ DB_ENDED, DB_IDLE },
		{ DB_PROBE, DB_PROBING },	/* with that connection */
		{ DB_SENT, DB_PROBING },
		{ DB_ANSWERED, DB_IN_TRANSACTION },
		{ DB_PROBE, DB_PROBING },
		{ DB_CLOSED, DB_DISCONNECTED },
	};

	walk(steps, sizeof(steps) / sizeof(*steps));
}

Test(state, a_connection_can_break_in_every_state)
{
	for (int s = 0; s < DB_STATE__MAX; s++)
		cr_expect_eq(db_state_after((enum db_state)s, DB_CLOSED),
		    DB_DISCONNECTED, "%d", s);
}

Test(state, nothing_is_sent_without_a_connection, .signal = SIGABRT)
{
	(void)db_state_after(DB_DISCONNECTED, DB_SENT);
}

Test(state, no_transaction_ends_before_the_connection_is_checked,
    .signal = SIGABRT)
{
	(void)db_state_after(DB_CONNECTING, DB_ENDED);
}
