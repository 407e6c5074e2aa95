"""The steps of a Redis stream's writer that must happen as one: Lua, run inside the server.

KEYS[1] is the stream, KEYS[2] the writer's mark, "{fence}:{run id of the server}". The mark goes when Redis is flushed
and disagrees when Redis was restarted, be it with an old or an empty append-only file: either way the writer learns
before its next entry that Redis may have forgotten some. The last id of the stream tells what the mark cannot, that
the stream alone is gone.
"""

_STATE = """
local function run_id()
  return string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
end
local function mark()
  local fence, run = string.match(redis.call('GET', KEYS[2]) or '', '^(%d+):(%w+)$')
  return tonumber(fence), run
end
local function last_id()
  if redis.call('EXISTS', KEYS[1]) == 0 then return 0, 0 end
  local info = redis.call('XINFO', 'STREAM', KEYS[1])
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      local fence, seq = string.match(info[i + 1], '^(%d+)-(%d+)$')
      return tonumber(fence), tonumber(seq)
    end
  end
end
local function misses(last_fence, last_seq, after_fence, after_seq)
  return last_fence < after_fence or (last_fence == after_fence and last_seq < after_seq)
end
"""

APPEND = (
    _STATE
    + """
local fence = tonumber(ARGV[1])
local marked, run = mark()
local last_fence, last_seq = last_id()
local seen = math.max(marked or 0, last_fence)
if seen > fence then return {'fenced', seen} end
if marked ~= fence or run ~= run_id() or misses(last_fence, last_seq, tonumber(ARGV[2]), tonumber(ARGV[3])) then
  return {'forgotten', seen}
end
local first = false
for i = 4, #ARGV, 4 do
  local id = redis.call('XADD', KEYS[1], ARGV[1] .. '-*', 'event_id', ARGV[i], 'aggregate_id', ARGV[i + 1],
    'payload', ARGV[i + 2], 'traceparent', ARGV[i + 3])
  first = first or id
end
return {'ok', first}
"""
)
"""ARGV: fence, the last id known to be there (two numbers), then four fields for each entry."""

TAKE = (
    _STATE
    + """
local fence = tonumber(ARGV[1])
local marked, run = mark()
local last_fence, last_seq = last_id()
local seen = math.max(marked or 0, last_fence)
if seen > fence then return {'fenced', seen} end
if run ~= run_id() or misses(last_fence, last_seq, tonumber(ARGV[2]), tonumber(ARGV[3])) then
  return {'forgotten', seen}
end
redis.call('SET', KEYS[2], ARGV[1] .. ':' .. run)
return {'ok', false}
"""
)
"""ARGV: fence, the last id known to be there."""

RESTART = (
    _STATE
    + """
local fence = tonumber(ARGV[1])
local marked = mark() or 0
if marked > fence then return {'fenced', marked} end
local last_fence, last_seq = last_id()
if last_fence > 0 or last_seq > 0 then redis.call('UNLINK', KEYS[1]) end
redis.call('SET', KEYS[2], ARGV[1] .. ':' .. run_id())
return {'ok', false}
"""
)
"""ARGV: fence. A stream that nothing was ever added to stays, for the sake of groups that were just created."""
