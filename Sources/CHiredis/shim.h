#pragma once
#include <hiredis/hiredis.h>

/* A server that announces an array of a thousand million elements makes hiredis ask for their room at once:
 * none that is longer is begun. The library's own functions do the rest; they are the reader's private data. */
enum { esteira_redis_longest_array = 1 << 20 };

static inline const redisReplyObjectFunctions *esteira_redis_own(const redisReadTask *task) {
  return (const redisReplyObjectFunctions *)task->privdata;
}
static inline void *esteira_redis_string(const redisReadTask *task, char *text, size_t length) {
  return esteira_redis_own(task)->createString(task, text, length);
}
static inline void *esteira_redis_array(const redisReadTask *task, int count) {
  if (count > esteira_redis_longest_array) return NULL;
  return esteira_redis_own(task)->createArray(task, count);
}
static inline void *esteira_redis_integer(const redisReadTask *task, long long number) {
  return esteira_redis_own(task)->createInteger(task, number);
}
static inline void *esteira_redis_nil(const redisReadTask *task) {
  return esteira_redis_own(task)->createNil(task);
}

static redisReplyObjectFunctions esteira_redis_functions = {
  esteira_redis_string, esteira_redis_array, esteira_redis_integer, esteira_redis_nil, freeReplyObject,
};

static inline redisReader *esteira_redis_reader(void) {
  redisReader *reader = redisReaderCreate();
  if (reader == NULL) return NULL;
  reader->privdata = reader->fn;
  reader->fn = &esteira_redis_functions;
  return reader;
}
