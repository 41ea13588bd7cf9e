/*
 * ini_print.c: prints a struct back as a file, and what may be set (see
 * ini.h).
 */
#include "base/buf.h"
#include "config/ini.h"

/* Writes one option's line; nothing for one that is not set and has no
 * default that would be taken for it. */
static void
print_option(const struct ini_option *o, const char *base, struct buf *out)
{
	size_t	start = out->len, value;

	buf_puts(out, o->name);
	buf_puts(out, " = ");
	value = out->len;
	o->type->print(base + o->offset, out);
	if (out->len == value && o->def == NULL) {
		out->len = start;
		return;
	}
	if (out->len == value)
		out->len--;	/* the blank */
	buf_putc(out, '\n');
}

/* Writes a section with its header. */
static void
print_section(const struct ini_section *s, const char *label,
    const void *base, struct buf *out)
{
	const struct ini_option	*o;

	buf_printf(out, "\n[%s%s%s]\n", s->name, label != NULL ? " " : "",
	    label != NULL ? label : "");
	for (o = s->options; o->name != NULL; o++)
		print_option(o, base, out);
}

void
ini_print(const struct ini_section *s, const void *target, struct buf *out)
{
	const char	*label;
	const void	*base;

	for (; s->name != NULL; s++) {
		if (s->instance == NULL) {
			print_section(s, NULL, target, out);
			continue;
		}
		for (size_t i = 0;
		    (base = s->nth(target, i, &label)) != NULL; i++)
			print_section(s, label, base, out);
	}
}

void
ini_put_bounds(const struct ini_option *o, struct buf *out)
{
	uint64_t	 field = 0;	/* room for the field of any type */

	if (o->max == 0)
		return;
	o->type->set(&field, o->min);
	o->type->print(&field, out);
	buf_puts(out, " to ");
	o->type->set(&field, o->max);
	o->type->print(&field, out);
}

void
ini_list_options(const char *file, const struct ini_section *s,
    struct buf *out)
{
	const struct ini_option	*o;

	for (; s->name != NULL; s++)
		for (o = s->options; o->name != NULL; o++) {
			buf_printf(out, "%s\t%s\t%s\t%s\t", file, s->name,
			    o->name, o->def != NULL ? o->def : "");
			ini_put_bounds(o, out);
			buf_putc(out, '\n');
		}
}
