/// What Redis answers.
public enum RedisReply: Hashable, Sendable {
  /// Any bytes.
  case text([UInt8])
  /// A word such as `OK`.
  case status(String)
  case integer(Int64)
  case null
  case array([RedisReply])
  /// Refused, such as `WRONGTYPE Operation against a key…`; inside an array, of one command of several.
  case error(String)

  public var bytes: [UInt8]? { if case .text(let bytes) = self { bytes } else { nil } }
  public var string: String? {
    switch self {
    case .text(let bytes): String(validating: bytes, as: UTF8.self)
    case .status(let text): text
    case .integer, .null, .array, .error: nil
    }
  }
  public var integer: Int64? { if case .integer(let number) = self { number } else { nil } }
  public var array: [RedisReply]? { if case .array(let list) = self { list } else { nil } }
  public var isNull: Bool { self == .null }
}

/// One command with its arguments, each any bytes.
public struct RedisCommand: Hashable, Sendable {
  public var words: [[UInt8]]

  public init(_ words: String...) { self.words = words.map { Array($0.utf8) } }
  public init(words: [[UInt8]]) { self.words = words }

  public static func + (command: RedisCommand, bytes: [UInt8]) -> RedisCommand {
    RedisCommand(words: command.words + [bytes])
  }

  /// Such as `SET`.
  public var name: String { String(decoding: words.first ?? [], as: UTF8.self).uppercased() }

  /// As it goes over the network.
  var encoded: [UInt8] {
    var bytes = Array("*\(words.count)\r\n".utf8)
    for word in words {
      bytes += Array("$\(word.count)\r\n".utf8)
      bytes += word
      bytes += [13, 10]
    }
    return bytes
  }

  var size: Int { words.reduce(16) { $0 + $1.count + 16 } }
}

/// Why a command of Redis has no answer.
public enum RedisError: Error, Hashable, Sendable {
  /// The way there; `isSurelyUnsent` says whether the command may have been done.
  case net(NetError)
  /// The server said no: its word, such as `NOAUTH`, and its sentence.
  case refused(code: String, message: String)

  /// Out of `WRONGPASS invalid username-password pair`.
  init(refusal: String) {
    let word = String(refusal.prefix { $0 != " " })
    let isCode = !word.isEmpty && word.utf8.allSatisfy { (65...90).contains($0) || $0 == UInt8(ascii: "_") }
    self = .refused(code: isCode ? word : "ERR", message: String(refusal.prefix(Self.longestMessage)))
  }

  private static let longestMessage = 500

  public var isSurelyUnsent: Bool {
    switch self {
    case .net(let error): error.isSurelyUnsent
    // What was refused was not done.
    case .refused: true
    }
  }
}

extension RedisError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .net(let error): "\(error)"
    case .refused(_, let message): "Redis refused: \(message)"
    }
  }
}
