/*
 * order_store.c: orders in a market's database (see order_store.h).
 *
 * The order of the steps in making one was measured: read the SKUs plainly,
 * insert the order and its lines, take the stock last, commit. So the rows
 * that every buyer wants are locked for the shortest time, always in id order.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/money.h"
#include "market/market.h"
#include "store/order_row.h"
#include "store/order_store.h"
#include "store/statements.h"

#define TRIES		4	/* after a number or a key that was taken */
#define NUMBER_TAIL	7	/* characters: 36^7 a day and market */

/* ---- reading orders ---- */

/* A list being read: the page, and where it goes. */
struct reading {
	struct arena			*arena;
	const struct customer		*customer;
	const struct order_page		*page;
	int64_t				 id;	/* of one order */
	struct order_list		*list;
	size_t				 room;
};

/* Nothing is known yet, until a row says otherwise. */
static void
reset_list(struct order_list *list)
{
	list->customer = CUSTOMER_UNKNOWN;
	list->count = 0;
}

/* The order of a row: as a rule the one that the row before was of, else one
 * that is there already, else a new one; NULL when there is no room. */
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

/*
 * Takes the rows of a join of orders and lines, in whatever order they come.
 * The room is enough: the statement's LIMIT is the page's.
 */
static enum db_result
read_rows(struct db *db, struct reading *r)
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

static int
by_line_no(const void *a, const void *b)
{
	const struct order_line	*x = a, *y = b;

	return (x->line_no > y->line_no) - (x->line_no < y->line_no);
}

/* Newest first. */
static int
by_age(const void *a, const void *b)
{
	const struct order	*x = a, *y = b;

	if (x->created_at != y->created_at)
		return x->created_at < y->created_at ? 1 : -1;
	return (x->id < y->id) - (x->id > y->id);
}

/*
 * Puts a page in order. The server gives it so already, as a rule, but only an
 * ORDER BY would make that sure, and costs it a sort of all rows.
 */
static void
sort_list(struct order_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct order	*o = &list->orders[i];

		if (o->line_count > 1)
			qsort(o->lines, o->line_count, sizeof(*o->lines),
			    by_line_no);
	}
	if (list->count > 1)
		qsort(list->orders, list->count, sizeof(*list->orders),
		    by_age);
}

/* Body of order_store_list. */
static enum db_result
list_orders(struct db *db, void *arg)
{
	struct reading		*r = arg;
	const struct order_page	*p = r->page;
	int64_t			 user = r->customer->user_id;
	/* A DATETIME ends with the year 9999. */
	int64_t			 before = p->before_time == INT64_MAX ?
	    INT64_C(253402300799999999) : p->before_time;
	struct db_value		 values[] = {
		db_time(r->customer->issued_at), db_int(user), db_int(user),
		db_time(before), db_time(before), db_int(p->before_id),
		db_text(p->status), db_text(p->status), db_int(p->limit),
		db_int(p->offset)
	};
	enum db_result		 result;

	reset_list(r->list);
	result = db_run(db, STATEMENT_ORDER_LIST, 1, values,
	    sizeof(values) / sizeof(*values));
	if (result == DB_OK)
		result = read_rows(db, r);
	/* Without orders there is no row that could tell of the user. */
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
	if ((result = db_read(db, list_orders, &r)) == DB_OK)
		sort_list(list);
	return result;
}

/* Body of order_store_find. */
static enum db_result
find_order(struct db *db, void *arg)
{
	struct reading	*r = arg;
	struct db_value	 values[] = { db_time(r->customer->issued_at),
		db_int(r->id), db_int(r->customer->user_id) };
	enum db_result	 result;

	reset_list(r->list);
	result = db_run(db, STATEMENT_ORDER_DETAIL, 1, values, 3);
	return result == DB_OK ? read_rows(db, r) : result;
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
	result = db_read(db, find_order, &r);
	out->customer = list.customer;
	out->found = list.count == 1;
	return result;
}

/* ---- making one ---- */

/* An order being made: what is kept from step to step. */
struct making {
	const struct order_request	*request;
	const struct market		*market;
	struct arena			*arena;
	struct order_result		*result;
	const char			*key;	/* the request's, or a mark of it */
	bool				 key_is_mark;
	bool				 release_mark;	/* an old order has it */
	bool				 taken;	/* the key, or the number, is */
	struct order_want		*wants;
	int64_t				*cart_ids;	/* of each want */
	size_t				 count;
	int64_t				*stocks;	/* of each line */
};

/* Ends the transaction with a refusal by the rules. */
static enum db_result
refuse(struct making *m, enum order_outcome outcome)
{
	m->result->outcome = outcome;
	return DB_REFUSED;
}

/* "MQ-20251102-7K3QF2A": the market's date and chance. Made before the
 * insert, so that it names the attempt if the answer to COMMIT is lost. */
static const char *
make_number(struct making *m, int64_t now)
{
	static const char	 alphabet[] =
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char			 date[9], tail[NUMBER_TAIL + 1];

	market_local_date(m->market, (time_t)(now / 1000000), date);
	for (size_t i = 0; i < NUMBER_TAIL; i++)
		tail[i] = alphabet[randombytes_uniform(sizeof(alphabet) - 1)];
	tail[NUMBER_TAIL] = '\0';
	return arena_printf(m->arena, "MQ-%s-%s", date, tail);
}

/* Takes what the cart holds, under lock: until the end of the transaction
 * nobody else can order or change these lines. */
static enum db_result
read_cart(struct db *db, struct making *m)
{
	struct db_value	 user = db_int(m->request->customer.user_id);
	enum db_result	 result;
	bool		 more, wrong = false;

	m->count = 0;
	result = db_run(db, STATEMENT_CART_LOCK, 1, &user, 1);
	if (result != DB_OK)
		return result;
	while ((result = db_next(db, &more)) == DB_OK && more) {
		if (m->count == ORDER_LINES_MAX) {
			db_skip(db);
			return refuse(m, ORDER_TOO_MANY_LINES);
		}
		m->cart_ids[m->count] = db_get_int(db, 0);
		m->wants[m->count].sku_id = db_get_int(db, 1);
		m->wants[m->count].quantity = db_get_int(db, 2);
		wrong = wrong || db_get_int(db, 2) < 1 ||
		    db_get_int(db, 2) > ORDER_QUANTITY_MAX;
		m->count++;
	}
	if (result == DB_OK && wrong)
		return refuse(m, ORDER_CART_WRONG);
	if (result == DB_OK && m->count == 0)
		return refuse(m, ORDER_CART_EMPTY);
	return result;
}

/* Fills the line of the want that a row of STATEMENT_SKUS is about. */
static void
read_sku(const struct db *db, struct making *m)
{
	int64_t			 id = db_get_int(db, 0);
	struct order_line	*l = m->result->order.lines;
	size_t			 i;

	for (i = 0; i < m->count && m->wants[i].sku_id != id; i++)
		;
	if (i == m->count)
		return;
	l += i;
	l->sku_id = id;
	l->line_no = (unsigned)i + 1;
	l->quantity = m->wants[i].quantity;
	l->unit_price = db_get_int(db, 1);
	m->stocks[i] = db_get_int(db, 2);
	l->product_name = db_get_text(db, 3, m->arena);
	l->sku_code = db_get_text(db, 4, m->arena);
	l->size = db_get_text(db, 5, m->arena);
	l->color = db_get_text(db, 6, m->arena);
}

/* Reads all SKUs by one statement, into the lines of the order. A line whose
 * SKU is not there keeps sku_id 0. */
static enum db_result
read_skus(struct db *db, struct making *m)
{
	struct order	*o = &m->result->order;
	struct db_value	*ids = arena_array(m->arena, m->count, sizeof(*ids));
	enum db_result	 result;
	bool		 more;

	o->lines = arena_array(m->arena, m->count, sizeof(*o->lines));
	o->line_count = m->count;
	for (size_t i = 0; i < m->count; i++)
		ids[i] = db_int(m->wants[i].sku_id);
	result = db_run(db, STATEMENT_SKUS, m->count, ids, m->count);
	while (result == DB_OK &&
	    (result = db_next(db, &more)) == DB_OK && more)
		read_sku(db, m);
	return result;
}

/* Notes all lines that want more than there is; returns how many. */
static size_t
find_shortages(struct making *m)
{
	struct order_result	*r = m->result;

	r->shortages = arena_array(m->arena, m->count, sizeof(*r->shortages));
	r->shortage_count = 0;
	for (size_t i = 0; i < m->count; i++) {
		const struct order_line	*l = &r->order.lines[i];

		if (l->quantity <= m->stocks[i])
			continue;
		r->shortages[r->shortage_count++] = (struct order_shortage){
			.sku_id = l->sku_id, .requested = l->quantity,
			.available = m->stocks[i],
			.product_name = l->product_name, .size = l->size,
			.color = l->color };
	}
	return r->shortage_count;
}

/* Refuses what cannot be bought: a SKU that is not there, too little stock. */
static enum db_result
check_skus(struct making *m)
{
	for (size_t i = 0; i < m->count; i++) {
		if (m->result->order.lines[i].sku_id == 0) {
			m->result->missing_sku = m->wants[i].sku_id;
			return refuse(m, ORDER_NO_SKU);
		}
	}
	if (find_shortages(m) > 0)
		return refuse(m, ORDER_SHORT);
	return DB_OK;
}

/* The order's amounts; false on overflow. */
static bool
price(struct making *m)
{
	struct order	*o = &m->result->order;
	struct pricing	 p;
	int64_t		 subtotal = 0;

	for (size_t i = 0; i < o->line_count; i++) {
		struct order_line	*l = &o->lines[i];

		if (!money_times(l->unit_price, l->quantity, &l->total) ||
		    !money_add(subtotal, l->total, &subtotal))
			return false;
	}
	if (!pricing_total(m->market, subtotal, m->request->delivery_city, &p))
		return false;
	o->subtotal = p.subtotal;
	o->tax = p.tax;
	o->shipping = p.shipping;
	o->total = p.total;
	return true;
}

/* All of the order that does not come from the database. */
static void
fill_order(struct making *m)
{
	const struct order_request	*q = m->request;
	struct order			*o = &m->result->order;

	o->created_at = o->updated_at = clock_us();
	o->number = make_number(m, o->created_at);
	o->status = "pending";
	o->customer_name = q->customer_name;
	o->customer_phone = q->customer_phone;
	o->customer_email = q->customer_email;
	o->delivery_address = q->delivery_address;
	o->delivery_city = q->delivery_city;
	o->delivery_notes = q->delivery_notes;
	o->payment_method = q->payment_method;
	o->tax_included = m->market->tax.included;
	o->currency = m->market->currency.code;
}

/* Inserts the order, if its customer may. */
static enum db_result
insert_order(struct db *db, struct making *m)
{
	const struct order_request	*q = m->request;
	struct order			*o = &m->result->order;
	struct db_value			 values[] = {
		db_time(q->customer.issued_at), db_int(q->customer.user_id),
		db_text(o->number), db_text(o->customer_name),
		db_text(o->customer_phone), db_text(o->customer_email),
		db_text(o->delivery_address), db_text(o->delivery_city),
		db_text(o->delivery_notes), db_text(o->payment_method),
		db_int(o->subtotal), db_int(o->tax), db_int(o->tax_included),
		db_int(o->shipping), db_int(o->total), db_text(o->currency),
		db_text(m->key), db_bytes(q->hash, sizeof(q->hash)),
		db_time(o->created_at), db_time(o->updated_at)
	};
	enum db_result			 result;

	result = db_run(db, STATEMENT_ORDER_INSERT, 1, values,
	    sizeof(values) / sizeof(*values));
	if (result == DB_NULL) {	/* the user's id, see statements.c */
		m->result->customer = CUSTOMER_DEAD_TOKEN;
		return DB_REFUSED;
	}
	if (result == DB_DUPLICATE) {
		m->taken = true;
		return refuse(m, ORDER_KEY_REUSED);
	}
	o->id = (int64_t)db_insert_id(db);
	return result;
}

static enum db_result
insert_lines(struct db *db, struct making *m)
{
	const struct order	*o = &m->result->order;
	struct db_value		*values = arena_array(m->arena, m->count * 10,
	    sizeof(*values)), *v = values;

	for (size_t i = 0; i < o->line_count; i++) {
		const struct order_line	*l = &o->lines[i];

		*v++ = db_int(o->id);
		*v++ = db_int(l->line_no);
		*v++ = db_int(l->sku_id);
		*v++ = db_text(l->product_name);
		*v++ = db_text(l->sku_code);
		*v++ = db_text(l->size);
		*v++ = db_text(l->color);
		*v++ = db_int(l->unit_price);
		*v++ = db_int(l->quantity);
		*v++ = db_int(l->total);
	}
	return db_run(db, STATEMENT_LINES_INSERT, m->count, values,
	    m->count * 10);
}

/* Takes the lines that were ordered out of the cart. They are locked, so that
 * a missing one would be a bug. */
static enum db_result
empty_cart(struct db *db, struct making *m)
{
	struct db_value	*values = arena_array(m->arena, m->count + 1,
	    sizeof(*values));
	enum db_result	 result;

	values[0] = db_int(m->request->customer.user_id);
	for (size_t i = 0; i < m->count; i++)
		values[i + 1] = db_int(m->cart_ids[i]);
	result = db_run(db, STATEMENT_CART_EMPTY, m->count, values,
	    m->count + 1);
	if (result == DB_OK && db_matched(db) != m->count) {
		log_error("the cart changed under lock",
		    log_uint("lines", m->count),
		    log_uint("deleted", db_matched(db)));
		return DB_FAILED;
	}
	return result;
}

/*
 * Takes the stock of all lines, each only if there is enough of it. If not,
 * somebody was faster: reads again what there is, to say so; if by now it
 * would do, the transaction is run again.
 */
static enum db_result
take_stock(struct db *db, struct making *m)
{
	struct db_value	*values = arena_array(m->arena, m->count * 4,
	    sizeof(*values));
	enum db_result	 result;

	for (size_t i = 0; i < m->count; i++) {
		struct db_value	 id = db_int(m->wants[i].sku_id);
		struct db_value	 n = db_int(m->wants[i].quantity);

		values[2 * i] = values[2 * (m->count + i)] = id;
		values[2 * i + 1] = values[2 * (m->count + i) + 1] = n;
	}
	result = db_run(db, STATEMENT_STOCK_TAKE, m->count, values,
	    m->count * 4);
	if (result != DB_OK || db_matched(db) == m->count)
		return result;
	if ((result = read_skus(db, m)) != DB_OK ||
	    (result = check_skus(m)) != DB_OK)
		return result;
	return DB_AGAIN;
}

/* Gives the mark of the duplicate window back when an old order has it. */
static enum db_result
release_mark(struct db *db, struct making *m)
{
	struct db_value	 values[] = { db_int(m->request->customer.user_id),
		db_text(m->key), db_time(clock_us() - m->request->window) };

	return db_run(db, STATEMENT_KEY_RELEASE, 1, values, 3);
}

/*
 * The transaction, from its start: body of db_transaction(). The steps stop at
 * the first that fails or refuses.
 */
static enum db_result
make_order(struct db *db, void *arg)
{
	struct making	*m = arg;
	enum db_result	 result = DB_OK;

	m->taken = false;
	m->result->customer = CUSTOMER_LIVE;	/* or nothing is inserted */
	m->result->outcome = ORDER_MADE;
	memset(&m->result->order, 0, sizeof(m->result->order));
	if (m->release_mark)
		result = release_mark(db, m);
	if (result == DB_OK && m->request->from_cart)
		result = read_cart(db, m);
	if (result == DB_OK)
		result = read_skus(db, m);
	if (result == DB_OK)
		result = check_skus(m);
	if (result == DB_OK && !price(m))
		result = refuse(m, ORDER_TOO_EXPENSIVE);
	if (result != DB_OK)
		return result;
	fill_order(m);
	result = insert_order(db, m);
	if (result == DB_OK)
		result = insert_lines(db, m);
	if (result == DB_OK && m->request->from_cart)
		result = empty_cart(db, m);
	if (result == DB_OK)
		result = take_stock(db, m);
	return result;
}

/* ---- what was made before ---- */

/* An earlier order with the request's key, or by the same request. */
struct earlier {
	struct making	*making;
	bool		 found;
	bool		 same;		/* its request was this one */
	bool		 recent;	/* within the duplicate window */
	int64_t		 id;
};

/* Looks for an order with the key: a body of db_read(). */
static enum db_result
find_by_key(struct db *db, void *arg)
{
	struct earlier			*e = arg;
	const struct order_request	*q = e->making->request;
	struct db_value			 values[] = {
		db_int(q->customer.user_id), db_text(e->making->key) };
	const char			*hash;
	size_t				 len;
	enum db_result			 result;
	bool				 more;

	e->found = false;
	result = db_run(db, STATEMENT_ORDER_BY_KEY, 1, values, 2);
	if (result != DB_OK || (result = db_next(db, &more)) != DB_OK || !more)
		return result;
	hash = db_get_bytes(db, 1, &len);
	e->found = true;
	e->id = db_get_int(db, 0);
	e->same = hash != NULL && len == sizeof(q->hash) &&
	    memcmp(hash, q->hash, len) == 0;
	e->recent = db_get_int(db, 2) >= clock_us() - q->window;
	db_skip(db);
	return DB_OK;
}

/* Looks for an order that this request made of the cart a moment ago: a body
 * of db_read(). */
static enum db_result
find_recent(struct db *db, void *arg)
{
	struct earlier			*e = arg;
	const struct order_request	*q = e->making->request;
	struct db_value			 values[] = {
		db_int(q->customer.user_id), db_time(clock_us() - q->window),
		db_bytes(q->hash, sizeof(q->hash)) };
	enum db_result			 result;

	e->same = e->recent = true;
	e->found = false;
	result = db_run(db, STATEMENT_ORDER_RECENT, 1, values, 3);
	if (result == DB_OK)
		result = db_next(db, &e->found);
	if (result == DB_OK && e->found)
		e->id = db_get_int(db, 0);
	db_skip(db);
	return result;
}

/* Looks again who asks, unless that was known to be nobody who may: a body of
 * db_read(). */
static enum db_result
find_user(struct db *db, void *arg)
{
	struct making		*m = arg;
	enum customer_state	 state;
	enum db_result		 result;

	result = customer_find(db, &m->request->customer, &state);
	if (result == DB_OK && state != CUSTOMER_LIVE)
		m->result->customer = state;
	return result;
}

/* Gives the order that was made before as the answer. */
static enum db_result
replay(struct db *db, struct making *m, int64_t id)
{
	struct order_found	 found;
	enum db_result		 result;

	result = order_store_find(db, m->arena, &m->request->customer, id,
	    &found);
	if (result != DB_OK)
		return result;
	m->result->customer = found.customer;
	m->result->outcome = found.found ? ORDER_REPLAYED : ORDER_DELETED;
	m->result->order = found.order;
	return DB_OK;
}

/*
 * Looks behind a refusal. Whoever may not order at all is told so first; and a
 * request that made its order before is given that order (DB_OK), whatever
 * became of the stock or the cart since. Else DB_REFUSED, or DB_AGAIN when
 * making it is worth another try. None of this costs an order that is not
 * refused anything.
 */
static enum db_result
explain(struct db *db, struct making *m)
{
	enum order_outcome	 refusal = m->result->outcome;
	struct earlier		 e = { .making = m };
	enum db_result		 result;

	result = db_read(db, find_user, m);
	if (result != DB_OK)
		return result;
	if (m->result->customer != CUSTOMER_LIVE)
		return DB_REFUSED;
	if (m->key != NULL)
		result = db_read(db, find_by_key, &e);
	else if (refusal == ORDER_CART_EMPTY && m->request->window > 0)
		result = db_read(db, find_recent, &e);
	if (result != DB_OK)
		return result;
	if (e.found && e.same && (e.recent || !m->key_is_mark))
		return replay(db, m, e.id);
	if (e.found && !m->key_is_mark) {
		m->result->outcome = ORDER_KEY_REUSED;
		return DB_REFUSED;
	}
	m->release_mark = e.found;
	return m->taken ? DB_AGAIN : DB_REFUSED;
}

/* Finds an order by the number that this attempt gave it. The lock waits for a
 * commit that is still going on. */
static enum db_result
find_by_number(struct db *db, void *arg, bool *kept)
{
	const struct making	*m = arg;
	struct db_value		 values[] = {
		db_text(m->result->order.number),
		db_int(m->request->customer.user_id) };

	return db_exists(db, STATEMENT_ORDER_BY_NUMBER, values, 2, kept);
}

/* The mark of a request without a key: its content. The space in it is in no
 * client's key. */
static const char *
make_mark(struct arena *arena, const struct order_request *q)
{
	char	 hex[ORDER_HASH_BYTES * 2 + 1];

	sodium_bin2hex(hex, sizeof(hex), q->hash, sizeof(q->hash));
	return arena_printf(arena, "auto %s", hex);
}

enum db_result
order_store_create(struct db *db, struct arena *arena,
    const struct order_request *q, struct order_result *out)
{
	struct making	 m = { .request = q, .market = db_market(db),
	    .arena = arena, .result = out, .key = q->key,
	    .count = q->want_count };
	enum db_result	 result = DB_AGAIN;

	memset(out, 0, sizeof(*out));
	m.wants = arena_array(arena, ORDER_LINES_MAX, sizeof(*m.wants));
	m.stocks = arena_array(arena, ORDER_LINES_MAX, sizeof(*m.stocks));
	m.cart_ids = arena_array(arena, ORDER_LINES_MAX, sizeof(*m.cart_ids));
	if (q->want_count > 0)
		memcpy(m.wants, q->wants, q->want_count * sizeof(*m.wants));
	/* The cart needs no mark: it can be emptied only once. */
	if (m.key == NULL && q->window > 0 && !q->from_cart) {
		m.key = make_mark(arena, q);
		m.key_is_mark = true;
	}
	for (int i = 0; result == DB_AGAIN && i < TRIES; i++) {
		result = db_transaction(db, make_order, &m);
		if (result == DB_REFUSED)
			result = explain(db, &m);
	}
	if (result == DB_UNKNOWN)
		return db_resolve(db, out->order.number, find_by_number, &m);
	return result == DB_AGAIN ? DB_AWAY : result;
}
