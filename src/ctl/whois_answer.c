/*
 * whois_answer.c: see whois_answer.h.
 */
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "ctl/ctl.h"
#include "ctl/whois_answer.h"

/* ---- a login ---- */

/* Says what a login with the number does. "Of" is the market of a user with
 * the number: says so if the login does not reach that user; or NULL. */
static void
put_login(const struct ctl *ctl, const struct whois_login *l,
    const struct market *of)
{
	const char	*name = l->market->name;
	bool		 other = of != NULL && of != l->market;

	printf("a login with %s ", ctl_clean(ctl->arena, l->phone));
	switch (l->outcome) {
	case WHOIS_NO_MARKET:
		puts("is refused: no market has its prefix");
		break;
	case WHOIS_WRONG_PATTERN:
		printf("is refused: numbers in %s look like %s\n", name,
		    l->market->phone.example);
		break;
	case WHOIS_UNAVAILABLE:
		printf("goes to %s: database unavailable\n", name);
		break;
	case WHOIS_NEW_CUSTOMER:
		printf("would create a new customer in %s%s\n", name,
		    other ? ", not reach this user" : "");
		break;
	case WHOIS_REACHES:
		printf("reaches user %" PRId64 " in %s%s%s\n", l->user.id,
		    name, other ? ", not this user" : "",
		    l->user.is_active ? "" : "; it is refused: user not "
		    "active");
		break;
	}
}

void
whois_put_login(const struct ctl *ctl, const struct whois_login *login)
{
	put_login(ctl, login, NULL);
}

/* ---- a market ---- */

/* Begins the line of a fact. */
static void
put_label(const struct market *market, const char *label)
{
	printf("%s: %-10s ", market->name, label);
}

/* "us: database   ordermux_us on db1.example:3306, db2.example:3306" */
static void
put_database(const struct market *market)
{
	const struct market_database	*d = &market->database;

	put_label(market, "database");
	printf("%s on ", d->name);
	for (size_t i = 0; i < d->host_count; i++) {
		fputs(i > 0 ? ", " : "", stdout);
		if (strcmp(d->hosts[i].name, "localhost") != 0)
			printf("%s:%u", d->hosts[i].name, d->hosts[i].port);
		else
			printf("localhost%s%s%s", *d->socket != '\0' ?
			    " (" : "", d->socket, *d->socket != '\0' ?
			    ")" : "");
	}
	putchar('\n');
}

/* Prints the line of an order; its id and its owner where they are asked
 * for. */
static void
put_found_order(const struct ctl *ctl, const struct market *market,
    const struct staff_order *found)
{
	const struct order	*o = &found->order;
	struct arena		*a = ctl->arena;

	put_label(market, "order");
	printf("%s id %" PRId64 " %s %s %s %s of user %" PRId64 "\n",
	    ctl_clean(a, o->number), o->id, ctl_clean(a, o->status),
	    ctl_amount(ctl, market, o->total), ctl_clean(a, o->currency),
	    ctl_time(a, o->created_at), found->user_id);
}

/* Prints one of a user's newest orders. */
static void
put_recent_order(const struct ctl *ctl, const struct market *market,
    const struct staff_order_entry *e)
{
	struct arena	*a = ctl->arena;

	put_label(market, "recent");
	printf("%s %s %s %s %s\n", ctl_clean(a, e->number),
	    ctl_clean(a, e->status), ctl_amount(ctl, market, e->total),
	    ctl_clean(a, e->currency), ctl_time(a, e->created_at));
}

/* Prints whether the user may log in, and when that was. */
static void
put_user_state(const struct ctl *ctl, const struct market *market,
    const struct staff_user *staff)
{
	const struct user	*u = &staff->user;

	put_label(market, "status");
	puts(u->is_active ? "active" :
	    "not active: may not log in, nor order");
	put_label(market, "last_login");
	puts(u->last_login != 0 ? ctl_time(ctl->arena, u->last_login) :
	    "never");
	if (staff->tokens_valid_from == 0)
		return;
	put_label(market, "logged_out");
	printf("%s%s\n", ctl_time(ctl->arena, staff->tokens_valid_from),
	    u->last_login < staff->tokens_valid_from ?
	    ": must log in again" : "; has logged in again");
}

/* Prints a user, and what a login with the user's number does. */
static void
put_found_user(const struct ctl *ctl, const struct market *market,
    const struct whois_user *found)
{
	const struct user	*u = &found->staff.user;

	put_label(market, "user");
	printf("%" PRId64 "\n", u->id);
	put_label(market, "phone");
	puts(ctl_clean(ctl->arena, u->phone));
	if (u->full_name != NULL && *u->full_name != '\0') {
		put_label(market, "name");
		puts(ctl_clean(ctl->arena, u->full_name));
	}
	put_user_state(ctl, market, &found->staff);
	put_label(market, "login");
	put_login(ctl, &found->login, market);
	put_label(market, "orders");
	printf("%" PRId64 "\n", found->staff.order_count);
	for (size_t i = 0; i < found->order_count; i++)
		put_recent_order(ctl, market, &found->orders[i]);
}

void
whois_put_market(const struct ctl *ctl, const struct whois_market *m)
{
	put_database(m->market);
	for (size_t i = 0; i < m->order_count; i++)
		put_found_order(ctl, m->market, &m->orders[i]);
	for (size_t i = 0; i < m->user_count; i++)
		put_found_user(ctl, m->market, &m->users[i]);
	if (m->order_count == 0 && m->user_count == 0)
		printf("%s: not found\n", m->market->name);
}
