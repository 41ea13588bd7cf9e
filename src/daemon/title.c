/*
 * title.c: see title.h. It overwrites the memory that the kernel shows as
 * /proc/PID/cmdline, and nothing behind it: the environment stays as it is.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemon/title.h"

static char	*place;
static size_t	 room;		/* bytes, with the last NUL */

void
title_init(int argc, char *argv[])
{
	if (argc == 0)
		return;
	place = argv[0];
	room = strlen(place) + 1;
	/* The arguments follow each other, unless somebody has moved them. */
	for (int i = 1; i < argc && argv[i] == place + room; i++)
		room += strlen(argv[i]) + 1;
}

void
title_set(const char *fmt, ...)
{
	char	 title[64];
	va_list	 ap;
	size_t	 n;

	if (place == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(title, sizeof(title), fmt, ap);
	va_end(ap);
	n = strlen(title) < room ? strlen(title) : room - 1;
	memset(place, 0, room);
	memcpy(place, title, n);
}
