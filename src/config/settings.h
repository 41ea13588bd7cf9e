/*
 * config.h: ordermux.conf in memory, with the markets that it names.
 *
 * Loaded by ordermuxd and ordermuxctl; read-only afterwards. A reload loads a
 * second one beside the first, and keeps the first when there is any error.
 */
#ifndef ORDERMUX_SETTINGS_H
#define ORDERMUX_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/secret.h"

#define SETTINGS_KEY_MAX 8	/* live token keys */

struct arena;
struct buf;
struct ini_errors;
struct market_registry;
struct texts;
struct token_key;

struct settings_key {
	const char	*kid;
	const char	*file;
	struct secret	 secret;	/* >= 32 bytes */
};

struct settings {
	const char	 *path;
	const char	 *dir;			/* of path */

	/* [daemon] */
	const char	 *listen;	/* socket, if systemd passes none */
	unsigned	  workers;	/* 0 = auto: 4 a processor, 4 to 64 */
	unsigned	  log_level;	/* enum log_level: error .. debug */
	unsigned	  stop_timeout;	/* ms to finish at TERM */

	/* [http] */
	size_t		  body_limit;		/* bytes of a request body */
	unsigned	  request_deadline; /* ms; older ones are not started */
	const char	**cors_origins;	/* ends with NULL; "*" = any */
	const char	**cors_headers;	/* that they may send; likewise */

	/* [token] */
	const char	**key_list;	/* "kid:file", the first signs */
	struct settings_key keys[SETTINGS_KEY_MAX];
	size_t		  key_count;
	unsigned	  token_lifetime;	/* ms */
	unsigned	  token_leeway;	/* ms by which clocks may differ */
	const char	**token_audience; /* ends with NULL */

	/* [markets] */
	const char	 *markets_dir;
	const char	 *default_market;
	bool		  market_claim_required; /* no claim: 401 */

	/* [database] for every market */
	unsigned	  connect_timeout; /* ms, whole seconds in effect */
	unsigned	  query_timeout; /* ms, whole seconds in effect */
	unsigned	  crowd_after;		/* ms; 0 = off; db/bulkhead.h */

	/* [orders] */
	unsigned	  duplicate_window;	/* ms; 0 = off */
	unsigned	  orders_per_hour;	/* of one customer; 0 = any */

	/* [texts] */
	const char	 *texts_dir;

	struct market_registry *markets;
	struct texts	 *texts;		/* in all their languages */
};

/*
 * Reads everything. NULL if ordermux.conf is wrong, or the default market's
 * file, or its text. Any other market whose own file or text is wrong is shut,
 * and the list has errors all the same: all that there are.
 */
struct settings *settings_load(const char *path, bool without_secrets,
    struct arena *, struct ini_errors *);

/* Reads the key that signs, of settings that were loaded without secrets and
 * with this list of errors. False after an error. */
bool	settings_read_signing_key(struct settings *, struct arena *,
    struct ini_errors *);

/* The keys as token.h takes them, into SETTINGS_KEY_MAX places; returns how
 * many. Their bytes stay the settings'. */
size_t	settings_token_keys(const struct settings *, struct token_key *);

/* For how long, in ms, a process that uses the databases may be silent (its
 * slot does not move) while it waits for one of them. */
unsigned	settings_silence(const struct settings *);

/* The options of ordermux.conf, as ini_list_options() has them. */
void	settings_list(struct buf *);

/* ordermux.conf and each market's file as they are in force, each after a
 * comment with its name; of secrets, their files; the texts as comments. Can
 * be read again. */
void	settings_print(const struct settings *, struct buf *);

#endif
