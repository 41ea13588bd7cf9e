-- Login by phone, and what is to be delivered to people.

-- One row a code that was sent. Only a keyed hash: the code itself is in the
-- sealed payload of its message, until that is delivered.
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
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- How many codes were sent: per client address and hour, per day in all. The
-- row of a phone is only a lock; its codes are counted in login_codes.
CREATE TABLE IF NOT EXISTS login_limits (
  scope ENUM('phone', 'address', 'day') NOT NULL,
  subject VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  window_start DATETIME(6) NOT NULL,
  sent INT UNSIGNED NOT NULL DEFAULT 0,
  PRIMARY KEY (scope, subject, window_start)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- Messages to people and programs outside, written in the transaction of what
-- they are about, delivered by the courier at least once.
CREATE TABLE IF NOT EXISTS outbox (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  -- The same at each try: by it a receiver can tell a repetition.
  message_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- What it is, and so how it is delivered: 'sms'.
  kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- JSON, sealed with the service's key; emptied when it is delivered.
  payload BLOB NOT NULL,
  state ENUM('pending', 'delivered', 'dead') NOT NULL DEFAULT 'pending',
  attempts INT UNSIGNED NOT NULL DEFAULT 0,
  -- Not to be tried before this; while it is being tried, when the claim of
  -- the courier that tries it runs out.
  due_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
  -- Not to be tried any more from this on: a code that has expired.
  expires_at DATETIME(6) NULL,
  -- The courier that tries it now; NULL: none.
  claimed_by VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL,
  last_error VARCHAR(255) NULL,
  created_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
  finished_at DATETIME(6) NULL,
  UNIQUE KEY message_id (message_id),
  KEY due (state, due_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
