/*
 * order_history.c: see order_history.h.
 */
#include <string.h>

#include "base/arena.h"
#include "market/workflow.h"
#include "store/order_history.h"
#include "store/order_row.h"
#include "store/statements.h"

/* Columns of MOVE_ROW and EVENT_ROW. */
enum {
	COL_LIVE, COL_ID, COL_NUMBER, COL_STATUS, COL_UPDATED, COL_EVENT,
	COL_OLD, COL_NEW, COL_BY, COL_NOTE, COL_AT
};

/* A history being read. */
struct reading {
	struct arena			*arena;
	const struct customer		*customer;
	int64_t				 id;
	struct order_history		*out;
	size_t				 room;
};

/* Adds an event and returns it. The room doubles. */
static struct order_event *
add_history_event(struct reading *r)
{
	struct order_history	*out = r->out;
	struct order_event	*events;

	if (out->count == r->room) {
		r->room = r->room == 0 ? ORDER_STATE__MAX : r->room * 2;
		events = arena_array(r->arena, r->room, sizeof(*events));
		if (out->count > 0)
			memcpy(events, out->events,
			    out->count * sizeof(*events));
		out->events = events;
	}
	return &out->events[out->count++];
}

/* Takes a row: the order, and an event unless it has none. */
static void
read_history_event(const struct db *db, struct reading *r)
{
	struct order_history	*out = r->out;
	struct order_event	*e;

	out->customer = customer_of_row(db);
	out->found = out->customer == CUSTOMER_LIVE && !db_is_null(db, COL_ID);
	if (!out->found)
		return;
	out->number = db_get_text(db, COL_NUMBER, r->arena);
	out->status = db_get_text(db, COL_STATUS, r->arena);
	out->updated_at = db_get_int(db, COL_UPDATED);
	if (db_is_null(db, COL_EVENT))
		return;
	e = add_history_event(r);
	e->old_status = db_get_text(db, COL_OLD, r->arena);
	e->new_status = db_get_text(db, COL_NEW, r->arena);
	e->by = db_get_text(db, COL_BY, r->arena);
	e->note = db_get_text(db, COL_NOTE, r->arena);
	e->at = db_get_int(db, COL_AT);
}

/* Body of order_history_read(). */
static enum db_result
read_history(struct db *db, void *arg)
{
	struct reading	*r = arg;
	enum db_result	 result;
	bool		 more;

	memset(r->out, 0, sizeof(*r->out));
	r->room = 0;
	/* Until a row says otherwise. */
	r->out->customer = r->customer == NULL ? CUSTOMER_LIVE :
	    CUSTOMER_UNKNOWN;
	result = order_row_run(db, r->customer, r->id, STATEMENT_HISTORY,
	    STATEMENT_HISTORY_ANY);
	while (result == DB_OK &&
	    (result = db_next(db, &more)) == DB_OK && more)
		read_history_event(db, r);
	return result;
}

enum db_result
order_history_read(struct db *db, struct arena *arena,
    const struct customer *customer, int64_t id,
    struct order_history *out)
{
	struct reading	 r = { .arena = arena, .customer = customer,
	    .id = id, .out = out };

	return db_read(db, read_history, &r);
}
