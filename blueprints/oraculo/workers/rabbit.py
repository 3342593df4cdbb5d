"""The same worker over RabbitMQ: what `fila.py` does with folders, with queues that outlive the broker's restart.

  oraculo                     the exchange (topic) of all messages
  oraculo.coleta.FONTE        a queue for each source; any number of excavators read it
  oraculo.execucao            the queue of the executors
  oraculo.resultados          both results, for the orchestrator
  QUEUE.mortas                what QUEUE gives up: what is no message, and what was delivered too often

At least once: an order is acknowledged after RabbitMQ has confirmed its answer, whose `message_id` is made from that of
the order, so that an answer which goes twice counts once. A worker keeps nothing between two orders.
"""

import collections
import json
import os
import time
import uuid

import amqp

import mensagem

EXCHANGE, RESULTS, RESULT_KEY = "oraculo", "oraculo.resultados", "resultado"
# A worker that dies over an order gives it back; after so many deliveries it is a dead letter.
MOST_DELIVERIES = 5
PREFETCH = 16
LONGEST_MESSAGE = 4 * 1024 * 1024
HEARTBEAT = 15
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5
BROKEN = (OSError, amqp.exceptions.ConnectionError, amqp.exceptions.ChannelError, amqp.exceptions.AMQPError)


def queue_of(routing_key):
    return RESULTS if routing_key == RESULT_KEY else f"{EXCHANGE}.{routing_key}"


def connect(broker):
    """`broker`: host:port or host:port/vhost. The user is that of RABBIT_USER and RABBIT_PASSWORD."""
    user, password = os.environ.get("RABBIT_USER", "guest"), os.environ.get("RABBIT_PASSWORD", "guest")
    host, _, vhost = broker.partition("/")
    connection = amqp.Connection(
        host=host, userid=user, password=password, virtual_host=vhost or "/", heartbeat=HEARTBEAT,
        confirm_publish=True, connect_timeout=10, read_timeout=60, write_timeout=60)
    connection.connect()
    return connection


def declare(channel, routing_keys):
    """The exchange, and each queue with its queue of dead letters; the same words as Esteira's, where it is first."""
    channel.exchange_declare(EXCHANGE, "topic", durable=True, auto_delete=False)
    for routing_key in [*routing_keys, RESULT_KEY]:
        queue = queue_of(routing_key)
        channel.queue_declare(f"{queue}.mortas", durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
        channel.queue_declare(queue, durable=True, auto_delete=False, arguments={
            "x-queue-type": "quorum", "x-delivery-limit": MOST_DELIVERIES - 1, "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": f"{queue}.mortas"})
        channel.queue_bind(queue, EXCHANGE, routing_key)


def publish(channel, routing_key, body, name, correlation):
    """Returns once RabbitMQ has it."""
    text = body if isinstance(body, (bytes, str)) else json.dumps(body, ensure_ascii=False)
    channel.basic_publish_confirm(
        amqp.Message(text, content_type="application/json", content_encoding="utf-8", delivery_mode=2, message_id=name,
                     correlation_id=correlation), EXCHANGE, routing_key)


class Worker:
    """`work(order)` gives the payload of the answer; `log(name, event, **more)` writes one line of JSON."""

    def __init__(self, options, takes, answers, schema, namespace, work, log):
        self.options, self.takes, self.answers, self.schema = options, takes, answers, schema
        self.namespace, self.work, self.log = namespace, work, log
        self.is_asked_to_end = False

    def end(self, *_):
        self.is_asked_to_end = True

    def run(self, routing_keys):
        """Until it is ended. A broker that is gone is looked for again; what was in hand comes again."""
        pause, has_said = FIRST_PAUSE, False
        while not self.is_asked_to_end:
            try:
                with connect(self.options.broker) as connection:
                    channel, in_hand = connection.channel(), collections.deque()
                    declare(channel, routing_keys)
                    channel.basic_qos(0, PREFETCH, False)
                    for routing_key in routing_keys:
                        # Only put down here: what comes while a confirmation is waited for comes inside that wait.
                        channel.basic_consume(queue_of(routing_key), callback=in_hand.append)
                    if not has_said:
                        print(f"{self.takes}: {', '.join(map(queue_of, routing_keys))}", flush=True)
                    has_said, pause = True, FIRST_PAUSE
                    self.read(connection, channel, in_hand)
            except BROKEN as error:
                if self.is_asked_to_end:
                    return
                self.log(None, "sem broker", nivel="erro", erro=str(error))
                time.sleep(pause)
                pause = min(LONGEST_PAUSE, pause * 2)

    def read(self, connection, channel, in_hand):
        while not self.is_asked_to_end:
            if in_hand:
                self.take(channel, in_hand.popleft())
                continue
            try:
                connection.drain_events(timeout=1)
            except TimeoutError:
                connection.heartbeat_tick()

    def take(self, channel, message):
        name = message.properties.get("message_id")
        try:
            order = self.order(message.body, name)
        except (mensagem.Invalid, ValueError) as fault:
            self.log(name, "mensagem morta", nivel="erro", erro=str(fault))
            return channel.basic_reject(message.delivery_tag, requeue=False)
        correlation, tries = order["correlation_id"], (message.headers or {}).get("x-delivery-count", 0)
        if message.delivery_info.get("redelivered"):
            self.log(name, "tentada de novo", nivel="aviso", correlation_id=correlation, entregas=tries + 1)
        try:
            made = mensagem.message(correlation, self.answers, self.work(order))
            mensagem.check(made, self.schema)
        except Exception as fault:  # of the work, whatever it is: another worker may do better
            self.log(name, "falhou", nivel="erro", correlation_id=correlation, erro=repr(fault))
            return channel.basic_reject(message.delivery_tag, requeue=True)
        key = str(uuid.uuid5(self.namespace, f"{name}/{self.answers}"))
        publish(channel, RESULT_KEY, made, key, correlation)
        channel.basic_ack(message.delivery_tag)
        self.log(name, "respondida", correlation_id=correlation, resposta=key)

    def order(self, body, name):
        if not name:
            raise mensagem.Invalid("it has no message_id, so that its answer could not be told from another")
        if len(body) > LONGEST_MESSAGE:
            raise mensagem.Invalid(f"it has more than {LONGEST_MESSAGE} bytes")
        order = json.loads(body)
        mensagem.check(order, self.schema)
        if order["tipo_evento"] != self.takes:
            raise mensagem.Invalid(f"it is {order['tipo_evento']}, not {self.takes}")
        return order
