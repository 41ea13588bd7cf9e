/*
 * order_move.c: an order goes from state to state (see order_move.h).
 *
 * The order is read without a lock, and changed on the condition that it still
 * is what was read. So a move that is refused makes nobody wait. The row of
 * the order is locked from the change to the end. The rows of SKUs are locked
 * last.
 */
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/order.h"
#include "store/order_move.h"
#include "store/order_row.h"
#include "store/statements.h"

/* Columns of MOVE_ROW. */
enum { COL_LIVE, COL_ID, COL_NUMBER, COL_STATUS, COL_UPDATED };

/* A move being made. */
struct moving {
	const struct order_move	*move;
	struct arena		*arena;
	struct order_moved	*out;
	int64_t			 updated_at;	/* as it was read */
	unsigned		 taken;	/* how often a unique key was */
	struct order_want	 lines[ORDER_LINES_MAX];
	size_t			 count;
};

/* Ends the move: the rules are against it. */
static enum db_result
refuse_move(struct moving *m, enum order_move_outcome outcome)
{
	m->out->outcome = outcome;
	return DB_REFUSED;
}

/* Takes the row of the order. */
static enum db_result
take_moved_order(struct db *db, struct moving *m)
{
	struct order_moved	*out = m->out;
	const char		*status;

	out->number = db_get_text(db, COL_NUMBER, m->arena);
	status = db_get_text(db, COL_STATUS, m->arena);
	m->updated_at = db_get_int(db, COL_UPDATED);
	if (workflow_find(status, &out->from))
		return DB_OK;
	log_error("order has an unknown status",
	    log_str("order_number", out->number), log_str("status", status));
	return DB_FAILED;
}

/* Reads the order. Refuses if the customer is not live or has no such order. */
static enum db_result
read_moved_order(struct db *db, struct moving *m)
{
	const struct customer	*customer = m->move->customer;
	struct order_moved	*out = m->out;
	enum db_result		 result;
	bool			 more;

	out->customer = customer == NULL ? CUSTOMER_LIVE : CUSTOMER_UNKNOWN;
	result = order_row_run(db, customer, m->move->order_id,
	    STATEMENT_MOVE_READ, STATEMENT_MOVE_READ_ANY);
	if (result != DB_OK || (result = db_next(db, &more)) != DB_OK)
		return result;
	if (!more)
		return refuse_move(m, MOVE_NOT_FOUND);
	out->customer = customer_of_row(db);
	if (out->customer != CUSTOMER_LIVE || db_is_null(db, COL_ID))
		result = refuse_move(m, MOVE_NOT_FOUND);
	else
		result = take_moved_order(db, m);
	db_skip(db);
	return result;
}

/* Refuses a move if the order is not what the caller has read, or if the
 * workflow does not allow it. */
static enum db_result
check_move(struct moving *m)
{
	const struct order_move	*move = m->move;

	if (move->if_updated_at != 0 && move->if_updated_at != m->updated_at)
		return refuse_move(m, MOVE_CHANGED);
	if (!workflow_allows(m->out->from, move->to))
		return refuse_move(m, MOVE_REFUSED);
	return DB_OK;
}

/* Changes the order if it still is what was read; else DB_AGAIN. The time of an
 * order only grows, whatever the clock does. */
static enum db_result
change_order_state(struct db *db, struct moving *m)
{
	struct order_moved	*out = m->out;
	int64_t			 now = clock_us();
	enum order_state	 to = m->move->to;
	enum db_result		 result;

	out->at = now > m->updated_at ? now : m->updated_at + 1;
	result = db_run(db, STATEMENT_MOVE_ORDER, 1, (struct db_value[]){
	    db_text(workflow_name(to)), db_time(out->at),
	    db_int(workflow_returns_stock(to)), db_int(m->move->order_id),
	    db_text(workflow_name(out->from)), db_time(m->updated_at) }, 6);
	return result == DB_OK && db_matched(db) == 0 ? DB_AGAIN : result;
}

/*
 * A unique key is taken: the order has been in this state before, or its stock
 * has come back before, although the order is in no such state now. The first
 * time that may be another move at this moment, so the order is read again
 * (DB_AGAIN). The second time the order was changed by hand. The move is
 * refused, so that no stock comes back twice.
 */
static enum db_result
refuse_repeated_move(struct moving *m)
{
	if (m->taken++ == 0)
		return DB_AGAIN;
	log_warning("order is back in a status that it had left",
	    log_str("order_number", m->out->number),
	    log_str("status", workflow_name(m->out->from)),
	    log_str("was", workflow_name(m->move->to)));
	return refuse_move(m, MOVE_REFUSED);
}

/* Writes the move into the order's history. */
static enum db_result
note_move(struct db *db, struct moving *m)
{
	const struct order_move	*move = m->move;
	struct db_value		 values[] = { db_int(move->order_id),
		db_text(workflow_name(m->out->from)),
		db_text(workflow_name(move->to)), db_text(move->by),
		db_text(move->note), db_time(m->out->at) };
	enum db_result		 result;

	result = db_run(db, STATEMENT_MOVE_NOTE, 1, values, 6);
	return result == DB_DUPLICATE ? refuse_repeated_move(m) : result;
}

/* Reads what the order took of each SKU. */
static enum db_result
read_returned_lines(struct db *db, struct moving *m)
{
	struct db_value	 id = db_int(m->move->order_id);
	enum db_result	 result;
	bool		 more;

	m->count = 0;
	result = db_run(db, STATEMENT_MOVE_LINES, 1, &id, 1);
	while (result == DB_OK &&
	    (result = db_next(db, &more)) == DB_OK && more) {
		if (m->count == ORDER_LINES_MAX) {
			log_error("order has too many lines",
			    log_str("order_number", m->out->number));
			db_skip(db);
			return DB_FAILED;
		}
		m->lines[m->count].sku_id = db_get_int(db, 0);
		m->lines[m->count++].quantity = db_get_int(db, 1);
	}
	return result;
}

/* Notes a movement of each SKU that comes back. */
static enum db_result
note_returned_stock(struct db *db, struct moving *m)
{
	struct db_value	*values = arena_array(m->arena, m->count * 6,
	    sizeof(*values)), *v = values;
	enum db_result	 result;

	for (size_t i = 0; i < m->count; i++) {
		*v++ = db_int(m->lines[i].sku_id);
		*v++ = db_int(m->lines[i].quantity);
		*v++ = db_text(workflow_name(m->move->to));
		*v++ = db_text(m->move->by);
		*v++ = db_int(m->move->order_id);
		*v++ = db_time(m->out->at);
	}
	result = db_run(db, STATEMENT_MOVE_STOCK, m->count, values,
	    m->count * 6);
	return result == DB_DUPLICATE ? refuse_repeated_move(m) : result;
}

/* Writes off what came back of SKUs that were deleted. If there are not "count"
 * of them, one was just created again: DB_AGAIN. */
static enum db_result
write_off_stock(struct db *db, struct moving *m, uint64_t count)
{
	struct db_value	 values[] = { db_text(m->out->number),
		db_int(m->move->order_id) };
	enum db_result	 result;

	result = db_run(db, STATEMENT_STOCK_GONE, 1, values, 2);
	if (result != DB_OK)
		return result;
	log_notice("returned stock of a deleted SKU was written off",
	    log_str("order_number", m->out->number),
	    log_uint("skus", db_matched(db)));
	return db_matched(db) == count ? DB_OK : DB_AGAIN;
}

/* Gives the stock back, by one statement. A SKU that was deleted meanwhile has
 * no stock; that is not an error of this order. */
static enum db_result
give_stock_back(struct db *db, struct moving *m)
{
	struct db_value	*values = arena_array(m->arena, m->count * 3,
	    sizeof(*values));
	enum db_result	 result;

	for (size_t i = 0; i < m->count; i++) {
		values[2 * i] = db_int(m->lines[i].sku_id);
		values[2 * i + 1] = db_int(m->lines[i].quantity);
		values[2 * m->count + i] = values[2 * i];
	}
	result = db_run(db, STATEMENT_STOCK_GIVE, m->count, values,
	    m->count * 3);
	return result == DB_OK && db_matched(db) != m->count ?
	    write_off_stock(db, m, m->count - db_matched(db)) : result;
}

/* Gives back what the order took, if that belongs to the new state. */
static enum db_result
return_stock(struct db *db, struct moving *m)
{
	enum db_result	 result;

	if (!workflow_returns_stock(m->move->to))
		return DB_OK;
	result = read_returned_lines(db, m);
	if (result != DB_OK || m->count == 0)
		return result;
	result = note_returned_stock(db, m);
	return result == DB_OK ? give_stock_back(db, m) : result;
}

/* Body of db_transaction(). The first step that fails or refuses is the
 * last. */
static enum db_result
run_move(struct db *db, void *arg)
{
	struct moving	*m = arg;
	enum db_result	 result;

	memset(m->out, 0, sizeof(*m->out));
	m->out->outcome = MOVE_MADE;
	result = read_moved_order(db, m);
	if (result == DB_OK)
		result = check_move(m);
	if (result == DB_OK)
		result = change_order_state(db, m);
	if (result == DB_OK)
		result = note_move(db, m);
	if (result == DB_OK)
		result = return_stock(db, m);
	return result;
}

/* Body of db_resolve(): looks for the line in the history that this attempt
 * would have left. The lock waits for a commit that is still going on. */
static enum db_result
find_made_move(struct db *db, void *arg, bool *kept)
{
	struct moving	*m = arg;
	struct db_value	 values[] = { db_int(m->move->order_id),
		db_text(workflow_name(m->move->to)), db_time(m->out->at) };

	return db_exists(db, STATEMENT_MOVE_FIND, values, 3, kept);
}

enum db_result
order_move(struct db *db, struct arena *arena, const struct order_move *move,
    struct order_moved *out)
{
	struct moving	 m = { .move = move, .arena = arena, .out = out };
	enum db_result	 result;

	result = db_transaction(db, run_move, &m);
	return result == DB_UNKNOWN ?
	    db_resolve(db, out->number, find_made_move, &m) : result;
}
