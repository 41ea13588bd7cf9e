-- What would be one and the same afterwards, and must not be. Trailing blanks
-- do not count then; in some collations they did.
SELECT CONCAT('SKUs with one code, ', QUOTE(MIN(s.sku_code)), ': ids ',
    GROUP_CONCAT(s.id ORDER BY s.id SEPARATOR ', '))
FROM skus s
GROUP BY CONVERT(s.sku_code USING utf8mb4) COLLATE utf8mb4_bin
HAVING COUNT(*) > 1
UNION ALL
SELECT CONCAT('order ', h.order_id, ' enters the state ',
    QUOTE(MIN(h.new_status)), ' more than once: order_status_history.id ',
    GROUP_CONCAT(h.id ORDER BY h.id SEPARATOR ', '))
FROM order_status_history h
GROUP BY h.order_id,
  CONVERT(h.new_status USING utf8mb4) COLLATE utf8mb4_unicode_ci
HAVING COUNT(*) > 1
