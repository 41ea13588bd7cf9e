/*
 * whois.c: ordermuxctl whois: which customer is it, and in which market?
 *
 * Each market has users and ids of its own, and one phone number can have a
 * user in several markets. So every market is asked. One whose database is
 * unavailable is named, and the others answer.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "base/text.h"
#include "config/settings.h"
#include "ctl/ctl.h"
#include "ctl/whois_answer.h"
#include "market/market.h"

/* What the argument can be. */
struct whois_question {
	int64_t		 user_id;		/* 0: no user's id */
	const char	*order;			/* number or id; NULL: none */
	char		 phone[PHONE_MAX + 1];	/* "": no phone number */
	bool		 is_phone;		/* it is written as one */
};

/* The search: what is asked, and each market with its connection. */
struct whois_search {
	const struct ctl	*ctl;
	struct whois_question	 question;
	struct whois_market	*markets;	/* as in the registry */
	struct db		**dbs;		/* as markets */
	size_t			 count;
};

/* ---- the question ---- */

/* If the text begins with the word and a colon, moves *text to what follows. */
static bool
take_kind(const char **text, const char *word)
{
	size_t	 n = strlen(word);

	if (strncmp(*text, word, n) != 0 || (*text)[n] != ':')
		return false;
	*text += n + 1;
	return true;
}

/* The id of a user, if the text can be one; else 0. */
static int64_t
user_id_of(const char *text)
{
	int64_t	 id = 0;

	return str_to_int64(text, &id) && id > 0 ? id : 0;
}

/* Reads an argument that does not say what it is: it may be all three. */
static void
read_any_question(const struct market_registry *markets, const char *text,
    struct whois_question *q)
{
	q->user_id = user_id_of(text);
	q->is_phone = phone_normalise(markets, text, q->phone) &&
	    strspn(text, "0123456789") != strlen(text);
	q->order = text;
}

/* Reads the argument; ends the program if it is wrong. */
static void
read_question(const struct ctl *ctl, struct whois_question *q)
{
	const char	*arg = ctl->args[0], *text;
	size_t		 n = strlen(arg);

	memset(q, 0, sizeof(*q));
	text_trim(&arg, &n);
	text = arena_strndup(ctl->arena, arg, n);
	if (*text == '\0')
		ctl_error("expected a phone number, a user's id, or the "
		    "number or id of an order");
	else if (take_kind(&text, "user")) {
		if ((q->user_id = user_id_of(text)) != 0)
			return;
		ctl_error("user: expected an id, such as user:19");
	} else if (take_kind(&text, "phone")) {
		if ((q->is_phone = phone_normalise(ctl->settings->markets,
		    text, q->phone)))
			return;
		ctl_error("phone: expected a number, such as "
		    "phone:+13128059851");
	} else if (take_kind(&text, "order")) {
		if (*(q->order = text) != '\0')
			return;
		ctl_error("order: expected a number or an id, such as "
		    "order:7");
	} else {
		read_any_question(ctl->settings->markets, text, q);
		return;
	}
	exit(CTL_USAGE);
}

/* ---- the search ---- */

/* Notes that the market's database does not answer: it is not asked again. */
static void
note_unavailable(struct whois_market *m)
{
	if (!m->unavailable)
		ctl_error("%s: database unavailable", m->market->name);
	m->unavailable = true;
	m->order_count = 0;
	m->user_count = 0;
}

/* Adds a user to what was found in a market, unless there already. */
static enum db_result
add_found_user(struct whois_search *s, size_t index,
    const struct staff_user *user)
{
	struct whois_market	*m = &s->markets[index];
	struct whois_user	*u = &m->users[m->user_count];

	if (!user->found)
		return DB_OK;
	for (size_t i = 0; i < m->user_count; i++) {
		if (m->users[i].staff.user.id == user->user.id)
			return DB_OK;
	}
	m->user_count++;
	u->staff = *user;
	return staff_user_orders(s->dbs[index], s->ctl->arena, user->user.id,
	    NULL, WHOIS_ORDERS, &u->orders, &u->order_count);
}

/* Looks in a market for the order (or two, if its name means two), and for
 * whose it is. */
static enum db_result
search_order(struct whois_search *s, size_t index)
{
	struct whois_market	*m = &s->markets[index];
	struct arena		*arena = s->ctl->arena;
	struct staff_user	 user = { 0 };
	enum db_result		 result;

	result = staff_order_find(s->dbs[index], arena, s->question.order,
	    m->orders, &m->order_count);
	for (size_t i = 0; result == DB_OK && i < m->order_count; i++) {
		result = staff_user_by_id(s->dbs[index], arena,
		    m->orders[i].user_id, &user);
		if (result == DB_OK)
			result = add_found_user(s, index, &user);
	}
	return result;
}

/* Looks in a market for all that the question can mean. */
static enum db_result
search_market(struct whois_search *s, size_t index)
{
	const struct whois_question	*q = &s->question;
	struct db			*db = s->dbs[index];
	struct arena			*arena = s->ctl->arena;
	struct staff_user		 user = { 0 };
	enum db_result			 result = db_ready(db);

	if (result == DB_OK && q->user_id != 0 &&
	    (result = staff_user_by_id(db, arena, q->user_id, &user)) == DB_OK)
		result = add_found_user(s, index, &user);
	if (result == DB_OK && q->phone[0] != '\0' &&
	    (result = staff_user_by_phone(db, arena, q->phone,
		&user)) == DB_OK)
		result = add_found_user(s, index, &user);
	if (result == DB_OK && q->order != NULL)
		result = search_order(s, index);
	return result;
}

/* Whether the number has a prefix of this market. */
static bool
has_own_prefix(const struct market *market, const char *phone)
{
	for (const char **p = market->phone.prefixes; *p != NULL; p++)
		if (phone_has_prefix(phone, *p) > 0)
			return true;
	return false;
}

/* Finds out what a login with this number does, as the service decides it. */
static void
search_login(struct whois_search *s, const char *phone,
    struct whois_login *out)
{
	const struct market	*market = phone_market(
	    s->ctl->settings->markets, phone);
	struct whois_market	*m = &s->markets[market->index];
	struct staff_user	 user = { 0 };

	out->phone = phone;
	out->market = market;
	if (!phone_valid(market, phone)) {
		out->outcome = has_own_prefix(market, phone) ?
		    WHOIS_WRONG_PATTERN : WHOIS_NO_MARKET;
		return;
	}
	if (!m->unavailable && staff_user_by_phone(s->dbs[market->index],
	    s->ctl->arena, phone, &user) != DB_OK)
		note_unavailable(m);
	out->user = user.user;
	out->outcome = m->unavailable ? WHOIS_UNAVAILABLE :
	    user.found ? WHOIS_REACHES : WHOIS_NEW_CUSTOMER;
}

/* Asks every market, then what a login with each number that was found
 * does. */
static void
search_all_markets(struct whois_search *s)
{
	for (size_t i = 0; i < s->count; i++) {
		if (!s->markets[i].unavailable && search_market(s, i) != DB_OK)
			note_unavailable(&s->markets[i]);
	}
	for (size_t i = 0; i < s->count; i++) {
		struct whois_market	*m = &s->markets[i];

		for (size_t n = 0; n < m->user_count; n++)
			search_login(s, m->users[n].staff.user.phone,
			    &m->users[n].login);
	}
}

/* ---- the answer ---- */

/* Says that nothing was found in the markets that could be read. */
static void
report_not_found(const struct whois_search *s)
{
	const char	*before = "not found in ";
	struct buf	 text;

	buf_init(&text, s->ctl->arena, 128);
	for (size_t i = 0; i < s->count; i++) {
		if (s->markets[i].unavailable)
			continue;
		buf_puts(&text, before);
		buf_puts(&text, s->markets[i].market->name);
		before = ", ";
	}
	if (text.len > 0)
		ctl_error("%s", buf_text(&text));
}

/* Whether anything was found in a market. */
static bool
has_findings(const struct whois_market *m)
{
	return m->order_count > 0 || m->user_count > 0;
}

/* Prints what was found; returns the exit status. */
static int
report_search(struct whois_search *s)
{
	struct whois_login	 login = { 0 };
	bool			 found = false, unavailable = false;

	/* Digits that are a market's phone number are taken for one, too. */
	if (s->question.phone[0] != '\0')
		search_login(s, s->question.phone, &login);
	if (login.phone != NULL && (s->question.is_phone ||
	    login.outcome >= WHOIS_UNAVAILABLE))
		whois_put_login(s->ctl, &login);
	for (size_t i = 0; i < s->count; i++) {
		found |= has_findings(&s->markets[i]);
		unavailable |= s->markets[i].unavailable;
	}
	for (size_t i = 0; found && i < s->count; i++) {
		if (!s->markets[i].unavailable)
			whois_put_market(s->ctl, &s->markets[i]);
	}
	if (!found)
		report_not_found(s);
	if (unavailable)
		return CTL_AWAY;
	return found ? CTL_DONE : CTL_ERROR;
}

int
ctl_whois(struct ctl *ctl)
{
	const struct market_registry	*r = ctl->settings->markets;
	struct whois_search		 s = { .ctl = ctl, .count = r->count };
	int				 status;

	read_question(ctl, &s.question);
	s.markets = arena_array(ctl->arena, r->count, sizeof(*s.markets));
	s.dbs = arena_array(ctl->arena, r->count, sizeof(struct db *));
	for (size_t i = 0; i < r->count; i++) {
		s.markets[i].market = &r->markets[i];
		if (r->markets[i].shut) {
			note_unavailable(&s.markets[i]);
			continue;
		}
		s.dbs[i] = ctl_db(ctl, &r->markets[i],
		    ctl->settings->query_timeout);
	}
	search_all_markets(&s);
	status = report_search(&s);
	for (size_t i = 0; i < r->count; i++)
		db_free(s.dbs[i]);
	return status;
}
