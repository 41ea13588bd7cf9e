/*
 * market.h: what a market is, and the set of them.
 *
 * A market is one file in markets.d: NAME.conf is market NAME. Adding a market
 * is adding a file and a database; no code names one. Everything here is
 * read-only once loaded, lives in the arena that it was loaded into, and does
 * no I/O after loading.
 */
#ifndef ORDERMUX_MARKET_H
#define ORDERMUX_MARKET_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/secret.h"

#define MARKET_NAME_MAX	 16	/* bytes, [a-z0-9_-], begins with a letter */
#define MARKET_COUNT_MAX 64
#define MARKET_ZONE_MAX	 64	/* shipping zones of one market */
#define MARKET_PAYMENT_MAX 32
#define MARKET_HOST_MAX	 16	/* of one market's database */

struct market_currency {
	const char	*code;		/* ISO 4217, "USD" */
	const char	*symbol;	/* "$" */
	unsigned	 digits;	/* behind the point, 0..4 */
};

struct market_phone {
	const char	*prefix;	/* "+1"; NULL only if shut */
	const char	*pattern;	/* POSIX extended, as configured */
	/* "+1 (XXX) XXX-XXXX": X = a digit after the prefix */
	const char	*format;
	const char	*example;	/* "+1XXXXXXXXXX", for the error text */
	regex_t		 regex;		/* pattern, compiled */
	bool		 compiled;	/* false only if shut */
};

struct market_tax {
	uint32_t	 rate;		/* millionths, see money.h */
	bool		 included;	/* in the prices; else added to them */
};

struct market_zone {
	const char	 *name;
	const char	**cities;	/* as configured, ends with NULL */
	const char	**folded;	/* name, cities by str_fold() */
	int64_t		  cost;		/* minor units */
	int64_t		  free_from;	/* subtotal; -1 = never */
	bool		  is_default;
	/* As configured, to be read once the currency's digits are known. */
	const char	 *cost_text;
	const char	 *free_from_text;
};

struct market_payment {
	const char	*name;		/* what is stored: "cash_on_delivery" */
	const char	*method;	/* of an alias; else = name */
};

/* Codes by which customers log in; see store/login_store.h for the windows. */
struct market_login {
	unsigned	code_lifetime;	/* ms */
	unsigned	per_phone;	/* codes for one number in 15 minutes */
	unsigned	per_address;	/* for one client address in an hour */
	unsigned	per_day;	/* in all: what a day may cost */
};

/* How an SMS leaves; see courier/sms.h. */
struct market_sms {
	const char	*command;	/* path, arguments; "" = none */
	unsigned	 timeout;	/* ms */
};

struct market_host {
	const char	*name;		/* "localhost" = the socket */
	unsigned	 port;
};

/* Where the market's orders are. */
struct market_database {
	const char	**host_list;	/* as configured, ends with NULL */
	struct market_host hosts[MARKET_HOST_MAX]; /* the first is preferred */
	size_t		 host_count;	/* >= 1 */
	unsigned	 port;		/* of hosts that do not name theirs */
	const char	*socket;	/* "" = the client library's default */
	const char	*name;
	const char	*user;
	const char	*password_file;	/* "" = none (unix_socket accounts) */
	const char	*tls_ca;	/* "" = no TLS */
	struct secret	 password;	/* bytes NULL = none */
};

/*
 * If anything is wrong with its file, a market is shut: it is in the registry
 * with its name, so that its customers are told so, but nothing else of it may
 * be relied upon.
 */
struct market {
	const char		*name;
	const char		*file;		/* for messages */
	bool			 shut;		/* its file is wrong */
	unsigned		 index;		/* in the registry */
	const char		*country;
	const char		*language;
	const char		*time_zone;	/* "Asia/Bishkek" */
	struct market_currency	 currency;
	struct market_phone	 phone;
	struct market_tax	 tax;
	struct market_zone	 zones[MARKET_ZONE_MAX];
	size_t			 zone_count;	/* >= 1 */
	const struct market_zone *default_zone;
	struct market_payment	 payments[MARKET_PAYMENT_MAX];
	size_t			 payment_count;	/* >= 1; aliases come last */
	const char		**methods;	/* as configured, then NULL */
	const char		**aliases;	/* "alias:method" */
	struct market_login	 login;
	struct market_sms	 sms;
	struct market_database	 database;
};

struct market_registry {
	struct market		*markets;	/* by name, ascending */
	size_t			 count;		/* >= 1 */
	const struct market	*default_market;
};

/* NULL = there is no such market. The name is compared exactly. */
const struct market *market_find(const struct market_registry *,
    const char *name);

/* ---- localdate.c ---- */

/* "2025-11-02" and so on: the market's local date, in out[9] as "20251102".
 * Works for any tz database zone; costs a table look-up, and a switch of TZ at
 * most once in 15 minutes a market (every offset since 1972 is a multiple of
 * 15 minutes, so the local date cannot change in between). */
void	market_local_date(const struct market *, time_t now, char out[9]);

/* ---- phone.c: numbers ---- */

#define PHONE_MAX 20		/* bytes of a normalised number */

/* Takes spaces, '-', '(' and ')' away and puts '+' in front where it is
 * missing: "(312) 805-9851" -> "+3128059851". False when anything but digits
 * is left behind the '+', or it does not fit. out holds PHONE_MAX + 1. */
bool	phone_normalise(const char *, char *out);

/*
 * The market with the longest prefix of the normalised number; the default
 * market when there is none (its pattern then refuses the number). A shut
 * market keeps its numbers. If not even its prefix could be read, it has those
 * that its pattern takes, and those of no other market: nobody's number may
 * end in a market that is not theirs.
 */
const struct market *phone_market(const struct market_registry *,
    const char *normalised);

/* The market's own number pattern. A shut one may have none: then all are. */
bool	phone_valid(const struct market *, const char *normalised);

/* For people: +13128059851 -> "+1 (312) 805-9851". The number itself when the
 * digits do not fill the format. out holds 64 bytes. */
void	phone_display(const struct market *, const char *normalised, char *out);

/* ---- pricing.c: what an order costs ---- */

struct pricing {
	int64_t	subtotal;	/* sum of the lines */
	int64_t	tax;		/* contained in subtotal, or added to it */
	int64_t	shipping;
	int64_t	total;		/* subtotal + shipping (+ tax where added) */
};

/* The zone whose city or name this is (case does not matter, nor white space
 * at the ends); NULL, "" or an unknown city: the default zone. */
const struct market_zone *pricing_zone(const struct market *,
    const char *city);

/* False on overflow. */
bool	pricing_total(const struct market *, int64_t subtotal,
    const char *city, struct pricing *);

/* The method's own name for a name or alias (ASCII case does not matter);
 * NULL = not one of this market's. */
const char *	pricing_payment(const struct market *, const char *);

#endif
