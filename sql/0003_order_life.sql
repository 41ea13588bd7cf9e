-- The history of an order, and the movements of the stock.
--
-- From here on triggers ensure that every order has a start in its history, and
-- that every SKU has a movement for its initial stock, however the row was
-- inserted or replaced. For existing rows this file adds them. READ COMMITTED
-- makes each of these statements one consistent read that blocks nobody.
--
-- Triggers run in the name of the account that creates them: keep that account.

SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;

-- An order enters each state once at most (the workflow has no circles). If you
-- have duplicate rows, delete them first.
SET @change = IF(EXISTS(SELECT 1 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'order_status_history'
    AND index_name = 'order_status'), 'DO 0',
  'ALTER TABLE order_status_history
    ADD UNIQUE KEY order_status (order_id, new_status), DROP KEY order_id');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- The goods of an order come back at most once. BIGINT is wide enough for any
-- stock.
SET @change = IF(EXISTS(SELECT 1 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'stock_movements'
    AND index_name = 'order_sku'), 'DO 0',
  'ALTER TABLE stock_movements MODIFY delta BIGINT NOT NULL,
    ADD COLUMN changed_by VARCHAR(64) NOT NULL DEFAULT '''' AFTER reason,
    ADD COLUMN note VARCHAR(500) NULL AFTER changed_by,
    ADD UNIQUE KEY order_sku (order_id, sku_id)');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- The staff's list of orders in a state: few rows of very many.
SET @change = IF(EXISTS(SELECT 1 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'orders'
    AND index_name = 'status'), 'DO 0',
  'ALTER TABLE orders ADD KEY status (status, id)');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

CREATE TRIGGER IF NOT EXISTS orders_start AFTER INSERT ON orders
FOR EACH ROW
  INSERT INTO order_status_history (order_id, new_status, changed_by,
    created_at) VALUES (NEW.id, NEW.status, 'customer', NEW.created_at);

CREATE TRIGGER IF NOT EXISTS skus_initial AFTER INSERT ON skus
FOR EACH ROW
  INSERT INTO stock_movements (sku_id, delta, reason)
    VALUES (NEW.id, NEW.stock, 'initial');

CREATE TRIGGER IF NOT EXISTS skus_removed AFTER DELETE ON skus
FOR EACH ROW
  INSERT INTO stock_movements (sku_id, delta, reason)
    VALUES (OLD.id, -CAST(OLD.stock AS SIGNED), 'removed');

-- If an order was moved by hand, its start is the old state of its oldest row.
-- Not if the order went in a circle; reconcile reports that.
INSERT INTO order_status_history (order_id, new_status, changed_by, created_at)
SELECT b.id, b.status, 'customer', b.created_at FROM (SELECT o.id,
    o.created_at, COALESCE((SELECT f.old_status FROM order_status_history f
    WHERE f.order_id = o.id ORDER BY f.created_at, f.id LIMIT 1), o.status)
    AS status FROM orders o
  WHERE NOT EXISTS (SELECT 1 FROM order_status_history h
    WHERE h.order_id = o.id AND h.old_status IS NULL)) b
WHERE NOT EXISTS (SELECT 1 FROM order_status_history c
  WHERE c.order_id = b.id AND c.new_status = b.status);

-- Orders that were cancelled by hand: their goods are already in today's stock,
-- from which the initial stock is calculated below.
INSERT INTO stock_movements (sku_id, delta, reason, order_id)
SELECT i.sku_id, SUM(i.quantity), o.status, o.id FROM orders o
JOIN order_items i ON i.order_id = o.id
WHERE o.status IN ('cancelled', 'returned') AND NOT EXISTS
  (SELECT 1 FROM stock_movements m WHERE m.order_id = o.id)
GROUP BY o.id, o.status, i.sku_id;

-- Initial stock = today's stock + what was sold - all other movements.
INSERT INTO stock_movements (sku_id, delta, reason)
SELECT s.id, s.stock + COALESCE(sold.n, 0) - COALESCE(moved.n, 0), 'initial'
FROM skus s
LEFT JOIN (SELECT sku_id, SUM(quantity) AS n FROM order_items
  GROUP BY sku_id) sold ON sold.sku_id = s.id
LEFT JOIN (SELECT sku_id, SUM(delta) AS n FROM stock_movements
  GROUP BY sku_id) moved ON moved.sku_id = s.id
WHERE NOT EXISTS (SELECT 1 FROM stock_movements m
  WHERE m.sku_id = s.id AND m.reason = 'initial');

-- SKUs that were deleted: add their initial stock and their removal, so that
-- nothing is left of them.
INSERT INTO stock_movements (sku_id, delta, reason)
SELECT g.sku_id, -SUM(g.n), 'initial' FROM (
  SELECT i.sku_id, -CAST(i.quantity AS SIGNED) AS n FROM order_items i
  UNION ALL SELECT m.sku_id, m.delta FROM stock_movements m) g
WHERE NOT EXISTS (SELECT 1 FROM skus s WHERE s.id = g.sku_id)
  AND NOT EXISTS (SELECT 1 FROM stock_movements m
    WHERE m.sku_id = g.sku_id AND m.reason = 'initial')
GROUP BY g.sku_id;

INSERT INTO stock_movements (sku_id, delta, reason)
SELECT i.sku_id, 0, 'removed' FROM stock_movements i
WHERE i.reason = 'initial'
  AND NOT EXISTS (SELECT 1 FROM skus s WHERE s.id = i.sku_id)
  AND NOT EXISTS (SELECT 1 FROM stock_movements r
    WHERE r.sku_id = i.sku_id AND r.reason = 'removed');
