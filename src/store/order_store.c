/*
 * order_store.c: see order_store.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "store/order_row.h"
#include "store/order_store.h"
#include "store/statements.h"

/* A DATETIME has no year after 9999. */
#define TIME_MAX	INT64_C(253402300799999999)

/* A list being read: the page, and where it goes. */
struct reading {
	struct arena			*arena;
	const struct customer		*customer;
	const struct order_page		*page;
	int64_t				 id;	/* of one order */
	struct order_list		*list;
	size_t				 room;
	/* The ids of the orders that have no text of their lines. */
	struct db_value			*bare;
	size_t				 bare_count;
};

/* Empties the list: nothing is known until a row says otherwise. */
static void
reset_order_list(struct reading *r)
{
	r->list->customer = CUSTOMER_UNKNOWN;
	r->list->count = 0;
	r->bare_count = 0;
}

/* Takes the rows of orders with the text of their lines. There is enough room,
 * because the LIMIT of the statement is that of the page. */
static enum db_result
read_order_rows(struct db *db, struct reading *r)
{
	struct order_list	*list = r->list;
	struct order		*o;
	enum db_result		 result;
	bool			 more;

	while ((result = db_next(db, &more)) == DB_OK && more) {
		list->customer = customer_of_row(db);
		if (db_is_null(db, ORDER_COL_ID) ||
		    list->customer != CUSTOMER_LIVE)
			continue;
		if (list->count == r->room)
			panic("more orders than the page holds");
		o = &list->orders[list->count++];
		order_row_read(db, r->arena, o);
		if (!order_row_read_text(db, r->arena, o))
			r->bare[r->bare_count++] = db_int(o->id);
	}
	return result;
}

/* Adds the line of a row of STATEMENT_ORDER_LINES to its order. */
static void
add_bare_line(const struct db *db, struct reading *r)
{
	int64_t	 id = db_get_int(db, 0);

	for (size_t i = 0; i < r->list->count; i++)
		if (r->list->orders[i].id == id)
			order_row_add_line(db, 1, r->arena,
			    &r->list->orders[i]);
}

/* Reads the lines of the orders that have no text of them. */
static enum db_result
read_bare_lines(struct db *db, struct reading *r)
{
	enum db_result	 result;
	bool		 more;

	if (r->bare_count == 0)
		return DB_OK;
	result = db_run(db, STATEMENT_ORDER_LINES, r->bare_count, r->bare,
	    r->bare_count);
	while (result == DB_OK &&
	    (result = db_next(db, &more)) == DB_OK && more)
		add_bare_line(db, r);
	return result;
}

/* Compares two orders: the newest first. */
static int
by_order_age(const void *a, const void *b)
{
	const struct order	*x = a, *y = b;

	if (x->created_at != y->created_at)
		return x->created_at < y->created_at ? 1 : -1;
	return (x->id < y->id) - (x->id > y->id);
}

/* Runs the statement of a page that begins with the newest order, or after
 * the cursor. */
static enum db_result
run_page(struct db *db, const struct reading *r)
{
	static const enum statement_id statements[2][2] = {
		{ STATEMENT_ORDER_LIST, STATEMENT_ORDER_LIST_STATUS },
		{ STATEMENT_ORDER_LIST_AFTER,
		    STATEMENT_ORDER_LIST_STATUS_AFTER }
	};
	const struct order_page	*p = r->page;
	bool			 after = p->before_time != INT64_MAX;
	bool			 status = *p->status != '\0';
	struct db_value		 user = db_int(r->customer->user_id);
	struct db_value		 values[9] = {
		CUSTOMER_TIMES(r->customer), user, user };
	size_t			 n = 4;

	if (after) {
		values[n++] = db_time(p->before_time);
		values[n++] = db_time(p->before_time);
		values[n++] = db_int(p->before_id);
	}
	if (status)
		values[n++] = db_text(p->status);
	values[n++] = db_int(p->limit);
	return db_run(db, statements[after][status], 1, values, n);
}

/* Runs the statement of a page with an offset. */
static enum db_result
run_page_from(struct db *db, const struct reading *r)
{
	const struct order_page	*p = r->page;
	int64_t			 user = r->customer->user_id;
	int64_t			 before = p->before_time == INT64_MAX ?
	    TIME_MAX : p->before_time;
	struct db_value		 values[] = {
		CUSTOMER_TIMES(r->customer), db_int(user),
		db_time(before), db_time(before), db_int(p->before_id),
		db_text(p->status), db_text(p->status), db_int(p->limit),
		db_int(p->offset), db_int(user)
	};

	return db_run(db, STATEMENT_ORDER_LIST_FROM, 1, values,
	    sizeof(values) / sizeof(*values));
}

/* Body of order_store_list(). */
static enum db_result
read_order_list(struct db *db, void *arg)
{
	struct reading	*r = arg;
	enum db_result	 result;

	reset_order_list(r);
	result = r->page->offset > 0 ? run_page_from(db, r) : run_page(db, r);
	if (result == DB_OK)
		result = read_order_rows(db, r);
	if (result == DB_OK)
		result = read_bare_lines(db, r);
	/* Without orders there is no row that could tell the state. */
	if (result == DB_OK && r->list->customer == CUSTOMER_UNKNOWN)
		result = customer_find(db, r->customer, &r->list->customer);
	return result;
}

enum db_result
order_store_list(struct db *db, struct arena *arena,
    const struct customer *customer, const struct order_page *page,
    struct order_list *list)
{
	struct reading	 r = { .arena = arena, .customer = customer,
	    .page = page, .list = list, .room = (size_t)page->limit };
	enum db_result	 result;

	list->orders = arena_array(arena, r.room, sizeof(*list->orders));
	r.bare = arena_array(arena, r.room, sizeof(*r.bare));
	result = db_read(db, read_order_list, &r);
	/* A page with an offset comes in the order in which the server joins
	 * it. */
	if (result == DB_OK && list->count > 1)
		qsort(list->orders, list->count, sizeof(*list->orders),
		    by_order_age);
	return result;
}

/* Body of order_store_find(). */
static enum db_result
read_found_order(struct db *db, void *arg)
{
	struct reading	*r = arg;
	struct db_value	 values[] = { CUSTOMER_TIMES(r->customer),
		db_int(r->id), db_int(r->customer->user_id) };
	enum db_result	 result;

	reset_order_list(r);
	result = db_run(db, STATEMENT_ORDER_DETAIL, 1, values, 4);
	if (result == DB_OK)
		result = read_order_rows(db, r);
	return result == DB_OK ? read_bare_lines(db, r) : result;
}

enum db_result
order_store_find(struct db *db, struct arena *arena,
    const struct customer *customer, int64_t id,
    struct order_found *out)
{
	struct order_list	 list = { .orders = &out->order };
	struct db_value		 bare;
	struct reading		 r = { .arena = arena, .customer = customer,
	    .id = id, .list = &list, .room = 1, .bare = &bare };
	enum db_result		 result;

	memset(out, 0, sizeof(*out));
	result = db_read(db, read_found_order, &r);
	out->customer = list.customer;
	out->found = list.count == 1;
	return result;
}
