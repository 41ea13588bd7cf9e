-- one order of such a customer.
local bench = dofile(os.getenv("BENCH_WRK") .. "/common.lua")

init = bench.load
request = bench.detail
