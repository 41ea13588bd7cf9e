-- 3 random SKUs, by any customer.
local bench = dofile(os.getenv("BENCH_WRK") .. "/common.lua")

init = bench.load
request = bench.create
