/*
 * workflow.c: the states of an order (see workflow.h).
 */
#include <stddef.h>

#include "base/log.h"
#include "base/str.h"
#include "market/workflow.h"

#define TO(state) (1u << (state))

static const struct {
	const char	*name;
	unsigned	 next;		/* TO() each state that may follow */
	bool		 returns_stock;
} states[ORDER_STATE__MAX] = {
	[ORDER_PENDING] = { "pending",
	    TO(ORDER_CONFIRMED) | TO(ORDER_CANCELLED), false },
	[ORDER_CONFIRMED] = { "confirmed",
	    TO(ORDER_PROCESSING) | TO(ORDER_CANCELLED), false },
	[ORDER_PROCESSING] = { "processing",
	    TO(ORDER_SHIPPED) | TO(ORDER_CANCELLED), false },
	[ORDER_SHIPPED] = { "shipped",
	    TO(ORDER_DELIVERED) | TO(ORDER_RETURNED), false },
	[ORDER_DELIVERED] = { "delivered", TO(ORDER_RETURNED), false },
	[ORDER_CANCELLED] = { "cancelled", 0, true },
	[ORDER_RETURNED] = { "returned", 0, true }
};

const char *
workflow_name(enum order_state state)
{
	if ((unsigned)state >= ORDER_STATE__MAX)
		panic("order state %d", (int)state);
	return states[state].name;
}

bool
workflow_find(const char *name, enum order_state *state)
{
	for (int i = 0; i < ORDER_STATE__MAX; i++) {
		if (str_equal_nocase(name, states[i].name)) {
			*state = (enum order_state)i;
			return true;
		}
	}
	return false;
}

bool
workflow_allows(enum order_state from, enum order_state to)
{
	return (states[from].next & TO(to)) != 0;
}

bool
workflow_returns_stock(enum order_state state)
{
	return states[state].returns_stock;
}
