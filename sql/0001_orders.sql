-- The tables of one market. All markets' databases have the same tables.
--
-- Money is an integer in minor units, in columns named *_minor. Times are UTC.
-- If you insert a row by hand, you may leave out columns with a default.
-- The SQL works in MariaDB 10.11 and in MySQL 8. Every table has a primary key,
-- because a Galera cluster needs one.
--
-- Every text has its collation here, whatever the server's default: texts for
-- people utf8mb4_unicode_ci, codes of SKUs utf8mb4_bin, and what is ASCII by
-- its nature ascii_bin.

-- The market of this database. The service reads it at every new connection.
CREATE TABLE IF NOT EXISTS market_identity (
  id TINYINT UNSIGNED NOT NULL DEFAULT 1 PRIMARY KEY,
  market VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  CONSTRAINT market_identity_one CHECK (id = 1)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS users (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  phone_number VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  full_name VARCHAR(255) NULL,
  email VARCHAR(255) NULL,
  profile_image_url VARCHAR(500) NULL,
  is_active BOOLEAN NOT NULL DEFAULT 1,
  is_verified BOOLEAN NOT NULL DEFAULT 0,
  -- Tokens issued before this are revoked (NULL: none are).
  tokens_valid_from DATETIME(6) NULL,
  last_login DATETIME(6) NULL,
  created_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
  UNIQUE KEY phone_number (phone_number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS products (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  title VARCHAR(255) NOT NULL,
  image_url VARCHAR(500) NULL,
  is_active BOOLEAN NOT NULL DEFAULT 1,
  created_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS skus (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  product_id BIGINT UNSIGNED NOT NULL,
  sku_code VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  size VARCHAR(20) NOT NULL DEFAULT '',
  color VARCHAR(50) NOT NULL DEFAULT '',
  price_minor BIGINT NOT NULL,
  -- UNSIGNED is the last protection: no statement can make it negative.
  stock INT UNSIGNED NOT NULL DEFAULT 0,
  is_active BOOLEAN NOT NULL DEFAULT 1,
  created_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
  UNIQUE KEY sku_code (sku_code),
  KEY product_id (product_id),
  CONSTRAINT skus_product FOREIGN KEY (product_id) REFERENCES products (id),
  CONSTRAINT skus_price CHECK (price_minor >= 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS cart_items (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  user_id BIGINT UNSIGNED NOT NULL,
  sku_id BIGINT UNSIGNED NOT NULL,
  quantity INT UNSIGNED NOT NULL DEFAULT 1,
  created_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
  UNIQUE KEY user_sku (user_id, sku_id),
  CONSTRAINT cart_items_quantity CHECK (quantity BETWEEN 1 AND 100)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS orders (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  order_number VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_id BIGINT UNSIGNED NOT NULL,
  status ENUM('pending', 'confirmed', 'processing', 'shipped', 'delivered',
    'cancelled', 'returned') NOT NULL DEFAULT 'pending',
  customer_name VARCHAR(255) NOT NULL,
  customer_phone VARCHAR(20) NOT NULL,
  customer_email VARCHAR(255) NULL,
  delivery_address VARCHAR(500) NOT NULL,
  delivery_city VARCHAR(100) NULL,
  delivery_notes VARCHAR(500) NULL,
  payment_method VARCHAR(50) NOT NULL,
  subtotal_minor BIGINT NOT NULL,
  tax_minor BIGINT NOT NULL DEFAULT 0,
  tax_included BOOLEAN NOT NULL DEFAULT 0,
  shipping_minor BIGINT NOT NULL DEFAULT 0,
  total_minor BIGINT NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- The client's Idempotency-Key. For an order without one: a mark made of the
  -- order's content, while the duplicate window may need it. The mark contains
  -- a space, which no client's key can. Unique for each user, so two equal
  -- requests cannot both make an order.
  idempotency_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL,
  -- A hash of the request: the same key with another request is rejected.
  request_hash BINARY(16) NULL,
  created_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
  updated_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
  UNIQUE KEY order_number (order_number),
  UNIQUE KEY user_key (user_id, idempotency_key),
  KEY user_newest (user_id, created_at, id),
  CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Snapshots: an order keeps what was bought, even if the SKU changes later.
-- There is no foreign key to skus. The insert would take a shared lock on the
-- SKU's row, and taking the stock would have to upgrade it: two buyers of one
-- SKU would deadlock.
CREATE TABLE IF NOT EXISTS order_items (
  order_id BIGINT UNSIGNED NOT NULL,
  line_no SMALLINT UNSIGNED NOT NULL,
  sku_id BIGINT UNSIGNED NOT NULL,
  product_name VARCHAR(255) NOT NULL,
  sku_code VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  size VARCHAR(20) NOT NULL DEFAULT '',
  color VARCHAR(50) NOT NULL DEFAULT '',
  unit_price_minor BIGINT NOT NULL,
  quantity INT UNSIGNED NOT NULL,
  total_minor BIGINT NOT NULL,
  PRIMARY KEY (order_id, line_no),
  CONSTRAINT order_items_order FOREIGN KEY (order_id) REFERENCES orders (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS order_status_history (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  order_id BIGINT UNSIGNED NOT NULL,
  old_status VARCHAR(16) NULL,
  new_status VARCHAR(16) NOT NULL,
  changed_by VARCHAR(64) NOT NULL DEFAULT '',
  note VARCHAR(500) NULL,
  created_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
  KEY order_id (order_id),
  CONSTRAINT history_order FOREIGN KEY (order_id) REFERENCES orders (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Every change of stock except sales. Sales are the order lines.
CREATE TABLE IF NOT EXISTS stock_movements (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  sku_id BIGINT UNSIGNED NOT NULL,
  delta INT NOT NULL,
  reason VARCHAR(64) NOT NULL DEFAULT '',
  order_id BIGINT UNSIGNED NULL,
  created_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
  KEY sku_id (sku_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
