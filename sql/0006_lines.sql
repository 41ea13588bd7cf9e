-- The lines of an order once more, as JSON beside the order, in the form in
-- which the API shows them. So a list of orders is one range of one table. The
-- amounts and the stock are in order_items: if the two differ, those are right,
-- and "ordermuxctl reconcile" tells. Where the column is NULL, the lines are
-- read from order_items. So this statement changes no row, and takes a moment
-- however large the table is. Older programs do not know the column and do not
-- need it.
--
-- serves: 3

SET @change = IF(EXISTS(SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'orders'
    AND column_name = 'lines_json'), 'DO 0',
  'ALTER TABLE orders ADD COLUMN lines_json VARBINARY(8192) NULL');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;
