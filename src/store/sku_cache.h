/*
 * sku_cache.h: what a worker remembers of the SKUs of one market: all that the
 * line of an order needs of them, but not their stock.
 *
 * What is found here may be out of date: others change prices and titles, and
 * tell nobody. So an order that is made of it takes its stock by
 * STATEMENT_STOCK_TAKE_KNOWN, which matches only SKUs that are still so.
 *
 * The room is bounded: a SKU takes the place of another one.
 */
#ifndef ORDERMUX_SKU_CACHE_H
#define ORDERMUX_SKU_CACHE_H

#include <stdbool.h>
#include <stdint.h>

/* So many SKUs at most: those whose ids differ by a multiple of it share a
 * place. About 1 MiB, of which only what is used is ever touched. */
#define SKU_CACHE_SIZE	4096

/* The texts of a SKU that is kept have no more bytes, all together. */
#define SKU_CACHE_TEXT	240

struct sku_cache;

/* A SKU that is for sale. */
struct sku {
	int64_t		 id;
	int64_t		 price;		/* minor units */
	const char	*title;		/* the product's */
	const char	*code;
	const char	*size;
	const char	*color;
};

struct sku_cache *sku_cache_new(void);
void	sku_cache_free(struct sku_cache *);

/* Keeps a copy. A SKU with too long texts is not kept. */
void	sku_cache_keep(struct sku_cache *, const struct sku *);

/* Returns false if it is not known. The texts are valid until something is kept
 * or dropped. */
bool	sku_cache_find(const struct sku_cache *, int64_t id, struct sku *);

void	sku_cache_drop(struct sku_cache *, int64_t id);

#endif
