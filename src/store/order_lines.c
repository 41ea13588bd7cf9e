/*
 * order_lines.c: see order_lines.h. The text is split at its newlines: inside
 * of a string JSON has none.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json_write.h"
#include "store/order_lines.h"

#define BEGIN	"[\n"
#define END	"\n]"
#define FIRST	"{\"product_name\":"

/* The database has no id of a line: made of its order and place. */
static int64_t
line_id(const struct order *o, int64_t line_no)
{
	return o->id * ORDER_LINES_MAX + line_no - 1;
}

/* Writes what a line is, as a part of an object. */
static void
write_line(struct json_out *j, const struct order_line *l, unsigned digits)
{
	jw_put_text(j, "product_name", l->product_name);
	jw_put_text(j, "sku_code", l->sku_code);
	jw_put_text(j, "size", l->size);
	jw_put_text(j, "color", l->color);
	jw_put_money(j, "unit_price", l->unit_price, digits);
	jw_put_int(j, "quantity", l->quantity);
	jw_put_money(j, "total_price", l->total, digits);
}

void
order_lines_render(struct arena *arena, struct order *o, unsigned digits)
{
	struct buf	 b;
	struct json_out	 j = { .buf = &b };

	o->lines_json = NULL;
	buf_init(&b, arena, 1024);
	buf_puts(&b, BEGIN);
	for (size_t i = 0; i < o->line_count; i++) {
		if (i > 0)
			buf_puts(&b, ",\n");
		j.comma = false;
		jw_begin(&j, '{');
		write_line(&j, &o->lines[i], digits);
		jw_end(&j, '}');
	}
	buf_puts(&b, END);
	if (b.len > ORDER_LINES_JSON_MAX)
		return;
	o->lines_json = buf_text(&b);
	o->lines_json_len = b.len;
}

/* Returns the end of the object that begins at p, behind its '}'; NULL if none
 * does. Behind it are a comma and a newline, or the newline and the end. */
static const char *
end_of_line(const char *p, const char *end)
{
	const char	*newline = memchr(p, '\n', (size_t)(end - p));

	if (newline == NULL || (size_t)(newline - p) < strlen(FIRST "},") ||
	    memcmp(p, FIRST, strlen(FIRST)) != 0)
		return NULL;
	newline -= newline + 1 < end;
	return newline[-1] == '}' && (*newline == '\n' || *newline == ',') ?
	    newline : NULL;
}

/* The line behind one that ends there. */
static const char *
next_line(const char *line_end)
{
	return line_end + (*line_end == ',' ? strlen(",\n") : strlen("\n"));
}

bool
order_lines_usable(const char *text, size_t len)
{
	const char	*p, *end;

	if (len <= strlen(BEGIN END) || memcmp(text, BEGIN, strlen(BEGIN)) != 0)
		return false;
	p = text + strlen(BEGIN);
	end = text + len - strlen("]");
	if (*end != ']')
		return false;
	while (p != NULL && p < end) {
		p = end_of_line(p, end);
		if (p != NULL)
			p = next_line(p);
	}
	return p == end;
}

/* Writes the lines of the text, each with its id in front. */
static void
copy_lines(struct json_out *j, const struct order *o)
{
	const char	*p = o->lines_json + strlen(BEGIN), *line_end;
	const char	*end = o->lines_json + o->lines_json_len - strlen("]");
	int64_t		 line_no = 1;

	/* The text is usable: end_of_line() finds each end. */
	while (p < end && (line_end = end_of_line(p, end)) != NULL) {
		jw_begin(j, '{');
		jw_put_int(j, "id", line_id(o, line_no++));
		jw_raw(j, p + 1, (size_t)(line_end - p) - 1);
		p = next_line(line_end);
	}
}

void
order_lines_write(struct json_out *j, const struct order *o, unsigned digits)
{
	jw_begin(j, '[');
	if (o->lines_json != NULL)
		copy_lines(j, o);
	for (size_t i = 0; i < o->line_count && o->lines_json == NULL; i++) {
		jw_begin(j, '{');
		jw_put_int(j, "id", line_id(o, o->lines[i].line_no));
		write_line(j, &o->lines[i], digits);
		jw_end(j, '}');
	}
	jw_end(j, ']');
}
