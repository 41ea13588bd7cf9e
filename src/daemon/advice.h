/*
 * advice.h: what an administrator should know of a configuration that is good:
 * what the number of workers means. "ordermuxd -t" prints it, and the service
 * logs what begins with "warning: " at its start.
 */
#ifndef ORDERMUX_ADVICE_H
#define ORDERMUX_ADVICE_H

#include <stdbool.h>
#include <stddef.h>

struct settings;

/* Calls say() for each line, with the number of workers that will run. */
void	advise(const struct settings *, size_t workers,
    void (*say)(const char *line, bool warning));

#endif
