/*
 * phone.c: phone numbers as people type them.
 *
 * What must be so: a normalised number is '+' and digits, those of the text
 * in their order (without what was dialled for the '+'), and is itself when it
 * is normalised again; orders count the same digits; a number that a
 * market takes is of that market, and what is shown of it to people is the
 * same number.
 */
#include <string.h>

#include "base/arena.h"
#include "fuzz.h"
#include "market/market.h"

/* The digits of a text, in their order. */
static char *
digits_of(struct arena *arena, const char *text)
{
	struct buf	 b;

	buf_init(&b, arena, 32);
	for (; *text != '\0'; text++)
		if (*text >= '0' && *text <= '9')
			buf_putc(&b, *text);
	return arena_strdup(arena, buf_text(&b));
}

static void
check_normal(struct arena *arena, const struct market_registry *markets,
    const char *text, const char *number)
{
	const char	*typed = digits_of(arena, text);
	char		 again[PHONE_MAX + 1];
	size_t		 n = strlen(number), all = strlen(typed);

	MUST(n >= 2 && n <= PHONE_MAX && number[0] == '+');
	MUST(strspn(number + 1, "0123456789") == n - 1);
	MUST(phone_digits(text) == all && all >= n - 1);
	MUST(strcmp(typed + all - (n - 1), number + 1) == 0);
	/* All that the shipped markets dial for it begins with a 0. */
	MUST(all == n - 1 || (*typed == '0' && strchr(text, '+') == NULL));
	MUST(phone_normalise(markets, number, again) &&
	    strcmp(again, number) == 0);
	/* The '+' may be left out. */
	MUST(number[1] == '0' || (phone_normalise(markets, number + 1, again) &&
	    strcmp(again, number) == 0));
}

static void
check_market(const struct market_registry *markets, const char *number)
{
	const struct market	*m = phone_market(markets, number);
	char			 shown[64], again[PHONE_MAX + 1];
	const struct market	*other;

	MUST(m != NULL);
	phone_display(m, number, shown);
	MUST(strlen(shown) < sizeof(shown));
	MUST(phone_normalise(markets, shown, again) && strcmp(again, number) == 0);
	if (!phone_valid(m, number))
		return;
	MUST(phone_has_prefix(number, m->phone.prefixes[0]) > 0);
	for (size_t i = 0; i < markets->count; i++) {
		other = &markets->markets[i];
		MUST(other == m || !phone_valid(other, number));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct market_registry	*markets = fuzz_markets();
	struct arena			*arena = fuzz_arena();
	char				*text;
	char				 number[PHONE_MAX + 1];

	text = fuzz_part(arena, &data, &size, '\0', NULL);
	if (!phone_normalise(markets, text, number)) {
		MUST(*number == '\0');
		return 0;
	}
	check_normal(arena, markets, text, number);
	check_market(markets, number);
	return 0;
}
