/*
 * stock.c: ordermuxctl stock: what there is of each SKU, and correcting it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "config/settings.h"
#include "ctl/ctl.h"
#include "market/market.h"
#include "store/staff_stock.h"

static void
put_sku(struct arena *a, const struct stock_sku *s)
{
	printf("%8" PRId64 " %-24s %10" PRId64 " %s", s->id,
	    ctl_clean(a, s->code), s->stock, ctl_clean(a, s->title));
	if (*s->size != '\0' || *s->color != '\0')
		printf(" (%s%s%s)", ctl_clean(a, s->size),
		    *s->size != '\0' && *s->color != '\0' ? ", " : "",
		    ctl_clean(a, s->color));
	puts(s->for_sale ? "" : " - not for sale");
}

/* Lists all SKUs, page by page. */
static enum db_result
put_all(struct db *db)
{
	static struct stock_sku	 page[STOCK_PAGE];
	struct arena		*arena = arena_new(65536);
	int64_t			 last = 0;
	enum db_result		 result;
	size_t			 count;

	do {
		arena_reset(arena);
		result = staff_stock_page(db, arena, last, page, &count);
		for (size_t i = 0; i < count; i++)
			put_sku(arena, &page[i]);
		last = count > 0 ? page[count - 1].id : last;
	} while (result == DB_OK && count == STOCK_PAGE);
	arena_free(arena);
	return result;
}

static int
list_stock(struct db *db)
{
	enum db_result	 result = db_ready(db);

	if (result == DB_OK)
		result = put_all(db);
	return result == DB_OK ? CTL_DONE :
	    ctl_db_error(db_market(db), result);
}

/* ---- changing ---- */

/* "+5" or "-2"; ends the program if it is anything else. */
static int64_t
need_delta(const char *text)
{
	int64_t	 delta;

	if ((*text == '-' || (*text == '+' && text[1] != '-')) &&
	    str_to_int64(text + (*text == '+'), &delta) && delta != 0 &&
	    delta >= -(int64_t)STOCK_MAX && delta <= (int64_t)STOCK_MAX)
		return delta;
	ctl_error("\"%s\" is no change of a stock: expected +5, -2 and so on",
	    text);
	exit(CTL_USAGE);
}

/* Says what came of it. */
static int
report_change(const struct ctl *ctl, const struct market *market,
    const struct stock_change *change, const struct stock_changed *done)
{
	const char	*code = ctl_clean(ctl->arena, done->sku.code);

	switch (done->outcome) {
	case STOCK_CHANGED:
		printf("%s %+" PRId64 " = %" PRId64 "\n", code, change->delta,
		    done->sku.stock);
		return CTL_DONE;
	case STOCK_REFUSED:
		ctl_error("SKU %s has a stock of %" PRId64 ": %+" PRId64
		    " is not possible", code, done->sku.stock, change->delta);
		return CTL_REFUSED;
	case STOCK_NO_SKU:
		break;
	}
	ctl_error("%s has no SKU \"%s\"", market->name,
	    ctl_clean(ctl->arena, change->sku));
	return CTL_ERROR;
}

static int
change_stock(const struct ctl *ctl, struct db *db)
{
	struct stock_change	 change = { .sku = ctl->args[1],
	    .delta = need_delta(ctl->args[2]), .by = ctl_by(ctl),
	    .note = ctl_note(ctl) };
	struct stock_changed	 done;
	enum db_result		 result = db_ready(db);

	if (result == DB_OK)
		result = staff_stock_change(db, ctl->arena, &change, &done);
	if (result == DB_OK || result == DB_REFUSED)
		return report_change(ctl, db_market(db), &change, &done);
	if (result != DB_UNKNOWN)
		return ctl_db_error(db_market(db), result);
	ctl_error("the connection broke while the change was being saved: it "
	    "may have been made or not. When the database is back, look at "
	    "the last rows of stock_movements for this SKU");
	return CTL_ERROR;
}

int
ctl_stock(struct ctl *ctl)
{
	const struct market	*market = ctl_market(ctl, ctl->args[0]);
	struct db		*db;
	int			 status;

	if (ctl->arg_count == 2) {
		ctl_error("by how much is the stock of \"%s\" to change?",
		    ctl->args[1]);
		return CTL_USAGE;
	}
	db = ctl_db(ctl, market, ctl->settings->query_timeout);
	if (ctl->arg_count == 3)
		status = change_stock(ctl, db);
	else
		status = list_stock(db);
	db_free(db);
	return status;
}
