import Engine
import Foundation
import Model

@testable import Connectors

extension Refused {
  static let brokers: [Refused] =
    addresses("redis.command", "redis", ["command": "GET", "arguments": ["a"]]) + commands
    + addresses("amqp.publish", "amqp", ["routing_key": "q", "body": 1]) + publications("amqp.publish")
    + addresses("amqp.request", "amqp", ["routing_key": "q", "body": 1]) + publications("amqp.request")
    + requests + tasks + kafka

  private static func place(
    _ kind: String, _ address: JSON, allow: [String] = ["127.0.0.0/8"]
  ) -> Connection {
    Connection(namespace: "demo", name: "broker", kind: kind, address: address, allowedEgress: allow)
  }

  /// Nobody listens on port 1.
  private static func addresses(_ name: String, _ kind: String, _ with: JSON) -> [Refused] {
    func refused(
      _ why: String, _ errorClass: ErrorClass, _ code: String, _ address: JSON, kind other: String? = nil,
      allow: [String] = ["127.0.0.0/8"], _ credential: Credential? = nil
    ) -> Refused {
      Refused(
        name, why, with, errorClass, code, connection: place(other ?? kind, address, allow: allow),
        credential: credential)
    }
    let bearer = Credential(name: "c", type: "bearer", values: [("token", Secret("t"))])
    let half = Credential(name: "c", type: "basic", values: [("username", Secret("u"))])
    return [
      Refused(name, "no connection", with, .configuration, "invalid-connection"),
      refused(
        "a connection of another kind", .configuration, "invalid-connection", ["url": "http://h"],
        kind: "http"),
      refused("an address without a url", .configuration, "invalid-connection", [:]),
      refused(
        "an unknown member", .configuration, "invalid-connection", ["url": .string("\(kind)://h"), "x": 1]),
      refused("another scheme", .configuration, "invalid-connection", ["url": "ftp://h"]),
      refused(
        "a password in the url", .configuration, "invalid-connection", ["url": .string("\(kind)://u:p@h")]),
      refused("a private address", .configuration, "egress-refused", ["url": .string("\(kind)://10.0.0.1")]),
      refused(
        "a block that is none", .configuration, "invalid-connection", ["url": .string("\(kind)://h")],
        allow: ["x"]),
      refused("nobody who listens", .transient, "unreachable", ["url": .string("\(kind)://127.0.0.1:1")]),
      refused(
        "a credential of another type", .credential, "unusable-credential",
        ["url": .string("\(kind)://127.0.0.1:1")], bearer),
      refused(
        "a credential without its password", .credential, "unusable-credential",
        ["url": .string("\(kind)://127.0.0.1:1")], half),
    ]
  }

  private static let kafka: [Refused] = {
    let with: JSON = ["topic": "t", "value": 1, "timeout": "2s"]
    func refused(
      _ why: String, _ address: JSON, _ errorClass: ErrorClass = .configuration,
      _ code: String = "invalid-connection", allow: [String] = ["127.0.0.0/8"],
      _ credential: Credential? = nil
    ) -> Refused {
      Refused(
        "kafka.publish", why, with, errorClass, code, connection: place("kafka", address, allow: allow),
        credential: credential)
    }
    let dead: JSON = ["brokers": ["127.0.0.1:1"], "security": "none"]
    let bearer = Credential(name: "c", type: "bearer", values: [("token", Secret("t"))])
    return [
      Refused("kafka.publish", "no topic", ["value": 1]),
      Refused("kafka.publish", "no value", ["topic": "t"]),
      Refused(
        "kafka.publish", "a topic that is no name", ["topic": "a b", "value": 1],
        connection: place("kafka", dead)),
      Refused("kafka.publish", "a header that is a list", ["topic": "t", "value": 1, "headers": ["a": [1]]]),
      Refused("kafka.publish", "no connection", with, .configuration, "invalid-connection"),
      refused("more brokers than 20", ["brokers": .array((1...21).map { .string("h\($0):9092") })]),
      refused("no broker", ["brokers": []]), refused("a broker without a port", ["brokers": ["host"]]),
      refused("a broker with a setting behind it", ["brokers": ["h:9092\nssl.key.location=/etc/shadow"]]),
      refused("an unknown member", ["brokers": ["h:9092"], "ssl.ca.location": "/x"]),
      refused("an unknown security", ["brokers": ["h:9092"], "security": "maybe"]),
      refused("a login of another kind", ["brokers": ["h:9092"], "sasl": "gssapi"]),
      refused("nobody who listens", dead, .transient, "unreachable"),
      refused("a private address", dead, .configuration, "egress-refused", allow: []),
      refused("a credential of another type", dead, .credential, "unusable-credential", bearer),
    ]
  }()

  private static let commands: [Refused] = [
    Refused("redis.command", "no command", [:]),
    Refused("redis.command", "a command in small letters", ["command": "get"]),
    Refused("redis.command", "an argument that is a map", ["command": "GET", "arguments": [["a": 1]]]),
    Refused("redis.command", "a command that waits", ["command": "BLPOP"], .configuration),
    Refused("redis.command", "a command that changes the connection", ["command": "SELECT"], .configuration),
    Refused(
      "redis.command", "a database that is no number", ["command": "GET"], .configuration,
      "invalid-connection",
      connection: place("redis", ["url": "redis://127.0.0.1:1/cache"])),
  ]

  private static func publications(_ name: String) -> [Refused] {
    [
      Refused(name, "no routing key", ["body": 1]), Refused(name, "no body", ["routing_key": "q"]),
      Refused(name, "a priority of none", ["routing_key": "q", "body": 1, "priority": 256]),
      Refused(
        name, "a time that is none", ["routing_key": "q", "body": 1, "expires": "soon"],
        connection: place("amqp", ["url": "amqp://127.0.0.1:1"])),
    ]
  }

  private static let requests: [Refused] = [
    Refused("amqp.request", "an answer of another kind", ["routing_key": "q", "body": 1, "answer": "xml"])
  ]

  private static func task(
    _ why: String, _ with: JSON, _ errorClass: ErrorClass = .data, _ code: String = "invalid-with",
    _ address: JSON = ["broker": "redis://127.0.0.1:1", "backend": "redis://127.0.0.1:1"],
    kind: String = "celery"
  ) -> Refused {
    Refused("celery.task", why, with, errorClass, code, connection: place(kind, address))
  }

  private static let tasks: [Refused] = [
    task("no task", [:]), task("arguments that are no list", ["task": "t", "args": 1]),
    task("a priority of none", ["task": "t", "priority": 10]),
    task("a time that is none", ["task": "t", "eta": "tomorrow"]),
    task("a delay that is none", ["task": "t", "delay": "soon"]),
    task(
      "a connection of Redis", ["task": "t"], .configuration, "invalid-connection", [:], kind: "redis"),
    task("no backend", ["task": "t"], .configuration, "invalid-connection", ["broker": "redis://h"]),
    task(
      "results over rpc from Redis", ["task": "t"], .configuration, "invalid-connection",
      ["broker": "redis://h", "backend": "rpc"]),
    task(
      "results in RabbitMQ by another way", ["task": "t"], .configuration, "invalid-connection",
      ["broker": "amqp://h", "backend": "amqp://h"]),
    task(
      "a private broker", ["task": "t"], .configuration, "egress-refused",
      ["broker": "redis://10.0.0.1", "backend": "redis://10.0.0.1"]),
    task("nobody who listens", ["task": "t"], .transient, "unreachable"),
  ]
}
