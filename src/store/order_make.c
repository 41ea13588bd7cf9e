/*
 * order_make.c: makes an order (see order_make.h).
 *
 * The order of the steps was measured: remember the SKUs, or read them without
 * a lock; insert the order and its lines; take the stock last; commit. So the
 * rows that every customer needs are locked for the shortest time, always in id
 * order.
 */
#include <sodium.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/money.h"
#include "market/market.h"
#include "store/order_basket.h"
#include "store/order_earlier.h"
#include "store/order_lines.h"
#include "store/order_make.h"
#include "store/order_store.h"
#include "store/statements.h"

#define TRIES		5	/* after SKUs that had changed, a number or a
				 * key that was taken */
#define NUMBER_TAIL	7	/* characters: 36^7 a day and market */

/* An order being made: what is kept from step to step. */
struct making {
	const struct order_request	*request;
	const struct market		*market;
	struct arena			*arena;
	struct order_result		*result;
	struct order_basket		 basket;
	struct order_key		 key;
	bool				 taken;		/* key or number */
	bool				 release_mark;	/* of an old order */
};

/* Ends the attempt: the rules are against it. */
static enum db_result
refuse_order(struct making *m, enum order_outcome outcome)
{
	m->result->outcome = outcome;
	return DB_REFUSED;
}

/* Refuses a customer who has made as many orders as an hour may have. This was
 * read without a lock: of orders at the same moment, one does not see the
 * others. */
static enum db_result
check_order_rate(struct making *m)
{
	int64_t	 wait = m->basket.limit_at + ORDER_HOUR - clock_us();

	m->result->retry_after = 0;
	if (m->basket.limit_at == 0)
		return DB_OK;
	m->result->retry_after = wait <= 0 ? 1 :
	    (unsigned)((wait + 999999) / 1000000);
	return refuse_order(m, ORDER_TOO_MANY);
}

/* ---- the transaction ---- */

/* Makes a number such as "MQ-20251102-7K3QF2A": the market's date and random
 * characters. It is made before the insert, so that it names this attempt if
 * the answer to COMMIT is lost. The characters are the last digits, to base 36,
 * of one random number. 2^64 is no multiple of 36^7, so some of them come more
 * often than others: by 1 in 200 million. */
static const char *
make_number(struct making *m, int64_t now)
{
	static const char	 alphabet[] =
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char			 date[9], tail[NUMBER_TAIL + 1];
	uint64_t		 random;

	randombytes_buf(&random, sizeof(random));
	market_local_date(m->market, (time_t)(now / 1000000), date);
	for (size_t i = 0; i < NUMBER_TAIL; i++, random /= 36)
		tail[i] = alphabet[random % 36];
	tail[NUMBER_TAIL] = '\0';
	return arena_printf(m->arena, "MQ-%s-%s", date, tail);
}

/* Fills in the amounts of the order; false on overflow. */
static bool
price_order(struct making *m)
{
	struct order	*o = &m->result->order;
	const struct place place = { .city = m->request->delivery_city,
		.state = m->request->delivery_state,
		.postcode = m->request->delivery_postcode };
	struct pricing	 p;
	int64_t		 subtotal = 0;

	for (size_t i = 0; i < o->line_count; i++) {
		struct order_line	*l = &o->lines[i];

		if (!money_times(l->unit_price, l->quantity, &l->total) ||
		    !money_add(subtotal, l->total, &subtotal))
			return false;
	}
	if (!pricing_total(m->market, subtotal, &place, &p))
		return false;
	o->subtotal = p.subtotal;
	o->tax = p.tax;
	o->shipping = p.shipping;
	o->total = p.total;
	return true;
}

/* Fills in all of the order that does not come from the database. */
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
	o->delivery_state = q->delivery_state;
	o->delivery_postcode = q->delivery_postcode;
	o->delivery_notes = q->delivery_notes;
	o->payment_method = q->payment_method;
	o->tax_included = m->market->tax.included;
	o->currency = m->market->currency.code;
}

/* Inserts the order, if its customer is live. */
static enum db_result
insert_order(struct db *db, struct making *m)
{
	const struct order_request	*q = m->request;
	struct order			*o = &m->result->order;
	struct db_value			 values[] = {
		CUSTOMER_TIMES(&q->customer), db_int(q->customer.user_id),
		db_text(o->number), db_text(o->customer_name),
		db_text(o->customer_phone), db_text(o->customer_email),
		db_text(o->delivery_address), db_text(o->delivery_city),
		db_text(o->delivery_state), db_text(o->delivery_postcode),
		db_text(o->delivery_notes), db_text(o->payment_method),
		db_int(o->subtotal), db_int(o->tax), db_int(o->tax_included),
		db_int(o->shipping), db_int(o->total), db_text(o->currency),
		db_text(m->key.text), db_bytes(q->hash, sizeof(q->hash)),
		db_time(o->created_at), db_time(o->updated_at),
		db_bytes(o->lines_json, o->lines_json_len)
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
		return refuse_order(m, ORDER_KEY_REUSED);
	}
	o->id = (int64_t)db_insert_id(db);
	return result;
}

/* Inserts all lines of the order by one statement. */
static enum db_result
insert_order_lines(struct db *db, struct making *m)
{
	const struct order	*o = &m->result->order;
	struct db_value		*values = arena_array(m->arena,
	    o->line_count * 10, sizeof(*values)), *v = values;

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
	return db_run(db, STATEMENT_LINES_INSERT, o->line_count, values,
	    o->line_count * 10);
}

/* Body of db_transaction(). The first step that fails or refuses is the
 * last. */
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
		result = order_earlier_release(db, m->request, &m->key);
	if (result == DB_OK)
		result = order_basket_fill(db, &m->basket);
	if (result == DB_OK)
		result = check_order_rate(m);
	if (result != DB_OK)
		return result;
	if (!price_order(m))
		return m->basket.known ? order_basket_doubt(&m->basket) :
		    refuse_order(m, ORDER_TOO_EXPENSIVE);
	fill_order(m);
	order_lines_render(m->arena, &m->result->order,
	    m->market->currency.digits);
	result = insert_order(db, m);
	if (result == DB_OK)
		result = insert_order_lines(db, m);
	if (result == DB_OK)
		result = order_basket_empty_cart(db, &m->basket);
	if (result == DB_OK)
		result = order_basket_take_stock(db, &m->basket);
	return result;
}

/* Body of db_resolve(): finds the order by the number that this attempt gave
 * it. The lock waits for a commit that is still going on. */
static enum db_result
find_made_order(struct db *db, void *arg, bool *kept)
{
	const struct making	*m = arg;
	struct db_value		 values[] = {
		db_text(m->result->order.number),
		db_int(m->request->customer.user_id) };

	return db_exists(db, STATEMENT_ORDER_BY_NUMBER, values, 2, kept);
}

/* ---- after a refusal ---- */

/* Body of db_read(): looks up the customer. If the customer is live, the state
 * that the transaction found stands. */
static enum db_result
check_order_customer(struct db *db, void *arg)
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
replay_order(struct db *db, struct making *m, int64_t id)
{
	struct order_found	 found;
	enum db_result		 result;

	result = order_store_find(db, m->arena, &m->request->customer, id,
	    &found);
	if (result != DB_OK)
		return result;
	m->result->customer = found.customer;
	m->result->retry_after = 0;
	m->result->outcome = found.found ? ORDER_REPLAYED : ORDER_DELETED;
	m->result->order = found.order;
	return DB_OK;
}

/*
 * Looks for the reason of a refusal. If the customer is not live, that is the
 * reason. If this request made its order before, that order is the answer
 * (DB_OK), whatever became of the stock or the cart since. Else gives
 * DB_REFUSED, or DB_AGAIN if another attempt makes sense. Orders that are not
 * refused need no such look, and pay nothing for it.
 */
static enum db_result
explain_refusal(struct db *db, struct making *m)
{
	struct order_earlier	 e = { .found = false };
	enum db_result		 result;

	result = db_read(db, check_order_customer, m);
	if (result != DB_OK)
		return result;
	if (m->result->customer != CUSTOMER_LIVE)
		return DB_REFUSED;
	/* Without a key, only an empty cart may mean that it was ordered. */
	if (m->key.text != NULL || m->result->outcome == ORDER_CART_EMPTY)
		result = order_earlier_find(db, m->arena, m->request, &m->key,
		    &e);
	if (result != DB_OK)
		return result;
	if (e.found && e.same && (e.recent || !m->key.is_mark))
		return replay_order(db, m, e.id);
	if (e.found && !m->key.is_mark)
		return refuse_order(m, ORDER_KEY_REUSED);
	m->release_mark = e.found;
	return m->taken ? DB_AGAIN : DB_REFUSED;
}

enum db_result
order_make(struct db *db, struct arena *arena, const struct order_request *q,
    struct order_result *out)
{
	struct making	 m = { .request = q, .market = db_market(db),
	    .arena = arena, .result = out,
	    .key = order_earlier_key(arena, q) };
	enum db_result	 result = DB_AGAIN;

	memset(out, 0, sizeof(*out));
	order_basket_init(&m.basket, arena, q, out);
	for (int i = 0; result == DB_AGAIN && i < TRIES; i++) {
		result = db_transaction(db, make_order, &m);
		if (result == DB_REFUSED)
			result = order_basket_is_void(&m.basket) ? DB_AGAIN :
			    explain_refusal(db, &m);
	}
	if (result == DB_UNKNOWN)
		return db_resolve(db, out->order.number, find_made_order, &m);
	return result == DB_AGAIN ? DB_AWAY : result;
}
