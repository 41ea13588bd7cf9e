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

/* A list being read: the page, and where it goes. */
struct reading {
	struct arena			*arena;
	const struct customer		*customer;
	const struct order_page		*page;
	int64_t				 id;	/* of one order */
	struct order_list		*list;
	size_t				 room;
};

/* Empties the list: nothing is known until a row says otherwise. */
static void
reset_order_list(struct order_list *list)
{
	list->customer = CUSTOMER_UNKNOWN;
	list->count = 0;
}

/* Returns the order of the row: usually that of the row before, else another
 * one of the list, else a new one. NULL if there is no room. */
static struct order *
order_of_row(const struct db *db, struct reading *r)
{
	struct order_list	*list = r->list;
	int64_t			 id = db_get_int(db, ORDER_COL_ID);
	struct order		*o;

	for (size_t i = list->count; i > 0; i--) {
		if (list->orders[i - 1].id == id)
			return &list->orders[i - 1];
	}
	if (list->count == r->room)
		return NULL;
	o = &list->orders[list->count++];
	order_row_read(db, r->arena, o);
	return o;
}

/* Takes the rows of a join of orders and lines, in any order. There is enough
 * room, because the LIMIT of the statement is that of the page. */
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
		if ((o = order_of_row(db, r)) == NULL)
			panic("more orders than the page holds");
		order_row_add_line(db, r->arena, o);
	}
	return result;
}

/* Compares two lines: by their place in the order. */
static int
by_line_no(const void *a, const void *b)
{
	const struct order_line	*x = a, *y = b;

	return (x->line_no > y->line_no) - (x->line_no < y->line_no);
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

/* Sorts a page. The server usually gives the rows in this order already. Only
 * an ORDER BY could guarantee it, and would make the server sort all rows. */
static void
sort_order_list(struct order_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct order	*o = &list->orders[i];

		if (o->line_count > 1)
			qsort(o->lines, o->line_count, sizeof(*o->lines),
			    by_line_no);
	}
	if (list->count > 1)
		qsort(list->orders, list->count, sizeof(*list->orders),
		    by_order_age);
}

/* Body of order_store_list(). */
static enum db_result
read_order_list(struct db *db, void *arg)
{
	struct reading		*r = arg;
	const struct order_page	*p = r->page;
	int64_t			 user = r->customer->user_id;
	/* A DATETIME has no year after 9999. */
	int64_t			 before = p->before_time == INT64_MAX ?
	    INT64_C(253402300799999999) : p->before_time;
	struct db_value		 values[] = {
		CUSTOMER_TIMES(r->customer), db_int(user), db_int(user),
		db_time(before), db_time(before), db_int(p->before_id),
		db_text(p->status), db_text(p->status), db_int(p->limit),
		db_int(p->offset)
	};
	enum db_result		 result;

	reset_order_list(r->list);
	result = db_run(db, STATEMENT_ORDER_LIST, 1, values,
	    sizeof(values) / sizeof(*values));
	if (result == DB_OK)
		result = read_order_rows(db, r);
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
	if ((result = db_read(db, read_order_list, &r)) == DB_OK)
		sort_order_list(list);
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

	reset_order_list(r->list);
	result = db_run(db, STATEMENT_ORDER_DETAIL, 1, values, 4);
	return result == DB_OK ? read_order_rows(db, r) : result;
}

enum db_result
order_store_find(struct db *db, struct arena *arena,
    const struct customer *customer, int64_t id,
    struct order_found *out)
{
	struct order_list	 list = { .orders = &out->order };
	struct reading		 r = { .arena = arena, .customer = customer,
	    .id = id, .list = &list, .room = 1 };
	enum db_result		 result;

	memset(out, 0, sizeof(*out));
	result = db_read(db, read_found_order, &r);
	out->customer = list.customer;
	out->found = list.count == 1;
	return result;
}
