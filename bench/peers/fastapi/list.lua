-- Asks for BENCH_PATH, each time with the next of the tokens in BENCH_TOKENS: a caller may make 100 requests a
-- second. Without that file it asks without one. BENCH_BODY makes it a POST.
local requests, next_one = {}, 0
local path, body = os.getenv("BENCH_PATH"), os.getenv("BENCH_BODY")

function init(arguments)
  local headers = { ["Host"] = "127.0.0.1" }
  if body then headers["Content-Type"] = "application/json" end
  local file = os.getenv("BENCH_TOKENS")
  if file then
    for token in io.lines(file) do
      headers["Authorization"] = "Bearer " .. token
      requests[#requests + 1] = wrk.format(body and "POST" or "GET", path, headers, body)
    end
  else
    requests[1] = wrk.format("GET", path, headers)
  end
  next_one = math.random(#requests)
end

function request()
  next_one = next_one % #requests + 1
  return requests[next_one]
end

function done(summary, latency, calls)
  io.write(string.format("figures %d %d %d %d %d\n", summary.requests, summary.duration,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
