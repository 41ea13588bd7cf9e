-- The account of one market's service: this database and no other, and in it
-- only what the service does. "ordermuxctl grants MARKET" fills the names in;
-- its output goes to the server as an administrator, after the migrations:
--
--	ordermuxctl grants us | mariadb
--
-- Running it again sets the password anew and adds what is missing, under a
-- service that goes on. It takes nothing back, since for a moment there would be
-- nothing left. To take back what is not here, stop the service, and first run
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
-- With DELETE: what is done with is cleaned up after a while.
GRANT SELECT, INSERT, UPDATE, DELETE ON @DATABASE@.login_codes TO @ACCOUNT@;
GRANT SELECT, INSERT, UPDATE, DELETE ON @DATABASE@.login_limits TO @ACCOUNT@;
GRANT SELECT, INSERT, UPDATE, DELETE ON @DATABASE@.outbox TO @ACCOUNT@;
