-- 30 % create, 35 % list, 35 % detail.
local bench = dofile(os.getenv("BENCH_WRK") .. "/common.lua")

init = bench.load

function request()
	local n = math.random(100)

	if n <= 30 then
		return bench.create()
	end
	return n <= 65 and bench.list() or bench.detail()
end
