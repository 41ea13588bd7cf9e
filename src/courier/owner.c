/*
 * owner.c: who claims a message (see owner.h). Called by the courier.
 */
#include <sys/stat.h>
#include <sys/types.h>

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "courier/owner.h"

#define START_ENDED 1	/* no process starts in the first tick */
#define BOOT_ID_LEN 32
#define HOST_SHOWN_MAX 32

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

/*
 * Writes the boot id: 32 hex digits. The unit hides /proc/sys and passes the id
 * instead (%b). Without an id, a random one does no harm: nobody takes us for
 * dead, and our claims expire.
 */
static void
find_boot_id(char id[BOOT_ID_LEN + 1])
{
	const char	*given = getenv("ORDERMUX_BOOT_ID");
	unsigned char	 random[BOOT_ID_LEN / 2];
	char		 text[64] = "";
	FILE		*f;
	size_t		 n = 0;

	if (given != NULL)
		snprintf(text, sizeof(text), "%s", given);
	else if ((f = fopen("/proc/sys/kernel/random/boot_id", "re")) != NULL) {
		if (fgets(text, sizeof(text), f) == NULL)
			text[0] = '\0';
		fclose(f);
	}
	for (const char *p = text; *p != '\0' && n < BOOT_ID_LEN; p++)
		if (isxdigit((unsigned char)*p))
			id[n++] = *p;
	id[n] = '\0';
	if (n == BOOT_ID_LEN)
		return;
	randombytes_buf(random, sizeof(random));
	sodium_bin2hex(id, BOOT_ID_LEN + 1, random, sizeof(random));
}

/* Writes the host's name as the column, which is ASCII, can have it. */
static void
find_host_name(char host[HOST_SHOWN_MAX + 1])
{
	if (gethostname(host, HOST_SHOWN_MAX + 1) == -1)
		snprintf(host, HOST_SHOWN_MAX + 1, "unknown");
	host[HOST_SHOWN_MAX] = '\0';
	for (char *p = host; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 0x7f || *p == ':')
			*p = '-';
}

void
owner_init(struct owner *o)
{
	char		 boot[BOOT_ID_LEN + 1], host[HOST_SHOWN_MAX + 1];
	struct stat	 ns = { .st_ino = 0 };

	find_boot_id(boot);
	find_host_name(host);
	(void)stat("/proc/self/ns/pid", &ns);
	snprintf(o->system, sizeof(o->system), "%s.%llu", boot,
	    (unsigned long long)ns.st_ino);
	snprintf(o->name, sizeof(o->name), "%s:%ld.%llu@%s", o->system,
	    (long)getpid(), process_start_time((long)getpid()), host);
}

bool
owner_dead(const struct owner *own, const char *name)
{
	size_t			 n = strlen(own->system);
	unsigned long long	 start, now;
	long			 pid;

	if (strncmp(name, own->system, n) != 0 || name[n] != ':' ||
	    sscanf(name + n + 1, "%ld.%llu", &pid, &start) != 2 || pid <= 0)
		return false;
	if (kill((pid_t)pid, 0) == -1 && errno == ESRCH)
		return true;
	/* Another process may have the pid now. If we may not read its start
	 * time, we know nothing: then the claims expire with time. */
	now = process_start_time(pid);
	return now != 0 && now != start;
}
