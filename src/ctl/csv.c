/*
 * csv.c: see csv.h.
 */
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "ctl/csv.h"

/* The next byte, or one that was given back. */
static int
take_byte(struct csv *csv)
{
	return csv->back_count > 0 ? csv->back[--csv->back_count] :
	    getc(csv->file);
}

/* Gives back what was taken last; EOF comes again by itself. */
static void
give_byte_back(struct csv *csv, int c)
{
	if (c != EOF)
		csv->back[csv->back_count++] = (unsigned char)c;
}

void
csv_init(struct csv *csv, FILE *file)
{
	static const int	 mark[CSV_BACK] = { 0xef, 0xbb, 0xbf };
	int			 c;

	*csv = (struct csv){ .file = file };
	for (int i = 0; i < CSV_BACK; i++) {
		if ((c = take_byte(csv)) == mark[i])
			continue;
		give_byte_back(csv, c);
		while (--i >= 0)
			give_byte_back(csv, mark[i]);
		return;
	}
}

/* The next byte; each end of a line as one '\n'. */
static int
next_byte(struct csv *csv)
{
	int	 c = take_byte(csv);

	if (c != '\r')
		return c;
	if ((c = take_byte(csv)) != '\n')
		give_byte_back(csv, c);
	return '\n';
}

/* Whether the byte ends a field. The first of a file that can, says what does
 * so from then on. */
static bool
ends_field(struct csv *csv, int c)
{
	if (c == EOF || c == '\n')
		return true;
	if (csv->separator == '\0' && (c == ',' || c == ';' || c == '\t'))
		csv->separator = (char)c;
	return csv->separator != '\0' && c == csv->separator;
}

/* Adds a byte to a field. */
static void
add_to_field(struct csv_line *line, char *field, size_t *n, int c)
{
	if (c == '\0')
		line->wrong = "there is a NUL byte in it";
	else if (*n == CSV_FIELD_MAX)
		line->wrong = "it is too long";
	else
		field[(*n)++] = (char)c;
}

/* Reads what stands in quotes, after the first of them. Returns the byte after
 * the last. */
static int
read_quoted(struct csv *csv, struct csv_line *line, char *field, size_t *n)
{
	int	 c;

	while ((c = next_byte(csv)) != EOF && c != '\n') {
		if (c == '"' && (c = next_byte(csv)) != '"')
			return c;
		if (c == EOF || c == '\n')
			break;
		add_to_field(line, field, n, c);
	}
	line->wrong = "a quote is not closed";
	return c;
}

/* Reads one field. Returns the byte that ended it. */
static int
read_field(struct csv *csv, struct csv_line *line, char *field)
{
	size_t		 n = 0, kept = 0;
	const char	*p;
	int		 c;

	while ((c = next_byte(csv)) == ' ')
		;
	if (c == '"') {
		c = read_quoted(csv, line, field, &n);
		kept = n;
		while (c == ' ')
			c = next_byte(csv);
		if (!ends_field(csv, c))
			line->wrong = "something stands after a quote";
	}
	for (; !ends_field(csv, c); c = next_byte(csv))
		add_to_field(line, field, &n, c);
	field[n] = '\0';
	if (kept > 0)
		return c;
	p = field;
	text_trim(&p, &n);
	memmove(field, p, n);
	field[n] = '\0';
	return c;
}

/* Reads one line. Returns the byte that ended it. */
static int
read_line(struct csv *csv, struct csv_line *line)
{
	char	 rest[CSV_FIELD_MAX + 1] = "", *field;
	int	 c;

	memset(line, 0, sizeof(*line));
	line->number = ++csv->line;
	for (size_t n = 0;; n++) {
		field = n < CSV_FIELDS ? line->fields[n] : rest;
		c = read_field(csv, line, field);
		if (!str_utf8_valid(field, strlen(field)))
			line->wrong = "it is not UTF-8";
		if (*field != '\0')
			line->count = n + 1;
		if (c == EOF || c == '\n')
			return c;
	}
}

bool
csv_read(struct csv *csv, struct csv_line *line)
{
	int	 end;

	do {
		end = read_line(csv, line);
		if (line->count > 0 || line->wrong != NULL)
			return true;
	} while (end != EOF);
	return false;
}
