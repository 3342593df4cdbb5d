#pragma once
#include <librdkafka/rdkafka.h>

/// What is called of librdkafka, found when it is first needed.
typedef struct {
  __typeof__(&rd_kafka_conf_new) conf_new;
  __typeof__(&rd_kafka_conf_destroy) conf_destroy;
  __typeof__(&rd_kafka_conf_set) conf_set;
  __typeof__(&rd_kafka_conf_set_opaque) conf_set_opaque;
  __typeof__(&rd_kafka_conf_set_log_cb) conf_set_log_cb;
  __typeof__(&rd_kafka_conf_set_error_cb) conf_set_error_cb;
  __typeof__(&rd_kafka_conf_set_dr_msg_cb) conf_set_dr_msg_cb;
  __typeof__(&rd_kafka_conf_set_connect_cb) conf_set_connect_cb;
  __typeof__(&rd_kafka_new) create;
  __typeof__(&rd_kafka_destroy) destroy;
  __typeof__(&rd_kafka_poll) poll;
  __typeof__(&rd_kafka_purge) purge;
  __typeof__(&rd_kafka_poll_set_consumer) poll_set_consumer;
  __typeof__(&rd_kafka_err2str) err2str;
  __typeof__(&rd_kafka_error_code) error_code;
  __typeof__(&rd_kafka_error_destroy) error_destroy;
  __typeof__(&rd_kafka_produceva) produceva;
  __typeof__(&rd_kafka_headers_new) headers_new;
  __typeof__(&rd_kafka_headers_destroy) headers_destroy;
  __typeof__(&rd_kafka_header_add) header_add;
  __typeof__(&rd_kafka_header_get_all) header_get_all;
  __typeof__(&rd_kafka_message_headers) message_headers;
  __typeof__(&rd_kafka_message_status) message_status;
  __typeof__(&rd_kafka_message_timestamp) message_timestamp;
  __typeof__(&rd_kafka_message_destroy) message_destroy;
  __typeof__(&rd_kafka_topic_name) topic_name;
  __typeof__(&rd_kafka_subscribe) subscribe;
  __typeof__(&rd_kafka_consumer_poll) consumer_poll;
  __typeof__(&rd_kafka_consumer_close) consumer_close;
  __typeof__(&rd_kafka_assignment) assignment;
  __typeof__(&rd_kafka_commit) commit;
  __typeof__(&rd_kafka_pause_partitions) pause_partitions;
  __typeof__(&rd_kafka_resume_partitions) resume_partitions;
  __typeof__(&rd_kafka_topic_partition_list_new) list_new;
  __typeof__(&rd_kafka_topic_partition_list_add) list_add;
  __typeof__(&rd_kafka_topic_partition_list_find) list_find;
  __typeof__(&rd_kafka_topic_partition_list_destroy) list_destroy;
  __typeof__(&rd_kafka_metadata) metadata;
  __typeof__(&rd_kafka_metadata_destroy) metadata_destroy;
} esteira_kafka_calls;

/// Loads the library at the first call; null where it is not there. From any thread.
const esteira_kafka_calls *esteira_kafka(void);
/// Why `esteira_kafka` gave null.
const char *esteira_kafka_why(void);

/// Queues one message, which is copied; `headers` are the library's afterwards, whatever comes of it.
rd_kafka_resp_err_t esteira_kafka_produce(
  rd_kafka_t *handle, const char *topic, int32_t partition, const void *key, size_t key_length,
  const void *value, size_t value_length, rd_kafka_headers_t *headers);
