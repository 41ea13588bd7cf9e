/*
 * stock_file.h: a file of changes of the stock: on each line a SKU, and by how
 * much its stock changes. Read by ctl/csv.h.
 */
#ifndef ORDERMUX_STOCK_FILE_H
#define ORDERMUX_STOCK_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "store/staff_stock.h"

#define STOCK_FILE_LINES	100000	/* at most */

struct arena;

struct stock_line {
	unsigned	 number;	/* in the file, from 1 */
	const char	*name;		/* of the SKU, as written */
	const char	*amount;	/* as written */
	struct stock_name sku;
	int64_t		 delta;		/* not 0, unless wrong */
	/* The first line, which may name the columns: its amount has no digit.
	 * It is wrong only if there is such a SKU. */
	bool		 may_be_header;
	const char	*wrong;		/* NULL, or what is wrong */
};

struct stock_file {
	struct stock_line	*lines;
	size_t			 count;
};

/* Reads "+5" or "-2", and "5" too if that is allowed. */
bool	stock_delta_read(const char *text, bool plain, int64_t *delta);

/* Reads all lines, also those that are wrong. NULL, or why the file as a whole
 * cannot be used. */
const char *	stock_file_read(FILE *, struct stock_file *, struct arena *);

#endif
