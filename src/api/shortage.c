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

/* Returns the member that lists them. */
static const char *
shortages_member(struct arena *arena, const struct order_shortage *s,
    size_t count, bool named)
{
	struct buf	 b;
	struct json_out	 j = { .buf = &b };

	buf_init(&b, arena, 256);
	jw_name(&j, "shortages");
	jw_begin(&j, '[');
	for (; count > 0; s++, count--) {
		jw_begin(&j, '{');
		jw_put_int(&j, "sku_id", s->sku_id);
		jw_put_int(&j, "requested", s->requested);
		jw_put_int(&j, "available", s->available);
		if (named && *s->product_name != '\0') {
			jw_put_text(&j, "product_name", s->product_name);
			jw_put_text(&j, "size", s->size);
			jw_put_text(&j, "color", s->color);
		}
		jw_end(&j, '}');
	}
	jw_end(&j, ']');
	return buf_text(&b);
}

void
api_short(const struct session *s, struct response *res,
    const struct order_shortage *shortages, size_t count)
{
	response_error_with(res, ERROR_OUT_OF_STOCK,
	    shortage_text(s->arena, &shortages[0]), NULL,
	    shortages_member(s->arena, shortages, count, false));
}

void
api_no_sku(const struct session *s, struct response *res,
    const struct order_shortage *gone, size_t count)
{
	const char	*text = *gone->product_name == '\0' ?
	    arena_printf(s->arena, "SKU with id %lld not found",
	    (long long)gone->sku_id) :
	    arena_printf(s->arena, "Product '%s'%s is not for sale any more",
	    gone->product_name, variant_text(s->arena, gone));

	response_error_with(res, ERROR_SKU_NOT_FOUND, text, NULL,
	    shortages_member(s->arena, gone, count, true));
}
