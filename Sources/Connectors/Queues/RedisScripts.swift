/// What has to happen at once in Redis. Keys and words are arguments, never part of a text.
enum RedisScripts {
  /// Takes up to as many messages as there are names behind the third word, each with its name in front, into
  /// the list of this reader, and says that it lives.
  ///
  /// Keys: the list, the reader's list, its sign of life, the set of readers. Words: the end of the list, the
  /// life of the sign in milliseconds, the reader, names…
  static let take = """
    redis.call('SET', KEYS[3], ARGV[3], 'PX', ARGV[2])
    redis.call('SADD', KEYS[4], ARGV[3])
    local found = {}
    for i = 4, #ARGV do
      local message
      if ARGV[1] == 'left' then message = redis.call('LPOP', KEYS[1])
      else message = redis.call('RPOP', KEYS[1]) end
      if not message then break end
      local named = 'esteira1 ' .. ARGV[i] .. ' ' .. message
      redis.call('LPUSH', KEYS[2], named)
      found[#found + 1] = named
    end
    return found
    """

  /// Gives the message that a blocking move has put in front of the reader's list its name; null where it is
  /// not there any more.
  static let name = """
    if redis.call('LINDEX', KEYS[1], 0) ~= ARGV[2] then return false end
    local named = 'esteira1 ' .. ARGV[1] .. ' ' .. ARGV[2]
    redis.call('LSET', KEYS[1], 0, named)
    return named
    """

  /// Moves what another reader had in hand to this one, if that one gives no sign of life any more; says how
  /// many. A name in front stays, so that what was stored by then is known.
  ///
  /// Keys: the other's list, its sign of life, the set of readers, this one's list. Word: the other reader.
  static let adopt = """
    if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
    local count = 0
    while true do
      if not redis.call('LMOVE', KEYS[1], KEYS[4], 'RIGHT', 'LEFT') then break end
      count = count + 1
    end
    redis.call('SREM', KEYS[3], ARGV[1])
    return count
    """
}
