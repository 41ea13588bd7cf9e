/*
 * language.h: which language a client asks for.
 */
#ifndef ORDERMUX_LANGUAGE_H
#define ORDERMUX_LANGUAGE_H

/*
 * The language of a list (ended by NULL) that a client prefers, by the value of
 * Accept-Language (RFC 9110, 12.5.4), which may also be one tag alone. Of
 * "ky-KG" it takes "ky" if there is no "ky-KG" (RFC 4647, 3.4), and of "pt"
 * also "pt-BR". NULL: the client asks for none of them, or sent nothing (NULL).
 */
const char *	language_pick(const char **list, const char *accept);

#endif
