/*
 * streams.h: the descriptors 0, 1 and 2 of a program.
 */
#ifndef ORDERMUX_STREAMS_H
#define ORDERMUX_STREAMS_H

/*
 * Occupies those that are closed, so that no socket gets their number: log
 * lines would be written into a database's connection. To write to one still
 * fails. To be called first of all.
 */
void	streams_occupy(void);

#endif
