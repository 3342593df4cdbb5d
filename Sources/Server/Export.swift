import Crypto
import Model

/// One file of an export.
struct ExportPart: Sendable {
  var name: String
  /// Known beforehand, or measured.
  var size: Int64?
  var sha256: String?
  /// Opens it anew each time: once to measure, once to send. The end is nil.
  var open: @Sendable () async throws -> Pull

  typealias Pull = @Sendable () async throws -> [UInt8]?

  init(
    _ name: String, size: Int64? = nil, sha256: String? = nil,
    open: @escaping @Sendable () async throws -> Pull
  ) {
    (self.name, self.size, self.sha256, self.open) = (name, size, sha256, open)
  }

  init(_ name: String, bytes: [UInt8]) {
    self.init(name, size: Int64(bytes.count), sha256: SHA256.hex(bytes)) {
      let once = Once(bytes)
      return { await once.take() }
    }
  }

  private actor Once {
    private var bytes: [UInt8]?
    init(_ bytes: [UInt8]) { self.bytes = bytes }
    func take() -> [UInt8]? {
      defer { bytes = nil }
      return bytes
    }
  }
}

/// A tar file of parts, made while it is read: no part is ever whole in memory.
///
/// What is not known beforehand is made twice, first to measure it. A job that goes on meanwhile only adds
/// behind what was measured.
actor Export {
  private let folder: String
  private let time: Timestamp
  private var parts: [ExportPart]
  private var current: Sending?
  private var hasEnded = false
  /// Of what was sent of the current part.
  private var hash = SHA256()
  let length: Int64

  private struct Sending {
    var part: ExportPart
    var pull: ExportPart.Pull
    var rest: Int64
  }

  static let (sumsName, sealName) = ("SHA256SUMS", "SIGNATURE.json")

  /// Measures the parts; a file with all their checksums, as `sha256sum -c` reads it, comes behind them, and
  /// last what `seal` makes of that file.
  init(
    folder: String, at time: Timestamp, parts: [ExportPart],
    seal: (@Sendable (_ sums: [UInt8]) -> JSON)? = nil
  ) async throws {
    (self.folder, self.time) = (folder, time)
    var measured: [ExportPart] = []
    for part in parts { measured.append(try await Self.measured(part)) }
    let sums = Array(measured.map { "\($0.sha256 ?? "")  \($0.name)\n" }.joined().utf8)
    measured.append(ExportPart(Self.sumsName, bytes: sums))
    if let seal {
      measured.append(ExportPart(Self.sealName, bytes: Array((seal(sums).prettyText + "\n").utf8)))
    }
    self.parts = measured
    length = measured.reduce(Int64(Tar.end.count)) { sum, part in
      let size = part.size ?? 0
      let header = Tar.header("\(folder)/\(part.name)", size: size, at: time).count
      return sum + Int64(header) + size + Int64(Tar.padding(after: size).count)
    }
  }

  private static func measured(_ part: ExportPart) async throws -> ExportPart {
    if part.size != nil, part.sha256 != nil { return part }
    var (part, size) = (part, Int64(0))
    var hash = SHA256()
    let pull = try await part.open()
    while let bytes = try await pull() {
      hash.update(bytes)
      size += Int64(bytes.count)
    }
    (part.size, part.sha256) = (size, Hex.encode(hash.finish()))
    return part
  }

  func next() async throws -> [UInt8]? {
    if current != nil { return try await more() }
    if parts.isEmpty {
      defer { hasEnded = true }
      return hasEnded ? nil : Tar.end
    }
    let part = parts.removeFirst()
    let size = part.size ?? 0
    hash = SHA256()
    current = Sending(part: part, pull: try await part.open(), rest: size)
    return Tar.header("\(folder)/\(part.name)", size: size, at: time)
  }

  private func more() async throws -> [UInt8]? {
    guard var sending = current else { return nil }
    if sending.rest > 0 {
      guard var bytes = try await sending.pull() else { throw Self.changed(sending.part.name) }
      bytes = Array(bytes.prefix(Int(clamping: sending.rest)))
      sending.rest -= Int64(bytes.count)
      hash.update(bytes)
      current = sending
      return bytes
    }
    guard Hex.encode(hash.finish()) == sending.part.sha256 else {
      throw Self.changed(sending.part.name)
    }
    current = nil
    return Tar.padding(after: sending.part.size ?? 0)
  }

  private static func changed(_ name: String) -> Problem {
    Problem(
      "export-changed",
      Bilingual("\(name) changed while it was written.", pt: "\(name) mudou enquanto era escrito."),
      remedy: Bilingual("Export the job again.", pt: "Exporte o job de novo."))
  }
}
