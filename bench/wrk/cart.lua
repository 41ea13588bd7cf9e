-- In turn: a SKU into a cart, and an order of the cart.
local bench = dofile(os.getenv("BENCH_WRK") .. "/common.lua")

init = bench.load
request = bench.cart
response = bench.cart_answered
