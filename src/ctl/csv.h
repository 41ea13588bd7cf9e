/*
 * csv.h: reads a small table as spreadsheets save it (RFC 4180): lines that end
 * in any way, a byte order mark, quotes; commas, or what stands between the
 * first two fields (";" or a tab). Memory does not grow with the file.
 */
#ifndef ORDERMUX_CSV_H
#define ORDERMUX_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define CSV_FIELDS	4	/* of a line; more are "wrong" */
#define CSV_FIELD_MAX	200	/* bytes of a field; longer ones are "wrong" */

#define CSV_BACK	3	/* the bytes of a byte order mark */

struct csv {
	FILE		*file;
	unsigned char	 back[CSV_BACK];	/* read, but not used */
	int		 back_count;
	char		 separator;	/* NUL: not known yet */
	unsigned	 line;		/* lines read */
};

struct csv_line {
	unsigned	 number;	/* from 1 */
	/* Without quotes; white space around them is not theirs, but in quotes
	 * it is. Those that are not there are "". */
	char		 fields[CSV_FIELDS][CSV_FIELD_MAX + 1];
	size_t		 count;		/* trailing empty fields are none */
	const char	*wrong;		/* NULL, or what is wrong */
};

/* The file must outlive it. */
void	csv_init(struct csv *, FILE *);

/* Reads the next line that is not empty. False at the end. */
bool	csv_read(struct csv *, struct csv_line *);

#endif
