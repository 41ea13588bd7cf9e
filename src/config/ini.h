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
 * one option, of at most INI_LINE_MAX bytes of UTF-8 text. No value is ever
 * repeated in an error, for it could be a secret in the wrong place.
 */
#ifndef ORDERMUX_INI_H
#define ORDERMUX_INI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INI_LINE_MAX 4096	/* bytes, without the newline */

struct arena;
struct buf;
struct ini_block;

enum ini_flag {
	INI_REQUIRED	= 1 << 0	/* no default: the file must set it */
};

/*
 * How a value is read and printed. "read" parses the text into the field and
 * keeps what it needs in the arena; false = not what was expected (the field
 * is then as before). "print" writes nothing for a field that is not set.
 * "expects" completes "expected ...".
 *
 * A type of numbers (also sizes and times) has the last three: what it is
 * called in "expected ... from 1s to 5m", and its field as a number and back.
 */
struct ini_type {
	const char	*expects;
	bool		(*read)(const char *text, void *field, struct arena *);
	void		(*print)(const void *field, struct buf *);
	const char	*noun;		/* "a time"; NULL: no numbers */
	uint64_t	(*get)(const void *field);
	void		(*set)(void *field, uint64_t);
};

struct ini_option {
	const char		*name;
	const struct ini_type	*type;
	const char		*def;		/* as text; NULL: stays 0 */
	size_t			 offset;	/* of the field in the struct */
	unsigned		 flags;
	/* Bounds of a number, in the field's unit; max 0: none. */
	uint64_t		 min;
	uint64_t		 max;
};

/* Rows of a table: for a field of a struct that an option sets; that the file
 * must set; that is a number within bounds. */
#define INI_OPTION(of, field, option, kind, text) \
	{ .name = (option), .type = &(kind), .def = (text), \
	    .offset = offsetof(of, field) }
#define INI_MUST(of, field, option, kind) \
	{ .name = (option), .type = &(kind), .offset = offsetof(of, field), \
	    .flags = INI_REQUIRED }
#define INI_NUMBER(of, field, option, kind, text, least, most) \
	{ .name = (option), .type = &(kind), .def = (text), \
	    .offset = offsetof(of, field), .min = (least), .max = (most) }

struct ini_section {
	const char			*name;
	const struct ini_option	*options;	/* ends with a NULL name */
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

/* Texts of the form "FILE:LINE: [section] name: expected ...". */
struct ini_notes {
	char		**text;
	size_t		 count;
};

/*
 * What is wrong: all errors are collected, so that one look at -t shows them
 * all. A warning is of a configuration that can be used, but perhaps not as
 * it was meant; -t prints it and is content, and the service logs it when it
 * starts. A flaw is an error for -t, and a warning for a service that starts:
 * it must be mended, but it is no reason to be away.
 */
struct ini_errors {
	struct arena	*arena;
	char		**text;		/* the errors */
	size_t		 count;
	struct ini_notes warnings;
	bool		 strict;	/* flaws are errors: for -t */
	struct ini_block *blocks;	/* where every field was read */
};

void	ini_errors_init(struct ini_errors *, struct arena *);
/* line 0 leaves the line out. */
void	ini_error(struct ini_errors *, const char *file, unsigned line,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Whether the file sets the option of this field, be it to what is right. */
bool	ini_is_set(const struct ini_errors *, const void *field);

/* For checks after reading: finds file, line, section and name by the address
 * of an option's field, which must be where ini_read() filled it in. */
void	ini_error_at(struct ini_errors *, const void *field,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The same for warnings, and for flaws. */
void	ini_warning(struct ini_errors *, const char *file, unsigned line,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void	ini_warning_at(struct ini_errors *, const void *field,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void	ini_flaw_at(struct ini_errors *, const void *field,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * Sets the defaults, reads the file over them, looks for what is required.
 * The sections end with a NULL name. True when there was no new error.
 * Strings live in the arena.
 */
bool	ini_read(const char *path, const struct ini_section *, void *target,
    struct arena *, struct ini_errors *);

/* What is in force, as a file that could be read again. */
void	ini_print(const struct ini_section *, const void *target,
    struct buf *);

/* Writes "1s to 5m"; nothing for an option without bounds. */
void	ini_put_bounds(const struct ini_option *, struct buf *);

/* What may be set, a line an option, with tabs: the kind of file, section,
 * name, default, bounds; "" = none. */
void	ini_list_options(const char *file, const struct ini_section *,
    struct buf *);

/* The types that any program needs. The field's C type is behind each. */
extern const struct ini_type ini_string;	/* const char *, never empty */
extern const struct ini_type ini_text;	/* const char *, may be empty */
extern const struct ini_type ini_bool;	/* bool: yes/no/on/off/... */
extern const struct ini_type ini_uint;	/* unsigned */
extern const struct ini_type ini_size;	/* size_t: 4096, 64k, 1M, 2G */
/* unsigned, milliseconds: 500ms, 10s, 2m, 1h, 1d; a bare number is seconds */
extern const struct ini_type ini_seconds;
/* const char **, comma separated, ends with NULL; may be empty */
extern const struct ini_type ini_list;

#endif
