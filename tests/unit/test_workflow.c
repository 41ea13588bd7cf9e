/*
 * test_workflow.c: every pair of states of an order.
 */
#include <criterion/criterion.h>
#include <signal.h>

#include "market/workflow.h"

/* In the order of the column orders.status. */
static const char *const names[ORDER_STATE__MAX] = { "pending", "confirmed",
	"processing", "shipped", "delivered", "cancelled", "returned" };

/* A row is where an order is, a column where it may go: x. */
static const char *const allowed[ORDER_STATE__MAX] = {
	/*		  p c p s d c r */
	/* pending */	 ". x . . . x .",
	/* confirmed */	 ". . x . . x .",
	/* processing */ ". . . x . x .",
	/* shipped */	 ". . . . x . x",
	/* delivered */	 ". . . . . . x",
	/* cancelled */	 ". . . . . . .",
	/* returned */	 ". . . . . . ."
};

Test(workflow, every_pair_of_states_is_as_the_table_says)
{
	for (int from = 0; from < ORDER_STATE__MAX; from++) {
		for (int to = 0; to < ORDER_STATE__MAX; to++)
			cr_expect_eq(workflow_allows((enum order_state)from,
			    (enum order_state)to),
			    allowed[from][2 * to] == 'x', "%s to %s",
			    names[from], names[to]);
	}
}

/* Whether a state can be reached from another, by any number of moves. */
static bool
leads_to(int from, int to, int moves)
{
	for (int next = 0; moves > 0 && next < ORDER_STATE__MAX; next++) {
		if (workflow_allows((enum order_state)from,
		    (enum order_state)next) &&
		    (next == to || leads_to(next, to, moves - 1)))
			return true;
	}
	return false;
}

Test(workflow, no_state_is_entered_twice)
{
	for (int i = 0; i < ORDER_STATE__MAX; i++)
		cr_expect_not(leads_to(i, i, ORDER_STATE__MAX), "%s",
		    names[i]);
}

Test(workflow, every_state_is_reached_from_the_first)
{
	for (int i = ORDER_PENDING + 1; i < ORDER_STATE__MAX; i++)
		cr_expect(leads_to(ORDER_PENDING, i, ORDER_STATE__MAX), "%s",
		    names[i]);
}

Test(workflow, stock_comes_back_in_the_last_two_states_only)
{
	for (int i = 0; i < ORDER_STATE__MAX; i++)
		cr_expect_eq(workflow_returns_stock((enum order_state)i),
		    i == ORDER_CANCELLED || i == ORDER_RETURNED, "%s",
		    names[i]);
}

/* Else what came back once could come back a second time, or be sold. */
Test(workflow, nothing_follows_a_state_in_which_stock_came_back)
{
	for (int from = 0; from < ORDER_STATE__MAX; from++) {
		for (int to = 0; to < ORDER_STATE__MAX; to++)
			cr_expect_not(
			    workflow_returns_stock((enum order_state)from) &&
			    workflow_allows((enum order_state)from,
			    (enum order_state)to), "%s to %s", names[from],
			    names[to]);
	}
}

Test(workflow, names_are_the_databases)
{
	for (int i = 0; i < ORDER_STATE__MAX; i++)
		cr_expect_str_eq(workflow_name((enum order_state)i),
		    names[i]);
}

Test(workflow, a_name_is_found_whatever_its_case)
{
	static const struct {
		const char		*name;
		bool			 found;
		enum order_state	 state;
	} cases[] = {
		{ "pending", true, ORDER_PENDING },
		{ "PENDING", true, ORDER_PENDING },
		{ "ShIpPeD", true, ORDER_SHIPPED },
		{ "returned", true, ORDER_RETURNED },
		{ "", false, 0 }, { "pendin", false, 0 },
		{ "pendings", false, 0 }, { " pending", false, 0 },
		{ "pending ", false, 0 }, { "paid", false, 0 },
		{ "canceled", false, 0 }, { "\x7f", false, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum order_state	state = ORDER_STATE__MAX;

		cr_expect_eq(workflow_find(cases[i].name, &state),
		    cases[i].found, "\"%s\"", cases[i].name);
		cr_expect_eq(state, cases[i].found ? cases[i].state :
		    ORDER_STATE__MAX, "\"%s\"", cases[i].name);
	}
}

Test(workflow, a_number_that_is_no_state_is_a_panic, .signal = SIGABRT)
{
	workflow_name(ORDER_STATE__MAX);
}
