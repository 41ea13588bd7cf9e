/*
 * stock.c: ordermuxctl stock: lists and corrects the stock of SKUs.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "config/settings.h"
#include "ctl/ctl.h"
#include "ctl/stock_batch.h"
#include "ctl/stock_file.h"
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

/* Prints all SKUs, page by page. */
static enum db_result
put_all_skus(struct db *db)
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
		result = put_all_skus(db);
	return result == DB_OK ? CTL_DONE :
	    ctl_db_error(db_market(db), result);
}

/* ---- changing ---- */

/* Reads "+5" or "-2"; ends the program if it is anything else. */
static int64_t
need_stock_delta(const char *text)
{
	int64_t	 delta;

	if (stock_delta_read(text, false, &delta))
		return delta;
	ctl_error("\"%s\" is no change of a stock: expected +5, -2 and so on",
	    text);
	exit(CTL_USAGE);
}

/* Reports that the stock was changed, or why not. */
static int
report_stock_change(const struct ctl *ctl, const struct market *market,
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
		    " is not possible%s", code, done->sku.stock,
		    change->delta, change->delta > 0 ?
		    "; a stock is at most 1000000000" : "");
		return CTL_REFUSED;
	case STOCK_AMBIGUOUS:
		ctl_error("\"%s\" is the code of one SKU and the id of "
		    "another, %s: say code:%s or id:%s", change->sku,
		    ctl_clean(ctl->arena, done->other.code), change->sku,
		    change->sku);
		return CTL_ERROR;
	case STOCK_NO_SKU:
		break;
	}
	ctl_error("%s has no SKU \"%s\"", market->name,
	    ctl_clean(ctl->arena, change->sku));
	return CTL_ERROR;
}

static int
correct_stock(const struct ctl *ctl, struct db *db)
{
	struct stock_change	 change = { .sku = ctl->args[1],
	    .delta = need_stock_delta(ctl->args[2]), .by = ctl_by(ctl),
	    .note = ctl_note(ctl) };
	struct stock_changed	 done = { 0 };
	enum db_result		 result = db_ready(db);

	if (result == DB_OK)
		result = staff_stock_change(db, ctl->arena, &change, &done);
	if (result == DB_OK || result == DB_REFUSED)
		return report_stock_change(ctl, db_market(db), &change, &done);
	if (result != DB_UNKNOWN)
		return ctl_db_error(db_market(db), result);
	ctl_error("the connection broke while the change was being saved: it "
	    "may have been made or not. When the database is back, look at "
	    "the last rows of stock_movements for this SKU");
	return CTL_ERROR;
}

/* ---- a file of changes ---- */

/* Opens the file. Ends the program if that is not possible. Through sudo, a
 * person could otherwise read any file by our error messages. */
static FILE *
open_stock_file(const struct ctl *ctl)
{
	FILE	*file;

	if (strcmp(ctl->file, "-") == 0)
		return stdin;
	if (ctl_is_person()) {
		ctl_error("--file: through sudo, hand the file in: "
		    "--file - <FILE");
		exit(CTL_USAGE);
	}
	if ((file = fopen(ctl->file, "re")) != NULL)
		return file;
	ctl_error("%s: %s", ctl->file, strerror(errno));
	exit(CTL_ERROR);
}

/* Prints all lines that are wrong. */
static int
report_wrong_lines(const struct ctl *ctl, const struct market *market,
    const struct stock_file *file, const struct stock_batched *done)
{
	bool	 refused = true;

	for (size_t i = 0; i < file->count; i++) {
		if (done->lines[i].wrong == NULL)
			continue;
		refused &= done->lines[i].refused;
		ctl_error("%s:%u: %s", ctl->file, file->lines[i].number,
		    ctl_clean(ctl->arena, done->lines[i].wrong));
	}
	ctl_error("%s: nothing was changed: %zu of %zu lines %s wrong",
	    market->name, done->wrong, file->count,
	    done->wrong == 1 ? "is" : "are");
	return refused ? CTL_REFUSED : CTL_ERROR;
}

/* Prints the SKUs that were changed, or would be. */
static int
report_stock_totals(const struct ctl *ctl, const struct market *market,
    const struct stock_file *file, const struct stock_batched *done)
{
	bool	 header = done->lines != NULL && done->lines[0].is_header;

	if (header)
		printf("line 1 is a header: %s, %s\n",
		    ctl_clean(ctl->arena, file->lines[0].name),
		    ctl_clean(ctl->arena, file->lines[0].amount));
	for (size_t i = 0; i < done->total_count; i++)
		printf("%s %+" PRId64 " = %" PRId64 "\n",
		    ctl_clean(ctl->arena, done->totals[i].code),
		    done->totals[i].delta, done->totals[i].stock);
	printf("%s: %zu lines, %zu SKUs%s\n", market->name,
	    file->count - header, done->total_count, ctl->dry_run != NULL ?
	    "; a dry run: nothing was changed" : "");
	return CTL_DONE;
}

/* Changes the stock by the file, which was read. */
static int
run_stock_file(const struct ctl *ctl, struct db *db,
    const struct stock_file *file)
{
	struct stock_batch	 batch = { .file = file, .by = ctl_by(ctl),
	    .note = ctl_note(ctl), .dry_run = ctl->dry_run != NULL };
	struct stock_batched	 done = { 0 };
	enum db_result		 result = db_ready(db);

	if (result == DB_OK)
		result = stock_batch_run(db, ctl->arena, &batch, &done);
	if (result == DB_UNKNOWN)
		ctl_error("the connection broke while the changes were being "
		    "saved: all of them may have been made, or none. When "
		    "the database is back, look at the last rows of "
		    "stock_movements");
	else if (result != DB_OK && result != DB_REFUSED)
		return ctl_db_error(db_market(db), result);
	else if (done.wrong > 0)
		return report_wrong_lines(ctl, db_market(db), file, &done);
	else
		return report_stock_totals(ctl, db_market(db), file, &done);
	return CTL_ERROR;
}

/* Reads the file and changes the stock by it. */
static int
change_stock_by_file(const struct ctl *ctl, struct db *db)
{
	FILE			*input = open_stock_file(ctl);
	struct stock_file	 file;
	const char		*why;

	why = stock_file_read(input, &file, ctl->arena);
	if (input != stdin)
		fclose(input);
	if (why == NULL)
		return run_stock_file(ctl, db, &file);
	ctl_error("%s: %s", ctl->file, why);
	return CTL_ERROR;
}

/* Returns NULL, or what is wrong with the command line. */
static const char *
misused_stock(const struct ctl *ctl)
{
	if (ctl->file != NULL && ctl->arg_count > 1)
		return "--file: the SKUs are in the file";
	if (ctl->file == NULL && ctl->dry_run != NULL)
		return "--dry-run is for --file";
	return ctl->arg_count != 2 ? NULL : arena_printf(ctl->arena,
	    "by how much is the stock of \"%s\" to change?", ctl->args[1]);
}

int
ctl_stock(struct ctl *ctl)
{
	const struct market	*market = ctl_market(ctl, ctl->args[0]);
	const char		*wrong = misused_stock(ctl);
	struct db		*db;
	int			 status;

	if (wrong != NULL) {
		ctl_error("%s", wrong);
		return CTL_USAGE;
	}
	db = ctl_db(ctl, market, ctl->settings->query_timeout);
	if (ctl->file != NULL)
		status = change_stock_by_file(ctl, db);
	else if (ctl->arg_count == 3)
		status = correct_stock(ctl, db);
	else
		status = list_stock(db);
	db_free(db);
	return status;
}
