/*
 * shop.c: see shop.h.
 */
#include <errno.h>
#include <fastcgi.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/routes.h"
#include "api/service.h"
#include "base/arena.h"
#include "base/scoreboard.h"
#include "base/log.h"
#include "config/ini.h"
#include "config/settings.h"
#include "db/db.h"
#include "http/error.h"
#include "http/fcgi.h"
#include "market/market.h"
#include "shop.h"

static struct shop {
	struct settings		*settings;
	struct service		*service;
	struct scoreboard		 board;		/* of one worker */
	int			 listener;
	struct sockaddr_un	 address;
	FCGX_Request		 request;
	struct shop_answer	*answer;	/* to the request at hand */
} shop;

/* ---- in the place of the databases (the linker's --wrap) ---- */

enum db_result	__wrap_db_ready(struct db *);
enum db_result	__wrap_db_probe(struct db *);

enum db_result
__wrap_db_ready(struct db *db)
{
	MUST(shop.answer->market == NULL);	/* one is all there may be */
	shop.answer->market = db_market(db);
	return DB_AWAY;
}

enum db_result
__wrap_db_probe(struct db *db)
{
	MUST(db_market(db) != NULL);
	shop.answer->probed++;
	return DB_AWAY;
}

/* ---- the shop ---- */

static void
shop_configure(void)
{
	static const char	 conf[] = "[http]\n"
	    "body_limit = 8k\n"
	    "cors_origins = https://shop.example, https://www.shop.example\n"
	    "[token]\nkeys = main:main.key, old:old.key\n"
	    "[markets]\ndirectory = " TOP_SRCDIR "/etc/markets.d\n"
	    "default = kg\n"
	    "[texts]\ndirectory = " TOP_SRCDIR "/etc/texts\n";
	static struct arena	*arena;		/* else it looks lost */
	struct ini_errors	 errors;

	arena = arena_new(64 * 1024);
	/* Without the secrets, which are the markets' passwords too. */
	ini_errors_init(&errors, arena);
	shop.settings = settings_load(fuzz_write("ordermux.conf", conf,
	    sizeof(conf) - 1), true, arena, &errors);
	MUST(shop.settings != NULL);
	for (size_t i = 0; i < shop.settings->key_count; i++) {
		shop.settings->keys[i].secret.bytes =
		    (unsigned char *)(uintptr_t)fuzz_keys[i].bytes;
		shop.settings->keys[i].secret.len = fuzz_keys[i].len;
	}
}

static void
shop_listen(void)
{
	shop.address.sun_family = AF_UNIX;
	snprintf(shop.address.sun_path, sizeof(shop.address.sun_path),
	    "%s/s", fuzz_dir());
	shop.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	MUST(bind(shop.listener, (struct sockaddr *)&shop.address,
	    sizeof(shop.address)) == 0);
	MUST(listen(shop.listener, 1) == 0);
	/* Nobody closes before the service does: it shall not wait for it. */
	(void)setenv(FCGI_CLOSE_TIMEOUT_NAME, "0", 1);
	MUST(FCGX_Init() == 0);
	(void)signal(SIGPIPE, SIG_IGN);
	MUST(FCGX_InitRequest(&shop.request, shop.listener,
	    FCGI_FAIL_ACCEPT_ON_INTR) == 0);
}

static void
shop_open(void)
{
	if (shop.service != NULL)
		return;
	log_set_level(LOG_LEVEL_ERROR);
	shop_configure();
	shop_listen();
	MUST(scoreboard_init(&shop.board, 1, 0));
	shop.service = service_new(shop.settings, &api_routes, &shop.board,
	    &shop.board.slots[0]);
}

const struct market_registry *
shop_markets(void)
{
	shop_open();
	return shop.settings->markets;
}

/* ---- the web server's end ---- */

static int
client_connect(const void *bytes, size_t n, bool shut)
{
	int	 fd = socket(AF_UNIX, SOCK_STREAM, 0);

	MUST(connect(fd, (struct sockaddr *)&shop.address,
	    sizeof(shop.address)) == 0);
	/* It fits the socket: the service has not begun to read. */
	MUST(send(fd, bytes, n, MSG_DONTWAIT) == (ssize_t)n);
	if (shut)
		MUST(shutdown(fd, SHUT_WR) == 0);
	return fd;
}

/* All that came back, without waiting for more. */
static void
client_read(int fd, struct buf *in)
{
	ssize_t	 n;

	while ((n = recv(fd, buf_reserve(in, 4096), 4096, MSG_DONTWAIT)) > 0)
		in->len += (size_t)n;
	MUST(n == 0 || errno == EAGAIN || errno == ECONNRESET);
}

/* Takes the records apart: the answer is what is in those of type STDOUT. */
static void
client_unpack(const struct buf *in, struct buf *out)
{
	const unsigned char	*p = (const unsigned char *)in->data;
	const unsigned char	*end = p + in->len;
	size_t			 n;

	while (p < end) {
		MUST(end - p >= FCGI_HEADER_LEN && p[0] == FCGI_VERSION_1);
		n = (size_t)p[4] << 8 | p[5];
		MUST((size_t)(end - p) >= FCGI_HEADER_LEN + n + p[6]);
		if (p[1] == FCGI_STDOUT)
			buf_add(out, p + FCGI_HEADER_LEN, n);
		MUST(p[1] != FCGI_STDERR || n == 0);
		p += FCGI_HEADER_LEN + n + p[6];
	}
}

/* ---- what an answer is ---- */

static const char *const known[] = { "Status", "Content-Type",
	"Content-Length", "X-Request-Id", "Cache-Control", "Vary", "Allow",
	"WWW-Authenticate", "Retry-After", "Access-Control-Allow-Origin",
	"Access-Control-Expose-Headers", "Access-Control-Allow-Methods",
	"Access-Control-Allow-Headers", "Access-Control-Max-Age" };
#define KNOWN_COUNT (sizeof(known) / sizeof(*known))

struct head {
	const char	*value[KNOWN_COUNT];	/* as in known[] */
};

static const char *
head_get(const struct head *h, const char *name)
{
	for (size_t i = 0; i < KNOWN_COUNT; i++)
		if (strcmp(known[i], name) == 0)
			return h->value[i];
	fuzz_wrong("a header that is known", __FILE__, __LINE__);
}

/* One line, without its end: a header of ours, there for the first time. */
static void
head_line(struct head *h, char *line)
{
	char	*colon = strstr(line, ": ");

	MUST(colon != NULL);
	*colon = '\0';
	for (const char *p = colon + 2; *p != '\0'; p++)
		MUST((unsigned char)*p >= 0x20);
	for (size_t i = 0; i < KNOWN_COUNT; i++)
		if (strcmp(known[i], line) == 0) {
			MUST(h->value[i] == NULL);
			h->value[i] = colon + 2;
			return;
		}
	fprintf(stderr, "header: %s\n", line);
	fuzz_wrong("a header of ours", __FILE__, __LINE__);
}

/* Takes the head from the front of the text; *body is what stands behind. */
static struct head
head_read(char *text, const char **body)
{
	struct head	 h = { .value = { NULL } };
	char		*end;

	while ((end = strstr(text, "\r\n")) != NULL && end != text) {
		*end = '\0';
		head_line(&h, text);
		text = end + 2;
	}
	MUST(end == text);
	*body = text + 2;
	return h;
}

/* An error says the same in its body, and brings what its status demands. */
static void
check_error(const struct head *h, const struct shop_answer *a)
{
	struct json_object	*code, *message;

	MUST(json_object_object_get_ex(a->body, "status_code", &code));
	MUST(json_object_get_int(code) == a->status);
	MUST(json_object_object_get_ex(a->body, "message", &message));
	MUST(json_object_get_string_len(message) > 0);
	MUST((a->status == 401) ==
	    (head_get(h, "WWW-Authenticate") != NULL));
	MUST((a->status == 405) == (head_get(h, "Allow") != NULL));
	MUST(a->status != 503 || head_get(h, "Retry-After") != NULL);
}

static void
check_answer(struct arena *arena, const struct buf *text,
    struct shop_answer *a)
{
	const char		*body, *id;
	struct json_object	*error;
	struct head		 h = head_read(text->data, &body);
	size_t			 n = text->len - (size_t)(body - text->data);

	a->status = atoi(head_get(&h, "Status"));
	MUST(a->status >= 200 && *http_reason(a->status) != '\0');
	id = head_get(&h, "X-Request-Id");
	MUST(strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789-") == strlen(id) && strlen(id) <= 64);
	if (a->status == 204) {
		MUST(n == 0 && head_get(&h, "Content-Length") == NULL);
		return;
	}
	MUST((size_t)atol(head_get(&h, "Content-Length")) == n);
	a->body = fuzz_json(arena, body, n);
	if (json_object_object_get_ex(a->body, "error", &error))
		check_error(&h, a);
	else
		MUST(a->status == 200 || a->probed > 0);
}

/* ---- one connection ---- */

/* Answers what is on the connection; false when that was no request. */
static bool
serve(struct shop_answer *answer)
{
	memset(answer, 0, sizeof(*answer));
	shop.answer = answer;
	if (FCGX_Accept_r(&shop.request) < 0)
		return false;
	service_handle(shop.service, &shop.request);
	fcgi_close(&shop.request);
	return true;
}

bool
shop_serve(struct arena *arena, const void *bytes, size_t n, bool shut,
    struct shop_answer *answer)
{
	struct buf	 in, text;
	bool		 served;
	int		 fd;

	shop_open();
	buf_init(&in, arena, 8192);
	buf_init(&text, arena, 8192);
	fd = client_connect(bytes, n, shut);
	served = serve(answer);
	client_read(fd, &in);
	(void)close(fd);
	client_unpack(&in, &text);
	(void)buf_text(&text);
	/* A client that closed may have missed the answer, but for that it has
	 * no part of one. */
	MUST(served || text.len == 0);
	if (served)
		check_answer(arena, &text, answer);
	return served;
}
