/*
 * sku_cache.c: see sku_cache.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/sku_cache.h"

struct entry {
	int64_t	 id;		/* 0: free */
	int64_t	 price;
	/* Title, code, size and colour, each with its NUL. */
	char	 texts[SKU_CACHE_TEXT];
};

struct sku_cache {
	struct entry	 entries[SKU_CACHE_SIZE];
};

struct sku_cache *
sku_cache_new(void)
{
	struct sku_cache	*c = calloc(1, sizeof(*c));

	if (c == NULL)
		panic("out of memory for SKUs");
	return c;
}

void
sku_cache_free(struct sku_cache *c)
{
	free(c);
}

/* Returns the place of the SKU: the only one that it can have. */
static size_t
place_of_sku(int64_t id)
{
	return (uint64_t)id % SKU_CACHE_SIZE;
}

/* Returns the text after this one. */
static const char *
next_text(const char *text)
{
	return text + strlen(text) + 1;
}

void
sku_cache_keep(struct sku_cache *c, const struct sku *sku)
{
	const char	*texts[] = { sku->title, sku->code, sku->size,
	    sku->color };
	struct entry	*e = &c->entries[place_of_sku(sku->id)];
	size_t		 used = 0;

	e->id = 0;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		size_t	 len = strlen(texts[i]) + 1;

		if (len > sizeof(e->texts) - used)
			return;
		memcpy(e->texts + used, texts[i], len);
		used += len;
	}
	e->price = sku->price;
	e->id = sku->id;
}

bool
sku_cache_find(const struct sku_cache *c, int64_t id, struct sku *out)
{
	const struct entry	*e = &c->entries[place_of_sku(id)];

	if (id == 0 || e->id != id)
		return false;
	out->id = id;
	out->price = e->price;
	out->title = e->texts;
	out->code = next_text(out->title);
	out->size = next_text(out->code);
	out->color = next_text(out->size);
	return true;
}

void
sku_cache_drop(struct sku_cache *c, int64_t id)
{
	struct entry	*e = &c->entries[place_of_sku(id)];

	if (e->id == id)
		e->id = 0;
}
