-- the newest orders of a customer who has many.
local bench = dofile(os.getenv("BENCH_WRK") .. "/common.lua")

init = bench.load
request = bench.list
