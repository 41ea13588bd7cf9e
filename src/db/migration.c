/*
 * migration.c: see migration.h.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "db/migration.h"

#define MARK_SERVES	"-- serves: "

/* qsort(3)'s order. */
static int
by_migration_number(const void *a, const void *b)
{
	const struct migration	*x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

/* Takes a file of the directory if its name is NNNN_name.sql. */
static void
add_migration(struct migration_dir *d, const char *name, struct arena *arena)
{
	size_t	 n = strlen(name);

	if (n < 10 || strspn(name, "0123456789") != 4 || name[4] != '_' ||
	    strchr(name, '.') != name + n - 4 ||
	    strcmp(name + n - 4, ".sql") != 0 || d->count == MIGRATIONS_MAX)
		return;
	d->files[d->count].number = (unsigned)strtoul(name, NULL, 10);
	d->files[d->count].name = arena_strdup(arena, name);
	d->count++;
}

const char *
migration_list(struct migration_dir *d, const char *path, struct arena *arena)
{
	DIR		*dir = opendir(path);
	struct dirent	*e;

	if (dir == NULL)
		return strerror(errno);
	d->path = path;
	d->count = 0;
	while ((e = readdir(dir)) != NULL)
		add_migration(d, e->d_name, arena);
	closedir(dir);
	qsort(d->files, d->count, sizeof(*d->files), by_migration_number);
	for (size_t i = 0; i < d->count; i++) {
		if (d->files[i].number != i + 1)
			return "the numbers of the migrations have a gap, or "
			    "one is there twice";
	}
	return d->count > 0 ? NULL : "there are no migrations";
}

const char *
migration_file(const char *dir, const char *name, struct arena *arena,
    char **text)
{
	char		*path = arena_printf(arena, "%s/%s", dir, name);
	FILE		*f = fopen(path, "re");
	struct buf	 b;
	size_t		 n = 1;
	bool		 ok;

	buf_init(&b, arena, 16384);
	while (f != NULL && n > 0) {
		n = fread(buf_reserve(&b, 4096), 1, 4096, f);
		b.len += n;
	}
	ok = f != NULL && !ferror(f);
	if (f != NULL)
		fclose(f);
	if (!ok)
		return arena_printf(arena, "%s: %s", path, strerror(errno));
	buf_text(&b);
	*text = b.data;
	return NULL;
}

/* What the text says about older programs; its own number if nothing. */
static unsigned
read_serves_from(const struct migration *m)
{
	const char	*p = m->text;

	while (p != NULL && strncmp(p, MARK_SERVES, strlen(MARK_SERVES)) != 0)
		p = (p = strchr(p, '\n')) != NULL ? p + 1 : NULL;
	return p == NULL ? m->number :
	    (unsigned)strtoul(p + strlen(MARK_SERVES), NULL, 10);
}

const char *
migration_read(const struct migration_dir *d, struct migration *m,
    struct arena *arena)
{
	char		*check = arena_printf(arena, "%.*s.check.sql",
	    (int)strlen(m->name) - 4, m->name);
	const char	*why;
	char		*text = NULL;

	why = migration_file(d->path, m->name, arena, &text);
	if (why != NULL)
		return why;
	m->text = text;
	m->serves_from = read_serves_from(m);
	m->check = NULL;
	if (access(arena_printf(arena, "%s/%s", d->path, check), F_OK) != 0)
		return NULL;
	why = migration_file(d->path, check, arena, &text);
	m->check = text;
	return why;
}
