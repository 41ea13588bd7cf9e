/*
 * shortage.c: refuses what the shop does not have, in the same words for an
 * order and for a cart.
 */
#include "api/api.h"
#include "base/arena.h"
#include "base/buf.h"

/* Returns " (size: M, color: Black)", without what the SKU does not have. */
static const char *
variant_text(struct arena *arena, const struct order_shortage *s)
{
	bool	 size = *s->size != '\0', color = *s->color != '\0';

	if (!size && !color)
		return "";
	return arena_printf(arena, " (%s%s%s%s%s)", size ? "size: " : "",
	    s->size, size && color ? ", " : "", color ? "color: " : "",
	    s->color);
}

/* Returns the text for one shortage. */
static const char *
shortage_text(struct arena *arena, const struct order_shortage *s)
{
	const char	*variant = variant_text(arena, s);

	if (s->available == 0)
		return arena_printf(arena, "Product '%s'%s is out of stock",
		    s->product_name, variant);
	return arena_printf(arena,
	    "Not enough stock for '%s'%s. Available: %lld",
	    s->product_name, variant, (long long)s->available);
}

void
api_short(const struct session *s, struct response *res,
    const struct order_shortage *shortages, size_t count)
{
	struct buf	 b;
	struct json_out	 j = { .buf = &b };

	buf_init(&b, s->arena, 256);
	jw_name(&j, "shortages");
	jw_begin(&j, '[');
	for (size_t i = 0; i < count; i++) {
		jw_begin(&j, '{');
		jw_put_int(&j, "sku_id", shortages[i].sku_id);
		jw_put_int(&j, "requested", shortages[i].requested);
		jw_put_int(&j, "available", shortages[i].available);
		jw_end(&j, '}');
	}
	jw_end(&j, ']');
	response_error_with(res, ERROR_OUT_OF_STOCK,
	    shortage_text(s->arena, &shortages[0]), NULL, buf_text(&b));
}

void
api_no_sku(const struct session *s, struct response *res, int64_t sku_id)
{
	response_error(res, ERROR_SKU_NOT_FOUND, arena_printf(s->arena,
	    "SKU with id %lld not found", (long long)sku_id));
}
