/*
 * migration.h: the files of the migrations (see migrate.h).
 */
#ifndef ORDERMUX_MIGRATION_H
#define ORDERMUX_MIGRATION_H

#include <stddef.h>

#define MIGRATIONS_MAX	1000

struct arena;

/* One migration: a file NNNN_name.sql. */
struct migration {
	unsigned	 number;
	const char	*name;		/* of the file */
	/* By migration_read(): */
	const char	*text;
	/* The text of NNNN_name.check.sql: a query that gives a text for each
	 * thing that must be changed first. NULL: there is no such file. */
	const char	*check;
	/* From a line "-- serves: N" of the text: programs that need version N
	 * or a later one go on working afterwards. Without that line, only
	 * those that know this migration. */
	unsigned	 serves_from;
};

struct migration_dir {
	const char		*path;
	struct migration	 files[MIGRATIONS_MAX];
	size_t			 count;
};

/* Lists the migrations of the directory, which are 1, 2, 3 ... without a gap.
 * Returns NULL, or what is wrong. */
const char *	migration_list(struct migration_dir *, const char *path,
    struct arena *);

/* Reads the files of one migration of the list. Returns as above. */
const char *	migration_read(const struct migration_dir *,
    struct migration *, struct arena *);

/* Reads a file of a directory into *text, in the arena. Returns as above. */
const char *	migration_file(const char *dir, const char *name,
    struct arena *, char **text);

#endif
