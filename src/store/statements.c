/*
 * statements.c: the one table of SQL (see statements.h). The columns that a
 * statement gives are read by position in the file that runs it.
 */
#include "db/db.h"
#include "store/statements.h"

/*
 * A customer who is live (customer.h): active, and the token was issued not
 * before the last logout or, if there was none, not before the customer was
 * created. The parameters are CUSTOMER_TIMES().
 */
#define TOKEN_LIVE \
	"u.is_active = 1 AND IF(u.tokens_valid_from IS NULL, " \
	"u.created_at <= ?, u.tokens_valid_from <= ?)"

/* A text that equals another one only to the byte, whatever its collation. */
#define BYTES(text) "CAST(" text " AS BINARY)"

/* Takes the stock of an order's lines. The parameters are id and quantity of
 * each; then, if it was made of what a worker remembers, what must still be so,
 * to the byte (a collation takes some texts for equal). The product is read
 * without a lock, once a row. */
#define STOCK_TAKE \
	"UPDATE skus FORCE INDEX (PRIMARY) " \
	"SET stock = stock - CASE id {WHEN ? THEN ?| } END "
#define STOCK_TAKE_KNOWN \
	STOCK_TAKE "WHERE ({(id = ? AND stock >= ? AND price_minor = ? " \
	"AND " BYTES("sku_code") " = ? AND " BYTES("size") " = ? " \
	"AND " BYTES("color") " = ?)| OR }) AND is_active = 1 " \
	"AND " BYTES("(SELECT p.title FROM products p " \
	"WHERE p.id = skus.product_id AND p.is_active = 1)") " = " \
	"CASE id {WHEN ? THEN ?| } END "

/* An order and a line of it. */
#define ORDER_COLUMNS \
	"o.id, o.order_number, o.status, o.customer_name, o.customer_phone, " \
	"o.customer_email, o.delivery_address, o.delivery_city, " \
	"o.delivery_state, o.delivery_postcode, o.delivery_notes, " \
	"o.payment_method, o.subtotal_minor, o.tax_minor, o.tax_included, " \
	"o.shipping_minor, o.total_minor, o.currency, o.created_at, " \
	"o.updated_at"
#define LINE_COLUMNS \
	"i.line_no, i.product_name, i.sku_code, i.size, i.color, " \
	"i.unit_price_minor, i.quantity, i.total_minor"
#define ORDER_ALONE \
	"i s32 s16 s255 s20 s255 s500 s100 s100 s20 s500 s50 i i i i i s3 t t"
#define LINE_ROW	"i s255 s50 s20 s50 i i i"
#define ORDER_ROW	ORDER_ALONE " " LINE_ROW
#define TEXT_ROW	ORDER_ALONE " b8192"	/* ORDER_LINES_JSON_MAX */

/* A page of a customer's orders with their lines as text. A user's row by its
 * key costs the server less in a join than as a subquery. Without orders there
 * is no row. */
#define LIST_OF(conditions) \
	"SELECT " TOKEN_LIVE ", " ORDER_COLUMNS ", o.lines_json " \
	"FROM users u JOIN orders o FORCE INDEX (user_newest) " \
	"WHERE u.id = ? AND o.user_id = ? " conditions \
	"ORDER BY o.created_at DESC, o.id DESC LIMIT ?"
#define AFTER_CURSOR \
	"AND o.created_at <= ? AND (o.created_at < ? OR o.id < ?) "

/* An order's state, after the column that says whether the customer is live,
 * and a line of its history, as order_move.c and order_history.c take them. */
#define MOVE_COLUMNS	"o.id, o.order_number, o.status, o.updated_at"
#define MOVE_ROW	"i i s32 s16 t"
#define EVENT_COLUMNS \
	"h.id, h.old_status, h.new_status, h.changed_by, h.note, h.created_at"
#define EVENT_ROW	"i s16 s16 s64 s500 t"
#define EVENT_ORDER	"h.old_status IS NOT NULL, h.created_at, h.id"

/* A user, as user_store_read() takes it. */
#define USER_COLUMNS \
	"u.id, u.phone_number, u.full_name, u.email, u.profile_image_url, " \
	"u.is_active, u.is_verified, u.last_login, u.created_at, u.language"
#define USER_ROW "i s20 s255 s255 s500 i i t t s35"

/* The rest of a line of a cart, after its id, SKU and quantity, as cart_store.c
 * takes it. The columns are NULL if the SKU was deleted. */
#define CART_COLUMNS \
	"s.price_minor, s.stock, s.is_active AND p.is_active, p.title, " \
	"p.image_url, s.size, s.color"
#define CART_ROW "i i i i i i i s255 s500 s20 s50"

/* A SKU, as staff_stock.c takes it. */
#define SKU_COLUMNS \
	"s.id, s.sku_code, s.stock, s.is_active AND p.is_active, p.title, " \
	"s.size, s.color FROM skus s JOIN products p ON p.id = s.product_id"
#define SKU_ROW "i s50 i i s255 s20 s50"

/* A line of the staff's lists of orders, as staff_order_entry_read() takes it;
 * a user, as staff_user.c takes it. */
#define ENTRY_COLUMNS \
	"o.id, o.order_number, o.status, o.total_minor, o.currency, " \
	"o.created_at, o.customer_name"
#define ENTRY_ROW "i s32 s16 i s3 t s255"
#define STAFF_USER_COLUMNS \
	USER_COLUMNS ", u.tokens_valid_from, " \
	"(SELECT COUNT(*) FROM orders o WHERE o.user_id = u.id)"
#define STAFF_USER_ROW USER_ROW " t i"

/* A finding of ctl/books.c: the thing, the expected value, the value found.
 * Sums are of DECIMALs, because the columns may hold any value. */
#define THE_ORDER "CONCAT('order ', o.order_number, ' (', o.id, ')')"
#define THE_SKU "CONCAT('SKU ', s.sku_code, ' (', s.id, ')')"
#define WIDE(column) "CAST(" column " AS DECIMAL(30))"
#define FINDING_ROW "s160 s160 s160"

/* The text of an order's lines. */
#define LINES_TEXT "CONVERT(o.lines_json USING utf8mb4)"

/* A text that can be compared with a column of any collation: the tables of a
 * restored dump, or of a server whose default changed, may have several. */
#define PLAIN(column) "CONVERT(" column " USING utf8mb4) " \
	"COLLATE utf8mb4_unicode_ci"

/* How often a SKU has begun. A SKU that was removed may begin again. */
#define BEGINNINGS \
	"SUM(CASE m.reason WHEN 'initial' THEN 1 WHEN 'removed' THEN -1 " \
	"ELSE 0 END)"

static const struct statement statements[STATEMENT__MAX] = {
	/* A schema before version 4 has no column serves_from: there the name
	 * means that of the row around, and the answer is NULL. So an old
	 * schema can be told from a database that is not ours. */
	[STATEMENT_IDENTITY] = { "identity",
	    "SELECT m.market, (SELECT MAX(version) FROM schema_version), "
	    "@@GLOBAL.read_only, CONCAT(@@hostname, ':', @@port, ' ', "
	    "@@server_id), (SELECT serves_from FROM schema_version "
	    "ORDER BY version DESC LIMIT 1) "
	    "FROM (SELECT market, NULL AS serves_from "
	    "FROM market_identity) m",
	    "s16 i i s300 i" },

	[STATEMENT_USER_STATE] = { "user_state",
	    "SELECT " TOKEN_LIVE " FROM users u WHERE u.id = ?",
	    "i" },

	/* A read without a lock: prices and titles as they are now. The stock
	 * is only looked at here; stock_take takes it last, under guard. What
	 * is not for sale is read too, so that a refusal can name it. The last
	 * column is when the customer made the last order but so many, if that
	 * was since a time: read along the key, once. Without FORCE INDEX other
	 * keys would be weighed each time. */
	[STATEMENT_SKUS] = { "skus",
	    "SELECT s.id, s.price_minor, s.stock, p.title, s.sku_code, "
	    "s.size, s.color, s.is_active AND p.is_active, "
	    "(SELECT k.created_at FROM orders k FORCE INDEX (user_newest) "
	    "WHERE k.user_id = ? AND k.created_at > ? "
	    "ORDER BY k.created_at DESC, k.id DESC LIMIT 1 OFFSET ?) "
	    "FROM skus s JOIN products p ON p.id = s.product_id "
	    "WHERE s.id IN ({?|,})",
	    "i i i s255 s50 s20 s50 i t" },

	/* The user's row is locked first, as by every change of a cart. In the
	 * other order, an order and a change would wait for each other (the
	 * order's row refers to the user, which locks that row too). */
	[STATEMENT_CART_LOCK] = { "cart_lock",
	    "SELECT c.id, c.sku_id, c.quantity FROM users u "
	    "JOIN cart_items c ON c.user_id = u.id "
	    "WHERE u.id = ? ORDER BY c.id FOR UPDATE",
	    "i i i" },

	/* Only the lines that were read: one that was added meanwhile stays. */
	[STATEMENT_CART_EMPTY] = { "cart_empty",
	    "DELETE FROM cart_items WHERE user_id = ? AND id IN ({?|,})",
	    NULL },

	/* A customer who is not live gives NULL for user_id, which the column
	 * rejects (1048): so the check costs no round trip. This is a value,
	 * because INSERT ... SELECT would lock the table's AUTO_INCREMENT. */
	[STATEMENT_ORDER_INSERT] = { "order_insert",
	    "INSERT INTO orders (user_id, order_number, customer_name, "
	    "customer_phone, customer_email, delivery_address, delivery_city, "
	    "delivery_state, delivery_postcode, delivery_notes, "
	    "payment_method, subtotal_minor, tax_minor, "
	    "tax_included, shipping_minor, total_minor, currency, "
	    "idempotency_key, request_hash, created_at, updated_at, "
	    "lines_json) VALUES ("
	    "(SELECT u.id FROM users u WHERE " TOKEN_LIVE " AND u.id = ?), "
	    "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	    NULL },

	[STATEMENT_LINES_INSERT] = { "lines_insert",
	    "INSERT INTO order_items (order_id, line_no, sku_id, "
	    "product_name, sku_code, size, color, unit_price_minor, "
	    "quantity, total_minor) VALUES {(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)|, }",
	    NULL },

	/* Rows in id order, so that two orders cannot lock the same SKUs
	 * crosswise. Each is guarded: fewer rows than lines are a shortage. */
	[STATEMENT_STOCK_TAKE] = { "stock_take",
	    STOCK_TAKE "WHERE ({(id = ? AND stock >= ?)| OR }) "
	    "AND is_active = 1 ORDER BY id",
	    NULL },

	/* For an order that was made of what a worker remembers. */
	[STATEMENT_STOCK_TAKE_KNOWN] = { "stock_take_known",
	    STOCK_TAKE_KNOWN "ORDER BY id",
	    NULL },

	/* The same if the customer has made no more orders since a time, this
	 * one included: which skus would say, if they were read. This reads no
	 * row with a lock but those of SKUs. */
	[STATEMENT_STOCK_TAKE_LIMITED] = { "stock_take_limited",
	    STOCK_TAKE_KNOWN "AND (SELECT COUNT(*) FROM orders k "
	    "FORCE INDEX (user_newest) WHERE k.user_id = ? "
	    "AND k.created_at > ?) <= ? ORDER BY id",
	    NULL },

	[STATEMENT_ORDER_BY_KEY] = { "order_by_key",
	    "SELECT id, request_hash, created_at FROM orders "
	    "WHERE user_id = ? AND idempotency_key = ?",
	    "i b16 t" },

	/* An order that emptied the cart a moment ago, by the same request. */
	[STATEMENT_ORDER_RECENT] = { "order_recent",
	    "SELECT id, status FROM orders WHERE user_id = ? "
	    "AND created_at >= ? AND request_hash IN (?, ?) "
	    "ORDER BY created_at DESC, id DESC LIMIT 1",
	    "i s16" },

	/* With a lock: waits for a transaction that is still committing. */
	[STATEMENT_ORDER_BY_NUMBER] = { "order_by_number",
	    "SELECT id FROM orders WHERE order_number = ? AND user_id = ? "
	    "LOCK IN SHARE MODE",
	    "i" },

	/* A mark whose duplicate window is over. */
	[STATEMENT_KEY_RELEASE] = { "key_release",
	    "UPDATE orders SET idempotency_key = NULL "
	    "WHERE user_id = ? AND idempotency_key = ? AND created_at < ?",
	    NULL },

	/* The first column tells apart: no such user (no row), a token that is
	 * dead (0), no such order (the order's id is NULL). */
	[STATEMENT_ORDER_DETAIL] = { "order_detail",
	    "SELECT " TOKEN_LIVE ", " ORDER_COLUMNS ", o.lines_json "
	    "FROM users u LEFT JOIN orders o ON o.id = ? AND o.user_id = u.id "
	    "WHERE u.id = ?",
	    "i " TEXT_ROW },

	/* Pages of orders, newest first. There is one for each kind of page,
	 * because the server plans a prepared statement again each time it is
	 * run: an OR that decides what is asked for costs a fifth. */
	[STATEMENT_ORDER_LIST] = { "order_list", LIST_OF(""),
	    "i " TEXT_ROW },

	[STATEMENT_ORDER_LIST_STATUS] = { "order_list_status",
	    LIST_OF("AND o.status = ? "),
	    "i " TEXT_ROW },

	/* After (created_at, id) of the cursor. */
	[STATEMENT_ORDER_LIST_AFTER] = { "order_list_after",
	    LIST_OF(AFTER_CURSOR),
	    "i " TEXT_ROW },

	[STATEMENT_ORDER_LIST_STATUS_AFTER] = { "order_list_status_after",
	    LIST_OF(AFTER_CURSOR "AND o.status = ? "),
	    "i " TEXT_ROW },

	/* With an offset: what is left out is passed over in the index alone,
	 * if no status is asked for. */
	[STATEMENT_ORDER_LIST_FROM] = { "order_list_from",
	    "SELECT " TOKEN_LIVE ", " ORDER_COLUMNS ", o.lines_json "
	    "FROM users u JOIN (SELECT k.id FROM orders k "
	    "FORCE INDEX (user_newest) "
	    "WHERE k.user_id = ? AND k.created_at <= ? "
	    "AND (k.created_at < ? OR k.id < ?) AND (? = '' OR k.status = ?) "
	    "ORDER BY k.created_at DESC, k.id DESC LIMIT ? OFFSET ?) page "
	    "JOIN orders o ON o.id = page.id WHERE u.id = ?",
	    "i " TEXT_ROW },

	/* The lines of orders that have no text of them. */
	[STATEMENT_ORDER_LINES] = { "order_lines",
	    "SELECT i.order_id, " LINE_COLUMNS " FROM order_items i "
	    "WHERE i.order_id IN ({?|,}) ORDER BY i.order_id, i.line_no",
	    "i " LINE_ROW },

	/* The number of orders that a filter lets through, and the state of the
	 * customer. */
	[STATEMENT_CARD_COUNT] = { "card_count",
	    "SELECT " TOKEN_LIVE ", (SELECT COUNT(*) FROM orders o "
	    "WHERE o.user_id = u.id AND (? = '' OR o.status = ?)) "
	    "FROM users u WHERE u.id = ?",
	    "i i" },

	/* At most three lines of each order, with the pictures of now. */
	[STATEMENT_CARD_PAGE] = { "card_page",
	    "SELECT o.id, o.order_number, o.status, o.total_minor, "
	    "o.currency, o.created_at, o.delivery_address, "
	    "(SELECT COUNT(*) FROM order_items n WHERE n.order_id = o.id), "
	    "i.product_name, i.quantity, i.unit_price_minor, "
	    "(SELECT p.image_url FROM skus s JOIN products p "
	    "ON p.id = s.product_id WHERE s.id = i.sku_id) "
	    "FROM (SELECT k.id FROM orders k WHERE k.user_id = ? "
	    "AND (? = '' OR k.status = ?) "
	    "ORDER BY k.created_at DESC, k.id DESC LIMIT ? OFFSET ?) page "
	    "JOIN orders o ON o.id = page.id LEFT JOIN order_items i "
	    "ON i.order_id = o.id AND i.line_no BETWEEN 1 AND 3 "
	    "ORDER BY o.created_at DESC, o.id DESC, i.line_no",
	    "i s32 s16 i s3 t s500 i s255 i i s500" },

	/* ---- moving an order from state to state ---- */

	/* A customer's own order; the first column as in order_detail. */
	[STATEMENT_MOVE_READ] = { "move_read",
	    "SELECT " TOKEN_LIVE ", " MOVE_COLUMNS " FROM users u "
	    "LEFT JOIN orders o ON o.id = ? AND o.user_id = u.id "
	    "WHERE u.id = ?",
	    MOVE_ROW },

	/* Anybody's, for staff. */
	[STATEMENT_MOVE_READ_ANY] = { "move_read_any",
	    "SELECT 1, " MOVE_COLUMNS " FROM orders o WHERE o.id = ?",
	    MOVE_ROW },

	/* Only if the order is as it was read. An order that gives its stock
	 * back (1) also gives up its mark of the duplicate window, which has a
	 * space in it. So the same may be ordered again at once. */
	[STATEMENT_MOVE_ORDER] = { "move_order",
	    "UPDATE orders SET status = ?, updated_at = ?, idempotency_key = "
	    "IF(? = 1 AND idempotency_key LIKE '% %', NULL, idempotency_key) "
	    "WHERE id = ? AND status = ? AND updated_at = ?",
	    NULL },

	/* A state is entered once (a unique key). */
	[STATEMENT_MOVE_NOTE] = { "move_note",
	    "INSERT INTO order_status_history (order_id, old_status, "
	    "new_status, changed_by, note, created_at) "
	    "VALUES (?, ?, ?, ?, ?, ?)",
	    NULL },

	/* By SKU: an order that was made by hand may have a SKU twice. */
	[STATEMENT_MOVE_LINES] = { "move_lines",
	    "SELECT i.sku_id, CAST(SUM(i.quantity) AS SIGNED) "
	    "FROM order_items i WHERE i.order_id = ? GROUP BY i.sku_id "
	    "ORDER BY i.sku_id",
	    "i i" },

	/* What an order took comes back once (a unique key). */
	[STATEMENT_MOVE_STOCK] = { "move_stock",
	    "INSERT INTO stock_movements (sku_id, delta, reason, changed_by, "
	    "order_id, created_at) VALUES {(?, ?, ?, ?, ?, ?)|, }",
	    NULL },

	/* Rows in id order, as stock_take locks them. A stock that somebody
	 * has set near the column's end stays there: the books will show it,
	 * and the customer's order is cancelled all the same. */
	[STATEMENT_STOCK_GIVE] = { "stock_give",
	    "UPDATE skus FORCE INDEX (PRIMARY) SET stock = "
	    "LEAST(stock + CASE id {WHEN ? THEN ?| } END, 4294967295) "
	    "WHERE id IN ({?|,}) ORDER BY id",
	    NULL },

	/* The stock of a SKU that was deleted has nowhere to go. The books must
	 * say so, or they would be wrong if the SKU were created again. */
	[STATEMENT_STOCK_GONE] = { "stock_gone",
	    "INSERT INTO stock_movements (sku_id, delta, reason, changed_by, "
	    "note, created_at) SELECT m.sku_id, -m.delta, 'gone', "
	    "m.changed_by, ?, m.created_at FROM stock_movements m "
	    "LEFT JOIN skus s ON s.id = m.sku_id "
	    "WHERE m.order_id = ? AND s.id IS NULL",
	    NULL },

	/* With a lock, as order_by_number. */
	[STATEMENT_MOVE_FIND] = { "move_find",
	    "SELECT id FROM order_status_history WHERE order_id = ? "
	    "AND new_status = ? AND created_at = ? LOCK IN SHARE MODE",
	    "i" },

	/* Oldest first. The start is the first, whatever the clocks said. */
	[STATEMENT_HISTORY] = { "history",
	    "SELECT " TOKEN_LIVE ", " MOVE_COLUMNS ", " EVENT_COLUMNS
	    " FROM users u LEFT JOIN orders o ON o.id = ? AND o.user_id = u.id "
	    "LEFT JOIN order_status_history h ON h.order_id = o.id "
	    "WHERE u.id = ? ORDER BY " EVENT_ORDER,
	    MOVE_ROW " " EVENT_ROW },

	[STATEMENT_HISTORY_ANY] = { "history_any",
	    "SELECT 1, " MOVE_COLUMNS ", " EVENT_COLUMNS " FROM orders o "
	    "LEFT JOIN order_status_history h ON h.order_id = o.id "
	    "WHERE o.id = ? ORDER BY " EVENT_ORDER,
	    MOVE_ROW " " EVENT_ROW },

	/* ---- the cart ---- */

	/* The first column as in order_detail. A line whose SKU was deleted, or
	 * is not for sale any more, stays so that the customer sees it. */
	[STATEMENT_CART_SHOW] = { "cart_show",
	    "SELECT " TOKEN_LIVE ", c.id, c.sku_id, c.quantity, " CART_COLUMNS
	    " FROM users u LEFT JOIN cart_items c ON c.user_id = u.id "
	    "LEFT JOIN skus s ON s.id = c.sku_id "
	    "LEFT JOIN products p ON p.id = s.product_id "
	    "WHERE u.id = ? ORDER BY c.id",
	    CART_ROW },

	/* Changes of one cart take turns. The lock is on the user, because the
	 * cart may have no row yet. */
	[STATEMENT_CART_USER_LOCK] = { "cart_user_lock",
	    "SELECT u.id FROM users u WHERE u.id = ? FOR UPDATE",
	    "i" },

	/* A SKU as a line that is not in the cart yet. */
	[STATEMENT_CART_SKU] = { "cart_sku",
	    "SELECT 1, 0, s.id, 0, " CART_COLUMNS " FROM skus s "
	    "JOIN products p ON p.id = s.product_id WHERE s.id = ?",
	    CART_ROW },

	[STATEMENT_CART_INSERT] = { "cart_insert",
	    "INSERT INTO cart_items (user_id, sku_id, quantity, created_at) "
	    "VALUES (?, ?, ?, ?)",
	    NULL },

	[STATEMENT_CART_UPDATE] = { "cart_update",
	    "UPDATE cart_items SET quantity = ? WHERE id = ? AND user_id = ?",
	    NULL },

	[STATEMENT_CART_CLEAR] = { "cart_clear",
	    "DELETE FROM cart_items WHERE user_id = ?",
	    NULL },

	/* With a lock, as order_by_number. */
	[STATEMENT_CART_FIND] = { "cart_find",
	    "SELECT id FROM cart_items WHERE id = ? AND quantity = ? "
	    "LOCK IN SHARE MODE",
	    "i" },

	/* ---- login and profile ---- */

	/* Also locks the rows, in this order: that of the number first, that of
	 * the day, which all share, last. */
	[STATEMENT_LIMIT_COUNT] = { "limit_count",
	    "INSERT INTO login_limits (scope, subject, window_start, sent) "
	    "VALUES ('phone', ?, '1970-01-01', 1), ('address', ?, ?, 1), "
	    "('day', '', ?, 1) ON DUPLICATE KEY UPDATE sent = sent + 1",
	    NULL },

	[STATEMENT_LIMIT_READ] = { "limit_read",
	    "SELECT COUNT(*), MIN(c.created_at), "
	    "(SELECT sent FROM login_limits WHERE scope = 'address' "
	    "AND subject = ? AND window_start = ?), "
	    "(SELECT sent FROM login_limits WHERE scope = 'day' "
	    "AND subject = '' AND window_start = ?) "
	    "FROM login_codes c WHERE c.phone_number = ? AND c.created_at > ?",
	    "i t i i" },

	[STATEMENT_CODE_INSERT] = { "code_insert",
	    "INSERT INTO login_codes (phone_number, code_hash, created_at, "
	    "expires_at, language) VALUES (?, ?, ?, ?, ?)",
	    NULL },

	/* The newest by id, which the database gives out under the lock of the
	 * number: the clocks of hosts may differ. The index keeps to the rows
	 * of the number; otherwise those of others would be locked too. */
	[STATEMENT_CODE_LOCK] = { "code_lock",
	    "SELECT id, code_hash, wrong_guesses, used_at, expires_at, "
	    "language FROM login_codes FORCE INDEX (phone_newest) "
	    "WHERE phone_number = ? ORDER BY id DESC LIMIT 1 FOR UPDATE",
	    "i b32 i t t s35" },

	[STATEMENT_CODE_WRONG] = { "code_wrong",
	    "UPDATE login_codes SET wrong_guesses = wrong_guesses + 1 "
	    "WHERE id = ?",
	    NULL },

	[STATEMENT_CODE_USED] = { "code_used",
	    "UPDATE login_codes SET used_at = ? WHERE id = ?",
	    NULL },

	/* With a lock, as order_by_number. */
	[STATEMENT_CODE_FIND] = { "code_find",
	    "SELECT id FROM login_codes WHERE id = ? AND used_at = ? "
	    "LOCK IN SHARE MODE",
	    "i" },

	[STATEMENT_USER_BY_PHONE] = { "user_by_phone",
	    "SELECT " USER_COLUMNS ", u.tokens_valid_from FROM users u "
	    "WHERE u.phone_number = ? FOR UPDATE",
	    USER_ROW " t" },

	/* The language that the user of a number chose before. */
	[STATEMENT_USER_LANGUAGE] = { "user_language",
	    "SELECT u.language FROM users u WHERE u.phone_number = ?",
	    "s35" },

	[STATEMENT_USER_INSERT] = { "user_insert",
	    "INSERT INTO users (phone_number, is_verified, last_login, "
	    "created_at, language) VALUES (?, 1, ?, ?, ?)",
	    NULL },

	[STATEMENT_USER_SEEN] = { "user_seen",
	    "UPDATE users SET is_verified = 1, last_login = ?, "
	    "language = COALESCE(?, language) WHERE id = ?",
	    NULL },

	[STATEMENT_USER_PROFILE] = { "user_profile",
	    "SELECT " TOKEN_LIVE ", " USER_COLUMNS " FROM users u "
	    "WHERE u.id = ?",
	    "i " USER_ROW },

	/* NULL leaves a column as it is; an email of "" becomes NULL. */
	[STATEMENT_USER_UPDATE] = { "user_update",
	    "UPDATE users u SET u.full_name = COALESCE(?, u.full_name), "
	    "u.profile_image_url = COALESCE(?, u.profile_image_url), "
	    "u.email = NULLIF(COALESCE(?, u.email), '') "
	    "WHERE " TOKEN_LIVE " AND u.id = ?",
	    NULL },

	[STATEMENT_USER_LOGOUT] = { "user_logout",
	    "UPDATE users u SET u.tokens_valid_from = ? "
	    "WHERE " TOKEN_LIVE " AND u.id = ?",
	    NULL },

	/* ---- messages ---- */

	/* Due at once, by the database's own clock. */
	[STATEMENT_OUTBOX_ADD] = { "outbox_add",
	    "INSERT INTO outbox (message_id, kind, payload, expires_at) "
	    "VALUES (?, ?, ?, ?)",
	    NULL },

	/* With a lock, as order_by_number. */
	[STATEMENT_OUTBOX_FIND] = { "outbox_find",
	    "SELECT id FROM outbox WHERE message_id = ? LOCK IN SHARE MODE",
	    "i" },

	/* ---- delivering: all times by the database's own clock, which is the
	 * same for every host that delivers ---- */

	/* Of two couriers, the second takes other rows and does not wait. A
	 * payload that is longer than this is cut, and cannot be opened. */
	[STATEMENT_OUTBOX_DUE] = { "outbox_due",
	    "SELECT id, message_id, kind, attempts, claimed_by, "
	    "expires_at IS NOT NULL AND expires_at <= UTC_TIMESTAMP(6), "
	    "LEFT(payload, 16384) FROM outbox "
	    "WHERE state = 'pending' AND due_at <= UTC_TIMESTAMP(6) "
	    "ORDER BY due_at LIMIT ? FOR UPDATE SKIP LOCKED",
	    "i s32 s32 i s128 i b16384" },

	[STATEMENT_OUTBOX_CLAIM] = { "outbox_claim",
	    "UPDATE outbox SET claimed_by = ?, attempts = attempts + 1, "
	    "due_at = UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND "
	    "WHERE id IN ({?|,})",
	    NULL },

	[STATEMENT_OUTBOX_END] = { "outbox_end",
	    "UPDATE outbox SET state = ?, payload = '', claimed_by = NULL, "
	    "last_error = ?, finished_at = UTC_TIMESTAMP(6) "
	    "WHERE id = ? AND claimed_by = ?",
	    NULL },

	[STATEMENT_OUTBOX_LATER] = { "outbox_later",
	    "UPDATE outbox SET claimed_by = NULL, last_error = ?, "
	    "due_at = UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND "
	    "WHERE id = ? AND claimed_by = ?",
	    NULL },

	/* The claims of one host: a claim's owner begins with its name. */
	[STATEMENT_OUTBOX_CLAIMED] = { "outbox_claimed",
	    "SELECT id, message_id, claimed_by FROM outbox "
	    "WHERE state = 'pending' "
	    "AND SUBSTRING_INDEX(claimed_by, ':', 1) = ? LIMIT ?",
	    "i s32 s128" },

	[STATEMENT_OUTBOX_RELEASE] = { "outbox_release",
	    "UPDATE outbox SET claimed_by = NULL, due_at = UTC_TIMESTAMP(6) "
	    "WHERE id = ? AND claimed_by = ?",
	    NULL },

	/* Old rows, some at a time. A message is finished at about the time
	 * when it was due last, which is in an index. */
	[STATEMENT_OUTBOX_TIDY] = { "outbox_tidy",
	    "DELETE FROM outbox WHERE state IN ('delivered', 'dead') "
	    "AND due_at < UTC_TIMESTAMP(6) - INTERVAL 30 DAY LIMIT ?",
	    NULL },

	[STATEMENT_CODES_TIDY] = { "codes_tidy",
	    "DELETE FROM login_codes "
	    "WHERE created_at < UTC_TIMESTAMP(6) - INTERVAL 1 DAY LIMIT ?",
	    NULL },

	[STATEMENT_LIMITS_TIDY] = { "limits_tidy",
	    "DELETE FROM login_limits "
	    "WHERE window_start < UTC_TIMESTAMP(6) - INTERVAL 2 DAY LIMIT ?",
	    NULL },

	/* ---- not for requests: orders and stock as staff see them ---- */

	/* The columns of order_detail, after the id of the customer. */
	[STATEMENT_STAFF_BY_NUMBER] = { "staff_by_number",
	    "SELECT o.user_id, " ORDER_COLUMNS ", " LINE_COLUMNS
	    " FROM orders o LEFT JOIN order_items i ON i.order_id = o.id "
	    "WHERE o.order_number = ? ORDER BY i.line_no",
	    "i " ORDER_ROW },

	[STATEMENT_STAFF_BY_ID] = { "staff_by_id",
	    "SELECT o.user_id, " ORDER_COLUMNS ", " LINE_COLUMNS
	    " FROM orders o LEFT JOIN order_items i ON i.order_id = o.id "
	    "WHERE o.id = ? ORDER BY i.line_no",
	    "i " ORDER_ROW },

	[STATEMENT_STAFF_LIST] = { "staff_list",
	    "SELECT " ENTRY_COLUMNS " FROM orders o "
	    "WHERE ? = '' OR o.status = ? ORDER BY o.id DESC LIMIT ?",
	    ENTRY_ROW },

	[STATEMENT_STAFF_USER_BY_ID] = { "staff_user_by_id",
	    "SELECT " STAFF_USER_COLUMNS " FROM users u WHERE u.id = ?",
	    STAFF_USER_ROW },

	[STATEMENT_STAFF_USER_BY_PHONE] = { "staff_user_by_phone",
	    "SELECT " STAFF_USER_COLUMNS " FROM users u "
	    "WHERE u.phone_number = ?",
	    STAFF_USER_ROW },

	/* Along the key user_newest, backwards. */
	[STATEMENT_STAFF_USER_ORDERS] = { "staff_user_orders",
	    "SELECT " ENTRY_COLUMNS " FROM orders o "
	    "WHERE o.user_id = ? AND (? = '' OR o.status = ?) "
	    "ORDER BY o.created_at DESC, o.id DESC LIMIT ?",
	    ENTRY_ROW },

	[STATEMENT_STAFF_SKUS] = { "staff_skus",
	    "SELECT " SKU_COLUMNS " WHERE s.id > ? ORDER BY s.id LIMIT ?",
	    SKU_ROW },

	[STATEMENT_STAFF_SKU_BY_CODE] = { "staff_sku_by_code",
	    "SELECT " SKU_COLUMNS " WHERE s.sku_code = ?",
	    SKU_ROW },

	[STATEMENT_STAFF_SKU_BY_ID] = { "staff_sku_by_id",
	    "SELECT " SKU_COLUMNS " WHERE s.id = ?",
	    SKU_ROW },

	/* A stock that is above the bound (by SQL) may become less. */
	[STATEMENT_STAFF_STOCK_ADD] = { "staff_stock_add",
	    "UPDATE skus SET stock = CAST(stock AS SIGNED) + ? "
	    "WHERE id = ? AND CAST(stock AS SIGNED) + ? BETWEEN 0 "
	    "AND GREATEST(?, CAST(stock AS SIGNED))",
	    NULL },

	[STATEMENT_STAFF_STOCK_NOTE] = { "staff_stock_note",
	    "INSERT INTO stock_movements (sku_id, delta, reason, changed_by, "
	    "note, created_at) VALUES (?, ?, 'adjusted', ?, ?, ?)",
	    NULL },

	/* With a lock: waits for a transaction that is still committing. */
	[STATEMENT_STAFF_STOCK_FIND] = { "staff_stock_find",
	    "SELECT id FROM stock_movements WHERE sku_id = ? "
	    "AND created_at = ? AND delta = ? AND changed_by = ? "
	    "AND reason = 'adjusted' LOCK IN SHARE MODE",
	    "i" },

	/* By code (1) and by id (0). */
	[STATEMENT_STAFF_SKU_NAMES] = { "staff_sku_names",
	    "SELECT 1, s.id, s.sku_code FROM skus s "
	    "WHERE s.sku_code IN ({?|,}) UNION ALL SELECT 0, s.id, s.sku_code "
	    "FROM skus s WHERE s.id IN ({?|,})",
	    "i i s50" },

	/* Rows in id order, as stock_take locks them. */
	[STATEMENT_STAFF_STOCK_LOCK] = { "staff_stock_lock",
	    "SELECT s.id, s.stock FROM skus s FORCE INDEX (PRIMARY) "
	    "WHERE s.id IN ({?|,}) ORDER BY s.id FOR UPDATE",
	    "i i" },

	[STATEMENT_STAFF_STOCK_SET] = { "staff_stock_set",
	    "UPDATE skus FORCE INDEX (PRIMARY) "
	    "SET stock = CASE id {WHEN ? THEN ?| } END "
	    "WHERE id IN ({?|,}) ORDER BY id",
	    NULL },

	[STATEMENT_STAFF_STOCK_NOTES] = { "staff_stock_notes",
	    "INSERT INTO stock_movements (sku_id, delta, reason, changed_by, "
	    "note, created_at) VALUES {(?, ?, 'adjusted', ?, ?, ?)|, }",
	    NULL },

	/* ---- not for requests: reconciling. Each gives what is wrong, and
	 * runs for as long as it takes. Sums over an order follow the primary
	 * key, so that the server needs no sort and no temporary table. ---- */

	[STATEMENT_CHECK_COUNTS] = { "check_counts",
	    "SELECT (SELECT COUNT(*) FROM orders), "
	    "(SELECT COUNT(*) FROM order_items), (SELECT COUNT(*) FROM skus), "
	    "(SELECT COUNT(*) FROM order_status_history), COUNT(*) "
	    "FROM stock_movements",
	    "i i i i i" },

	/* A SKU that was deleted must have no stock left. */
	[STATEMENT_CHECK_STOCK] = { "check_stock",
	    "SELECT " THE_SKU ", COALESCE(m.n, 0) - COALESCE(i.n, 0), s.stock "
	    "FROM skus s LEFT JOIN (SELECT sku_id, SUM(delta) AS n "
	    "FROM stock_movements GROUP BY sku_id) m ON m.sku_id = s.id "
	    "LEFT JOIN (SELECT sku_id, SUM(quantity) AS n "
	    "FROM order_items GROUP BY sku_id) i ON i.sku_id = s.id "
	    "WHERE s.stock <> COALESCE(m.n, 0) - COALESCE(i.n, 0) "
	    "UNION ALL SELECT CONCAT('SKU ', g.sku_id, ', which is gone'), "
	    "SUM(g.n), 0 FROM (SELECT m.sku_id, m.delta AS n "
	    "FROM stock_movements m UNION ALL SELECT i.sku_id, "
	    "-CAST(i.quantity AS SIGNED) FROM order_items i) g "
	    "LEFT JOIN skus s ON s.id = g.sku_id WHERE s.id IS NULL "
	    "GROUP BY g.sku_id HAVING SUM(g.n) <> 0",
	    FINDING_ROW },

	[STATEMENT_CHECK_INITIAL] = { "check_initial",
	    "SELECT " THE_SKU ", '1 movement \"initial\"', " BEGINNINGS " "
	    "FROM skus s LEFT JOIN stock_movements m ON m.sku_id = s.id "
	    "AND m.reason IN ('initial', 'removed') GROUP BY s.id "
	    "HAVING " BEGINNINGS " <> 1",
	    FINDING_ROW },

	[STATEMENT_CHECK_RETURNS] = { "check_returns",
	    "SELECT CONCAT('order ', o.order_number, ' (', o.id, '), SKU ', "
	    "i.sku_id), CONCAT(SUM(i.quantity), ' back in stock'), "
	    "COALESCE(MAX(m.delta), 'no movement') FROM orders o "
	    "JOIN order_items i ON i.order_id = o.id "
	    "LEFT JOIN stock_movements m ON m.order_id = o.id "
	    "AND m.sku_id = i.sku_id "
	    "WHERE o.status IN ({?|,}) "
	    "GROUP BY o.id, i.sku_id "
	    "HAVING MAX(m.delta) IS NULL OR MAX(m.delta) <> SUM(i.quantity)",
	    FINDING_ROW },

	[STATEMENT_CHECK_MOVEMENTS] = { "check_movements",
	    "SELECT CONCAT('movement ', m.id, ' of order ', o.order_number, "
	    "' (', o.id, ')'), 'a SKU of an order that was cancelled or "
	    "returned; that as the reason', CONCAT('order ', o.status, "
	    "', reason ', m.reason, ', SKU ', m.sku_id) "
	    "FROM stock_movements m JOIN orders o ON o.id = m.order_id "
	    "WHERE o.status NOT IN ({?|,}) OR " PLAIN("m.reason") " <> "
	    PLAIN("o.status") " "
	    "OR NOT EXISTS (SELECT 1 FROM order_items i "
	    "WHERE i.order_id = o.id AND i.sku_id = m.sku_id)",
	    FINDING_ROW },

	/* 100 is ORDER_LINES_MAX: an order of more cannot be cancelled. */
	[STATEMENT_CHECK_LINES] = { "check_lines",
	    "SELECT " THE_ORDER ", '1 to 100 lines without a gap', "
	    "IF(COUNT(i.order_id) = 0, 'no line', CONCAT(COUNT(i.order_id), "
	    "' lines, ', MIN(i.line_no), ' to ', MAX(i.line_no))) "
	    "FROM orders o LEFT JOIN order_items i ON i.order_id = o.id "
	    "GROUP BY o.id HAVING COUNT(i.order_id) = 0 "
	    "OR MIN(i.line_no) <> 1 OR MAX(i.line_no) <> COUNT(i.order_id) "
	    "OR MAX(i.line_no) > 100",
	    FINDING_ROW },

	[STATEMENT_CHECK_LINE_TOTALS] = { "check_line_totals",
	    "SELECT CONCAT('order ', o.order_number, ' (', o.id, '), line ', "
	    "i.line_no), " WIDE("i.unit_price_minor") " * i.quantity, "
	    "i.total_minor FROM order_items i "
	    "JOIN orders o ON o.id = i.order_id WHERE i.total_minor <> "
	    WIDE("i.unit_price_minor") " * i.quantity",
	    FINDING_ROW },

	/* An order without lines is found by check_lines. */
	/* The text of an order's lines against the lines. The parameters are
	 * how many minor units one of the currency has. What is no JSON is
	 * told, and would else be an error. */
	[STATEMENT_CHECK_COPIES] = { "check_copies",
	    "SELECT CONCAT('order ', o.order_number, ' (', o.id, '), line ', "
	    "c.n), COALESCE(CONCAT(i.quantity, ' x ', i.sku_code, ' at ', "
	    "i.unit_price_minor / ?, ', ', i.product_name), 'no line'), "
	    "CONCAT(c.quantity, ' x ', c.sku_code, ' at ', c.unit_price, "
	    "', ', c.product_name) FROM orders o "
	    "JOIN JSON_TABLE(IF(JSON_VALID(" LINES_TEXT "), " LINES_TEXT ", "
	    "'[]'), '$[*]' COLUMNS (n FOR ORDINALITY, "
	    "product_name VARCHAR(255) PATH '$.product_name', "
	    "sku_code VARCHAR(50) PATH '$.sku_code', "
	    "size VARCHAR(20) PATH '$.size', "
	    "color VARCHAR(50) PATH '$.color', "
	    "unit_price DECIMAL(30, 4) PATH '$.unit_price', "
	    "quantity BIGINT PATH '$.quantity', "
	    "total_price DECIMAL(30, 4) PATH '$.total_price')) c "
	    "LEFT JOIN order_items i ON i.order_id = o.id AND i.line_no = c.n "
	    "WHERE NOT COALESCE(BINARY i.product_name = BINARY c.product_name "
	    "AND BINARY i.sku_code = BINARY c.sku_code "
	    "AND BINARY i.size = BINARY c.size "
	    "AND BINARY i.color = BINARY c.color "
	    "AND i.quantity = c.quantity "
	    "AND i.unit_price_minor = c.unit_price * ? "
	    "AND i.total_minor = c.total_price * ?, 0) "
	    "UNION ALL SELECT " THE_ORDER ", CONCAT(COUNT(i.order_id), "
	    "' lines'), IF(JSON_VALID(" LINES_TEXT "), CONCAT(JSON_LENGTH("
	    LINES_TEXT "), ' lines in lines_json'), 'no JSON in lines_json') "
	    "FROM orders o LEFT JOIN order_items i ON i.order_id = o.id "
	    "WHERE o.lines_json IS NOT NULL GROUP BY o.id "
	    "HAVING NOT JSON_VALID(MAX(" LINES_TEXT ")) "
	    "OR JSON_LENGTH(MAX(" LINES_TEXT ")) <> COUNT(i.order_id)",
	    FINDING_ROW },

	[STATEMENT_CHECK_SUBTOTALS] = { "check_subtotals",
	    "SELECT " THE_ORDER ", SUM(i.total_minor), o.subtotal_minor AS had "
	    "FROM orders o JOIN order_items i ON i.order_id = o.id "
	    "GROUP BY o.id HAVING SUM(i.total_minor) <> had",
	    FINDING_ROW },

	[STATEMENT_CHECK_TOTALS] = { "check_totals",
	    "SELECT " THE_ORDER ", " WIDE("o.subtotal_minor")
	    " + o.shipping_minor + IF(o.tax_included, 0, o.tax_minor), "
	    "o.total_minor FROM orders o WHERE o.total_minor <> "
	    WIDE("o.subtotal_minor")
	    " + o.shipping_minor + IF(o.tax_included, 0, o.tax_minor)",
	    FINDING_ROW },

	[STATEMENT_CHECK_AMOUNTS] = { "check_amounts",
	    "SELECT " THE_ORDER ", 'no amount below 0', "
	    "LEAST(o.subtotal_minor, o.tax_minor, o.shipping_minor, "
	    "o.total_minor) FROM orders o WHERE LEAST(o.subtotal_minor, "
	    "o.tax_minor, o.shipping_minor, o.total_minor) < 0 "
	    "UNION ALL SELECT " THE_ORDER ", 'no more tax than the total that "
	    "it is in', o.tax_minor FROM orders o "
	    "WHERE o.tax_included AND o.tax_minor > o.total_minor "
	    "UNION ALL SELECT CONCAT('order ', o.order_number, ' (', o.id, "
	    "'), line ', i.line_no), 'no amount below 0, a quantity of 1 or "
	    "more', IF(i.quantity = 0, 'a quantity of 0', "
	    "LEAST(i.unit_price_minor, i.total_minor)) FROM order_items i "
	    "JOIN orders o ON o.id = i.order_id WHERE i.quantity = 0 "
	    "OR LEAST(i.unit_price_minor, i.total_minor) < 0",
	    FINDING_ROW },

	[STATEMENT_CHECK_CURRENCY] = { "check_currency",
	    "SELECT " THE_ORDER ", 'the market''s currency', o.currency "
	    "FROM orders o WHERE o.currency <> ?",
	    FINDING_ROW },

	[STATEMENT_CHECK_STARTS] = { "check_starts",
	    "SELECT " THE_ORDER ", '1 start', COUNT(h.id) FROM orders o "
	    "LEFT JOIN order_status_history h ON h.order_id = o.id "
	    "AND h.old_status IS NULL GROUP BY o.id HAVING COUNT(h.id) <> 1",
	    FINDING_ROW },

	[STATEMENT_CHECK_MOVES] = { "check_moves",
	    "SELECT " THE_ORDER ", 'a move of the workflow', "
	    "CONCAT(h.old_status, ' -> ', h.new_status) "
	    "FROM order_status_history h JOIN orders o ON o.id = h.order_id "
	    "WHERE h.old_status IS NOT NULL "
	    "AND (h.old_status, h.new_status) NOT IN ({(?, ?)|, })",
	    FINDING_ROW },

	/* The schema lets an order enter a state only once. So a history with
	 * one start and no circle is a chain if all its states but one were
	 * left again, and that one must be the order's. */
	[STATEMENT_CHECK_STATES] = { "check_states",
	    "SELECT " THE_ORDER ", CONCAT('state ', h.new_status, "
	    "', by its history'), CONCAT('state ', o.status) "
	    "FROM orders o JOIN order_status_history h ON h.order_id = o.id "
	    "LEFT JOIN order_status_history n ON n.order_id = o.id "
	    "AND n.old_status = " PLAIN("h.new_status") " "
	    "WHERE n.id IS NULL AND " PLAIN("h.new_status") " <> "
	    PLAIN("o.status"),
	    FINDING_ROW },

	[STATEMENT_CHECK_TIMES] = { "check_times",
	    "SELECT " THE_ORDER ", CONCAT(h.new_status, ' not before ', "
	    "p.created_at), h.created_at FROM order_status_history h "
	    "JOIN order_status_history p ON p.order_id = h.order_id "
	    "AND p.new_status = " PLAIN("h.old_status") " "
	    "JOIN orders o ON o.id = h.order_id "
	    "WHERE h.created_at < p.created_at",
	    FINDING_ROW },

	[STATEMENT_CHECK_OWNERS] = { "check_owners",
	    "SELECT " THE_ORDER ", CONCAT('customer ', o.user_id), 'nobody' "
	    "FROM orders o LEFT JOIN users u ON u.id = o.user_id "
	    "WHERE u.id IS NULL "
	    "UNION ALL SELECT CONCAT('line ', i.line_no), "
	    "CONCAT('order ', i.order_id), 'none' FROM order_items i "
	    "LEFT JOIN orders o ON o.id = i.order_id WHERE o.id IS NULL "
	    "UNION ALL SELECT CONCAT('step ', h.id, ' of a history'), "
	    "CONCAT('order ', h.order_id), 'none' FROM order_status_history h "
	    "LEFT JOIN orders o ON o.id = h.order_id WHERE o.id IS NULL "
	    "UNION ALL SELECT CONCAT('movement ', m.id), "
	    "CONCAT('order ', m.order_id), 'none' FROM stock_movements m "
	    "LEFT JOIN orders o ON o.id = m.order_id "
	    "WHERE m.order_id IS NOT NULL AND o.id IS NULL",
	    FINDING_ROW },
};

/* One row, by the value of this index; the letter is its table's. */
#define ROW(table, key)	LOCKS_ROW, table, key, 0

/*
 * Which statements of requests may have to wait for rows that others have
 * locked, and for which; and which may repeat their last line. By the owner
 * where the owner is locked first: a cart is its user's.
 */
static const struct statement_trait traits[STATEMENT__MAX] = {
	[STATEMENT_SKUS] = { .repeats = true },
	[STATEMENT_ORDER_LINES] = { .repeats = true },
	[STATEMENT_CART_LOCK] = { false, ROW('u', 0) },
	[STATEMENT_CART_EMPTY] = { true, ROW('u', 0) },
	[STATEMENT_ORDER_INSERT] = { false, ROW('u', 2) },
	[STATEMENT_STOCK_TAKE] = { true, LOCKS_ROWS, 's', 0, 2 },
	[STATEMENT_STOCK_TAKE_KNOWN] = { true, LOCKS_ROWS, 's', 0, 2 },
	[STATEMENT_STOCK_TAKE_LIMITED] = { true, LOCKS_ROWS, 's', 0, 2 },
	[STATEMENT_ORDER_BY_NUMBER] = { false, ROW('n', 0) },
	[STATEMENT_KEY_RELEASE] = { false, ROW('u', 0) },
	[STATEMENT_MOVE_ORDER] = { false, ROW('o', 3) },
	[STATEMENT_MOVE_NOTE] = { false, ROW('o', 0) },
	[STATEMENT_STOCK_GIVE] = { true, LOCKS_ROWS, 's', 0, 2 },
	[STATEMENT_STOCK_GONE] = { false, ROW('o', 1) },
	[STATEMENT_MOVE_FIND] = { false, ROW('o', 0) },
	[STATEMENT_CART_USER_LOCK] = { false, ROW('u', 0) },
	[STATEMENT_CART_INSERT] = { false, ROW('u', 0) },
	[STATEMENT_CART_UPDATE] = { false, ROW('u', 2) },
	[STATEMENT_CART_CLEAR] = { false, ROW('u', 0) },
	[STATEMENT_CART_FIND] = { false, ROW('c', 0) },
	[STATEMENT_LIMIT_COUNT] = { .locks = LOCKS_SHARED },
	[STATEMENT_CODE_LOCK] = { false, ROW('p', 0) },
	[STATEMENT_CODE_WRONG] = { false, ROW('l', 0) },
	[STATEMENT_CODE_USED] = { false, ROW('l', 1) },
	[STATEMENT_CODE_FIND] = { false, ROW('l', 0) },
	[STATEMENT_USER_BY_PHONE] = { false, ROW('p', 0) },
	[STATEMENT_USER_INSERT] = { false, ROW('p', 0) },
	[STATEMENT_USER_SEEN] = { false, ROW('u', 2) },
	[STATEMENT_USER_UPDATE] = { false, ROW('u', 5) },
	[STATEMENT_USER_LOGOUT] = { false, ROW('u', 3) },
	[STATEMENT_OUTBOX_FIND] = { false, ROW('m', 0) },
	[STATEMENT_OUTBOX_CLAIM] = { .repeats = true },
};

const struct statement_table store_statements = { statements, traits,
	STATEMENT__MAX };

struct db *
store_db_new(const struct market *market, const struct db_limits *limits,
    const struct scoreboard *board, struct slot *slot)
{
	return db_new(market, &store_statements, limits, board, slot);
}
