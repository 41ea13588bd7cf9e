/*
 * owner.c: who claims a message (see owner.h). Called by the courier.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "courier/owner.h"

#define START_ENDED 1	/* no process starts in the first tick */

/*
 * When a process was started, in clock ticks since the boot: field 22 of
 * /proc/PID/stat. The fields are counted after the name in brackets, which may
 * contain anything. START_ENDED if the process is a zombie; 0 if the file
 * cannot be read.
 */
static unsigned long long
process_start_time(long pid)
{
	char			 path[40], text[1024], state = 'Z';
	const char		*rest;
	unsigned long long	 start = 0;
	FILE			*f;
	size_t			 n;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	if ((f = fopen(path, "re")) == NULL)
		return 0;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	if ((rest = strrchr(text, ')')) == NULL ||
	    sscanf(rest + 1, " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
	    "%*s %*s %*s %*s %*s %*s %*s %*s %llu", &state, &start) != 2)
		return 0;
	return state != 'Z' ? start : START_ENDED;
}

void
owner_init(struct owner *o)
{
	if (gethostname(o->host, sizeof(o->host)) == -1)
		snprintf(o->host, sizeof(o->host), "unknown");
	o->host[sizeof(o->host) - 1] = '\0';
	/* The column is ASCII, and a colon ends the host. */
	for (char *p = o->host; *p != '\0'; p++)
		if (*p <= ' ' || *p == 0x7f || *p == ':')
			*p = '-';
	snprintf(o->name, sizeof(o->name), "%s:%ld.%llu", o->host,
	    (long)getpid(), process_start_time((long)getpid()));
}

bool
owner_dead(const char *name)
{
	const char		*colon = strrchr(name, ':');
	unsigned long long	 start, now;
	long			 pid;

	if (colon == NULL ||
	    sscanf(colon + 1, "%ld.%llu", &pid, &start) != 2 || pid <= 0)
		return false;
	if (kill((pid_t)pid, 0) == -1 && errno == ESRCH)
		return true;
	/* Another process may have the pid now. If we may not read its start
	 * time, we know nothing: then the claims expire with time. */
	now = process_start_time(pid);
	return now != 0 && now != start;
}
