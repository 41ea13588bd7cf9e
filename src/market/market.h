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
#define MARKET_PREFIX_MAX 64	/* phone prefixes of one market */
#define MARKET_FOLD_MAX	 512	/* bytes of a folded name, with the NUL */

struct market_currency {
	const char	*code;		/* ISO 4217, "USD" */
	const char	*symbol;	/* "$" */
	unsigned	 digits;	/* behind the point, 0..4 */
};

struct market_phone {
	const char	**prefixes;	/* "+1", "+1876"; NULL at the end */
	const char	**international; /* "00", dialled for '+'; then NULL */
	const char	*pattern;	/* POSIX extended, as configured */
	/* "+1 (XXX) XXX-XXXX": what all prefixes begin with, and an X for
	 * each further digit */
	const char	*format;
	const char	*example;	/* "+1XXXXXXXXXX", for the error text */
	regex_t		 regex;		/* pattern, compiled */
	bool		 compiled;	/* false only if shut */
};

struct market_tax {
	uint32_t	 rate;		/* millionths, see money.h */
	bool		 included;	/* in the prices; else added to them */
	bool		 shipping;	/* delivery is taxed as the goods are */
};

struct market_zone {
	const char	 *name;
	/* As configured, each ends with NULL. */
	const char	**cities;
	const char	**states;
	const char	**postcodes;	/* what they begin with */
	/* The same by text_fold(), name and cities in one. */
	const char	**folded;
	const char	**folded_states;
	const char	**folded_postcodes;
	int64_t		  cost;		/* minor units */
	int64_t		  free_from;	/* subtotal; -1 = never */
	bool		  is_default;
	bool		  when_unsure;	/* see pricing_zone() */
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
	const char		*language;	/* the first of languages */
	const char		**languages;	/* "ru", "ky"; then NULL */
	const char		*time_zone;	/* "Asia/Bishkek" */
	struct market_currency	 currency;
	struct market_phone	 phone;
	struct market_tax	 tax;
	struct market_zone	 zones[MARKET_ZONE_MAX];
	size_t			 zone_count;	/* >= 1 */
	const struct market_zone *default_zone;
	const struct market_zone *unsure_zone;	/* NULL: none */
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

/*
 * The one reader of numbers: takes away white space, dashes of any kind, '(',
 * ')', '.' and what nobody sees, and puts '+' in front where it is missing:
 * "(312) 805-9851" -> "+3128059851". What is dialled for '+' in any of the
 * markets becomes one: "00 996 ..." -> "+996...". False when
 * anything but digits is left behind the '+', or it does not fit. out holds
 * PHONE_MAX + 1.
 */
bool	phone_normalise(const struct market_registry *, const char *,
    char *out);

/* How many digits a number has, by the same reader; 0: it is none, or has more
 * than PHONE_MAX. */
size_t	phone_digits(const char *);

/* Whether the number begins with the prefix: returns its length, else 0. */
size_t	phone_has_prefix(const char *normalised, const char *prefix);

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
	int64_t	tax;		/* contained in the total, or added to it */
	int64_t	shipping;
	int64_t	total;		/* subtotal + shipping (+ tax where added) */
};

/* Where an order goes, as people type it; NULL or "" = they did not say. */
struct place {
	const char	*city;
	const char	*state;
	const char	*postcode;
};

/*
 * The zone of a place. Names are compared folded. The zone is the one
 *
 *	1. with the longest beginning of the postcode among its postcodes, else
 *	2. with the state among its states, or as its name, else
 *	3. with the city among its cities, or as its name, else
 *	4. that is the default.
 *
 * A zone that lists states is not found by a city if another state was said,
 * and one that lists postcodes not by a city or state if another postcode was:
 * San Juan in TX is not the one in PR. A city may have its state behind a comma
 * ("San Juan, PR 00901"), which counts if the state was not said otherwise.
 *
 * If only a city was said, and its zone lists states or postcodes, then it may
 * be another place of this name: the market's unsure_zone counts, if it has
 * one, else the zone of the city.
 */
const struct market_zone *pricing_zone(const struct market *,
    const struct place *);

/* What an order of this subtotal costs, delivered there. False on overflow. */
bool	pricing_total(const struct market *, int64_t subtotal,
    const struct place *, struct pricing *);

/* The method's own name for a name or alias (ASCII case does not matter);
 * NULL = not one of this market's. */
const char *	pricing_payment(const struct market *, const char *);

#endif
