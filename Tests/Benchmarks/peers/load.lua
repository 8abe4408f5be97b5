-- Posts the file TURN with AUTHORIZATION again and again; prints what wrk measured as one JSON object (microseconds).
-- With CLAIM set, each request is a PUT of a key that nobody used before.

local function contents(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read("*a")
  file:close()
  return bytes
end

local threads = 0
function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

local claim = os.getenv("CLAIM")
local counter = 0

function init()
  wrk.method = os.getenv("METHOD") or "POST"
  if os.getenv("TURN") then
    wrk.body = contents(os.getenv("TURN"))
    wrk.headers["Content-Type"] = "application/json"
  end
  if os.getenv("AUTHORIZATION") then wrk.headers["Authorization"] = os.getenv("AUTHORIZATION") end
  for name, value in string.gmatch(os.getenv("FIELDS") or "", "([%w-]+)=([^;]+)") do wrk.headers[name] = value end
  if claim then
    request = function()
      counter = counter + 1
      return wrk.format(nil, (string.gsub(claim, "KEY", os.getenv("RUN") .. "-" .. number .. "-" .. counter)))
    end
  end
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '{"requests":%d,"microseconds":%d,"p50":%.0f,"p90":%.0f,"p99":%.0f,"most":%.0f,"refused":%d,"broken":%d,"late":%d,"status":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max,
    e.connect, e.read + e.write, e.timeout, e.status))
end
