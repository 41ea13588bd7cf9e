/*
 * conf.c: configuration files by table, over inih.
 *
 * inih splits lines into names and values; the reader that feeds it (line_next)
 * counts the lines, refuses those that are no configuration, and enters the
 * sections, because inih would neither report an empty section nor keep a long
 * name whole. Every error is collected and reading goes on behind it.
 * Called by config/settings.c and config/market_file.c; knows no option.
 */
#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "base/text.h"
#include "config/ini.h"
#include "config/ini_impl.h"

struct ini_file {
	FILE			*file;
	const char		*path;
	unsigned		 line;
	const struct ini_section *sections;
	void			*target;
	struct arena		*arena;
	struct ini_errors	*errors;
	struct ini_block	*block;		/* being read; NULL = skip */
	bool			 in_section;	/* a header came before */
};

/* ---- sections ---- */

/* Sets every option of the block to its default. */
static void
block_defaults(struct ini_file *r, struct ini_block *b)
{
	const struct ini_option *o;

	for (o = b->section->options; o->name != NULL; o++)
		if (o->def != NULL &&
		    !o->type->read(o->def, b->base + o->offset, r->arena))
			panic("default of [%s] %s is no %s", b->section->name,
			    o->name, o->type->expects);
}

/* Returns the block of this file for a struct; makes it, with its defaults,
 * when it is new. */
static struct ini_block *
block_get(struct ini_file *r, const struct ini_section *section,
    const char *label, void *base)
{
	struct ini_block	*b;
	size_t			 n = 0;

	for (b = r->errors->blocks; b != NULL; b = b->next)
		if (b->section == section && b->base == base &&
		    b->file == r->path)
			return b;
	while (section->options[n].name != NULL)
		n++;
	b = arena_alloc(r->errors->arena, sizeof(*b));
	*b = (struct ini_block){ .section = section, .label = label,
	    .file = r->path, .base = base, .next = r->errors->blocks };
	b->lines = arena_array(r->errors->arena, n + 1, sizeof(*b->lines));
	r->errors->blocks = b;
	block_defaults(r, b);
	return b;
}

/* Returns the block for the label, or NULL after an error. */
static struct ini_block *
section_instance(struct ini_file *r, const struct ini_section *s,
    const char *label)
{
	void	*base;

	if (*label == '\0') {
		ini_error(r->errors, r->path, r->line,
		    "[%s]: expected a name after it, such as [%s NAME]",
		    s->name, s->name);
		return NULL;
	}
	base = s->instance(r->target, label, r->arena);
	if (base == NULL) {
		ini_error(r->errors, r->path, r->line,
		    "[%s %s]: expected fewer sections of this kind",
		    s->name, label);
		return NULL;
	}
	return block_get(r, s, label, base);
}

/* Makes the section of a header the current one; after an error, none. */
static void
section_enter(struct ini_file *r, const char *text, size_t len)
{
	const struct ini_section	*s;
	const char			*label;
	size_t				 word;

	text_trim(&text, &len);
	text = arena_strndup(r->errors->arena, text, len);
	word = strcspn(text, " \t");
	label = text + word + strspn(text + word, " \t");
	r->in_section = true;
	r->block = NULL;
	for (s = r->sections; s->name != NULL; s++)
		if (strlen(s->name) == word &&
		    strncmp(s->name, text, word) == 0)
			break;
	if (s->name == NULL || (s->instance == NULL && *label != '\0'))
		ini_error(r->errors, r->path, r->line,
		    "[%s]: unknown section", text);
	else if (s->instance == NULL)
		r->block = block_get(r, s, NULL, r->target);
	else
		r->block = section_instance(r, s, label);
}

/* ---- lines ---- */

/* Reads a line without its end (LF or CRLF) into at most INI_LINE_MAX bytes
 * and a NUL. Returns its whole length, which may be more, or -1 at the end
 * of the file. */
static long
line_read(struct ini_file *r, char *line)
{
	long	n = 0;
	int	c;

	while ((c = getc(r->file)) != EOF && c != '\n') {
		if (n < INI_LINE_MAX)
			line[n] = (char)c;
		if (n <= INI_LINE_MAX)
			n++;
	}
	if (c == EOF && n == 0)
		return -1;
	if (n > 0 && n <= INI_LINE_MAX && line[n - 1] == '\r')
		n--;
	line[n < INI_LINE_MAX ? n : INI_LINE_MAX] = '\0';
	return n;
}

/* Returns whether the bytes are UTF-8 text without control characters. */
static bool
line_is_text(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ' ? line[i] != '\t' :
		    line[i] == 0x7f)
			return false;
	return str_utf8_valid(line, len);
}

/* Looks at a line before inih does, and enters the section of a header.
 * Returns NULL, or what was expected of the line. */
static const char *
line_check(struct ini_file *r, const char *line, size_t len)
{
	const char	*end;

	if (len > INI_LINE_MAX)
		return "a shorter line";
	if (!line_is_text(line, len))
		return "UTF-8 text without control characters";
	text_trim(&line, &len);
	if (len == 0 || *line == '#' || *line == ';')
		return NULL;
	if (*line == '[') {
		end = memchr(line, ']', len);
		if (end == NULL || end != line + len - 1) {
			r->in_section = true;
			r->block = NULL;
			return "[section]";
		}
		section_enter(r, line + 1, len - 2);
		return NULL;
	}
	end = strpbrk(line, "=:");
	if (end == NULL || end == line || *end != '=')
		return "name = value";
	return NULL;
}

/* inih's reader: gives it the next line, or an empty one in place of a bad
 * one. Returns NULL at the end of the file. */
static char *
line_next(char *line, int size, void *arg)
{
	struct ini_file	*r = arg;
	const char		*expected;
	long			 len;

	if (size < INI_LINE_MAX + 3)
		panic("inih's line holds %d bytes only", size);
	if ((len = line_read(r, line)) < 0)
		return NULL;
	r->line++;
	if (r->line == 1 && len <= INI_LINE_MAX &&
	    strncmp(line, "\xef\xbb\xbf", 3) == 0) {
		len -= 3;
		memmove(line, line + 3, strlen(line + 3) + 1);
	}
	expected = line_check(r, line, (size_t)len);
	if (expected != NULL) {
		ini_error(r->errors, r->path, r->line, "expected %s",
		    expected);
		len = 0;
	}
	memcpy(line + len, "\n", 2);
	return line;
}

/* Reads the value into the option's field. Returns false if it is not what
 * the type expects, or is out of the option's bounds: the field is then as
 * before. */
static bool
option_read(struct ini_file *r, const struct ini_option *o, const char *text)
{
	void		*field = r->block->base + o->offset;
	uint64_t	 before, n;

	if (o->max == 0)
		return o->type->read(text, field, r->arena);
	before = o->type->get(field);
	if (!o->type->read(text, field, r->arena))
		return false;
	n = o->type->get(field);
	if (n >= o->min && n <= o->max)
		return true;
	o->type->set(field, before);
	return false;
}

/* Returns what completes "expected ..." for the option: with its bounds. */
static const char *
option_expects(const struct ini_option *o, struct arena *arena)
{
	struct buf	 b;

	if (o->max == 0)
		return o->type->expects;
	buf_init(&b, arena, 64);
	buf_printf(&b, "%s from ", o->type->noun);
	ini_put_bounds(o, &b);
	return buf_text(&b);
}

/* Reads the value of one option of the current block. */
static void
value_read(struct ini_file *r, size_t i, const char *value)
{
	const struct ini_option *o = &r->block->section->options[i];
	unsigned		*line = &r->block->lines[i];
	struct ini_errors	*e = r->errors;

	if (*line != 0) {
		ini_block_error(e, r->block, r->line, o->name,
		    arena_printf(e->arena, "is set in line %u already",
		    *line));
		return;
	}
	*line = r->line;
	if (!option_read(r, o, value))
		ini_block_error(e, r->block, r->line, o->name,
		    arena_printf(e->arena, "expected %s", option_expects(o,
		    e->arena)));
}

/* inih's handler of a name and its value. Always returns 1: the errors are
 * in the list. */
static int
value_found(void *arg, const char *section, const char *name,
    const char *value)
{
	struct ini_file		*r = arg;
	const struct ini_option	*o;

	(void)section;	/* may be cut; section_enter() knows the whole one */
	if (!r->in_section)
		ini_error(r->errors, r->path, r->line,
		    "%s: expected a [section] before it", name);
	if (r->block == NULL)
		return 1;
	o = r->block->section->options;
	for (size_t i = 0; o[i].name != NULL; i++)
		if (strcmp(o[i].name, name) == 0) {
			value_read(r, i, value);
			return 1;
		}
	ini_block_error(r->errors, r->block, r->line, name, "unknown name");
	return 1;
}

/* ---- files ---- */

/* Adds an error for every required option that the file has not set. */
static void
read_missing(struct ini_file *r)
{
	const struct ini_option	*o;
	const struct ini_block		*b;

	for (b = r->errors->blocks; b != NULL; b = b->next) {
		if (b->file != r->path)
			continue;
		o = b->section->options;
		for (size_t i = 0; o[i].name != NULL; i++)
			if ((o[i].flags & INI_REQUIRED) != 0 &&
			    b->lines[i] == 0)
				ini_block_error(r->errors, b, 0, o[i].name,
				    arena_printf(r->errors->arena,
				    "is missing, expected %s",
				    option_expects(&o[i], r->errors->arena)));
	}
}

/* Runs inih over the open file. Its settings are the process's, so they are
 * set each time. */
static void
read_stream(struct ini_file *r)
{
	int	rc;

	ini_allow_inline_comments = false;
	ini_allow_multiline = false;
	ini_allow_no_value = false;
	ini_stop_on_first_error = false;
	ini_allow_bom = false;
	ini_use_stack = true;
	ini_max_line = INI_LINE_MAX + 3;
	rc = ini_parse_stream(line_next, r, value_found, r);
	if (rc != 0)
		ini_error(r->errors, r->path, rc > 0 ? (unsigned)rc : 0,
		    "expected name = value");
	if (ferror(r->file))
		ini_error(r->errors, r->path, 0, "cannot read: %s",
		    strerror(errno));
}

bool
ini_read(const char *path, const struct ini_section *sections, void *target,
    struct arena *arena, struct ini_errors *errors)
{
	struct ini_file	 r = { .sections = sections, .target = target,
	    .arena = arena, .errors = errors };
	size_t			 before = errors->count;

	r.path = arena_strdup(errors->arena, path);
	for (const struct ini_section *s = sections; s->name != NULL; s++)
		if (s->instance == NULL)
			block_get(&r, s, NULL, target);
	r.file = fopen(path, "re");
	if (r.file == NULL) {
		ini_error(errors, path, 0, "cannot open: %s",
		    strerror(errno));
		return false;
	}
	read_stream(&r);
	fclose(r.file);
	read_missing(&r);
	return errors->count == before;
}
