-- The account of the service for one market. It may use only this database, and
-- there only what the service does: the statements of src/store/statements.c,
-- column by column. "ordermuxctl grants MARKET" fills in the names. Run its
-- output as an administrator, after the migrations:
--
--	ordermuxctl grants us | mariadb
--
-- Run it again whenever you like, also while the service is running: it sets
-- the password, adds the rights that are missing, and takes away those on whole
-- tables and databases that an older version gave. In the moment in which such
-- a right is replaced by those on columns, a request may get the answer 503.

CREATE USER IF NOT EXISTS @LOGINS@ @REQUIRE@;
ALTER USER @LOGINS@ @REQUIRE@;

REVOKE ALL PRIVILEGES ON *.* FROM @ACCOUNTS@;
-- A REVOKE fails if there is nothing to take away. The name of a database is a
-- pattern here: with and without backslashes.
GRANT SELECT ON @DATABASES@.* TO @ACCOUNTS@;
REVOKE ALL PRIVILEGES ON @DATABASES@.* FROM @ACCOUNTS@;
GRANT SELECT ON @DATABASE@.* TO @ACCOUNTS@;
REVOKE ALL PRIVILEGES ON @DATABASE@.* FROM @ACCOUNTS@;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.table_privileges
    WHERE table_schema = @SCHEMA@ AND table_name = 'market_identity'
    AND grantee IN (@GRANTEES@)
    AND privilege_type NOT IN ('SELECT', 'USAGE')),
  CONCAT(@REVOKE@, 'market_identity', @FROM@), 'DO 0');
GRANT SELECT ON @DATABASE@.market_identity TO @ACCOUNTS@;
PREPARE change_it FROM @change;
EXECUTE change_it;
GRANT SELECT ON @DATABASE@.market_identity TO @ACCOUNTS@;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.table_privileges
    WHERE table_schema = @SCHEMA@ AND table_name = 'schema_version'
    AND grantee IN (@GRANTEES@)
    AND privilege_type NOT IN ('SELECT', 'USAGE')),
  CONCAT(@REVOKE@, 'schema_version', @FROM@), 'DO 0');
GRANT SELECT ON @DATABASE@.schema_version TO @ACCOUNTS@;
PREPARE change_it FROM @change;
EXECUTE change_it;
GRANT SELECT ON @DATABASE@.schema_version TO @ACCOUNTS@;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.table_privileges
    WHERE table_schema = @SCHEMA@ AND table_name = 'products'
    AND grantee IN (@GRANTEES@)
    AND privilege_type NOT IN ('SELECT', 'USAGE')),
  CONCAT(@REVOKE@, 'products', @FROM@), 'DO 0');
GRANT SELECT ON @DATABASE@.products TO @ACCOUNTS@;
PREPARE change_it FROM @change;
EXECUTE change_it;
GRANT SELECT ON @DATABASE@.products TO @ACCOUNTS@;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.table_privileges
    WHERE table_schema = @SCHEMA@ AND table_name = 'skus'
    AND grantee IN (@GRANTEES@)
    AND privilege_type NOT IN ('SELECT', 'USAGE')),
  CONCAT(@REVOKE@, 'skus', @FROM@), 'DO 0');
GRANT SELECT ON @DATABASE@.skus TO @ACCOUNTS@;
PREPARE change_it FROM @change;
EXECUTE change_it;
GRANT SELECT, UPDATE (stock) ON @DATABASE@.skus TO @ACCOUNTS@;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.table_privileges
    WHERE table_schema = @SCHEMA@ AND table_name = 'users'
    AND grantee IN (@GRANTEES@)
    AND privilege_type NOT IN ('SELECT', 'USAGE')),
  CONCAT(@REVOKE@, 'users', @FROM@), 'DO 0');
GRANT SELECT ON @DATABASE@.users TO @ACCOUNTS@;
PREPARE change_it FROM @change;
EXECUTE change_it;
GRANT SELECT,
  INSERT (phone_number, is_verified, last_login, created_at, language),
  UPDATE (full_name, profile_image_url, email, language, is_verified,
    last_login, tokens_valid_from)
  ON @DATABASE@.users TO @ACCOUNTS@;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.table_privileges
    WHERE table_schema = @SCHEMA@ AND table_name = 'cart_items'
    AND grantee IN (@GRANTEES@)
    AND privilege_type NOT IN ('SELECT', 'DELETE', 'USAGE')),
  CONCAT(@REVOKE@, 'cart_items', @FROM@), 'DO 0');
GRANT SELECT ON @DATABASE@.cart_items TO @ACCOUNTS@;
PREPARE change_it FROM @change;
EXECUTE change_it;
GRANT SELECT, INSERT (user_id, sku_id, quantity, created_at),
  UPDATE (quantity), DELETE
  ON @DATABASE@.cart_items TO @ACCOUNTS@;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.table_privileges
    WHERE table_schema = @SCHEMA@ AND table_name = 'orders'
    AND grantee IN (@GRANTEES@)
    AND privilege_type NOT IN ('SELECT', 'USAGE')),
  CONCAT(@REVOKE@, 'orders', @FROM@), 'DO 0');
GRANT SELECT ON @DATABASE@.orders TO @ACCOUNTS@;
PREPARE change_it FROM @change;
EXECUTE change_it;
GRANT SELECT,
  INSERT (user_id, order_number, customer_name, customer_phone,
    customer_email, delivery_address, delivery_city, delivery_state,
    delivery_postcode, delivery_notes, payment_method, subtotal_minor, tax_minor, tax_included, shipping_minor,
    total_minor, currency, idempotency_key, request_hash, created_at,
    updated_at, lines_json),
  UPDATE (status, idempotency_key, updated_at)
  ON @DATABASE@.orders TO @ACCOUNTS@;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.table_privileges
    WHERE table_schema = @SCHEMA@ AND table_name = 'order_items'
    AND grantee IN (@GRANTEES@)
    AND privilege_type NOT IN ('SELECT', 'USAGE')),
  CONCAT(@REVOKE@, 'order_items', @FROM@), 'DO 0');
GRANT SELECT ON @DATABASE@.order_items TO @ACCOUNTS@;
PREPARE change_it FROM @change;
EXECUTE change_it;
GRANT SELECT,
  INSERT (order_id, line_no, sku_id, product_name, sku_code, size, color,
    unit_price_minor, quantity, total_minor)
  ON @DATABASE@.order_items TO @ACCOUNTS@;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.table_privileges
    WHERE table_schema = @SCHEMA@ AND table_name = 'order_status_history'
    AND grantee IN (@GRANTEES@)
    AND privilege_type NOT IN ('SELECT', 'USAGE')),
  CONCAT(@REVOKE@, 'order_status_history', @FROM@), 'DO 0');
GRANT SELECT ON @DATABASE@.order_status_history TO @ACCOUNTS@;
PREPARE change_it FROM @change;
EXECUTE change_it;
GRANT SELECT,
  INSERT (order_id, old_status, new_status, changed_by, note, created_at)
  ON @DATABASE@.order_status_history TO @ACCOUNTS@;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.table_privileges
    WHERE table_schema = @SCHEMA@ AND table_name = 'stock_movements'
    AND grantee IN (@GRANTEES@)
    AND privilege_type NOT IN ('SELECT', 'USAGE')),
  CONCAT(@REVOKE@, 'stock_movements', @FROM@), 'DO 0');
GRANT SELECT ON @DATABASE@.stock_movements TO @ACCOUNTS@;
PREPARE change_it FROM @change;
EXECUTE change_it;
GRANT SELECT,
  INSERT (sku_id, delta, reason, changed_by, note, order_id, created_at)
  ON @DATABASE@.stock_movements TO @ACCOUNTS@;

-- With DELETE: the service removes old rows after a while.
SET @change = IF(EXISTS(SELECT 1 FROM information_schema.table_privileges
    WHERE table_schema = @SCHEMA@ AND table_name = 'login_codes'
    AND grantee IN (@GRANTEES@)
    AND privilege_type NOT IN ('SELECT', 'DELETE', 'USAGE')),
  CONCAT(@REVOKE@, 'login_codes', @FROM@), 'DO 0');
GRANT SELECT ON @DATABASE@.login_codes TO @ACCOUNTS@;
PREPARE change_it FROM @change;
EXECUTE change_it;
GRANT SELECT, INSERT (phone_number, code_hash, created_at, expires_at,
    language),
  UPDATE (wrong_guesses, used_at), DELETE
  ON @DATABASE@.login_codes TO @ACCOUNTS@;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.table_privileges
    WHERE table_schema = @SCHEMA@ AND table_name = 'login_limits'
    AND grantee IN (@GRANTEES@)
    AND privilege_type NOT IN ('SELECT', 'DELETE', 'USAGE')),
  CONCAT(@REVOKE@, 'login_limits', @FROM@), 'DO 0');
GRANT SELECT ON @DATABASE@.login_limits TO @ACCOUNTS@;
PREPARE change_it FROM @change;
EXECUTE change_it;
-- (MariaDB wants the right to update every column of an INSERT ... ON DUPLICATE
-- KEY UPDATE.)
GRANT SELECT, INSERT (scope, subject, window_start, sent),
  UPDATE (scope, subject, window_start, sent), DELETE
  ON @DATABASE@.login_limits TO @ACCOUNTS@;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.table_privileges
    WHERE table_schema = @SCHEMA@ AND table_name = 'outbox'
    AND grantee IN (@GRANTEES@)
    AND privilege_type NOT IN ('SELECT', 'DELETE', 'USAGE')),
  CONCAT(@REVOKE@, 'outbox', @FROM@), 'DO 0');
GRANT SELECT ON @DATABASE@.outbox TO @ACCOUNTS@;
PREPARE change_it FROM @change;
EXECUTE change_it;
GRANT SELECT, INSERT (message_id, kind, payload, expires_at),
  UPDATE (payload, state, attempts, due_at, claimed_by, last_error,
    finished_at), DELETE
  ON @DATABASE@.outbox TO @ACCOUNTS@;

DEALLOCATE PREPARE change_it;

-- Accounts of the same name for other hosts, from an earlier time, keep their
-- rights. This says how to remove them.
SELECT CONCAT('LEFT OVER: if no host uses it any more, run DROP USER ',
    QUOTE(user), '@', QUOTE(host)) AS `account`
  FROM mysql.user WHERE user = @USER@ AND host NOT IN (@HOSTS@);
