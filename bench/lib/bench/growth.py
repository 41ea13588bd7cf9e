"""A market with very many orders, made by SQL.

They are copies of orders that the service itself has made, column by column:
so they are right whatever the tables have. Only the id, the number, the
customer and the times are new. Customers take turns, as they do in life: the
orders of one lie far apart.

One customer more, BIG, has 100,000 orders. These are made first, among the
first 10,000 of the others.
"""
import time

from . import users

BATCH = 50_000
TEMPLATES = 1_000               # orders that are copied
FIRST_USER = 20_000_000
BIG = FIRST_USER - 1
BIG_ORDERS = 100_000
EACH = 50                       # orders of every other customer
PACE = 8                        # seconds between two orders
FAST = """SET GLOBAL innodb_flush_log_at_trx_commit = 0;
SET GLOBAL innodb_buffer_pool_size = 2147483648;"""
SAFE = "SET GLOBAL innodb_flush_log_at_trx_commit = 1;"
SESSION = "SET unique_checks = 0, foreign_key_checks = 0;"
OURS = {"orders": ["id", "order_number", "user_id", "created_at",
                   "updated_at", "idempotency_key", "request_hash"],
        "order_items": ["order_id"]}


class Growth:
    def __init__(self, shop, say):
        self.shop, self.say = shop, say
        self.made = 0           # orders, without BIG's
        self.time = 0           # of the next order, in steps of PACE
        self.customers = 0
        self.rest = {table: self._other_columns(table) for table in OURS}
        self._make_templates()

    def sql(self, text):
        return self.shop.sql("us", text)

    def _other_columns(self, table):
        return [name for name, in self.sql(
            "SELECT column_name FROM information_schema.columns "
            f"WHERE table_schema = DATABASE() AND table_name = '{table}' "
            "AND IFNULL(is_generated, 'NEVER') = 'NEVER' "
            "ORDER BY ordinal_position") if name not in OURS[table]]

    def _make_templates(self):
        last = users.FIRST + TEMPLATES // users.ORDERS
        self.sql(f"""CREATE TABLE bench_orders (n INT PRIMARY KEY)
              SELECT ROW_NUMBER() OVER (ORDER BY id) - 1 AS n, o.*
              FROM orders o WHERE user_id BETWEEN {users.FIRST} AND {last - 1}
              ORDER BY id LIMIT {TEMPLATES};
            CREATE TABLE bench_items (n INT, KEY (n))
              SELECT b.n, i.* FROM order_items i
              JOIN bench_orders b ON b.id = i.order_id;""")
        found = int(self.sql("SELECT COUNT(*) FROM bench_orders")[0][0])
        assert found == TEMPLATES, f"{found} orders to be copied"

    def _make_customers(self, count):
        if count <= self.customers:
            return
        first = FIRST_USER + self.customers - (self.customers == 0)
        self.sql(f"""INSERT INTO users (id, phone_number, full_name)
            SELECT seq, CONCAT('+1', LPAD(seq, 12, '9')), 'A customer'
            FROM seq_{first}_to_{FIRST_USER + count - 1}""")
        self.customers = count

    def _copy(self, count, customer):
        """Adds orders. customer: SQL that makes a customer of "seq", which
        counts from 0."""
        base = int(self.sql("SELECT MAX(id) + 1 FROM orders")[0][0])
        order, item = (", ".join(self.rest[t])
                       for t in ("orders", "order_items"))
        when = (f"'2023-01-01' + INTERVAL ({self.time} + s.seq) * {PACE} "
                "SECOND")
        began = time.monotonic()
        for start in range(0, count, BATCH):
            seq = f"seq_{start}_to_{min(start + BATCH, count) - 1} s"
            lines = f"""INSERT INTO order_items (order_id, {item})
                  SELECT {base} + s.seq, {item} FROM {seq}
                  JOIN bench_items b ON b.n = s.seq % {TEMPLATES}
                  ORDER BY s.seq;"""
            self.sql(f"""{SESSION} BEGIN;
                INSERT INTO orders (id, order_number, user_id, created_at,
                  updated_at, {order}) SELECT {base} + s.seq,
                  CONCAT('MQ-20230101-B', LPAD({base} + s.seq, 12, '0')),
                  {customer}, {when}, {when}, {order} FROM {seq}
                  JOIN bench_orders b ON b.n = s.seq % {TEMPLATES}
                  ORDER BY s.seq;
                {lines} COMMIT""")
            done = min(start + BATCH, count)
            self.say(f"{done:,} of {count:,} orders, "
                     f"{done / (time.monotonic() - began):,.0f}/s", same=True)
        self.time += count

    def grow(self, total):
        """Until the others have so many orders together."""
        self.sql(FAST)
        self._make_customers(total // EACH)
        # 7919 is prime: all have their turn.
        turn = f"{FIRST_USER} + s.seq * 7919 % {total // EACH}"
        if self.made == 0:
            both = total + BIG_ORDERS
            self._copy(both, f"IF(s.seq * {total} DIV {both} = "
                       f"(s.seq + 1) * {total} DIV {both}, {BIG}, {turn})")
        else:
            self._copy(total - self.made, turn)
        self.made = total
        self.sql(SAFE)
        self.sql("ANALYZE TABLE users, orders, order_items")
