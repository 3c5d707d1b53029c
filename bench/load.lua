-- What a browser sends while a slider moves, with another value each time; wrk -s bench/load.lua URL -- CASE.
local threads = 0
local n = 0

function setup(thread)
	thread:set("first", threads * 3571)
	threads = threads + 1
end

function init(args)
	n = first
	path = "/cases/" .. args[1]
	wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
	wrk.headers["HX-Request"] = "true"
	wrk.headers["HX-Current-URL"] = wrk.scheme .. "://" .. wrk.host .. ":" .. wrk.port .. path
	wrk.headers["Sec-Fetch-Site"] = "same-origin"
end

function request()
	n = n + 1
	local middle = 1.2 + ((n * 7919) % 60000) / 100000
	return wrk.format("POST", path .. "/live", nil, string.format("path=hours_saved&low=0.5&middle=%.5f&high=3", middle))
end

function done(summary, latency)
	local e = summary.errors
	io.write(string.format("requests %d, %.0f a second\n", summary.requests, summary.requests / summary.duration * 1e6))
	io.write(string.format("p50 %.0f ms, p95 %.0f ms, p99 %.0f ms, longest %.0f ms\n", latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
	io.write(string.format("errors: %d status, %d connect, %d read, %d write, %d timeout\n", e.status, e.connect, e.read, e.write, e.timeout))
end
