/*
 * sql_text.h: names and texts as they stand in SQL, for the little SQL that is
 * not in the table of statements. Everything is in the arena.
 */
#ifndef ORDERMUX_SQL_TEXT_H
#define ORDERMUX_SQL_TEXT_H

struct arena;

/* A name between backticks. */
const char *	sql_name(struct arena *, const char *name);

/* The name of a database as GRANT ... ON name.* takes it: there it is a
 * pattern, and '_' and '%' stand for any character. */
const char *	sql_pattern(struct arena *, const char *name);

/* A text between quotes. Backslashes are doubled, which is right for a server
 * at its defaults; passwords had better not have any. */
const char *	sql_text(struct arena *, const char *text);

#endif
