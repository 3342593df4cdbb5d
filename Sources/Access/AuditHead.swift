public import Crypto
public import Model

/// The end of one chain, signed: of a namespace and a day. Whoever keeps it somewhere else can later show
/// that rows before it were changed, and that rows at the end are missing.
public struct AuditHead: Sendable, Hashable {
  public var namespace: String
  /// In UTC: `2026-11-26`.
  public var day: String
  /// Of the first and the last row of the day, and how many there are.
  public var first, last, count: Int64
  /// The hash that the first row names: where the chain of an earlier day ended.
  public var begin: [UInt8]
  /// Of the last row.
  public var hash: [UInt8]
  public var signature: [UInt8]

  public init(
    namespace: String, day: String, first: Int64, last: Int64, count: Int64, begin: [UInt8], hash: [UInt8],
    signature: [UInt8] = []
  ) {
    (self.namespace, self.day, self.first, self.last) = (namespace, day, first, last)
    (self.count, self.begin, self.hash, self.signature) = (count, begin, hash, signature)
  }

  static func day(_ moment: Timestamp) -> String {
    CivilTime(seconds: moment.wholeSeconds).date.text
  }

  func signed(with key: Ed25519.PrivateKey) -> AuditHead {
    var head = self
    head.signature = key.sign(signedBytes)
    return head
  }

  public func isSigned(with key: Ed25519.PublicKey) -> Bool { key.isValid(signature, of: signedBytes) }

  private var signedBytes: [UInt8] {
    var bytes = CanonicalBytes("esteira.audit.head.1")
    bytes.add(namespace)
    bytes.add(day)
    for number in [first, last, count] { bytes.add(number) }
    bytes.add(begin)
    bytes.add(hash)
    return bytes.bytes
  }

  /// One line of an export.
  public var json: JSON {
    [
      "namespace": .string(namespace), "day": .string(day), "first": .int(first), "last": .int(last),
      "count": .int(count), "begin": .string(Hex.encode(begin)), "hash": .string(Hex.encode(hash)),
      "signature": .string(Hex.encode(signature)),
    ]
  }

  public init?(_ json: JSON) {
    func bytes(_ key: String) -> [UInt8]? { json[key]?.string.flatMap(Hex.decode) }
    guard let namespace = json["namespace"]?.string, let day = json["day"]?.string,
      let first = json["first"]?.int, let last = json["last"]?.int, let count = json["count"]?.int,
      let begin = bytes("begin"), let hash = bytes("hash"), let signature = bytes("signature")
    else { return nil }
    self.init(
      namespace: namespace, day: day, first: first, last: last, count: count, begin: begin, hash: hash,
      signature: signature)
  }
}

/// Bytes that two different lists of fields never share: each field has its kind and its length before it.
struct CanonicalBytes {
  private(set) var bytes: [UInt8] = []

  /// What the bytes are of, so that what was signed as one thing is never another.
  init(_ purpose: String) { add(purpose) }

  mutating func add(_ text: String) { add(tag: UInt8(ascii: "t"), Array(text.utf8)) }
  mutating func add(_ part: [UInt8]) { add(tag: UInt8(ascii: "b"), part) }
  mutating func add(_ number: Int64) {
    add(tag: UInt8(ascii: "i"), Self.bytes(of: UInt64(bitPattern: number)))
  }

  mutating func add(_ text: String?) {
    if let text { add(text) } else { bytes.append(UInt8(ascii: "n")) }
  }

  mutating func add(_ number: Int64?) {
    if let number { add(number) } else { bytes.append(UInt8(ascii: "n")) }
  }

  private mutating func add(tag: UInt8, _ part: [UInt8]) {
    bytes.append(tag)
    bytes += Self.bytes(of: UInt64(part.count))
    bytes += part
  }

  private static func bytes(of number: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(56 - 8 * $0)) }
  }
}
