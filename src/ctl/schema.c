/*
 * schema.c: ordermuxctl migrate and grants: databases and the accounts of
 * their markets, as an administrator of the server.
 */
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "config/settings.h"
#include "ctl/ctl.h"
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
	const struct market_registry	*r = ctl->settings->markets;
	struct migrate_account		 account = { .user = ctl->admin,
	    .password = read_admin_password(ctl) };
	bool				 ok = true;

	for (int i = 0; i < ctl->arg_count; i++)
		ctl_market(ctl, ctl->args[i]);
	for (int i = 0; i < ctl->arg_count; i++)
		ok &= migrate_market(ctl_market(ctl, ctl->args[i]), &account,
		    ctl->sql_dir, ctl->arena);
	for (size_t i = 0; ctl->arg_count == 0 && i < r->count; i++)
		ok &= !r->markets[i].shut && migrate_market(&r->markets[i],
		    &account, ctl->sql_dir, ctl->arena);
	return ok ? CTL_DONE : CTL_ERROR;
}

int
ctl_grants(struct ctl *ctl)
{
	const struct market	*market = ctl_market(ctl, ctl->args[0]);
	const char		*host = ctl->client_host, *sql;

	if (host == NULL)
		host = strcmp(market->database.hosts[0].name,
		    "localhost") == 0 ? "localhost" : "%";
	sql = migrate_grants(market, ctl->sql_dir, host, ctl->arena);
	if (sql == NULL)
		return CTL_ERROR;
	fputs(sql, stdout);
	return CTL_DONE;
}
