import Foundation
import Model
import Synchronization
import Testing

/// A Kafka of this test, in a process of its own: the cluster that librdkafka plays for tests.
final class KafkaServer {
  static let isThere = FileManager.default.fileExists(atPath: "/usr/lib/x86_64-linux-gnu/librdkafka.so.1")
  static let absence = Comment("librdkafka1 is not installed: scripts/setup.sh tests installs it.")

  let brokers: String
  private let process = Process()
  private let (input, output) = (Pipe(), Pipe())
  private var rest: [UInt8] = []

  init(_ topics: [String: Int] = ["work": 3]) throws {
    process.executableURL = URL(filePath: "/usr/bin/python3")
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "kafka_server.py")
    process.arguments = ["-B", script.path]
    (process.standardInput, process.standardOutput) = (input, output)
    process.standardError = FileHandle.nullDevice
    try process.run()
    brokers = Self.line(output, &rest) ?? ""
    for (name, partitions) in topics { try ask("create \(name) \(partitions)") }
  }

  deinit {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  /// What its script answers to a line.
  @discardableResult
  func ask(_ line: String) throws -> String {
    try input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8))
    guard let answer = Self.line(output, &rest) else { throw Tool.Failure(description: "no answer: \(line)") }
    return answer
  }

  func send(_ numbers: Range<Int>, to topic: String = "work", partitions: Int = 3) throws {
    try ask("send \(topic) \(partitions) \(numbers.count) \(numbers.lowerBound)")
  }

  func messages(_ topic: String) throws -> [JSON] {
    try JSON(parsing: Array(ask("read \(topic)").utf8)).array ?? []
  }

  /// The sum of what a group has committed of all partitions.
  func committed(_ group: String = "esteira", _ topic: String = "work", partitions: Int = 3) throws -> Int {
    Int(try ask("committed \(group) \(topic) \(partitions)")) ?? -1
  }

  /// It takes what comes, and answers nothing until it goes on.
  func freeze() { kill(process.processIdentifier, SIGSTOP) }
  func goOn() { kill(process.processIdentifier, SIGCONT) }

  /// The next requests of a kind are answered by this error.
  func fail(_ api: Int, _ count: Int, _ code: Int) throws { try ask("error \(api) \(count) \(code)") }

  private static func line(_ output: Pipe, _ rest: inout [UInt8]) -> String? {
    while true {
      if let end = rest.firstIndex(of: 10) {
        defer { rest.removeSubrange(...end) }
        return String(decoding: rest[..<end], as: UTF8.self)
      }
      let more = output.fileHandleForReading.availableData
      if more.isEmpty { return nil }
      rest += more
    }
  }

  /// As a connection names it.
  var address: String { "{brokers: [\"\(brokers)\"], security: none}" }
}
