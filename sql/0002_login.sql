-- Login by phone, and messages to deliver.

-- One row for each code that was sent, with a keyed hash of the code. The code
-- itself is only in the encrypted payload of its message, until the delivery.
CREATE TABLE IF NOT EXISTS login_codes (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  phone_number VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  code_hash BINARY(32) NOT NULL,
  wrong_guesses TINYINT UNSIGNED NOT NULL DEFAULT 0,
  created_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
  expires_at DATETIME(6) NOT NULL,
  used_at DATETIME(6) NULL,
  KEY phone_newest (phone_number, created_at, id),
  KEY created_at (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- How many codes were sent: per client address and hour, and in total per day.
-- The row of a phone is only a lock; its codes are counted in login_codes.
CREATE TABLE IF NOT EXISTS login_limits (
  scope ENUM('phone', 'address', 'day') NOT NULL,
  subject VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  window_start DATETIME(6) NOT NULL,
  sent INT UNSIGNED NOT NULL DEFAULT 0,
  PRIMARY KEY (scope, subject, window_start)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Messages to people and programs outside. They are written in the transaction
-- that causes them. The courier delivers each at least once.
CREATE TABLE IF NOT EXISTS outbox (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  -- The same in each attempt, so that a receiver can detect repetitions.
  message_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- The kind decides how it is delivered: 'sms'.
  kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- JSON, encrypted with the service's key. Emptied after the delivery.
  payload BLOB NOT NULL,
  state ENUM('pending', 'delivered', 'dead') NOT NULL DEFAULT 'pending',
  attempts INT UNSIGNED NOT NULL DEFAULT 0,
  -- The next attempt, not earlier. During an attempt: when the claim of the
  -- courier ends.
  due_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
  -- No attempt after this, for example because the code has expired.
  expires_at DATETIME(6) NULL,
  -- The courier that is trying now; NULL: none.
  claimed_by VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL,
  last_error VARCHAR(255) NULL,
  created_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
  finished_at DATETIME(6) NULL,
  UNIQUE KEY message_id (message_id),
  KEY due (state, due_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
