/*
 * order.c: ordermuxctl order: staff look at orders, and move them on.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "config/settings.h"
#include "ctl/ctl.h"
#include "market/market.h"
#include "store/staff_order.h"
#include "store/order_move.h"

#define LIST_DEFAULT	20
#define LIST_MAX	10000

/* The state of a name on the command line; ends the program if it is none. */
static enum order_state
need_state(const char *name)
{
	enum order_state	 state;

	if (workflow_find(name, &state))
		return state;
	ctl_error("\"%s\" is no state of an order", name);
	exit(CTL_USAGE);
}

/* How many orders --limit asks for. */
static size_t
need_limit(const struct ctl *ctl)
{
	int64_t	 n = LIST_DEFAULT;

	if (ctl->limit != NULL && (!str_to_int64(ctl->limit, &n) || n < 1 ||
	    n > LIST_MAX)) {
		ctl_error("--limit: expected a number from 1 to %d", LIST_MAX);
		exit(CTL_USAGE);
	}
	return (size_t)n;
}

/* The market's database for as long as a request may take. */
static struct db *
open_db(const struct ctl *ctl, const struct market *market)
{
	return ctl_db(ctl, market, ctl->settings->query_timeout);
}

/* ---- list ---- */

static void
put_entry(const struct ctl *ctl, const struct market *market,
    const struct staff_order_entry *e)
{
	struct arena	*a = ctl->arena;

	printf("%-18s %8" PRId64 " %-10s %12s %s %s %s\n",
	    ctl_clean(a, e->number), e->id, e->status,
	    ctl_amount(ctl, market, e->total), ctl_clean(a, e->currency),
	    ctl_time(a, e->created_at), ctl_clean(a, e->customer_name));
}

int
ctl_order_list(struct ctl *ctl)
{
	const struct market	*market = ctl_market(ctl, ctl->args[0]);
	size_t			 limit = need_limit(ctl), count = 0;
	const char		*status = ctl->status == NULL ? NULL :
	    workflow_name(need_state(ctl->status));
	struct db		*db = open_db(ctl, market);
	struct staff_order_entry	*entries;
	enum db_result		 result = db_ready(db);

	if (result == DB_OK)
		result = staff_order_list(db, ctl->arena, status, limit,
		    &entries, &count);
	db_free(db);
	if (result != DB_OK)
		return ctl_db_error(market, result);
	for (size_t i = 0; i < count; i++)
		put_entry(ctl, market, &entries[i]);
	return CTL_DONE;
}

/* ---- show ---- */

/* Finds the order that is meant, or says that there is none. */
static int
find_order(const struct ctl *ctl, struct db *db, const char *name,
    struct staff_order *out)
{
	enum db_result	 result = db_ready(db);

	if (result == DB_OK)
		result = staff_order_find(db, ctl->arena, name, out);
	if (result != DB_OK)
		return ctl_db_error(db_market(db), result);
	if (out->found)
		return CTL_DONE;
	ctl_error("%s has no order \"%s\"", db_market(db)->name,
	    ctl_clean(ctl->arena, name));
	return CTL_ERROR;
}

/* A fact of an order, unless there is none. */
static void
put_fact(const struct ctl *ctl, const char *name, const char *value)
{
	if (value != NULL && *value != '\0')
		printf("%-10s %s\n", name, ctl_clean(ctl->arena, value));
}

static void
put_facts(const struct ctl *ctl, const struct market *market,
    const struct staff_order *desk)
{
	const struct order	*o = &desk->order;

	put_fact(ctl, "order", o->number);
	printf("%-10s %" PRId64 "\n", "id", o->id);
	put_fact(ctl, "market", market->name);
	put_fact(ctl, "state", o->status);
	put_fact(ctl, "ordered", ctl_time(ctl->arena, o->created_at));
	put_fact(ctl, "changed", ctl_time(ctl->arena, o->updated_at));
	printf("%-10s %" PRId64 "\n", "user", desk->user_id);
	put_fact(ctl, "customer", o->customer_name);
	put_fact(ctl, "phone", o->customer_phone);
	put_fact(ctl, "email", o->customer_email);
	put_fact(ctl, "address", o->delivery_address);
	put_fact(ctl, "city", o->delivery_city);
	put_fact(ctl, "notes", o->delivery_notes);
	put_fact(ctl, "payment", o->payment_method);
}

/* "line 1: 2 x 24.99 = 49.98 SKU-1 Shirt (M, Black)" */
static void
put_line(const struct ctl *ctl, const struct market *market,
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
put_amount(const struct ctl *ctl, const struct market *market,
    const char *name, int64_t minor, const struct order *o, const char *more)
{
	printf("%-10s %s %s%s\n", name, ctl_amount(ctl, market, minor),
	    ctl_clean(ctl->arena, o->currency), more);
}

static void
put_amounts(const struct ctl *ctl, const struct market *market,
    const struct order *o)
{
	put_amount(ctl, market, "subtotal", o->subtotal, o, "");
	put_amount(ctl, market, "shipping", o->shipping, o, "");
	put_amount(ctl, market, "tax", o->tax, o,
	    o->tax_included ? " (included)" : " (added)");
	put_amount(ctl, market, "total", o->total, o, "");
}

/* "history 2025-11-02T10:15:30Z pending -> confirmed by staff:olga: note" */
static void
put_event(const struct ctl *ctl, const struct order_event *e)
{
	struct arena	*a = ctl->arena;

	printf("%-10s %s %s%s%s by %s", "history", ctl_time(a, e->at),
	    ctl_clean(a, e->old_status), e->old_status != NULL ? " -> " : "",
	    ctl_clean(a, e->new_status), ctl_clean(a, e->by));
	if (e->note != NULL && *e->note != '\0')
		printf(": %s", ctl_clean(a, e->note));
	putchar('\n');
}

/* Shows what the database has of it. */
static int
show_order(const struct ctl *ctl, struct db *db, const char *name)
{
	const struct market	*market = db_market(db);
	struct staff_order	 desk = { 0 };
	struct order_history	 history;
	enum db_result		 result;
	int			 status;

	status = find_order(ctl, db, name, &desk);
	if (status != CTL_DONE)
		return status;
	result = order_history_read(db, ctl->arena, NULL, desk.order.id,
	    &history);
	if (result != DB_OK)
		return ctl_db_error(market, result);
	put_facts(ctl, market, &desk);
	for (size_t i = 0; i < desk.order.line_count; i++)
		put_line(ctl, market, &desk.order.lines[i]);
	put_amounts(ctl, market, &desk.order);
	for (size_t i = 0; i < history.count; i++)
		put_event(ctl, &history.events[i]);
	return CTL_DONE;
}

int
ctl_order_show(struct ctl *ctl)
{
	struct db	*db = open_db(ctl, ctl_market(ctl, ctl->args[0]));
	int		 status = show_order(ctl, db, ctl->args[1]);

	db_free(db);
	return status;
}

/* ---- move ---- */

/* Says that a move was made, or why not. */
static int
report_move(const struct ctl *ctl, const struct market *market,
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

/* Nobody knows whether the order was moved: says how to find out. */
static int
report_unknown(const struct ctl *ctl, const struct market *market,
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
move_order(const struct ctl *ctl, struct db *db, const struct order_move *move,
    const struct order *o)
{
	struct order_moved	 moved;
	enum db_result		 result;

	result = order_move(db, ctl->arena, move, &moved);
	if (result == DB_UNKNOWN)
		return report_unknown(ctl, db_market(db), o);
	if (result != DB_OK && result != DB_REFUSED)
		return ctl_db_error(db_market(db), result);
	return report_move(ctl, db_market(db), o, &moved);
}

/* Finds the order and moves it: with --from only if it is in that state, and
 * on the condition that it has not changed since it was found so. */
static int
find_and_move(const struct ctl *ctl, struct db *db)
{
	struct order_move	 move = { .to = ctl->to, .by = ctl_by(ctl),
	    .note = ctl_note(ctl) };
	const char		*from = ctl->from == NULL ? NULL :
	    workflow_name(need_state(ctl->from));
	struct staff_order	 desk = { 0 };
	int			 status;

	status = find_order(ctl, db, ctl->args[1], &desk);
	if (status != CTL_DONE)
		return status;
	move.order_id = desk.order.id;
	/* An order that was found has a status. */
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
	if (from != NULL && strcmp(from, desk.order.status) != 0) {
		ctl_error("order %s is %s, not %s",
		    ctl_clean(ctl->arena, desk.order.number),
		    desk.order.status, from);
		return CTL_REFUSED;
	}
	if (from != NULL)
		move.if_updated_at = desk.order.updated_at;
	return move_order(ctl, db, &move, &desk.order);
}

int
ctl_order_enter(struct ctl *ctl)
{
	struct db	*db = open_db(ctl, ctl_market(ctl, ctl->args[0]));
	int		 status = find_and_move(ctl, db);

	db_free(db);
	return status;
}

int
ctl_order_move(struct ctl *ctl)
{
	ctl->to = need_state(ctl->args[2]);
	return ctl_order_enter(ctl);
}
