-- One collation for each text, whatever the default of the server was on which
-- its table was made or restored: texts for people utf8mb4_unicode_ci, codes of
-- SKUs utf8mb4_bin, and what is ASCII by its nature ascii_bin.
--
-- A table in which all is so already is left alone. MariaDB changes the others
-- without a copy, while they are read and written. MySQL 8 copies them, and
-- writes wait.
--
-- serves: 3
--
-- (The mark above is for older programs, see "Going back" in
-- docs/operations.md.)

ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_name = 'market_identity'
    AND table_collation <> 'utf8mb4_unicode_ci')
  OR EXISTS(SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'market_identity'
    AND collation_name <> 'ascii_bin' AND column_name IN (
      'market')),
  'ALTER TABLE market_identity
    MODIFY market VARCHAR(16) COLLATE ascii_bin NOT NULL,
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci',
  'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_name = 'users'
    AND table_collation <> 'utf8mb4_unicode_ci')
  OR EXISTS(SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'users'
    AND collation_name <> 'utf8mb4_unicode_ci' AND column_name IN (
      'full_name', 'email', 'profile_image_url'))
  OR EXISTS(SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'users'
    AND collation_name <> 'ascii_bin' AND column_name IN (
      'phone_number')),
  'ALTER TABLE users
    MODIFY phone_number VARCHAR(20) COLLATE ascii_bin NOT NULL,
    MODIFY full_name VARCHAR(255) COLLATE utf8mb4_unicode_ci NULL,
    MODIFY email VARCHAR(255) COLLATE utf8mb4_unicode_ci NULL,
    MODIFY profile_image_url VARCHAR(500) COLLATE utf8mb4_unicode_ci NULL,
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci',
  'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_name = 'products'
    AND table_collation <> 'utf8mb4_unicode_ci')
  OR EXISTS(SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'products'
    AND collation_name <> 'utf8mb4_unicode_ci' AND column_name IN (
      'title', 'image_url')),
  'ALTER TABLE products
    MODIFY title VARCHAR(255) COLLATE utf8mb4_unicode_ci NOT NULL,
    MODIFY image_url VARCHAR(500) COLLATE utf8mb4_unicode_ci NULL,
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci',
  'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_name = 'skus'
    AND table_collation <> 'utf8mb4_unicode_ci')
  OR EXISTS(SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'skus'
    AND collation_name <> 'utf8mb4_unicode_ci' AND column_name IN (
      'size', 'color'))
  OR EXISTS(SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'skus'
    AND collation_name <> 'utf8mb4_bin' AND column_name IN (
      'sku_code')),
  'ALTER TABLE skus
    MODIFY sku_code VARCHAR(50) COLLATE utf8mb4_bin NOT NULL,
    MODIFY size VARCHAR(20) COLLATE utf8mb4_unicode_ci NOT NULL DEFAULT '''',
    MODIFY color VARCHAR(50) COLLATE utf8mb4_unicode_ci NOT NULL DEFAULT '''',
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci',
  'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_name = 'cart_items'
    AND table_collation <> 'utf8mb4_unicode_ci'),
  'ALTER TABLE cart_items
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci',
  'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_name = 'orders'
    AND table_collation <> 'utf8mb4_unicode_ci')
  OR EXISTS(SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'orders'
    AND collation_name <> 'utf8mb4_unicode_ci' AND column_name IN (
      'customer_name', 'customer_phone', 'customer_email',
      'delivery_address', 'delivery_city', 'delivery_notes',
      'payment_method'))
  OR EXISTS(SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'orders'
    AND collation_name <> 'ascii_bin' AND column_name IN (
      'order_number', 'currency', 'idempotency_key')),
  'ALTER TABLE orders
    MODIFY order_number VARCHAR(32) COLLATE ascii_bin NOT NULL,
    MODIFY customer_name VARCHAR(255) COLLATE utf8mb4_unicode_ci NOT NULL,
    MODIFY customer_phone VARCHAR(20) COLLATE utf8mb4_unicode_ci NOT NULL,
    MODIFY customer_email VARCHAR(255) COLLATE utf8mb4_unicode_ci NULL,
    MODIFY delivery_address VARCHAR(500) COLLATE utf8mb4_unicode_ci NOT NULL,
    MODIFY delivery_city VARCHAR(100) COLLATE utf8mb4_unicode_ci NULL,
    MODIFY delivery_notes VARCHAR(500) COLLATE utf8mb4_unicode_ci NULL,
    MODIFY payment_method VARCHAR(50) COLLATE utf8mb4_unicode_ci NOT NULL,
    MODIFY currency CHAR(3) COLLATE ascii_bin NOT NULL,
    MODIFY idempotency_key VARCHAR(255) COLLATE ascii_bin NULL,
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci',
  'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_name = 'order_items'
    AND table_collation <> 'utf8mb4_unicode_ci')
  OR EXISTS(SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'order_items'
    AND collation_name <> 'utf8mb4_unicode_ci' AND column_name IN (
      'product_name', 'size', 'color'))
  OR EXISTS(SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'order_items'
    AND collation_name <> 'utf8mb4_bin' AND column_name IN (
      'sku_code')),
  'ALTER TABLE order_items
    MODIFY product_name VARCHAR(255) COLLATE utf8mb4_unicode_ci NOT NULL,
    MODIFY sku_code VARCHAR(50) COLLATE utf8mb4_bin NOT NULL,
    MODIFY size VARCHAR(20) COLLATE utf8mb4_unicode_ci NOT NULL DEFAULT '''',
    MODIFY color VARCHAR(50) COLLATE utf8mb4_unicode_ci NOT NULL DEFAULT '''',
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci',
  'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_name = 'order_status_history'
    AND table_collation <> 'utf8mb4_unicode_ci')
  OR EXISTS(SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'order_status_history'
    AND collation_name <> 'utf8mb4_unicode_ci' AND column_name IN (
      'old_status', 'new_status', 'changed_by', 'note')),
  'ALTER TABLE order_status_history
    MODIFY old_status VARCHAR(16) COLLATE utf8mb4_unicode_ci NULL,
    MODIFY new_status VARCHAR(16) COLLATE utf8mb4_unicode_ci NOT NULL,
    MODIFY changed_by VARCHAR(64) COLLATE utf8mb4_unicode_ci NOT NULL DEFAULT '''',
    MODIFY note VARCHAR(500) COLLATE utf8mb4_unicode_ci NULL,
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci',
  'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_name = 'stock_movements'
    AND table_collation <> 'utf8mb4_unicode_ci')
  OR EXISTS(SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'stock_movements'
    AND collation_name <> 'utf8mb4_unicode_ci' AND column_name IN (
      'reason', 'changed_by', 'note')),
  'ALTER TABLE stock_movements
    MODIFY reason VARCHAR(64) COLLATE utf8mb4_unicode_ci NOT NULL DEFAULT '''',
    MODIFY changed_by VARCHAR(64) COLLATE utf8mb4_unicode_ci NOT NULL DEFAULT '''',
    MODIFY note VARCHAR(500) COLLATE utf8mb4_unicode_ci NULL,
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci',
  'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_name = 'login_codes'
    AND table_collation <> 'utf8mb4_unicode_ci')
  OR EXISTS(SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'login_codes'
    AND collation_name <> 'ascii_bin' AND column_name IN (
      'phone_number')),
  'ALTER TABLE login_codes
    MODIFY phone_number VARCHAR(20) COLLATE ascii_bin NOT NULL,
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci',
  'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_name = 'login_limits'
    AND table_collation <> 'utf8mb4_unicode_ci')
  OR EXISTS(SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'login_limits'
    AND collation_name <> 'ascii_bin' AND column_name IN (
      'subject')),
  'ALTER TABLE login_limits
    MODIFY subject VARCHAR(64) COLLATE ascii_bin NOT NULL,
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci',
  'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_name = 'outbox'
    AND table_collation <> 'utf8mb4_unicode_ci')
  OR EXISTS(SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'outbox'
    AND collation_name <> 'utf8mb4_unicode_ci' AND column_name IN (
      'last_error'))
  OR EXISTS(SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'outbox'
    AND collation_name <> 'ascii_bin' AND column_name IN (
      'message_id', 'kind', 'claimed_by')),
  'ALTER TABLE outbox
    MODIFY message_id CHAR(32) COLLATE ascii_bin NOT NULL,
    MODIFY kind VARCHAR(32) COLLATE ascii_bin NOT NULL,
    MODIFY claimed_by VARCHAR(128) COLLATE ascii_bin NULL,
    MODIFY last_error VARCHAR(255) COLLATE utf8mb4_unicode_ci NULL,
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci',
  'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_name = 'schema_version'
    AND table_collation <> 'utf8mb4_unicode_ci')
  OR EXISTS(SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'schema_version'
    AND collation_name <> 'utf8mb4_unicode_ci' AND column_name IN (
      'name')),
  'ALTER TABLE schema_version
    MODIFY name VARCHAR(255) COLLATE utf8mb4_unicode_ci NOT NULL DEFAULT '''',
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci',
  'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- States. To change their collation, MariaDB too must copy the table, and
-- writes wait. So this is only done in a table of few rows; no statement of the
-- service needs it.

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'orders'
    AND column_name = 'status' AND collation_name <> 'utf8mb4_unicode_ci')
  AND (SELECT COUNT(*) FROM (SELECT 1 FROM orders LIMIT 10001)
    few) <= 10000,
  'ALTER TABLE orders MODIFY status ENUM(''pending'', ''confirmed'',
    ''processing'', ''shipped'', ''delivered'', ''cancelled'', ''returned'')
    COLLATE utf8mb4_unicode_ci NOT NULL DEFAULT ''pending''',
  'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'login_limits'
    AND column_name = 'scope' AND collation_name <> 'utf8mb4_unicode_ci')
  AND (SELECT COUNT(*) FROM (SELECT 1 FROM login_limits LIMIT 10001)
    few) <= 10000,
  'ALTER TABLE login_limits MODIFY scope ENUM(''phone'', ''address'', ''day'')
    COLLATE utf8mb4_unicode_ci NOT NULL',
  'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'outbox'
    AND column_name = 'state' AND collation_name <> 'utf8mb4_unicode_ci')
  AND (SELECT COUNT(*) FROM (SELECT 1 FROM outbox LIMIT 10001)
    few) <= 10000,
  'ALTER TABLE outbox MODIFY state ENUM(''pending'', ''delivered'', ''dead'')
    COLLATE utf8mb4_unicode_ci NOT NULL DEFAULT ''pending''',
  'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;
