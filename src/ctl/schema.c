/*
 * schema.c: ordermuxctl markets, migrate and grants: which databases there
 * are, their tables, and their accounts, for an administrator of the server.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/secret.h"
#include "config/settings.h"
#include "ctl/ctl.h"
#include "db/grants.h"
#include "db/migrate.h"
#include "market/market.h"

/* Reads the password of --password-file; NULL without that option. */
static const char *
read_admin_password(const struct ctl *ctl)
{
	static struct secret	 secret;
	const char		*why;

	if (ctl->password_file == NULL)
		return NULL;
	why = secret_read(ctl->password_file, &secret);
	if (why != NULL) {
		ctl_error("%s: %s", ctl->password_file, why);
		exit(CTL_ERROR);
	}
	secret_chomp(&secret);
	return (const char *)secret.bytes;
}

int
ctl_migrate(struct ctl *ctl)
{
	struct migrate_account	 account = { .user = ctl->admin,
	    .password = read_admin_password(ctl) };
	const struct market	**markets;
	size_t			 count;
	bool			 ok = true;

	markets = ctl_markets(ctl, &count);
	for (size_t i = 0; i < count; i++)
		ok &= migrate_market(markets[i], &account, ctl->sql_dir,
		    ctl->arena);
	return ok ? CTL_DONE : CTL_ERROR;
}

int
ctl_markets_list(struct ctl *ctl)
{
	const struct market	**markets;
	size_t			 count;

	markets = ctl_markets(ctl, &count);
	for (size_t i = 0; i < count; i++) {
		const struct market_database	*d = &markets[i]->database;

		fputs(markets[i]->name, stdout);
		if (ctl->long_list != NULL)
			printf("\t%s\t%s\t%u\t%s", d->name,
			    d->hosts[0].name, d->hosts[0].port,
			    *d->socket != '\0' ? d->socket : "-");
		putchar('\n');
	}
	return CTL_DONE;
}

/* Splits --client-host at its commas. Returns a list that ends with NULL. */
static const char **
split_client_hosts(const struct ctl *ctl)
{
	char		*text = arena_strdup(ctl->arena, ctl->client_host);
	const char	**list;
	char		*save = NULL;
	size_t		 n = 0;

	list = arena_array(ctl->arena, strlen(text) + 1, sizeof(*list));
	for (char *host = strtok_r(text, ", ", &save); host != NULL;
	    host = strtok_r(NULL, ", ", &save))
		list[n++] = host;
	list[n] = NULL;
	if (n == 0) {
		ctl_error("--client-host: expected a host, or several with "
		    "commas between them");
		exit(CTL_USAGE);
	}
	return list;
}

/* Returns the hosts for which the market's account is made; NULL, having said
 * why, if only people can know them. */
static const char **
account_hosts(const struct ctl *ctl, const struct market *market)
{
	const char	**hosts;

	if (ctl->client_host != NULL)
		return split_client_hosts(ctl);
	hosts = grants_own_hosts(market, ctl->arena);
	if (hosts == NULL)
		ctl_error("%s: its database is on another host: say with "
		    "--client-host from which host or hosts the service "
		    "connects, as that server sees them (names, addresses, "
		    "or patterns such as 192.0.2.%%)", market->name);
	return hosts;
}

/* Returns the SQL for one market's account; NULL after an error. */
static const char *
market_grants(const struct ctl *ctl, const struct market *market)
{
	const char	**hosts = account_hosts(ctl, market);
	const char	*why, *sql;

	if (hosts == NULL)
		return NULL;
	ctl_need_password(ctl, market);
	sql = grants_sql(market, ctl->sql_dir, hosts, ctl->arena, &why);
	if (sql == NULL)
		ctl_error("%s: %s", market->name, why);
	return sql;
}

/* Prints nothing at all if there is an error: what is piped into a client
 * would be carried out in part. */
int
ctl_grants(struct ctl *ctl)
{
	const struct market	**markets;
	const char		**sql;
	size_t			 count;
	bool			 ok = true;

	markets = ctl_markets(ctl, &count);
	sql = arena_array(ctl->arena, count, sizeof(*sql));
	for (size_t i = 0; i < count; i++)
		ok &= (sql[i] = market_grants(ctl, markets[i])) != NULL;
	for (size_t i = 0; ok && i < count; i++)
		printf("-- %s\n%s", markets[i]->name, sql[i]);
	return ok ? CTL_DONE : CTL_ERROR;
}
