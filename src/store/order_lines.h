/*
 * order_lines.h: the lines of an order as JSON, as the API shows them.
 *
 * They never change once the order is made. So they are kept as text beside the
 * order, in orders.lines_json, and whoever lists orders copies the text:
 *
 *	[
 *	{"product_name":"Shirt", ... ,"quantity":2,"total_price":49.98},
 *	{"product_name":"Hat", ... }
 *	]
 *
 * A line of the text is a line of the order, in the order of line_no, which
 * begins with 1 and has no gap. The ids are left out: they are made of the
 * order's id, which is not known before the text is written. A text of another
 * form (somebody's own program may have written it) is not used, nor is there
 * one if it would be longer than ORDER_LINES_JSON_MAX bytes: the lines are then
 * read from order_items. Those are what counts; "reconcile" compares.
 */
#ifndef ORDERMUX_ORDER_LINES_H
#define ORDERMUX_ORDER_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "store/order.h"

struct arena;
struct json_out;

#define ORDER_LINES_JSON_MAX 8192	/* of the column, in bytes */

/* Makes the text of the order's lines, in the arena. Amounts have so many
 * digits behind the point. There is none (NULL) if it would be too long. */
void	order_lines_render(struct arena *, struct order *, unsigned digits);

/* Whether the text has the form above. */
bool	order_lines_usable(const char *text, size_t len);

/* Writes the lines as an array of the API: by the order's text, or if it has
 * none, by its lines. */
void	order_lines_write(struct json_out *, const struct order *,
    unsigned digits);

#endif
