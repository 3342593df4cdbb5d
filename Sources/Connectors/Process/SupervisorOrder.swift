import CSystem
import Glibc

/// What a supervisor is told by the node, over their socket.
struct SupervisorOrder: Equatable {
  /// Where `lock`, `started` and `end` lie.
  var folder: String
  var workFolder: String
  /// Milliseconds between SIGTERM and SIGKILL.
  var grace: Int64
  var limits: [Limit] = []
  /// How many descriptors the program gets beyond its streams.
  var extras = 0
  var program: String
  /// With the program's own name first.
  var arguments: [String]
  /// `NAME=value`.
  var environment: [String] = []

  /// Well beyond what the kernel hands to any program.
  static let sizeLimit = 16 << 20
  /// What goes with one message, less the streams and the socket to the node.
  static let mostExtras = Int(esteira_descriptor_limit) - 4

  struct Limit: Equatable {
    var resource: Int32
    var value: UInt64
  }

  init(folder: String, workFolder: String, grace: Int64, program: String, arguments: [String]) {
    (self.folder, self.workFolder, self.grace) = (folder, workFolder, grace)
    (self.program, self.arguments) = (program, arguments)
  }

  /// Nil for anything but what `bytes` gives.
  init?(bytes: [UInt8]) {
    var words = bytes.split(separator: 0, omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }[...]
    func list() -> [String]? {
      guard let count = words.popFirst().flatMap({ Int($0) }), count >= 0, count < words.count else {
        return nil
      }
      defer { words = words.dropFirst(count) }
      return Array(words.prefix(count))
    }
    guard let places = list(), places.count == 5, let grace = Int64(places[2]), grace >= 0,
      let extras = Int(places[4]), (0...Self.mostExtras).contains(extras),
      let limits = list(), let arguments = list(), !arguments.isEmpty, let environment = list(),
      words == [""]
    else { return nil }
    self.init(
      folder: places[0], workFolder: places[1], grace: grace, program: places[3], arguments: arguments)
    (self.extras, self.environment) = (extras, environment)
    for text in limits {
      guard let limit = Limit(text) else { return nil }
      self.limits.append(limit)
    }
  }

  /// Lists of words, each word closed by a zero byte, each list after its count.
  var bytes: [UInt8] {
    let places = [folder, workFolder, "\(grace)", program, "\(extras)"]
    var bytes: [UInt8] = []
    for list in [places, limits.map { "\($0.resource)=\($0.value)" }, arguments, environment] {
      for word in ["\(list.count)"] + list { bytes += Array(word.utf8) + [0] }
    }
    return bytes
  }

  /// Waits for the whole order; nil where the node is gone before. Blocks.
  init?(readingFrom socket: Int32) {
    func read(_ count: Int) -> [UInt8]? {
      var bytes = [UInt8](repeating: 0, count: count)
      var place = 0
      while place < count {
        let got = bytes.withUnsafeMutableBytes { recv(socket, $0.baseAddress! + place, count - place, 0) }
        if got < 0, errno == EINTR { continue }
        if got <= 0 { return nil }
        place += got
      }
      return bytes
    }
    guard let head = read(8) else { return nil }
    let count = head.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    guard count <= Self.sizeLimit, let bytes = read(Int(count)) else { return nil }
    self.init(bytes: bytes)
  }

  /// Returns 0, or an errno where the supervisor does not get all, and therefore starts nothing. Blocks.
  func send(to socket: Int32) -> Int32 {
    let bytes = bytes
    guard bytes.count <= Self.sizeLimit else { return E2BIG }
    let message = (0..<8).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes
    var place = 0
    while place < message.count {
      let sent = message.withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress! + place, message.count - place, Int32(MSG_NOSIGNAL))
      }
      if sent < 0, errno == EINTR { continue }
      if sent <= 0 { return errno }
      place += sent
    }
    return 0
  }
}

extension SupervisorOrder.Limit {
  /// By a name that `esteira_limit_named` knows; nil for another.
  init?(name: String, value: UInt64) {
    let resource = esteira_limit_named(name)
    guard resource >= 0 else { return nil }
    self.init(resource: resource, value: value)
  }

  init?(_ text: String) {
    let parts = text.split(separator: "=", maxSplits: 1)
    guard parts.count == 2, let value = UInt64(parts[1]) else { return nil }
    guard let resource = Int32(parts[0]) else { return nil }
    self.init(resource: resource, value: value)
  }
}

/// A null-terminated array of C strings that lives as long as this value's class does.
final class CStrings {
  let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  private let count: Int

  init(_ strings: [String]) {
    count = strings.count
    pointers = .allocate(capacity: count + 1)
    for (index, string) in strings.enumerated() { pointers[index] = strdup(string) }
    pointers[count] = nil
  }

  deinit {
    for index in 0..<count { free(pointers[index]) }
    pointers.deallocate()
  }
}
