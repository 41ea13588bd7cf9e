/*
 * title.h: what ps(1) shows of a process, in place of its command line. Its
 * name (ps -C, pgrep) is another thing, and stays.
 */
#ifndef ORDERMUX_TITLE_H
#define ORDERMUX_TITLE_H

/* Keeps the place of the command line, which must not be used any more after
 * the first title_set(). */
void	title_init(int argc, char *argv[]);

/* Sets "ordermuxd: ...", cut to the length of the command line. Without
 * title_init() it does nothing. */
void	title_set(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
