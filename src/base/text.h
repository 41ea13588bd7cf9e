/*
 * text.h: text as people type it: what of it can be seen, and whether two
 * spellings are the same name. What a character is comes from Unicode, by
 * libutf8proc; there are no tables here. Text is UTF-8 with a length, without
 * NUL. Bytes that are not UTF-8 count as characters that can be seen.
 */
#ifndef ORDERMUX_TEXT_H
#define ORDERMUX_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum text_class {
	TEXT_SEEN,	/* a letter, digit, mark of punctuation, emoji ... */
	TEXT_MARK,	/* belongs to the one before: accent, vowel sign */
	TEXT_SPACE,	/* white space within a line, also the blank U+2800 */
	TEXT_BREAK,	/* white space that is a control character, or ends a
			 * line or a paragraph */
	TEXT_CONTROL,	/* any other control character */
	TEXT_TURN,	/* nobody sees it, but it turns the text's direction */
	TEXT_JOIN,	/* nobody sees it, but it changes the one before: what
			 * emoji, flags and some scripts are made with */
	TEXT_UNSEEN	/* nobody sees it: of no width, fillers */
};

/* Takes the character at the start of n >= 1 bytes: returns its length, its
 * class and itself (-1: the byte is not UTF-8). */
size_t	text_next(const char *, size_t n, enum text_class *, int32_t *cp);

/* A dash of any kind, also the minus sign U+2212. */
bool	text_is_dash(int32_t cp);

/* Moves *p and *n to what is left without white space and without what nobody
 * sees at both ends. Nothing is left where nothing can be seen. Control
 * characters that are no white space stay: they are for text_is_line(). */
void	text_trim(const char **p, size_t *n);

/* How many characters there are, without those that nobody sees. */
size_t	text_count_seen(const char *, size_t n);

/* Whether it is one line: no control character, no break. */
bool	text_is_line(const char *, size_t n);

/* The same with breaks, for texts of several lines. */
bool	text_is_lines(const char *, size_t n);

/* Copies the text without what nobody sees, joiners too: for numbers and codes.
 * out holds n + 1 bytes, and is returned. */
char *	text_without_unseen(const char *, size_t n, char *out);

/* Whether it is "somebody@somewhere": one '@' with something on both sides, on
 * one line, all of it visible and without white space. */
bool	text_is_email(const char *);

/*
 * Folds a name for comparing: compatibility form (width, ligatures), case,
 * accents. White space, punctuation and what nobody sees are left out, as
 * people type "San Juan", "San  Juan" and "San-Juan" for one place. Marks that
 * make another letter (vowel signs, Indic and kana dots) stay. Writes at most
 * cap bytes with the NUL; false if the text is not UTF-8 or does not fit.
 */
bool	text_fold(const char *, size_t n, char *out, size_t cap);

#endif
