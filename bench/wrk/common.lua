-- common.lua: what the scenarios share: customers, requests, and the lines that
-- load.py reads at the end. wrk runs one copy in each of its threads.
--
-- BENCH_USERS is a file of users.py: "market user-id token order,order,...".
-- BENCH_THREADS is the number of wrk's threads. The numbers below are those of
-- lib/bench/users.py.

local M = {}

local FIRST, SKUS, LIMIT = 1000001, 1000, 20
local THREADS = tonumber(os.getenv("BENCH_THREADS"))
local threads = {}
local users, readers = {}, {}
local mine = {}                 -- of this thread alone
local path, count = "", 0
local random = math.random

function setup(thread)
	threads[#threads + 1] = thread
	thread:set("bench_thread", #threads)
	thread:set("bench_start", os.time())
end

-- The head of a user's requests, and the whole of those that never change.
local function prepare(market, id, token, orders)
	local head = " HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port ..
	    "\r\nAuthorization: Bearer " .. token .. "\r\n"
	local user = { market = market, id = tonumber(id), head = head,
	    orders = {} }
	for order in orders:gmatch("%d+") do
		user.orders[#user.orders + 1] = order
	end
	users[#users + 1] = user
	-- The file has the markets in turn.
	if math.floor(#users / 2) % THREADS == bench_thread - 1 then
		mine[#mine + 1] = user
	end
	if #user.orders > 0 then
		readers[#readers + 1] = user
		user.list = "GET " .. path .. "/orders?limit=" .. LIMIT ..
		    head .. "\r\n"
	end
end

function M.load()
	math.randomseed(bench_start * 64 + bench_thread)
	path = wrk.path:gsub("/+$", "")
	for line in io.lines(os.getenv("BENCH_USERS")) do
		prepare(line:match("^(%S+) (%d+) (%S+) (%S+)$"))
	end
	assert(#readers > 0, "no user has orders")
	bench_loaded = os.clock()
end

local function any(list)
	return list[random(#list)]
end

local function post(user, where, body)
	return "POST " .. path .. where .. user.head ..
	    "Content-Type: application/json\r\nContent-Length: " .. #body ..
	    "\r\n\r\n" .. body
end

-- The body of an order. The notes make each one different: the same order
-- twice within a minute is one order. client.py makes the same body.
local function order_body(user, goods)
	local n = user.id - FIRST
	local kg = user.market == "kg"

	count = count + 1
	return string.format('{"customer_name":"User %d",' ..
	    '"customer_phone":"%s%06d",' ..
	    '"customer_email":"user%d@shop.example",' ..
	    '"delivery_address":"100 Main Street, apt %d",' ..
	    '"delivery_city":"%s","delivery_notes":"order %d-%d-%d",' ..
	    '"payment_method":"card",%s}', n, kg and "+996700" or "+13125", n,
	    n, n % 200, kg and "Bishkek" or "New York", bench_start,
	    bench_thread, count, goods)
end

local function items(a, b, c)
	return string.format('"items":[{"sku_id":%d,"quantity":%d},' ..
	    '{"sku_id":%d,"quantity":%d},{"sku_id":%d,"quantity":%d}]',
	    FIRST + a, random(3), FIRST + b, random(3), FIRST + c, random(3))
end

-- ---- requests

function M.list()
	return any(readers).list
end

function M.detail()
	local user = any(readers)

	return "GET " .. path .. "/orders/" .. any(user.orders) .. user.head ..
	    "\r\n"
end

function M.create()
	local user = any(users)
	local a = random(SKUS) - 1
	-- Three different ones.
	local b = (a + random(SKUS / 2 - 1)) % SKUS
	local c = (a + SKUS / 2 + random(SKUS / 2 - 1)) % SKUS

	return post(user, "/orders/create", order_body(user, items(a, b, c)))
end

function M.hot()
	local user = any(users)

	return post(user, "/orders/create", order_body(user, items(0, 1, 2)))
end

-- A cart is ordered when the answer to its filling is there. The answer names
-- the user. Each thread has users of its own, so no cart is used twice at once.
local filled, by_name, turn = {}, nil, 0

function M.cart()
	local user = table.remove(filled)

	if user then
		return post(user, "/orders/create",
		    order_body(user, '"use_cart":true'))
	end
	turn = turn % #mine + 1
	return post(mine[turn], "/cart/items", string.format(
	    '{"sku_id":%d,"quantity":%d}', FIRST + random(SKUS) - 1,
	    random(3)))
end

-- Users of two markets may have the same id; their currencies differ.
local function names()
	local found = {}

	for _, user in ipairs(mine) do
		found[(user.market == "kg" and "KGS" or "USD") .. user.id] =
		    user
	end
	return found
end

function M.cart_answered(status, headers, body)
	if status ~= 200 or not body:find('"total_items"', 1, true) then
		return
	end
	by_name = by_name or names()
	filled[#filled + 1] = by_name[body:match('"currency":"(%u+)"') ..
	    body:match('"user_id":(%d+)')]
end

-- ---- the end

function done(summary, latency)
	-- The processor time of the process without its begin and its end.
	local ended, loaded = os.clock(), 0
	local e = summary.errors
	local words = {}

	for _, thread in ipairs(threads) do
		loaded = math.max(loaded, thread:get("bench_loaded"))
	end
	io.write(string.format("bench requests=%d duration_us=%d " ..
	    "client_us=%d status=%d connect=%d read=%d write=%d timeout=%d\n",
	    summary.requests - e.status, summary.duration,
	    (ended - loaded) * 1e6,
	    e.status, e.connect, e.read, e.write, e.timeout))
	for i = 1, #latency do
		words[i] = string.format("%d:%d", latency(i))
	end
	io.write("bench latency ", table.concat(words, " "), "\n")
end

return M
