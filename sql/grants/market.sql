-- The account of the service for one market. It may use only this database, and
-- there only what the service does. "ordermuxctl grants MARKET" fills in the
-- names. Run its output as an administrator, after the migrations:
--
--	ordermuxctl grants us | mariadb
--
-- If you run it again, it sets the password and adds missing rights; the
-- service may be running. It removes no right, because for a moment the account
-- would have none. To remove rights that are not listed here, stop the service
-- and first run
--
--	REVOKE ALL PRIVILEGES, GRANT OPTION FROM @ACCOUNT@;

CREATE USER IF NOT EXISTS @ACCOUNT@ IDENTIFIED BY @PASSWORD@;
ALTER USER @ACCOUNT@ IDENTIFIED BY @PASSWORD@;

GRANT SELECT ON @DATABASE@.market_identity TO @ACCOUNT@;
GRANT SELECT ON @DATABASE@.schema_version TO @ACCOUNT@;
GRANT SELECT ON @DATABASE@.products TO @ACCOUNT@;
GRANT SELECT, UPDATE (stock) ON @DATABASE@.skus TO @ACCOUNT@;
GRANT SELECT, INSERT, UPDATE ON @DATABASE@.users TO @ACCOUNT@;
GRANT SELECT, INSERT, UPDATE, DELETE ON @DATABASE@.cart_items TO @ACCOUNT@;
GRANT SELECT, INSERT, UPDATE ON @DATABASE@.orders TO @ACCOUNT@;
GRANT SELECT, INSERT ON @DATABASE@.order_items TO @ACCOUNT@;
GRANT SELECT, INSERT ON @DATABASE@.order_status_history TO @ACCOUNT@;
GRANT SELECT, INSERT ON @DATABASE@.stock_movements TO @ACCOUNT@;
-- With DELETE: the service removes old rows after a while.
GRANT SELECT, INSERT, UPDATE, DELETE ON @DATABASE@.login_codes TO @ACCOUNT@;
GRANT SELECT, INSERT, UPDATE, DELETE ON @DATABASE@.login_limits TO @ACCOUNT@;
GRANT SELECT, INSERT, UPDATE, DELETE ON @DATABASE@.outbox TO @ACCOUNT@;
