"""A Kafka of its own: librdkafka's mock cluster. Prints the address of its brokers, then an answer for each line:

`create TOPIC PARTITIONS`, `send TOPIC PARTITION COUNT FIRST`, `text TOPIC VALUE`, `read TOPIC` (all messages there,
as one JSON list), `committed GROUP TOPIC PARTITIONS` (the sum of the offsets), `error API COUNT CODE`. Ends with its
input.
"""
import ctypes as c
import json
import sys

k = c.CDLL("librdkafka.so.1")
P, S = c.c_void_p, c.c_char_p


def call(name, result, *kinds):
    f = getattr(k, name)
    f.restype, f.argtypes = result, list(kinds)
    return f


class Partition(c.Structure):
    _fields_ = [("topic", S), ("partition", c.c_int32), ("offset", c.c_int64), ("metadata", P),
                ("metadata_size", c.c_size_t), ("opaque", P), ("err", c.c_int), ("private", P)]


class Partitions(c.Structure):
    _fields_ = [("count", c.c_int), ("size", c.c_int), ("elems", c.POINTER(Partition))]


class Message(c.Structure):
    _fields_ = [("err", c.c_int), ("rkt", P), ("partition", c.c_int32), ("payload", P), ("len", c.c_size_t),
                ("key", P), ("key_len", c.c_size_t), ("offset", c.c_int64), ("private", P)]


conf_new, conf_set = call("rd_kafka_conf_new", P), call("rd_kafka_conf_set", c.c_int, P, S, S, S, c.c_size_t)
new = call("rd_kafka_new", P, c.c_int, P, S, c.c_size_t)
destroy = call("rd_kafka_destroy", None, P)
mock = call("rd_kafka_handle_mock_cluster", P, P)
bootstraps = call("rd_kafka_mock_cluster_bootstraps", S, P)
topic_create = call("rd_kafka_mock_topic_create", c.c_int, P, S, c.c_int, c.c_int)
push_errors = call("rd_kafka_mock_push_request_errors_array", None, P, c.c_int16, c.c_size_t, c.POINTER(c.c_int))
flush, poll = call("rd_kafka_flush", c.c_int, P, c.c_int), call("rd_kafka_poll", c.c_int, P, c.c_int)
topic_new = call("rd_kafka_topic_new", P, P, S, P)
produce = call("rd_kafka_produce", c.c_int, P, c.c_int32, c.c_int, S, c.c_size_t, P, c.c_size_t, P)
list_new = call("rd_kafka_topic_partition_list_new", c.POINTER(Partitions), c.c_int)
list_add = call("rd_kafka_topic_partition_list_add", P, c.POINTER(Partitions), S, c.c_int32)
committed = call("rd_kafka_committed", c.c_int, P, c.POINTER(Partitions), c.c_int)
assign = call("rd_kafka_assign", c.c_int, P, c.POINTER(Partitions))
consumer_poll = call("rd_kafka_consumer_poll", c.POINTER(Message), P, c.c_int)
message_destroy = call("rd_kafka_message_destroy", None, c.POINTER(Message))
message_headers = call("rd_kafka_message_headers", c.c_int, c.POINTER(Message), c.POINTER(P))
header_all = call("rd_kafka_header_get_all", c.c_int, P, c.c_size_t, c.POINTER(S), c.POINTER(P), c.POINTER(c.c_size_t))


def client(kind, **settings):
    conf, said = conf_new(), c.create_string_buffer(512)
    for name, value in settings.items():
        if conf_set(conf, name.replace("_", ".").encode(), str(value).encode(), said, 512):
            sys.exit(said.value.decode())
    return new(kind, conf, said, 512)


cluster = client(0, test_mock_num_brokers=1)
mocked = mock(cluster)
address = bootstraps(mocked).decode()
producer = client(0, bootstrap_servers=address)
topics, sizes = {}, {}


def send(name, partition, value):
    topic = topics.setdefault(name, topic_new(producer, name.encode(), None))
    while produce(topic, partition, 2, value, len(value), None, 0, None):
        poll(producer, 50)


def copied(start, length):
    return c.string_at(start, length).decode("utf-8", "replace") if start else None


def read(name):
    reader = client(1, bootstrap_servers=address, group_id="reader", enable_partition_eof="true", enable_auto_commit="false")
    parts = list_new(sizes[name])
    for number in range(sizes[name]):
        list_add(parts, name.encode(), number)
        parts.contents.elems[number].offset = -2
    assign(reader, parts)
    found, ended = [], 0
    while ended < sizes[name]:
        message = consumer_poll(reader, 1000)
        if not message:
            continue
        m = message.contents
        if m.err == -191:
            ended += 1
        elif m.err == 0:
            headers, list_, i = {}, P(), 0
            if message_headers(message, c.byref(list_)) == 0:
                key, value, size = S(), P(), c.c_size_t()
                while header_all(list_, i, c.byref(key), c.byref(value), c.byref(size)) == 0:
                    headers[key.value.decode()] = copied(value.value, size.value)
                    i += 1
            found.append({"partition": m.partition, "offset": m.offset, "key": copied(m.key, m.key_len),
                          "value": copied(m.payload, m.len), "headers": headers})
        message_destroy(message)
    destroy(reader)
    return json.dumps(found)


def sum_committed(group, name, count):
    asker = client(1, bootstrap_servers=address, group_id=group)
    parts = list_new(count)
    for number in range(count):
        list_add(parts, name.encode(), number)
    code = committed(asker, parts, 5000)
    total = sum(max(0, parts.contents.elems[i].offset) for i in range(count))
    destroy(asker)
    return str(total if code == 0 else -code)


print(address, flush=True)
for line in sys.stdin:
    word, *rest = line.rstrip("\n").split(" ", 3 if line.startswith("text") else -1)
    answer = "done"
    if word == "create":
        sizes[rest[0]] = int(rest[1])
        topic_create(mocked, rest[0].encode(), int(rest[1]), 1)
    elif word == "send":
        name, partitions, count, first = rest[0], int(rest[1]), int(rest[2]), int(rest[3])
        for n in range(first, first + count):
            send(name, n % partitions, b'{"n": %d}' % n)
        flush(producer, 10000)
    elif word == "text":
        send(rest[0], 0, " ".join(rest[1:]).encode())
        flush(producer, 10000)
    elif word == "read":
        answer = read(rest[0])
    elif word == "committed":
        answer = sum_committed(rest[0], rest[1], int(rest[2]))
    elif word == "error":
        codes = (c.c_int * int(rest[1]))(*[int(rest[2])] * int(rest[1]))
        push_errors(mocked, int(rest[0]), int(rest[1]), codes)
    print(answer, flush=True)
