#include "CKafka.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

static esteira_kafka_calls calls;
static char why[400];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void *find(void *library, const char *name) {
  void *found = dlsym(library, name);
  if (!found && !why[0]) snprintf(why, sizeof why, "librdkafka is too old: it has no %s", name);
  return found;
}

static void load(void) {
  void *library = dlopen("librdkafka.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *said = dlerror();
    snprintf(why, sizeof why, "%s", said ? said : "librdkafka.so.1 is not there");
    return;
  }
  calls.conf_new = find(library, "rd_kafka_conf_new");
  calls.conf_destroy = find(library, "rd_kafka_conf_destroy");
  calls.conf_set = find(library, "rd_kafka_conf_set");
  calls.conf_set_opaque = find(library, "rd_kafka_conf_set_opaque");
  calls.conf_set_log_cb = find(library, "rd_kafka_conf_set_log_cb");
  calls.conf_set_error_cb = find(library, "rd_kafka_conf_set_error_cb");
  calls.conf_set_dr_msg_cb = find(library, "rd_kafka_conf_set_dr_msg_cb");
  calls.conf_set_connect_cb = find(library, "rd_kafka_conf_set_connect_cb");
  calls.create = find(library, "rd_kafka_new");
  calls.destroy = find(library, "rd_kafka_destroy");
  calls.poll = find(library, "rd_kafka_poll");
  calls.purge = find(library, "rd_kafka_purge");
  calls.poll_set_consumer = find(library, "rd_kafka_poll_set_consumer");
  calls.err2str = find(library, "rd_kafka_err2str");
  calls.error_code = find(library, "rd_kafka_error_code");
  calls.error_destroy = find(library, "rd_kafka_error_destroy");
  calls.produceva = find(library, "rd_kafka_produceva");
  calls.headers_new = find(library, "rd_kafka_headers_new");
  calls.headers_destroy = find(library, "rd_kafka_headers_destroy");
  calls.header_add = find(library, "rd_kafka_header_add");
  calls.header_get_all = find(library, "rd_kafka_header_get_all");
  calls.message_headers = find(library, "rd_kafka_message_headers");
  calls.message_status = find(library, "rd_kafka_message_status");
  calls.message_timestamp = find(library, "rd_kafka_message_timestamp");
  calls.message_destroy = find(library, "rd_kafka_message_destroy");
  calls.topic_name = find(library, "rd_kafka_topic_name");
  calls.subscribe = find(library, "rd_kafka_subscribe");
  calls.consumer_poll = find(library, "rd_kafka_consumer_poll");
  calls.consumer_close = find(library, "rd_kafka_consumer_close");
  calls.assignment = find(library, "rd_kafka_assignment");
  calls.commit = find(library, "rd_kafka_commit");
  calls.pause_partitions = find(library, "rd_kafka_pause_partitions");
  calls.resume_partitions = find(library, "rd_kafka_resume_partitions");
  calls.list_new = find(library, "rd_kafka_topic_partition_list_new");
  calls.list_add = find(library, "rd_kafka_topic_partition_list_add");
  calls.list_find = find(library, "rd_kafka_topic_partition_list_find");
  calls.list_destroy = find(library, "rd_kafka_topic_partition_list_destroy");
  calls.metadata = find(library, "rd_kafka_metadata");
  calls.metadata_destroy = find(library, "rd_kafka_metadata_destroy");
}

const esteira_kafka_calls *esteira_kafka(void) {
  pthread_once(&once, load);
  return why[0] ? NULL : &calls;
}

const char *esteira_kafka_why(void) { return why; }

rd_kafka_resp_err_t esteira_kafka_produce(
  rd_kafka_t *handle, const char *topic, int32_t partition, const void *key, size_t key_length,
  const void *value, size_t value_length, rd_kafka_headers_t *headers) {
  rd_kafka_vu_t words[6] = {
    {.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = topic},
    {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition},
    {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)value, value_length}},
    {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
    {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
    {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)key, key_length}},
  };
  rd_kafka_error_t *error = calls.produceva(handle, words, key ? 6 : 5);
  if (!error) return RD_KAFKA_RESP_ERR_NO_ERROR;
  rd_kafka_resp_err_t code = calls.error_code(error);
  calls.error_destroy(error);
  calls.headers_destroy(headers);
  return code;
}
