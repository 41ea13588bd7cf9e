/*
 * program.h: which program a command was: the file at its path, as it was then.
 * After an edit it is another one.
 */
#ifndef ORDERMUX_PROGRAM_H
#define ORDERMUX_PROGRAM_H

#include <sys/types.h>

#include <stdbool.h>
#include <time.h>

struct program {
	dev_t		 device;
	ino_t		 file;		/* 0 = none */
	struct timespec	 changed;
};

/* The program at this path; none if there is no such file. */
struct program	program_at(const char *path);

/* Whether both are the same, and not none. */
bool	program_same(const struct program *, const struct program *);

#endif
