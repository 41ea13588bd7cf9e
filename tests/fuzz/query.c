/*
 * query.c: query strings. The input is a parameter's name, a newline, and a
 * query string.
 *
 * What must be so: a value is UTF-8 without a NUL, and no longer than the
 * query; any text that is percent-encoded comes back as it was, whatever
 * stands around it; a number is within its bounds, or a failure.
 */
#include <string.h>

#include "api/api.h"
#include "base/arena.h"
#include "base/str.h"
#include "fuzz.h"
#include "http/form.h"
#include "http/query.h"

/* A text with every byte escaped that is no letter or digit, and a blank as
 * '+' or not, as a browser and a program do it. */
static char *
encode(struct arena *arena, const char *text, bool plus)
{
	static const char	 safe[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	struct buf		 b;

	buf_init(&b, arena, 64);
	for (; *text != '\0'; text++) {
		if (plus && *text == ' ')
			buf_putc(&b, '+');
		else if (strchr(safe, *text) != NULL)
			buf_putc(&b, *text);
		else
			buf_printf(&b, plus ? "%%%02X" : "%%%02x",
			    (unsigned char)*text);
	}
	return arena_strdup(arena, buf_text(&b));
}

/* The text, encoded behind the query, is what is found. */
static void
check_round(struct arena *arena, const char *query, const char *name,
    const char *text)
{
	for (int plus = 0; plus < 2; plus++) {
		const char	*found = query_get(arena, arena_printf(arena,
		    "%s&%s=%s&x%s=1", query, name, encode(arena, text, plus),
		    name), name);

		MUST(found != NULL);
		MUST(strcmp(found, str_utf8_valid(text, strlen(text)) ?
		    text : "\x7f") == 0);
	}
}

static void
check_number(struct arena *arena, const char *query, const char *name)
{
	struct form	 form;
	int64_t		 n, again;

	form_init(&form, arena);
	n = form_query_int(&form, query, name, -5, 100, 7);
	MUST(n >= -5 && n <= 100);
	if (form.count > 0) {
		MUST(n == 7);
		return;
	}
	again = form_query_int(&form, arena_printf(arena, "%s&%s=%lld", query,
	    name, (long long)n), name, -5, 100, 0);
	MUST(again == n && form.count == 0);
}

static void
check_page(struct arena *arena, const char *query)
{
	struct order_page	 page = { .status = "" };
	struct form		 form;

	form_init(&form, arena);
	order_page_read(&form, query, &page);
	MUST(page.limit >= 1 && page.limit <= 100 && page.offset >= 0);
	MUST(form.count > 0 || strspn(page.status,
	    "abcdefghijklmnopqrstuvwxyz_") == strlen(page.status));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena	*arena = fuzz_arena();
	char		*name = fuzz_part(arena, &data, &size, '\n', NULL);
	char		*query = fuzz_part(arena, &data, &size, '\0', NULL);
	const char	*value = query_get(arena, query, name);

	if (value != NULL) {
		MUST(strlen(value) <= strlen(query) ||
		    strcmp(value, "\x7f") == 0);
		MUST(str_utf8_valid(value, strlen(value)));
	}
	check_page(arena, query);
	/* A name of ours: nobody asks for another. */
	name[strcspn(name, "=&")] = '\0';
	if (*name == '\0')
		return 0;
	check_round(arena, query, name, query);
	check_number(arena, query, name);
	return 0;
}
