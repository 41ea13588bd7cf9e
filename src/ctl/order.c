/*
 * order.c: ordermuxctl order: staff list, show and move orders.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "config/settings.h"
#include "ctl/ctl.h"
#include "market/market.h"
#include "store/order_move.h"
#include "store/staff_order.h"
#include "store/staff_user.h"

#define LIST_DEFAULT	20
#define LIST_MAX	10000

/* Returns the state with this name; ends the program if there is none. */
static enum order_state
need_order_state(const char *name)
{
	enum order_state	 state;

	if (workflow_find(name, &state))
		return state;
	ctl_error("\"%s\" is no state of an order", name);
	exit(CTL_USAGE);
}

/* Returns --limit, or the default; ends the program if it is wrong. */
static size_t
need_list_limit(const struct ctl *ctl)
{
	int64_t	 n = LIST_DEFAULT;

	if (ctl->limit != NULL && (!str_to_int64(ctl->limit, &n) || n < 1 ||
	    n > LIST_MAX)) {
		ctl_error("--limit: expected a number from 1 to %d", LIST_MAX);
		exit(CTL_USAGE);
	}
	return (size_t)n;
}

/* Makes a connection with the limits that a request has. */
static struct db *
open_order_db(const struct ctl *ctl, const struct market *market)
{
	return ctl_db(ctl, market, ctl->settings->query_timeout);
}

/* ---- list ---- */

static void
put_order_entry(const struct ctl *ctl, const struct market *market,
    const struct staff_order_entry *e)
{
	struct arena	*a = ctl->arena;

	printf("%-18s %8" PRId64 " %-10s %12s %s %s %s\n",
	    ctl_clean(a, e->number), e->id, e->status,
	    ctl_amount(ctl, market, e->total), ctl_clean(a, e->currency),
	    ctl_time(a, e->created_at), ctl_clean(a, e->customer_name));
}

/* Which orders to list. */
struct order_list_wish {
	int64_t		 user_id;	/* 0: everybody's */
	char		 phone[PHONE_MAX + 1];	/* "": not by a number */
	const char	*status;	/* NULL: in any state */
	size_t		 limit;
};

/* What the options of "order list" ask for; ends the program if they are
 * wrong. */
static void
read_list_options(const struct ctl *ctl, struct order_list_wish *out)
{
	memset(out, 0, sizeof(*out));
	out->limit = need_list_limit(ctl);
	if (ctl->status != NULL)
		out->status = workflow_name(need_order_state(ctl->status));
	if (ctl->customer != NULL && ctl->phone != NULL)
		ctl_error("--user and --phone: say one of them");
	else if (ctl->customer != NULL &&
	    (!str_to_int64(ctl->customer, &out->user_id) ||
		out->user_id <= 0))
		ctl_error("--user: expected the id of a user, such as 19");
	else if (ctl->phone != NULL &&
	    !phone_normalise(ctl->settings->markets, ctl->phone, out->phone))
		ctl_error("--phone: expected a phone number with the prefix "
		    "of its country");
	else
		return;
	exit(CTL_USAGE);
}

/* Finds the customer whose orders are wanted, or says that there is none. */
static int
find_list_customer(const struct ctl *ctl, struct db *db,
    struct order_list_wish *wish)
{
	const struct market	*market = db_market(db);
	struct staff_user	 user = { 0 };
	enum db_result		 result;

	if (wish->phone[0] != '\0')
		result = staff_user_by_phone(db, ctl->arena, wish->phone,
		    &user);
	else
		result = staff_user_by_id(db, ctl->arena, wish->user_id,
		    &user);
	if (result != DB_OK)
		return ctl_db_error(market, result);
	if (user.found) {
		wish->user_id = user.user.id;
		return CTL_DONE;
	}
	if (wish->phone[0] != '\0')
		ctl_error("%s has no user with the phone number %s%s%s",
		    market->name, wish->phone,
		    phone_valid(market, wish->phone) ? "" :
		    "; its numbers look like ",
		    phone_valid(market, wish->phone) ? "" :
		    market->phone.example);
	else
		ctl_error("%s has no user %" PRId64, market->name,
		    wish->user_id);
	return CTL_ERROR;
}

/* Lists the orders that are wanted. */
static int
put_wished_orders(const struct ctl *ctl, struct db *db,
    struct order_list_wish *wish)
{
	struct staff_order_entry	*entries;
	enum db_result			 result = db_ready(db);
	size_t				 count = 0;
	int				 status = CTL_DONE;

	if (result != DB_OK)
		return ctl_db_error(db_market(db), result);
	if (wish->user_id != 0 || wish->phone[0] != '\0')
		status = find_list_customer(ctl, db, wish);
	if (status != CTL_DONE)
		return status;
	if (wish->user_id != 0)
		result = staff_user_orders(db, ctl->arena, wish->user_id,
		    wish->status, wish->limit, &entries, &count);
	else
		result = staff_order_list(db, ctl->arena, wish->status,
		    wish->limit, &entries, &count);
	if (result != DB_OK)
		return ctl_db_error(db_market(db), result);
	for (size_t i = 0; i < count; i++)
		put_order_entry(ctl, db_market(db), &entries[i]);
	return CTL_DONE;
}

int
ctl_order_list(struct ctl *ctl)
{
	const struct market	*market = ctl_market(ctl, ctl->args[0]);
	struct order_list_wish	 wish;
	struct db		*db;
	int			 status;

	read_list_options(ctl, &wish);
	db = open_order_db(ctl, market);
	status = put_wished_orders(ctl, db, &wish);
	db_free(db);
	return status;
}

/* ---- show ---- */

/* Finds the order with this number or id, or reports that there is none. */
static int
find_named_order(const struct ctl *ctl, struct db *db, const char *name,
    struct staff_order *out)
{
	struct staff_order	 found[STAFF_ORDERS_FOUND];
	enum db_result		 result = db_ready(db);
	size_t			 count = 0;

	if (result == DB_OK)
		result = staff_order_find(db, ctl->arena, name, found, &count);
	if (result != DB_OK)
		return ctl_db_error(db_market(db), result);
	if (count > 1) {
		ctl_error("\"%s\" is the number of one order and the id of "
		    "another, %s: say number:%s or id:%s", name,
		    ctl_clean(ctl->arena, found[1].order.number), name, name);
		return CTL_ERROR;
	}
	if (count == 1) {
		*out = found[0];
		return CTL_DONE;
	}
	ctl_error("%s has no order \"%s\"", db_market(db)->name,
	    ctl_clean(ctl->arena, name));
	return CTL_ERROR;
}

/* Prints a fact of an order, unless it is empty. */
static void
put_order_fact(const struct ctl *ctl, const char *name, const char *value)
{
	if (value != NULL && *value != '\0')
		printf("%-10s %s\n", name, ctl_clean(ctl->arena, value));
}

static void
put_order_facts(const struct ctl *ctl, const struct market *market,
    const struct staff_order *staff)
{
	const struct order	*o = &staff->order;

	put_order_fact(ctl, "order", o->number);
	printf("%-10s %" PRId64 "\n", "id", o->id);
	put_order_fact(ctl, "market", market->name);
	put_order_fact(ctl, "state", o->status);
	put_order_fact(ctl, "ordered", ctl_time(ctl->arena, o->created_at));
	put_order_fact(ctl, "changed", ctl_time(ctl->arena, o->updated_at));
	printf("%-10s %" PRId64 "\n", "user", staff->user_id);
	put_order_fact(ctl, "customer", o->customer_name);
	put_order_fact(ctl, "phone", o->customer_phone);
	put_order_fact(ctl, "email", o->customer_email);
	put_order_fact(ctl, "address", o->delivery_address);
	put_order_fact(ctl, "city", o->delivery_city);
	put_order_fact(ctl, "notes", o->delivery_notes);
	put_order_fact(ctl, "payment", o->payment_method);
}

/* Prints "line 1: 2 x 24.99 = 49.98 SKU-1 Shirt (M, Black)". */
static void
put_ordered_sku(const struct ctl *ctl, const struct market *market,
    const struct order_line *l)
{
	struct arena	*a = ctl->arena;

	printf("%-10s %u: %" PRId64 " x %s = %s  %s  %s", "line", l->line_no,
	    l->quantity, ctl_amount(ctl, market, l->unit_price),
	    ctl_amount(ctl, market, l->total), ctl_clean(a, l->sku_code),
	    ctl_clean(a, l->product_name));
	if (*l->size != '\0' || *l->color != '\0')
		printf(" (%s%s%s)", ctl_clean(a, l->size),
		    *l->size != '\0' && *l->color != '\0' ? ", " : "",
		    ctl_clean(a, l->color));
	putchar('\n');
}

static void
put_order_amount(const struct ctl *ctl, const struct market *market,
    const char *name, int64_t minor, const struct order *o, const char *more)
{
	printf("%-10s %s %s%s\n", name, ctl_amount(ctl, market, minor),
	    ctl_clean(ctl->arena, o->currency), more);
}

static void
put_order_amounts(const struct ctl *ctl, const struct market *market,
    const struct order *o)
{
	put_order_amount(ctl, market, "subtotal", o->subtotal, o, "");
	put_order_amount(ctl, market, "shipping", o->shipping, o, "");
	put_order_amount(ctl, market, "tax", o->tax, o,
	    o->tax_included ? " (included)" : " (added)");
	put_order_amount(ctl, market, "total", o->total, o, "");
}

/* Prints a step: "history 2025-11-02T10:15:30Z pending -> confirmed by
 * staff:olga: note". */
static void
put_order_event(const struct ctl *ctl, const struct order_event *e)
{
	struct arena	*a = ctl->arena;

	printf("%-10s %s %s%s%s by %s", "history", ctl_time(a, e->at),
	    ctl_clean(a, e->old_status), e->old_status != NULL ? " -> " : "",
	    ctl_clean(a, e->new_status), ctl_clean(a, e->by));
	if (e->note != NULL && *e->note != '\0')
		printf(": %s", ctl_clean(a, e->note));
	putchar('\n');
}

/* Prints the order with this number or id. */
static int
show_named_order(const struct ctl *ctl, struct db *db, const char *name)
{
	const struct market	*market = db_market(db);
	struct staff_order	 staff = { 0 };
	struct order_history	 history;
	enum db_result		 result;
	int			 status;

	status = find_named_order(ctl, db, name, &staff);
	if (status != CTL_DONE)
		return status;
	result = order_history_read(db, ctl->arena, NULL, staff.order.id,
	    &history);
	if (result != DB_OK)
		return ctl_db_error(market, result);
	put_order_facts(ctl, market, &staff);
	for (size_t i = 0; i < staff.order.line_count; i++)
		put_ordered_sku(ctl, market, &staff.order.lines[i]);
	put_order_amounts(ctl, market, &staff.order);
	for (size_t i = 0; i < history.count; i++)
		put_order_event(ctl, &history.events[i]);
	return CTL_DONE;
}

int
ctl_order_show(struct ctl *ctl)
{
	struct db	*db = open_order_db(ctl, ctl_market(ctl, ctl->args[0]));
	int		 status = show_named_order(ctl, db, ctl->args[1]);

	db_free(db);
	return status;
}

/* ---- move ---- */

/* Reports that a move was made, or why it was refused. */
static int
report_order_move(const struct ctl *ctl, const struct market *market,
    const struct order *o, const struct order_moved *moved)
{
	const char	*number = ctl_clean(ctl->arena, o->number);

	switch (moved->outcome) {
	case MOVE_MADE:
		printf("%s %s -> %s\n", number, workflow_name(moved->from),
		    workflow_name(ctl->to));
		return CTL_DONE;
	case MOVE_REFUSED:
		ctl_error("order %s is %s: it cannot become %s", number,
		    workflow_name(moved->from), workflow_name(ctl->to));
		return CTL_REFUSED;
	case MOVE_CHANGED:
		ctl_error("order %s was changed meanwhile: it is %s", number,
		    workflow_name(moved->from));
		return CTL_REFUSED;
	case MOVE_NOT_FOUND:
	case MOVE_OUTCOME__MAX:
		break;
	}
	ctl_error("%s has no order %s any more", market->name, number);
	return CTL_ERROR;
}

/* Reports that the outcome is unknown, and how to find out. */
static int
report_unknown_move(const struct ctl *ctl, const struct market *market,
    const struct order *o)
{
	const char	*number = ctl_clean(ctl->arena, o->number);

	ctl_error("order %s: the connection broke while the change was being "
	    "saved: it may have become %s, or still be %s. When the database "
	    "is back, look: ordermuxctl order show %s %s", number,
	    workflow_name(ctl->to), o->status, market->name, number);
	return CTL_ERROR;
}

/* Moves the order that was found. */
static int
move_found_order(const struct ctl *ctl, struct db *db,
    const struct order_move *move, const struct order *o)
{
	struct order_moved	 moved;
	enum db_result		 result;

	result = order_move(db, ctl->arena, move, &moved);
	if (result == DB_UNKNOWN)
		return report_unknown_move(ctl, db_market(db), o);
	if (result != DB_OK && result != DB_REFUSED)
		return ctl_db_error(db_market(db), result);
	return report_order_move(ctl, db_market(db), o, &moved);
}

/* Finds the order and moves it. With --from, moves it only if it is in that
 * state and has not changed since it was read. */
static int
find_and_move_order(const struct ctl *ctl, struct db *db)
{
	struct order_move	 move = { .to = ctl->to, .by = ctl_by(ctl),
	    .note = ctl_note(ctl) };
	const char		*from = ctl->from == NULL ? NULL :
	    workflow_name(need_order_state(ctl->from));
	struct staff_order	 staff = { 0 };
	int			 status;

	status = find_named_order(ctl, db, ctl->args[1], &staff);
	if (status != CTL_DONE)
		return status;
	move.order_id = staff.order.id;
	/* An order that was found has a status. */
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
	if (from != NULL && strcmp(from, staff.order.status) != 0) {
		ctl_error("order %s is %s, not %s",
		    ctl_clean(ctl->arena, staff.order.number),
		    staff.order.status, from);
		return CTL_REFUSED;
	}
	if (from != NULL)
		move.if_updated_at = staff.order.updated_at;
	return move_found_order(ctl, db, &move, &staff.order);
}

int
ctl_order_enter(struct ctl *ctl)
{
	struct db	*db = open_order_db(ctl, ctl_market(ctl, ctl->args[0]));
	int		 status = find_and_move_order(ctl, db);

	db_free(db);
	return status;
}

int
ctl_order_move(struct ctl *ctl)
{
	ctl->to = need_order_state(ctl->args[2]);
	return ctl_order_enter(ctl);
}
