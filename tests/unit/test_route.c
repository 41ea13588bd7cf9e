/*
 * test_route.c: paths and methods against a table of the test's own.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/arena.h"
#include "http/route.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* By its place in the table a route is known below. */
static const struct route	table[] = {
	{ .method = HTTP_GET, .path = "/" },
	{ .method = HTTP_POST, .path = "/orders/create" },
	{ .method = HTTP_POST, .path = "/orders" },
	{ .method = HTTP_GET, .path = "/orders" },
	{ .method = HTTP_GET, .path = "/orders/latest" },
	{ .method = HTTP_GET, .path = "/orders/{id}" },
	{ .method = HTTP_DELETE, .path = "/orders/{id}" },
	{ .method = HTTP_POST, .path = "/orders/{id}/cancel" },
	{ .method = HTTP_PUT, .path = "/auth/profile" },
};

enum { ROOT, CREATE, MAKE, LIST, LATEST, DETAIL, FORGET, CANCEL, PROFILE };

Test(route, a_path_and_a_method_find_the_first_route_that_is_theirs)
{
	static const struct {
		enum http_method	 method;
		const char		*path;
		int			 route;
		const char		*segment;
	} cases[] = {
		{ HTTP_GET, "/", ROOT, NULL },
		{ HTTP_POST, "/orders", MAKE, NULL },
		{ HTTP_GET, "/orders", LIST, NULL },
		{ HTTP_POST, "/orders/create", CREATE, NULL },
		{ HTTP_GET, "/orders/latest", LATEST, NULL },
		{ HTTP_GET, "/orders/7", DETAIL, "7" },
		{ HTTP_GET, "/orders/create", DETAIL, "create" },
		{ HTTP_GET, "/orders/latest1", DETAIL, "latest1" },
		{ HTTP_GET, "/orders/{id}", DETAIL, "{id}" },
		{ HTTP_GET, "/orders/-1 \n", DETAIL, "-1 \n" },
		{ HTTP_DELETE, "/orders/latest", FORGET, "latest" },
		{ HTTP_POST, "/orders/7/cancel", CANCEL, "7" },
		{ HTTP_POST, "/orders/cancel/cancel", CANCEL, "cancel" },
		{ HTTP_PUT, "/auth/profile", PROFILE, NULL },
	};
	struct arena	*a = arena_new(1024);

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct request		 req = { .arena = a,
		    .method = cases[i].method, .path = cases[i].path };
		const char		*allow = "";
		const struct route	*r = route_find(table, COUNT(table),
		    &req, &allow);

		cr_assert_eq(r, &table[cases[i].route], "%s", cases[i].path);
		if (cases[i].segment == NULL)
			cr_expect_null(req.segment, "%s", cases[i].path);
		else
			cr_expect_str_eq(req.segment, cases[i].segment);
	}
	arena_free(a);
}

Test(route, a_path_of_no_route_is_not_found_by_any_method)
{
	static const char *const	paths[] = {
		"", "/order", "/orderss", "orders", "//orders", "/orders/",
		"/orders//", "/orders//cancel", "/orders/7/", "/orders/7/8",
		"/orders/7/cancel/", "/orders/7/cancel/8", "/orders/7/cance",
		"/orders/7/Cancel", "/Orders", "/orders/7//cancel",
		"/auth", "/auth/profile/7", "/x",
	};
	struct arena	*a = arena_new(1024);

	for (size_t i = 0; i < COUNT(paths); i++) {
		for (int m = 0; m < HTTP__MAX; m++) {
			struct request	 req = { .arena = a,
			    .method = (enum http_method)m, .path = paths[i] };
			const char	*allow = "";

			cr_expect_null(route_find(table, COUNT(table), &req,
			    &allow), "\"%s\" %d", paths[i], m);
			cr_expect_null(allow, "\"%s\" %d", paths[i], m);
		}
	}
	arena_free(a);
}

Test(route, another_method_is_told_which_are_allowed)
{
	static const struct {
		enum http_method	 method;
		const char		*path;
		const char		*allow;
	} cases[] = {
		{ HTTP_DELETE, "/", "GET, HEAD, OPTIONS" },
		{ HTTP_PUT, "/orders", "POST, GET, HEAD, OPTIONS" },
		{ HTTP_OTHER, "/orders", "POST, GET, HEAD, OPTIONS" },
		{ HTTP_OPTIONS, "/orders", "POST, GET, HEAD, OPTIONS" },
		{ HTTP_POST, "/orders/7", "GET, HEAD, DELETE, OPTIONS" },
		/* two rows of one method are one method */
		{ HTTP_POST, "/orders/latest", "GET, HEAD, DELETE, OPTIONS" },
		/* the literal row and those with {id} */
		{ HTTP_PUT, "/orders/create",
		    "POST, GET, HEAD, DELETE, OPTIONS" },
		{ HTTP_GET, "/orders/7/cancel", "POST, OPTIONS" },
		{ HTTP_POST, "/auth/profile", "PUT, OPTIONS" },
	};
	struct arena	*a = arena_new(1024);

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct request	 req = { .arena = a,
		    .method = cases[i].method, .path = cases[i].path };
		const char	*allow = NULL;

		cr_expect_null(route_find(table, COUNT(table), &req, &allow),
		    "%s", cases[i].path);
		cr_assert_not_null(allow, "%s", cases[i].path);
		cr_expect_str_eq(allow, cases[i].allow, "%s: %s",
		    cases[i].path, allow);
		cr_expect_null(req.segment);
	}
	arena_free(a);
}

Test(route, a_request_is_taken_from_its_parameters)
{
	static const struct {
		const char		*method;
		const char		*uri;
		int			 route;	/* -1 = none */
	} cases[] = {
		{ "REQUEST_METHOD=GET", "DOCUMENT_URI=/orders", LIST },
		{ "REQUEST_METHOD=HEAD", "DOCUMENT_URI=/orders", LIST },
		{ "REQUEST_METHOD=HEAD", "DOCUMENT_URI=/orders/7", DETAIL },
		{ "REQUEST_METHOD=POST", "DOCUMENT_URI=/orders/", MAKE },
		{ "REQUEST_METHOD=POST", "DOCUMENT_URI=/orders///", MAKE },
		{ "REQUEST_METHOD=GET", "DOCUMENT_URI=/", ROOT },
		{ "REQUEST_METHOD=GET", "DOCUMENT_URI=//", ROOT },
		{ "REQUEST_METHOD=PUT", "DOCUMENT_URI=/auth/profile/",
		    PROFILE },
		{ "REQUEST_METHOD=get", "DOCUMENT_URI=/orders", -1 },
		{ "REQUEST_METHOD=PATCH", "DOCUMENT_URI=/orders", -1 },
		{ "REQUEST_METHOD=", "DOCUMENT_URI=/orders", -1 },
		{ "X=1", "DOCUMENT_URI=/orders", -1 },
		{ "REQUEST_METHOD=GET", "X=2", -1 },
	};
	struct arena	*a = arena_new(1024);

	for (size_t i = 0; i < COUNT(cases); i++) {
		char		*envp[] = {
			arena_strdup(a, cases[i].method),
			arena_strdup(a, cases[i].uri), NULL };
		FCGX_Request	 fcgi = { .envp = envp };
		struct request	 req;
		const char	*allow;

		request_init(&req, &fcgi, a);
		cr_expect_eq(route_find(table, COUNT(table), &req, &allow),
		    cases[i].route < 0 ? NULL : &table[cases[i].route], "%s %s",
		    cases[i].method, cases[i].uri);
		cr_expect_str_eq(req.query, "");
		cr_expect_str_eq(req.remote_addr, "");
		cr_expect_str_eq(req.id, "");
	}
	arena_free(a);
}

Test(route, a_request_id_keeps_only_what_may_stand_in_a_header)
{
	char		 id[256] = "REQUEST_ID=4be1-A\r\nSet-Cookie: x=\"1\"";
	char		*envp[] = { id, NULL };
	FCGX_Request	 fcgi = { .envp = envp };
	struct arena	*a = arena_new(1024);
	struct request	 req;

	request_init(&req, &fcgi, a);
	cr_expect_str_eq(req.id, "4be1-ASet-Cookiex1");
	memset(id + strlen("REQUEST_ID="), 'f', 200);
	request_init(&req, &fcgi, a);
	cr_expect_eq(strlen(req.id), REQUEST_ID_MAX);
	arena_free(a);
}
