-- Where an order goes, more exactly than by its city; and the language that a
-- customer chose. The new columns are NULL in the rows that are there, so each
-- of these statements changes no row, and takes a moment however large a table
-- is. Older programs do not know the columns and do not need them.
--
-- serves: 3

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'orders'
    AND column_name = 'delivery_state'), 'DO 0',
  'ALTER TABLE orders
    ADD COLUMN delivery_state VARCHAR(100) CHARACTER SET utf8mb4
      COLLATE utf8mb4_unicode_ci NULL,
    ADD COLUMN delivery_postcode VARCHAR(20) CHARACTER SET utf8mb4
      COLLATE utf8mb4_unicode_ci NULL');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- A dump that was restored on a server of another default.
SET @change = IF(EXISTS(SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'orders'
    AND column_name IN ('delivery_state', 'delivery_postcode')
    AND collation_name <> 'utf8mb4_unicode_ci'),
  'ALTER TABLE orders
    MODIFY delivery_state VARCHAR(100) CHARACTER SET utf8mb4
      COLLATE utf8mb4_unicode_ci NULL,
    MODIFY delivery_postcode VARCHAR(20) CHARACTER SET utf8mb4
      COLLATE utf8mb4_unicode_ci NULL', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- A language tag such as pt-BR. NULL: the market's own language.
SET @change = IF(EXISTS(SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'users'
    AND column_name = 'language'), 'DO 0',
  'ALTER TABLE users ADD COLUMN language VARCHAR(35)
    CHARACTER SET ascii COLLATE ascii_bin NULL');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'users'
    AND column_name = 'language' AND collation_name <> 'ascii_bin'),
  'ALTER TABLE users MODIFY language VARCHAR(35)
    CHARACTER SET ascii COLLATE ascii_bin NULL', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- The language in which a code was asked for. The login makes it the user's.
SET @change = IF(EXISTS(SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'login_codes'
    AND column_name = 'language'), 'DO 0',
  'ALTER TABLE login_codes ADD COLUMN language VARCHAR(35)
    CHARACTER SET ascii COLLATE ascii_bin NULL');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;
SET @change = IF(EXISTS(SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'login_codes'
    AND column_name = 'language' AND collation_name <> 'ascii_bin'),
  'ALTER TABLE login_codes MODIFY language VARCHAR(35)
    CHARACTER SET ascii COLLATE ascii_bin NULL', 'DO 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;
