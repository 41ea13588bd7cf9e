/*
 * stock_batch.c: see stock_batch.h.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "ctl/stock_batch.h"
#include "store/statements.h"

#define STEP	100		/* lines or SKUs of one statement */

/* A batch being run. */
struct batching {
	const struct stock_batch	*batch;
	struct arena			*arena;
	struct stock_batched		*out;
	/* The time of its movements: tells this attempt from all others. */
	int64_t				 at;
};

/* A line that is to be carried out, for sorting. */
struct planned {
	int64_t	sku_id;
	size_t	line;
};

/* The next number of rows for one statement. */
static size_t
next_step(size_t done, size_t count)
{
	return count - done < STEP ? count - done : STEP;
}

/* ---- which SKU a line means ---- */

/* Takes a row: a SKU that was found by its code, or by its id. */
static void
take_named_sku(struct batching *b, size_t first, size_t n, bool by_code,
    int64_t id, const char *code)
{
	for (size_t i = first; i < first + n; i++) {
		const struct stock_line	*l = &b->batch->file->lines[i];
		struct stock_judged	*j = &b->out->lines[i];

		if (by_code ? l->sku.code == NULL ||
		    strcmp(l->sku.code, code) != 0 : l->sku.id != id)
			continue;
		if (j->sku_id != 0 && j->sku_id != id)
			j->wrong = arena_printf(b->arena, "\"%s\" is the code "
			    "of one SKU and the id of another: write code:%s "
			    "or id:%s", l->name, l->name, l->name);
		j->sku_id = id;
		j->code = code;
	}
}

/* Looks for the SKUs of some lines. */
static enum db_result
find_named_skus(struct db *db, struct batching *b, size_t first, size_t n)
{
	struct db_value	 values[2 * STEP];
	enum db_result	 result;
	bool		 more;

	for (size_t i = 0; i < n; i++) {
		const struct stock_name	*s =
		    &b->batch->file->lines[first + i].sku;

		values[i] = db_text(s->code);
		values[n + i] = db_int(s->id);
	}
	result = db_run(db, STATEMENT_STAFF_SKU_NAMES, n, values, 2 * n);
	while (result == DB_OK &&
	    (result = db_next(db, &more)) == DB_OK && more)
		take_named_sku(b, first, n, db_get_int(db, 0) != 0,
		    db_get_int(db, 1), db_get_text(db, 2, b->arena));
	return result;
}

/* Says of each line whether it can be carried out. */
static void
judge_lines(struct batching *b)
{
	for (size_t i = 0; i < b->batch->file->count; i++) {
		const struct stock_line	*l = &b->batch->file->lines[i];
		struct stock_judged	*j = &b->out->lines[i];

		j->is_header = l->may_be_header && j->sku_id == 0;
		if (j->is_header)
			j->wrong = NULL;
		else if (l->wrong != NULL)
			j->wrong = l->wrong;
		else if (j->sku_id == 0)
			j->wrong = arena_printf(b->arena,
			    "there is no SKU \"%s\"", l->name);
	}
}

/* ---- the plan ---- */

/* qsort(3)'s order. */
static int
by_sku_and_line(const void *a, const void *b)
{
	const struct planned	*x = a, *y = b;

	if (x->sku_id != y->sku_id)
		return x->sku_id < y->sku_id ? -1 : 1;
	return (x->line > y->line) - (x->line < y->line);
}

/* Lists the lines that can be carried out, by SKU, and the SKUs. Returns the
 * number of the lines. */
static size_t
plan_batch(struct batching *b, struct planned *plan)
{
	struct stock_batched	*out = b->out;
	size_t			 n = 0;

	for (size_t i = 0; i < b->batch->file->count; i++) {
		if (out->lines[i].wrong == NULL && !out->lines[i].is_header)
			plan[n++] = (struct planned){
			    out->lines[i].sku_id, i };
	}
	qsort(plan, n, sizeof(*plan), by_sku_and_line);
	out->total_count = 0;
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || plan[i].sku_id != plan[i - 1].sku_id)
			out->totals[out->total_count++] =
			    (struct stock_total){ .sku_id = plan[i].sku_id,
			    .code = out->lines[plan[i].line].code,
			    .stock = -1 };
		out->totals[out->total_count - 1].delta +=
		    b->batch->file->lines[plan[i].line].delta;
	}
	return n;
}

/* Locks some SKUs and reads their stock, by id, as they stand in the list. */
static enum db_result
lock_skus(struct db *db, struct stock_total *totals, size_t n)
{
	struct db_value	 values[STEP];
	enum db_result	 result;
	size_t		 i = 0;
	bool		 more;

	for (; i < n; i++)
		values[i] = db_int(totals[i].sku_id);
	result = db_run(db, STATEMENT_STAFF_STOCK_LOCK, n, values, n);
	i = 0;
	while (result == DB_OK &&
	    (result = db_next(db, &more)) == DB_OK && more) {
		while (i < n && totals[i].sku_id != db_get_int(db, 0))
			i++;
		if (i < n)
			totals[i].stock = db_get_int(db, 1);
	}
	return result;
}

/* Calculates the stock afterwards; says of a SKU's last line what is wrong
 * with it. */
static void
judge_totals(struct batching *b, const struct planned *plan, size_t count)
{
	size_t	 last = 0;

	for (size_t i = 0; i < b->out->total_count; i++) {
		struct stock_total	*t = &b->out->totals[i];
		struct stock_judged	*j;
		int64_t			 before = t->stock;

		while (last + 1 < count &&
		    plan[last + 1].sku_id == t->sku_id)
			last++;
		j = &b->out->lines[plan[last++].line];
		t->stock += t->delta;
		if (before < 0)
			j->wrong = "this SKU was deleted meanwhile";
		else if (t->stock < 0 || (t->stock > STOCK_MAX &&
		    t->delta > 0)) {
			j->refused = true;
			j->wrong = arena_printf(b->arena, "SKU %s has a stock "
			    "of %" PRId64 ": %+" PRId64 " is not possible",
			    t->code, before, t->delta);
		}
	}
}

/* ---- carrying out ---- */

/* Writes the new stock of some SKUs. */
static enum db_result
set_stocks(struct db *db, const struct stock_total *totals, size_t n)
{
	struct db_value	 values[3 * STEP];

	for (size_t i = 0; i < n; i++) {
		values[2 * i] = db_int(totals[i].sku_id);
		values[2 * i + 1] = db_int(totals[i].stock);
		values[2 * n + i] = values[2 * i];
	}
	return db_run(db, STATEMENT_STAFF_STOCK_SET, n, values, 3 * n);
}

/* Notes the movements of some lines. */
static enum db_result
note_movements(struct db *db, const struct batching *b,
    const struct planned *plan, size_t n)
{
	const struct stock_batch	*batch = b->batch;
	struct db_value			 values[5 * STEP], *v = values;

	for (size_t i = 0; i < n; i++) {
		*v++ = db_int(plan[i].sku_id);
		*v++ = db_int(batch->file->lines[plan[i].line].delta);
		*v++ = db_text(batch->by);
		*v++ = db_text(batch->note);
		*v++ = db_time(b->at);
	}
	return db_run(db, STATEMENT_STAFF_STOCK_NOTES, n, values, 5 * n);
}

/* Writes all. */
static enum db_result
carry_out(struct db *db, const struct batching *b, const struct planned *plan,
    size_t count)
{
	const struct stock_batched	*out = b->out;
	enum db_result			 result = DB_OK;

	for (size_t i = 0; result == DB_OK && i < out->total_count; i += STEP)
		result = set_stocks(db, out->totals + i,
		    next_step(i, out->total_count));
	for (size_t i = 0; result == DB_OK && i < count; i += STEP)
		result = note_movements(db, b, plan + i, next_step(i, count));
	return result;
}

/* Body of db_transaction(). */
static enum db_result
run_batch(struct db *db, void *arg)
{
	struct batching		*b = arg;
	struct stock_batched	*out = b->out;
	size_t			 lines = b->batch->file->count, count = 0;
	enum db_result		 result = DB_OK;
	struct planned		*plan;

	b->at = clock_us();
	memset(out->lines, 0, lines * sizeof(*out->lines));
	for (size_t i = 0; result == DB_OK && i < lines; i += STEP)
		result = find_named_skus(db, b, i, next_step(i, lines));
	if (result != DB_OK)
		return result;
	judge_lines(b);
	plan = arena_array(b->arena, lines, sizeof(*plan));
	count = plan_batch(b, plan);
	for (size_t i = 0; result == DB_OK && i < out->total_count; i += STEP)
		result = lock_skus(db, out->totals + i,
		    next_step(i, out->total_count));
	if (result != DB_OK)
		return result;
	judge_totals(b, plan, count);
	out->wrong = 0;
	for (size_t i = 0; i < lines; i++)
		out->wrong += out->lines[i].wrong != NULL;
	if (out->wrong > 0 || b->batch->dry_run || count == 0)
		return DB_REFUSED;
	return carry_out(db, b, plan, count);
}

/* Body of db_resolve(): looks for one of the movements that this attempt would
 * have left. */
static enum db_result
find_batch(struct db *db, void *arg, bool *kept)
{
	const struct batching		*b = arg;
	const struct stock_file		*file = b->batch->file;
	size_t				 i = file->count - 1;
	struct db_value			 values[] = {
		db_int(b->out->lines[i].sku_id), db_time(b->at),
		db_int(file->lines[i].delta), db_text(b->batch->by) };

	return db_exists(db, STATEMENT_STAFF_STOCK_FIND, values, 4, kept);
}

enum db_result
stock_batch_run(struct db *db, struct arena *arena,
    const struct stock_batch *batch, struct stock_batched *out)
{
	struct batching	 b = { .batch = batch, .arena = arena, .out = out };
	enum db_result	 result;

	*out = (struct stock_batched){ 0 };
	out->lines = arena_array(arena, batch->file->count,
	    sizeof(*out->lines));
	out->totals = arena_array(arena, batch->file->count,
	    sizeof(*out->totals));
	result = db_transaction(db, run_batch, &b);
	return result == DB_UNKNOWN ?
	    db_resolve(db, "stock file", find_batch, &b) : result;
}
