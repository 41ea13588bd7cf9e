/*
 * ini_impl.h: what ini.c, which reads, and ini_notes.c, which says what is
 * wrong, share. Nobody else includes it.
 */
#ifndef ORDERMUX_INI_IMPL_H
#define ORDERMUX_INI_IMPL_H

#include "config/ini.h"

/* A struct that a section was, or may be, read into. */
struct ini_block {
	const struct ini_section *section;
	const char		*label;		/* NULL: not labelled */
	const char		*file;
	char			*base;		/* the struct */
	unsigned		*lines;		/* of each option; 0 = none */
	struct ini_block	*next;
};

/* Adds an error about one option of a block, at a line (0 = none). */
void	ini_block_error(struct ini_errors *, const struct ini_block *,
    unsigned line, const char *name, const char *what);

#endif
