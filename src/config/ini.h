/*
 * conf.h: configuration files by table.
 *
 * A file is in INI form, read by inih: [section], name = value, comments
 * after '#' or ';' at the start of a line. A program describes what it
 * accepts as tables of options; this reads a file into the program's struct,
 * collects every error with its file, line, name and what was expected, and
 * prints a struct back as a file.
 *
 * A section may be labelled: [zone Alaska] is an instance of section "zone"
 * with the label "Alaska"; each label gets a struct of its own.
 *
 * No inline comments: a value is all that follows the '=', so that patterns
 * and passwords' file names need no quoting. No continuation lines: a line is
 * one option, of at most CONF_LINE_MAX bytes of UTF-8 text. No value is ever
 * repeated in an error, for it could be a secret in the wrong place.
 */
#ifndef ORDERMUX_CONF_H
#define ORDERMUX_CONF_H

#include <stdbool.h>
#include <stddef.h>

#define CONF_LINE_MAX 4096	/* bytes, without the newline */

struct arena;
struct buf;
struct conf_block;

enum conf_flag {
	CONF_REQUIRED	= 1 << 0,	/* no default: the file must set it */
	CONF_RELOADABLE	= 1 << 1,	/* a reload takes a new value */
	CONF_SECRET	= 1 << 2	/* printed as "***" */
};

/*
 * How a value is read and printed. "read" parses the text into the field and
 * keeps what it needs in the arena; false = not what was expected (the field
 * is then as before). "print" writes nothing for a field that is not set.
 * "expects" completes "expected ...".
 */
struct conf_type {
	const char	*expects;
	bool		(*read)(const char *text, void *field, struct arena *);
	void		(*print)(const void *field, struct buf *);
};

struct conf_option {
	const char		*name;
	const struct conf_type	*type;
	const char		*def;		/* as text; NULL: field stays 0 */
	size_t			 offset;	/* of the field in the struct */
	unsigned		 flags;
};

struct conf_section {
	const char			*name;
	const struct conf_option	*options;	/* ends with a NULL name */
	/*
	 * NULL: the options' offsets are in the target itself. Else the
	 * section is labelled, and this returns the struct for the label,
	 * the same one when the label comes again; NULL = no more fit.
	 */
	void	*(*instance)(void *target, const char *label, struct arena *);
	/* Of a labelled section: the i-th instance and its label, for
	 * printing; NULL behind the last. */
	const void *(*nth)(const void *target, size_t i, const char **label);
};

/* Errors are texts of the form "FILE:LINE: [section] name: expected ...".
 * They are all collected, so that one look at -t shows all that is wrong. */
struct conf_errors {
	struct arena	*arena;
	char		**text;
	size_t		 count;
	struct conf_block *blocks;	/* where every field was read */
};

void	conf_errors_init(struct conf_errors *, struct arena *);
/* line 0 leaves the line out. */
void	conf_error(struct conf_errors *, const char *file, unsigned line,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* For checks after reading: finds file, line, section and name by the address
 * of an option's field, which must be where conf_read() filled it in. */
void	conf_error_at(struct conf_errors *, const void *field,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * Sets the defaults, reads the file over them, looks for what is required.
 * The sections end with a NULL name. True when there was no new error.
 * Strings live in the arena.
 */
bool	conf_read(const char *path, const struct conf_section *, void *target,
    struct arena *, struct conf_errors *);

/* What is in force, as a file that could be read again. */
void	conf_print(const struct conf_section *, const void *target,
    struct buf *);

/* The types that any program needs. The field's C type is behind each. */
extern const struct conf_type conf_string;	/* const char *, never empty */
extern const struct conf_type conf_text;	/* const char *, may be empty */
extern const struct conf_type conf_bool;	/* bool: yes/no/on/off/... */
extern const struct conf_type conf_uint;	/* unsigned */
extern const struct conf_type conf_size;	/* size_t: 4096, 64k, 1M, 2G */
/* unsigned, milliseconds: 500ms, 10s, 2m, 1h, 1d; a bare number is seconds */
extern const struct conf_type conf_seconds;
/* const char **, comma separated, ends with NULL; may be empty */
extern const struct conf_type conf_list;

#endif
