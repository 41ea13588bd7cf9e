/*
 * etag.c: the value of If-Match or If-None-Match. The input is what stands
 * between the quotes of a tag, a newline, and the list.
 *
 * What must be so: a tag that is found stands in the list, as strong or weak
 * as it is said to be; to a list that is one, a tag can be added, and is then
 * found; and what is no list does not become one by that.
 */
#include <string.h>

#include "base/arena.h"
#include "fuzz.h"
#include "http/etag.h"

/* A strong tag of any text: what cannot stand in one is left out. */
static char *
make_tag(struct arena *arena, const char *text)
{
	struct buf	 b;

	buf_init(&b, arena, 64);
	buf_putc(&b, '"');
	for (; *text != '\0'; text++)
		if ((unsigned char)*text > ' ' && *text != 0x7f &&
		    *text != '"')
			buf_putc(&b, *text);
	buf_putc(&b, '"');
	return arena_strdup(arena, buf_text(&b));
}

/* Whether the list is one of no elements: an added tag makes it one. */
static bool
is_empty(const char *list)
{
	return list[strspn(list, " \t,")] == '\0';
}

static void
check_added(struct arena *arena, const char *list, const char *tag,
    enum etag_match found)
{
	enum etag_match	 strong, weak;

	strong = etag_find(arena_printf(arena, "%s ,\t%s", list, tag), tag);
	weak = etag_find(arena_printf(arena, "W/%s,, %s", tag, list), tag);
	if (found == ETAG_ANY || (found == ETAG_MALFORMED && !is_empty(list))) {
		MUST(strong == ETAG_MALFORMED && weak == ETAG_MALFORMED);
		return;
	}
	MUST(strong == ETAG_STRONG);
	MUST(weak == (found == ETAG_STRONG ? ETAG_STRONG : ETAG_WEAK));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena	*arena = fuzz_arena();
	char		*tag, *list, *weak;
	enum etag_match	 found;

	tag = make_tag(arena, fuzz_part(arena, &data, &size, '\n', NULL));
	list = fuzz_part(arena, &data, &size, '\0', NULL);
	weak = arena_printf(arena, "W/%s", tag);
	found = etag_find(list, tag);
	MUST(found != ETAG_STRONG || strstr(list, tag) != NULL);
	MUST(found != ETAG_WEAK || strstr(list, weak) != NULL);
	MUST(found != ETAG_ANY || strchr(list, '*') != NULL);
	check_added(arena, list, tag, found);
	return 0;
}
