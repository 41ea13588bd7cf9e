-- Demo data of the market "us": for tests and examples, not for a shop.
-- Load it into an empty database only. The ids are fixed, because examples use
-- them.

SET NAMES utf8mb4;

-- New customers get ids that the examples do not use.
ALTER TABLE users AUTO_INCREMENT = 1001;

-- All or nothing.
START TRANSACTION;

-- User 19 has the phone number of user 10 in kg.
INSERT INTO users (id, phone_number, full_name, email, is_active, is_verified)
VALUES
  (1,  '+12025550101', 'Alice Nguyen',   'alice@shop.example', 1, 1),
  (2,  '+12025550102', 'Robert Miller',  NULL,                 1, 1),
  (3,  '+13055550103', 'Maria Gonzalez', 'maria@shop.example', 1, 1),
  (4,  '+19075550104', 'Tom Sanders',    NULL,                 1, 0),
  (5,  '+12025550105', 'Former Customer', NULL,                0, 1),
  (19, '+13128059851', 'John Carter',    'john@shop.example',  1, 1);

INSERT INTO products (id, title, is_active) VALUES
  (1, 'Classic T-Shirt',  1),
  (2, 'Oxford Shirt',     1),
  (3, 'Zip Hoodie',       1),
  (4, 'Straight Jeans',   1),
  (5, 'Running Shorts',   1),
  (6, 'Rain Jacket',      1),
  (7, 'Wool Beanie Set',  1),	-- sold out
  (8, 'Summer Linen Set', 0);	-- not sold any more

-- Twelve of each: SKU (product - 1) * 12 + (color - 1) * 4 + size, so that the
-- T-shirt in black and M is SKU 2. Prices in cents.
INSERT INTO skus (id, product_id, sku_code, size, color, price_minor, stock)
SELECT (p.id - 1) * 12 + (c.n - 1) * 4 + s.n, p.id,
       CONCAT('US-', p.code, '-', c.code, '-', s.size),
       s.size, c.color, p.price, p.stock
FROM (
  SELECT 1 AS id, 'TEE' AS code, 2499 AS price, 500 AS stock
  UNION ALL SELECT 2, 'OXF',  5900, 300
  UNION ALL SELECT 3, 'HOOD', 6450, 300
  UNION ALL SELECT 4, 'JEAN', 7995, 250
  UNION ALL SELECT 5, 'SHRT', 3499, 400
  UNION ALL SELECT 6, 'RAIN', 12900, 120
  UNION ALL SELECT 7, 'BEAN', 1999, 0
  UNION ALL SELECT 8, 'LIN',  8900, 80
) AS p
CROSS JOIN (
  SELECT 1 AS n, 'BLK' AS code, 'Black' AS color
  UNION ALL SELECT 2, 'WHT', 'White'
  UNION ALL SELECT 3, 'NVY', 'Navy'
) AS c
CROSS JOIN (
  SELECT 1 AS n, 'S' AS size
  UNION ALL SELECT 2, 'M'
  UNION ALL SELECT 3, 'L'
  UNION ALL SELECT 4, 'XL'
) AS s;

-- A SKU with few left, one with none left, and one that is no longer sold. A
-- stock changes together with its movement.
INSERT INTO stock_movements (sku_id, delta, reason)
SELECT id, IF(sku_code = 'US-TEE-BLK-L', 9, 0) - CAST(stock AS SIGNED),
       'adjusted'
FROM skus WHERE sku_code IN ('US-TEE-BLK-L', 'US-TEE-NVY-XL');
UPDATE skus SET stock = 9 WHERE sku_code = 'US-TEE-BLK-L';
UPDATE skus SET stock = 0 WHERE sku_code = 'US-TEE-NVY-XL';
UPDATE skus SET is_active = 0 WHERE sku_code = 'US-TEE-WHT-XL';

COMMIT;
