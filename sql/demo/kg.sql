-- Demo data of the market "kg": for tests and examples, not for a shop.
-- Load it into an empty database only. The ids are fixed, because examples use
-- them.

SET NAMES utf8mb4;

-- New customers get ids that the examples do not use.
ALTER TABLE users AUTO_INCREMENT = 1001;

-- All or nothing.
START TRANSACTION;

-- User 10 has the phone number of user 19 in us. There is no user 19 here.
INSERT INTO users (id, phone_number, full_name, email, is_active, is_verified)
VALUES
  (1,  '+996505231255', 'Айгуль Асанова',    'aigul@shop.example', 1, 1),
  (2,  '+996700123456', 'Бакыт Токтогулов',  NULL,                 1, 1),
  (3,  '+996555010203', 'Елена Ким',         'elena@shop.example', 1, 1),
  (4,  '+996777040506', 'Нурлан Жумабеков',  NULL,                 1, 0),
  (5,  '+996500999999', 'Бывший клиент',     NULL,                 0, 1),
  (10, '+13128059851',  'Джон Картер',       NULL,                 1, 1);

INSERT INTO products (id, title, is_active) VALUES
  (1,  'Футболка классическая', 1),
  (2,  'Рубашка Оксфорд',       1),
  (3,  'Худи на молнии',        1),
  (4,  'Джинсы прямые',         1),
  (5,  'Пуховик зимний',        1),
  (6,  'Шапка шерстяная',       1),	-- sold out
  (7,  'Летний костюм',         0),	-- not sold any more
  (20, 'Платье в пол',          1);	-- its SKUs' ids are not in us

-- Twelve of each: SKU (product - 1) * 12 + (color - 1) * 4 + size, so that the
-- T-shirt in black and M is SKU 2. Prices in tyiyn.
INSERT INTO skus (id, product_id, sku_code, size, color, price_minor, stock)
SELECT (p.id - 1) * 12 + (c.n - 1) * 4 + s.n, p.id,
       CONCAT('KG-', p.code, '-', c.code, '-', s.size),
       s.size, c.color, p.price, p.stock
FROM (
  SELECT 1 AS id, 'TEE' AS code, 89000 AS price, 500 AS stock
  UNION ALL SELECT 2,  'OXF',  189000, 300
  UNION ALL SELECT 3,  'HOOD', 245000, 300
  UNION ALL SELECT 4,  'JEAN', 279000, 250
  UNION ALL SELECT 5,  'DOWN', 749050, 120
  UNION ALL SELECT 6,  'HAT',   65000, 0
  UNION ALL SELECT 7,  'SUIT', 399000, 80
  UNION ALL SELECT 20, 'DRES', 329000, 200
) AS p
CROSS JOIN (
  SELECT 1 AS n, 'BLK' AS code, 'Чёрный' AS color
  UNION ALL SELECT 2, 'WHT', 'Белый'
  UNION ALL SELECT 3, 'NVY', 'Синий'
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
SELECT id, IF(sku_code = 'KG-TEE-BLK-L', 9, 0) - CAST(stock AS SIGNED),
       'adjusted'
FROM skus WHERE sku_code IN ('KG-TEE-BLK-L', 'KG-TEE-NVY-XL');
UPDATE skus SET stock = 9 WHERE sku_code = 'KG-TEE-BLK-L';
UPDATE skus SET stock = 0 WHERE sku_code = 'KG-TEE-NVY-XL';
UPDATE skus SET is_active = 0 WHERE sku_code = 'KG-TEE-WHT-XL';

COMMIT;
