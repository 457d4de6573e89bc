/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The scripts, each of which Redis runs as a whole: what an engine has to do
 * (engine.h) beside commands. Keys, all with the prefix:
 *
 *   PREFIX:meta       epoch, era, replid, settle and grace (their ends, in ms)
 *   PREFIX:last       log ► its last number
 *   PREFIX:joins      log ► "EPOCH:NUMBER ...": where epochs went on from
 *   PREFIX:log:NAME   the stream: o origin, e era, m msgid, k key, d data
 *   PREFIX:done:NODE  counter ► number, of appends and repairs; for a day
 *   PREFIX:repaired:ERA
 *                     "NODE:COUNTER" ► number, of all repairs; for a day
 *   PREFIX:records    key ► "NUMBER+value", or "NUMBER-" when removed
 *   PREFIX:nodes      node ► the end of its lease, in ms
 *   PREFIX:names      name ► "NODE:TOKEN"
 *   PREFIX:held:NODE  its names, so that they go when it does
 *
 * Numbers are "EPOCH-LOW", a stream's ids, as Lua's do not reach 2^62. Keys are
 * made from the prefix, which Redis Cluster would not allow; one log is one
 * stream, and would not gain by it. A script writes nothing before it is sure to
 * write all. Each answers a list that begins with the status as a word.
 */
#include "config.h"

#include "sharedlog/redis-impl.h"

/* ARGV[1] is the prefix; [2], [3] epoch and era, but for EPOCH and WHERE. */
#define HEAD \
	"local P = ARGV[1] .. ':' " \
	"local function now() local t = redis.call('TIME') " \
	"return t[1] * 1000 + math.floor(t[2] / 1000) end " \
	"local function leased(node) " \
	"local t = redis.call('ZSCORE', P .. 'nodes', node) " \
	"return t and tonumber(t) >= now() end " \
	"local function parts(n) local e, l = string.match(n, '^(%d+)-(%d+)$') " \
	"return tonumber(e), tonumber(l) end " \
	"local function above(a, b) local ae, al = parts(a) " \
	"local be, bl = parts(b) " \
	"return ae > be or (ae == be and al > bl) end "
#define FENCE \
	HEAD \
	    "local M = redis.call('HMGET', P .. 'meta', 'epoch', 'era', 'settle', " \
	    "'grace') " \
	    "if M[1] ~= ARGV[2] or M[2] ~= ARGV[3] then return {'FENCED'} end "

/* known epoch, era, fresh era, settle_ms, grace_ms, greatest epoch */
static const char epoch_script[] = HEAD
    "local info = redis.call('INFO', 'replication') "
    "if string.match(info, 'role:(%a+)') ~= 'master' then "
    "return redis.error_reply('READONLY it is a replica') end "
    "local replid = string.match(info, 'master_replid:(%x+)') "
    "local m = redis.call('HMGET', P .. 'meta', 'epoch', 'era', 'replid', "
    "'settle') "
    "local epoch, era, known = tonumber(m[1] or 0), m[2], tonumber(ARGV[2]) "
    "local settle = tonumber(m[4] or 0) "
    "if epoch == 0 or m[3] ~= replid or known > epoch or "
    "(known == epoch and era ~= ARGV[3]) then "
    "epoch = math.max(epoch, known) + 1 "
    "if epoch > tonumber(ARGV[7]) then return {'EXHAUSTED'} end "
    "era = ARGV[4] local t = now() settle = t + tonumber(ARGV[5]) "
    "redis.call('HSET', P .. 'meta', 'epoch', epoch, 'era', era, "
    "'replid', replid, 'settle', string.format('%.0f', settle), "
    "'grace', string.format('%.0f', t + tonumber(ARGV[6]))) end "
    "return {'OK', tostring(epoch), era, "
    "string.format('%.0f', math.max(0, settle - now()))}";

static const char where_script[] = HEAD
    "local m = redis.call('HMGET', P .. 'meta', 'epoch', 'era', 'replid') "
    "local info = redis.call('INFO', 'replication') "
    "if m[3] ~= string.match(info, 'master_replid:(%x+)') then "
    "return {'FENCED'} end "
    "return {'OK', m[1], m[2]}";

/* log, number, origin */
static const char check_script[] = FENCE
    "local n, found = ARGV[5], nil "
    "if n ~= '0-0' then found = redis.call('XRANGE', P .. 'log:' .. ARGV[4], "
    "n, n)[1] end "
    "local epoch = parts(n) "
    "local bound = redis.call('HGET', P .. 'last', ARGV[4]) or '0-0' "
    "local joins = redis.call('HGET', P .. 'joins', ARGV[4]) or '' "
    "local own, later = nil, nil "
    "for e, from in string.gmatch(joins, '(%d+):(%d+-%d+)') do "
    "if tonumber(e) == epoch then own = from end "
    "if tonumber(e) > epoch and not later then later = from end end "
    "if later then bound = later end "
    "if found then for i = 1, #found[2], 2 do "
    "if found[2][i] == 'o' and found[2][i + 1] ~= ARGV[6] then "
    "bound = own or '0-0' end end end "
    "if above(n, bound) then return {'DIVERGED', bound} end "
    "return {'OK'}";

/* log, known number, origin node, counter, msgid, key, data, has data, name,
 * token, expected, entries kept, joins kept */
static const char append_script[] = FENCE
    "local log, known, node, counter = ARGV[4], ARGV[5], ARGV[6], ARGV[7] "
    "local msgid, key, data = ARGV[8], ARGV[9], ARGV[10] "
    "local stream, done = P .. 'log:' .. log, P .. 'done:' .. node "
    "local repaired, origin = P .. 'repaired:' .. M[2], node .. ':' .. counter "
    "local seen = redis.call('HGET', done, counter) "
    "if not seen and msgid ~= '' then "
    "seen = redis.call('HGET', repaired, origin) end "
    "if seen then return {'OK', seen} end "
    "if msgid == '' then "
    "local t = tonumber(M[3]) - now() "
    "if t > 0 then return {'WAIT', string.format('%.0f', t)} end "
    "if ARGV[12] ~= '' then "
    "if not leased(node) then return {'LAPSED'} end "
    "if redis.call('HGET', P .. 'names', ARGV[12]) ~= "
    "node .. ':' .. ARGV[13] then return {'STALE'} end end end "
    "if key ~= '' then "
    "local old = redis.call('HGET', P .. 'records', key) "
    "old = old and string.match(old, '^%d+-%d+') or '0-0' "
    "if msgid == '' then "
    "if ARGV[14] ~= '' and ARGV[14] ~= old then return {'CONFLICT', old} end "
    "elseif not above(msgid, old) then return {'OK', old} end end "
    "local last = redis.call('HGET', P .. 'last', log) "
    "if not last then "
    "local top = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1] "
    "last = top and top[1] or '0-0' end "
    "local epoch, low = parts(last) "
    "if last == '0-0' then low = select(2, parts(known)) end "
    "local id = ARGV[2] .. '-' .. string.format('%.0f', low + 1) "
    "local args = {'XADD', stream, 'MAXLEN', '~', ARGV[15], id, "
    "'o', origin, 'e', M[2]} "
    "if msgid ~= '' and #redis.call('XRANGE', stream, msgid, msgid) > 0 then "
    "msgid = '' end "
    "if msgid ~= '' then args[#args + 1] = 'm' args[#args + 1] = msgid end "
    "if key ~= '' then args[#args + 1] = 'k' args[#args + 1] = key end "
    "if ARGV[11] == '1' then args[#args + 1] = 'd' args[#args + 1] = data end "
    "redis.call(unpack(args)) "
    "redis.call('HSET', P .. 'last', log, id) "
    "redis.call('HSET', done, counter, id) "
    "if ARGV[8] == '' then "
    "redis.call('HDEL', done, string.format('%.0f', tonumber(counter) - 4096)) "
    "else redis.call('EXPIRE', done, 86400) "
    "redis.call('HSET', repaired, origin, id) "
    "redis.call('EXPIRE', repaired, 86400) end "
    "if epoch ~= tonumber(ARGV[2]) then "
    "local joins = redis.call('HGET', P .. 'joins', log) or '' "
    "joins = joins .. ' ' .. ARGV[2] .. ':' .. last "
    "while #joins > tonumber(ARGV[16]) do "
    "joins = string.gsub(joins, '^ [^ ]*', '') end "
    "redis.call('HSET', P .. 'joins', log, joins) end "
    "if key ~= '' then "
    "local number = msgid ~= '' and msgid or id "
    "redis.call('HSET', P .. 'records', key, "
    "number .. (ARGV[11] == '1' and '+' .. data or '-')) end "
    "return {'OK', id}";

/* log, cursor, count */
static const char records_script[] = HEAD
    "local last = redis.call('HGET', P .. 'last', ARGV[2]) or '0-0' "
    "local r = redis.call('HSCAN', P .. 'records', ARGV[3], 'COUNT', ARGV[4]) "
    "return {'OK', last, r[1], r[2]}";

/* node, name, token, is again */
static const char claim_script[] = FENCE
    "local node, name = ARGV[4], ARGV[5] "
    "if not leased(node) then return {'LAPSED'} end "
    "if ARGV[7] ~= '1' then local t = tonumber(M[4]) - now() "
    "if t > 0 then return {'WAIT', string.format('%.0f', t)} end end "
    "local held = redis.call('HGET', P .. 'names', name) "
    "local other = held and string.match(held, '^(%d+):') "
    "if other and other ~= node and leased(other) then "
    "return {'TAKEN', other} end "
    "redis.call('HSET', P .. 'names', name, node .. ':' .. ARGV[6]) "
    "redis.call('SADD', P .. 'held:' .. node, name) "
    "return {'OK'}";

/* node, name, token */
static const char release_script[] = FENCE
    "local node, name = ARGV[4], ARGV[5] "
    "if redis.call('HGET', P .. 'names', name) == node .. ':' .. ARGV[6] then "
    "redis.call('HDEL', P .. 'names', name) "
    "redis.call('SREM', P .. 'held:' .. node, name) end "
    "return {'OK'}";

/* node, lease_ms, how many nodes are told of. One node whose lease has ended is
 * cleared away at a time, with some of its names. */
static const char renew_script[] = FENCE
    "local node, t = ARGV[4], now() "
    "local lapsed = not leased(node) "
    "redis.call('ZADD', P .. 'nodes', string.format('%.0f', "
    "t + tonumber(ARGV[5])), node) "
    "redis.call('EXPIRE', P .. 'done:' .. node, 86400) "
    "local gone = redis.call('ZRANGEBYSCORE', P .. 'nodes', '-inf', "
    "string.format('(%.0f', t), 'LIMIT', 0, 1)[1] "
    "if gone then "
    "local held = redis.call('SPOP', P .. 'held:' .. gone, 256) "
    "for _, name in ipairs(held) do "
    "local v = redis.call('HGET', P .. 'names', name) "
    "if v and string.match(v, '^(%d+):') == gone then "
    "redis.call('HDEL', P .. 'names', name) end end "
    "if #held == 0 then redis.call('ZREM', P .. 'nodes', gone) end end "
    "return {'OK', lapsed and '1' or '0', redis.call('ZRANGEBYSCORE', "
    "P .. 'nodes', string.format('%.0f', t), '+inf', 'LIMIT', 0, ARGV[6])}";

/* node */
static const char resign_script[] = FENCE
    "if redis.call('ZSCORE', P .. 'nodes', ARGV[4]) then "
    "redis.call('ZADD', P .. 'nodes', 0, ARGV[4]) end "
    "return {'OK'}";

const char *
redis_script(enum redis_script script)
{
	switch (script) {
	case REDIS_EPOCH:
		return epoch_script;
	case REDIS_WHERE:
		return where_script;
	case REDIS_CHECK:
		return check_script;
	case REDIS_APPEND:
		return append_script;
	case REDIS_RECORDS:
		return records_script;
	case REDIS_CLAIM:
		return claim_script;
	case REDIS_RELEASE:
		return release_script;
	case REDIS_RENEW:
		return renew_script;
	case REDIS_RESIGN:
		return resign_script;
	case REDIS_SCRIPTS:
		break;
	}
	return "";
}
