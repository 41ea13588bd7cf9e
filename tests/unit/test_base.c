/*
 * test_base.c: what everything else stands on: memory, text and secrets.
 */
#include "scratch.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/secret.h"
#include "base/str.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define BYTES(literal) literal, sizeof(literal) - 1

/* ---- arena ---- */

static char	order[8];

static void
append(void *arg)
{
	strcat(order, arg);
}

Test(arena, memory_is_aligned_zeroed_and_apart)
{
	struct arena	*a = arena_new(100);
	unsigned char	*last = NULL;

	for (size_t n = 0; n < 300; n++) {
		unsigned char	*p = arena_alloc(a, n);

		cr_assert_eq((uintptr_t)p % _Alignof(max_align_t), 0, "%zu", n);
		for (size_t i = 0; i < n; i++)
			cr_assert_eq(p[i], 0, "byte %zu of %zu", i, n);
		/* What was handed out before is not touched. */
		if (last != NULL)
			cr_assert_eq(last[n - 2], 0xee, "%zu", n);
		if (n > 0) {
			memset(p, 0xee, n);
			last = p;
		}
	}
	arena_free(a);
	arena_free(NULL);
}

Test(arena, a_reset_gives_the_first_block_again_and_zeroes_what_it_gives)
{
	struct arena	*a = arena_new(256);
	char		*first = arena_alloc(a, 64);

	memset(first, 'x', 64);
	memset(arena_alloc(a, 100000), 'y', 100000);	/* a block of its own */
	memset(arena_array(a, 3, 40000), 'z', 120000);
	arena_reset(a);
#if defined(__SANITIZE_ADDRESS__)
	cr_expect(__asan_address_is_poisoned(first));
	cr_expect(__asan_address_is_poisoned(first + 63));
#endif
	cr_expect_eq(arena_alloc(a, 64), first);
	for (size_t i = 0; i < 64; i++)
		cr_expect_eq(first[i], '\0');
	arena_free(a);
}

Test(arena, the_clean_up_list_runs_once_and_last_first)
{
	struct arena	*a = arena_new(64);
	char		 one[] = "1", two[] = "2", three[] = "3";

	arena_defer(a, append, one);
	arena_defer(a, append, two);
	arena_alloc(a, 50000);
	arena_defer(a, append, three);
	cr_expect_str_eq(order, "");
	arena_reset(a);
	cr_expect_str_eq(order, "321");
	arena_reset(a);
	cr_expect_str_eq(order, "321");
	arena_defer(a, append, one);
	arena_free(a);
	cr_expect_str_eq(order, "3211");
}

Test(arena, texts_are_copied_with_a_nul)
{
	struct arena	*a = arena_new(16);
	char		 big[20000];

	memset(big, 'b', sizeof(big));
	cr_expect_str_eq(arena_strdup(a, "abc"), "abc");
	cr_expect_str_eq(arena_strndup(a, "abcdef", 3), "abc");
	cr_expect_str_eq(arena_strndup(a, "abc", 0), "");
	cr_expect_str_eq(arena_printf(a, "%d-%s", 7, "x"), "7-x");
	cr_expect_eq(strlen(arena_printf(a, "%.*s!", (int)sizeof(big), big)),
	    sizeof(big) + 1);
	arena_free(a);
}

Test(arena, an_array_whose_size_overflows_is_a_panic, .signal = SIGABRT)
{
	arena_array(arena_new(16), SIZE_MAX / 2, 3);
}

/* ---- buf ---- */

Test(buf, text_grows_from_nothing_and_keeps_what_it_has)
{
	struct arena	*a = arena_new(64);
	struct buf	 b;

	buf_init(&b, a, 0);
	cr_expect_str_eq(buf_text(&b), "");
	for (int i = 0; i < 5000; i++) {
		buf_putc(&b, (char)('a' + i % 26));
		if (i % 100 == 0)
			cr_assert_eq(strlen(buf_text(&b)), b.len);
	}
	cr_assert_eq(b.len, 5000);
	for (int i = 0; i < 5000; i++)
		cr_assert_eq(b.data[i], 'a' + i % 26, "%d", i);
	buf_init(&b, a, 4);
	buf_puts(&b, "four");
	cr_expect_str_eq(buf_text(&b), "four");
	cr_expect_eq(b.len, 4);
	buf_add(&b, "\0x", 2);
	buf_printf(&b, "%s%05d", "", 42);
	cr_expect_eq(b.len, 11);
	cr_expect_eq(memcmp(buf_text(&b), "four\0x00042", 12), 0);
	memset(buf_reserve(&b, 1000), 'r', 1000);
	cr_expect_eq(b.len, 11);
	arena_free(a);
}

Test(buf, integers_are_printed_to_their_ends)
{
	static const struct {
		int64_t		 n;
		const char	*text;
	} cases[] = {
		{ 0, "0" }, { 9, "9" }, { 10, "10" }, { -1, "-1" },
		{ -10, "-10" },
		{ INT64_MAX, "9223372036854775807" },
		{ INT64_MIN, "-9223372036854775808" },
	};
	struct arena	*a = arena_new(64);
	struct buf	 b;

	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_init(&b, a, 1);
		buf_put_int(&b, cases[i].n);
		cr_expect_str_eq(buf_text(&b), cases[i].text);
	}
	buf_init(&b, a, 1);
	buf_put_uint(&b, UINT64_MAX);
	cr_expect_str_eq(buf_text(&b), "18446744073709551615");
	arena_free(a);
}

/* ---- secret ---- */

Test(secret, a_name_is_a_credential_if_there_is_one_else_beside_the_file)
{
	struct scratch	 s;
	char		 buf[600], credential[600], small[8];

	scratch_init(&s);
	scratch_write(&s, "key", "k");
	snprintf(credential, sizeof(credential), "%s/key", s.dir);
	cr_expect_str_eq(secret_path("key", "/etc/o", buf, sizeof(buf)),
	    "/etc/o/key");
	setenv("CREDENTIALS_DIRECTORY", s.dir, 1);
	cr_expect_str_eq(secret_path("key", "/etc/o", buf, sizeof(buf)),
	    credential);
	/* Not there, or not a bare name: not a credential. */
	cr_expect_str_eq(secret_path("other", "/etc/o", buf, sizeof(buf)),
	    "/etc/o/other");
	cr_expect_str_eq(secret_path("./key", "/etc/o", buf, sizeof(buf)),
	    "/etc/o/./key");
	cr_expect_str_eq(secret_path("/x/key", "/etc/o", buf, sizeof(buf)),
	    "/x/key");
	cr_expect_null(secret_path("abc", "/etc", small, sizeof(small)));
	cr_expect_str_eq(secret_path("ab", "/etc", small, sizeof(small)),
	    "/etc/ab");
	scratch_free(&s);
}

Test(secret, one_newline_is_taken_off_a_password_and_nothing_of_a_key)
{
	static const struct {
		const char	*file;
		size_t		 len;
		const char	*chomped;
		size_t		 left;
	} cases[] = {
		{ BYTES("tiger\n"), BYTES("tiger") },
		{ BYTES("tiger\r\n"), BYTES("tiger") },
		{ BYTES("tiger\n\n"), BYTES("tiger\n") },
		{ BYTES("tiger\r"), BYTES("tiger\r") },
		{ BYTES(" ti ger "), BYTES(" ti ger ") },
		{ BYTES("\n"), BYTES("") },
		{ BYTES("\r\n"), BYTES("") },
		{ BYTES("a\0b\n"), BYTES("a\0b") },
	};
	struct scratch	s;

	scratch_init(&s);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct secret	 key;

		scratch_write_bytes(&s, "key", cases[i].file, cases[i].len);
		cr_assert_null(secret_read(s.path, &key), "%zu", i);
		cr_expect_eq(key.len, cases[i].len);
		cr_expect_eq(memcmp(key.bytes, cases[i].file, key.len + 1), 0);
		secret_chomp(&key);
		cr_expect_eq(key.len, cases[i].left, "%zu", i);
		cr_expect_eq(memcmp(key.bytes, cases[i].chomped, key.len + 1),
		    0, "%zu", i);
		secret_free(&key);
		cr_expect(key.bytes == NULL && key.len == 0);
		secret_chomp(&key);
	}
	scratch_free(&s);
}

Test(secret, a_file_must_be_there_and_hold_1_to_4096_bytes)
{
	static char	bytes[SECRET_MAX + 1];
	struct scratch	s;
	struct secret	key;

	scratch_init(&s);
	memset(bytes, 's', sizeof(bytes));
	cr_expect_str_eq(secret_read("/nonexistent/key", &key),
	    "cannot open: No such file or directory");
	cr_expect_str_eq(secret_read(s.dir, &key),
	    "cannot read: Is a directory");
	scratch_write(&s, "key", "");
	cr_expect_str_eq(secret_read(s.path, &key), "is empty");
	cr_expect_null(key.bytes);
	scratch_write_bytes(&s, "key", bytes, SECRET_MAX + 1);
	cr_expect_str_eq(secret_read(s.path, &key),
	    "is longer than 4096 bytes");
	cr_expect_null(key.bytes);
	scratch_write_bytes(&s, "key", bytes, SECRET_MAX);
	cr_expect_null(secret_read(s.path, &key));
	cr_expect_eq(key.len, SECRET_MAX);
	secret_free(&key);
	scratch_free(&s);
}
