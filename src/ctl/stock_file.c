/*
 * stock_file.c: see stock_file.h.
 */
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "ctl/csv.h"
#include "ctl/stock_file.h"

#define LINES_FIRST	512	/* there is room for; it doubles */

bool
stock_delta_read(const char *text, bool plain, int64_t *delta)
{
	bool	 plus = *text == '+';

	if (!plus && *text != '-' && !plain)
		return false;
	return !(plus && strchr("+-", text[1]) != NULL) &&
	    str_to_int64(text + plus, delta) && *delta != 0 &&
	    *delta >= -STOCK_DELTA_MAX && *delta <= STOCK_DELTA_MAX;
}

/* Judges a line of the file. */
static void
take_stock_line(const struct csv_line *from, struct stock_line *to,
    struct arena *arena)
{
	*to = (struct stock_line){ .number = from->number,
	    .name = arena_strdup(arena, from->fields[0]),
	    .amount = arena_strdup(arena, from->fields[1]) };
	stock_name_read(to->name, &to->sku);
	to->may_be_header = to->number == 1 && from->wrong == NULL &&
	    strpbrk(to->amount, "0123456789") == NULL;
	if (from->wrong != NULL)
		to->wrong = from->wrong;
	else if (from->count != 2 || *to->name == '\0')
		to->wrong = "expected a SKU and a number";
	else if (!stock_delta_read(to->amount, true, &to->delta))
		to->wrong = arena_printf(arena, "\"%s\" is no change of a "
		    "stock: expected 5, +5, -2 and so on", to->amount);
	if (from->count < 2)
		to->may_be_header = false;
}

/* Makes room for a line more. */
static void
grow_stock_file(struct stock_file *f, size_t *room, struct arena *arena)
{
	struct stock_line	*old = f->lines;

	if (f->count < *room)
		return;
	*room = *room == 0 ? LINES_FIRST : *room * 2;
	f->lines = arena_array(arena, *room, sizeof(*f->lines));
	if (old != NULL)
		memcpy(f->lines, old, f->count * sizeof(*old));
}

const char *
stock_file_read(FILE *file, struct stock_file *f, struct arena *arena)
{
	struct csv	 csv;
	struct csv_line	 line;
	size_t		 room = 0;

	*f = (struct stock_file){ 0 };
	csv_init(&csv, file);
	while (csv_read(&csv, &line)) {
		if (f->count == STOCK_FILE_LINES)
			return "it has more than 100000 lines";
		if (line.number == 1 && ((unsigned char)line.fields[0][0] ==
		    0xff || (unsigned char)line.fields[0][0] == 0xfe))
			return "it is not UTF-8; save it as CSV in UTF-8";
		grow_stock_file(f, &room, arena);
		take_stock_line(&line, &f->lines[f->count++], arena);
	}
	if (ferror(file))
		return "it cannot be read";
	return f->count > 0 ? NULL : "it is empty";
}
_Static_assert(STOCK_FILE_LINES == 100000, "a text above names the limit");
