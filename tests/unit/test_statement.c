/*
 * test_statement.c: the SQL of the request path, as a table. That each
 * statement is one that a database takes is for the integration tests.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "base/arena.h"
#include "store/statements.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static size_t
count_char(const char *s, char c)
{
	size_t	count = 0;

	for (; *s != '\0'; s++)
		count += *s == c;
	return count;
}

Test(statement, a_part_is_repeated_with_its_separator_between)
{
	static const struct {
		const char	*sql;
		size_t		 n;
		const char	*text;
	} cases[] = {
		{ "SELECT ?", 3, "SELECT ?" },
		{ "", 1, "" },
		{ "IN ({?|,})", 1, "IN (?)" },
		{ "IN ({?|,})", 2, "IN (?,?)" },
		{ "IN ({?|,})", 5, "IN (?,?,?,?,?)" },
		{ "{(?, ?)|, }", 2, "(?, ?), (?, ?)" },
		{ "{a|}", 3, "aaa" },
		{ "{a| OR }z", 2, "a OR az" },
		{ "x{a|,}y{b|;}z", 2, "xa,ayb;bz" },
	};
	struct arena	*a = arena_new(1024);

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char	*text = statement_expand(cases[i].sql,
		    cases[i].n, a);

		cr_expect_str_eq(text, cases[i].text, "%s x %zu: %s",
		    cases[i].sql, cases[i].n, text);
	}
	arena_free(a);
}

Test(statement, a_text_without_a_part_is_not_copied)
{
	struct arena	*a = arena_new(64);
	const char	*sql = "SELECT 1";

	cr_expect_eq(statement_expand(sql, 100, a), sql);
	arena_free(a);
}

Test(statement, every_statement_grows_evenly_with_its_lines)
{
	static const size_t	lines[] = { 1, 2, 16, 17, 100 };
	struct arena		*a = arena_new(4096);

	for (int id = 0; id < STATEMENT__MAX; id++) {
		const char	*sql = store_statements.statements[id].sql;
		size_t		 one, step;

		cr_assert_not_null(sql, "%d", id);
		one = count_char(statement_expand(sql, 1, a), '?');
		step = count_char(statement_expand(sql, 2, a), '?') - one;
		cr_expect_eq(step > 0, strchr(sql, '{') != NULL, "%s",
		    store_statements.statements[id].name);
		for (size_t i = 0; i < COUNT(lines); i++) {
			const char	*text = statement_expand(sql, lines[i],
			    a);

			cr_expect_eq(count_char(text, '?'),
			    one + (lines[i] - 1) * step, "%s x %zu",
			    store_statements.statements[id].name, lines[i]);
			cr_expect_null(strpbrk(text, "{|}"), "%s", text);
			cr_expect_eq(count_char(text, '('),
			    count_char(text, ')'), "%s", text);
		}
	}
	arena_free(a);
}

/* The columns of a SELECT: commas outside parentheses before its FROM. */
static size_t
selected(const char *sql)
{
	size_t	count = 1;
	int	depth = 0;

	cr_assert_eq(strncmp(sql, "SELECT ", 7), 0, "%s", sql);
	for (; *sql != '\0'; sql++) {
		depth += (*sql == '(') - (*sql == ')');
		count += depth == 0 && *sql == ',';
		if (depth == 0 && strncmp(sql, " FROM ", 6) == 0)
			return count;
	}
	return 0;
}

Test(statement, every_row_description_has_as_many_columns_as_its_select)
{
	struct statement_column	columns[STATEMENT_COLUMNS_MAX];

	for (int id = 0; id < STATEMENT__MAX; id++) {
		const struct statement	*s = &store_statements.statements[id];
		bool			 reads;

		cr_assert_not_null(s->name, "%d", id);
		reads = strncmp(s->sql, "SELECT", 6) == 0;
		cr_expect_eq(s->row != NULL, reads, "%s", s->name);
		if (!reads)
			continue;
		cr_expect_eq(statement_columns(s->row, columns),
		    selected(s->sql), "%s", s->name);
		for (size_t i = 0; i < selected(s->sql); i++)
			cr_expect(columns[i].type == COLUMN_TIME ||
			    columns[i].size > 0, "%s: %zu", s->name, i);
		for (int other = 0; other < id; other++)
			cr_expect_str_neq(s->name, store_statements.statements[other].name);
	}
}

Test(statement, a_row_description_is_one_word_a_column)
{
	struct statement_column	c[STATEMENT_COLUMNS_MAX];

	cr_assert_eq(statement_columns("", c), 0);
	cr_assert_eq(statement_columns("i t s255 b16 s1", c), 5);
	cr_expect(c[0].type == COLUMN_INTEGER && c[0].size == 8);
	cr_expect(c[1].type == COLUMN_TIME);
	cr_expect(c[2].type == COLUMN_TEXT && c[2].size == 1020);
	cr_expect(c[3].type == COLUMN_BYTES && c[3].size == 16);
	cr_expect(c[4].type == COLUMN_TEXT && c[4].size == 4);
	cr_assert_eq(statement_columns("i i i i i i i i i i i i i i i i "
	    "i i i i i i i i i i i i i i i t", c), STATEMENT_COLUMNS_MAX);
	cr_expect(c[STATEMENT_COLUMNS_MAX - 1].type == COLUMN_TIME);
}

Test(statement, one_column_too_many_is_a_panic, .signal = SIGABRT)
{
	struct statement_column	c[STATEMENT_COLUMNS_MAX];

	statement_columns("i i i i i i i i i i i i i i i i "
	    "i i i i i i i i i i i i i i i i i", c);
}

Test(statement, an_unknown_type_is_a_panic, .signal = SIGABRT)
{
	struct statement_column	c[STATEMENT_COLUMNS_MAX];

	statement_columns("i x", c);
}

Test(statement, a_part_without_a_separator_is_a_panic, .signal = SIGABRT)
{
	statement_expand("IN ({?)", 1, arena_new(64));
}

Test(statement, a_statement_that_repeats_is_run_with_few_sizes)
{
	static const struct {
		size_t	 lines, size;
	} cases[] = {
		{ 1, 1 }, { 2, 2 }, { 3, 4 }, { 4, 4 }, { 5, 8 }, { 8, 8 },
		{ 9, 16 }, { 16, 16 }
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_expect_eq(statement_size(cases[i].lines), cases[i].size,
		    "%zu lines", cases[i].lines);
}

Test(statement, the_values_of_the_last_line_are_repeated)
{
	static const struct {
		const char	*sql;
		size_t		 lines, size, count, from[16];
	} cases[] = {
		{ "IN ({?|,})", 3, 4, 4, { 0, 1, 2, 2 } },
		{ "a = ? AND id IN ({?|,}) AND b = ?", 1, 2, 4,
		    { 0, 1, 1, 2 } },
		{ "CASE {WHEN ? THEN ?| } END WHERE {(id = ? AND s >= ?)| OR }",
		    3, 4, 16, { 0, 1, 2, 3, 4, 5, 4, 5, 6, 7, 8, 9, 10, 11, 10,
		    11 } },
		{ "{?|,} {?|,} ?", 2, 2, 5, { 0, 1, 2, 3, 4 } },
		{ "?", 1, 1, 1, { 0 } },
	};
	size_t	 from[16];

	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t	 n = statement_repeat(cases[i].sql, cases[i].lines,
		    cases[i].size, from, COUNT(from));

		cr_assert_eq(n, cases[i].count, "%s: %zu", cases[i].sql, n);
		for (size_t j = 0; j < n; j++)
			cr_expect_eq(from[j], cases[i].from[j], "%s [%zu]",
			    cases[i].sql, j);
	}
}

/* Whether one of these stands in the text. */
static bool
has_any(const char *sql, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strstr(sql, *words) != NULL)
			return true;
	return false;
}

Test(statement, each_that_waits_for_rows_says_for_which)
{
	static const char *const locking[] = { "FOR UPDATE", "SHARE MODE",
		"UPDATE ", "DELETE ", "DUPLICATE KEY", NULL };
	static const char *const not_waiting[] = { "SKIP LOCKED", NULL };

	for (size_t i = 0; i < STATEMENT_OUTBOX_DUE; i++) {
		const struct statement	*st = &store_statements.statements[i];
		const struct statement_trait *t = &store_statements.traits[i];

		if (has_any(st->sql, locking) &&
		    !has_any(st->sql, not_waiting))
			cr_expect_neq(t->locks, LOCKS_NOTHING, "%s", st->name);
	}
}

Test(statement, the_key_of_a_locked_row_is_among_the_values)
{
	struct arena	*a = arena_new(1024);

	for (size_t i = 0; i < STATEMENT__MAX; i++) {
		const struct statement	*st = &store_statements.statements[i];
		const struct statement_trait *t = &store_statements.traits[i];

		for (size_t lines = 1; lines <= 16; lines++)
			cr_expect(t->locks == LOCKS_NOTHING ||
			    t->locks == LOCKS_SHARED ||
			    t->key + (lines - 1) * t->step <
			    count_char(statement_expand(st->sql, lines, a),
			    '?'), "%s with %zu lines", st->name, lines);
	}
	arena_free(a);
}

/* Whether the n-th question mark stands for what names a row: "id = ?",
 * "phone_number = ?"; the first of all, or "CASE id WHEN ?". */
static bool
names_a_row(const char *sql, size_t n)
{
	static const char *const	 before[] = { "id = ", "number = ",
	    "CASE id WHEN ", "VALUES (" };
	const char			*p = sql - 1;

	for (size_t i = 0; i <= n; i++)
		if ((p = strchr(p + 1, '?')) == NULL)
			return false;
	for (size_t i = 0; i < COUNT(before); i++) {
		size_t	 len = strlen(before[i]);

		if ((size_t)(p - sql) >= len &&
		    strncmp(p - len, before[i], len) == 0)
			return true;
	}
	return false;
}

Test(statement, the_key_of_a_locked_row_is_what_names_the_row)
{
	struct arena	*a = arena_new(1024);

	for (size_t i = 0; i < STATEMENT__MAX; i++) {
		const struct statement	*st = &store_statements.statements[i];
		const struct statement_trait *t = &store_statements.traits[i];

		if (t->locks != LOCKS_NOTHING && t->locks != LOCKS_SHARED)
			cr_expect(names_a_row(statement_expand(st->sql, 1, a),
			    t->key), "%s", st->name);
	}
	arena_free(a);
}

Test(statement, rows_that_are_inserted_are_never_repeated)
{
	for (size_t i = 0; i < STATEMENT__MAX; i++)
		if (store_statements.traits[i].repeats)
			cr_expect_null(strstr(
			    store_statements.statements[i].sql, "INSERT"),
			    "%s", store_statements.statements[i].name);
}
