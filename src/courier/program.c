/*
 * program.c: see program.h. Called by delivery.c.
 */
#include <sys/stat.h>

#include "courier/program.h"

struct program
program_at(const char *path)
{
	struct program	 p = { .file = 0 };
	struct stat	 st;

	if (stat(path, &st) == 0)
		p = (struct program){ .device = st.st_dev, .file = st.st_ino,
		    .changed = st.st_mtim };
	return p;
}

bool
program_same(const struct program *a, const struct program *b)
{
	return a->file != 0 && a->file == b->file && a->device == b->device &&
	    a->changed.tv_sec == b->changed.tv_sec &&
	    a->changed.tv_nsec == b->changed.tv_nsec;
}
