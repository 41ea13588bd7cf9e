/*
 * etag.h: the lists of entity tags in If-Match and If-None-Match (RFC 9110,
 * sections 8.8.3 and 13.1).
 */
#ifndef ORDERMUX_ETAG_H
#define ORDERMUX_ETAG_H

/* What a list says of one tag. If-Match asks for ETAG_STRONG or more, as a
 * weak tag never matches there; If-None-Match for ETAG_WEAK or more. */
enum etag_match {
	ETAG_MALFORMED,		/* it is no list of entity tags */
	ETAG_ABSENT,
	ETAG_WEAK,		/* there, as a weak tag only */
	ETAG_STRONG,
	ETAG_ANY		/* the list is "*" */
};

/* The tag is a strong one, with its quotes. */
enum etag_match	etag_find(const char *list, const char *tag);

#endif
