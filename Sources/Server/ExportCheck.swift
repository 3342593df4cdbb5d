import Access
public import Crypto
public import Model

/// What a check of a job's export found.
public struct ExportReport: Sendable, Hashable {
  public enum Fault: Sendable, Hashable {
    case changed(String)
    case missing(String)
    case unknown(String)
    case unsigned
    case badSignature
    case otherKey
  }

  public var job: String
  /// Those whose checksums were compared.
  public var files: Int
  /// The key that signed; nil: none did.
  public var publicKey: Ed25519.PublicKey?
  public var faults: [Fault]
}

/// Checks an export of a job piece by piece, anywhere: it needs nothing but the bytes.
///
/// The key that signed stands in the export itself. Whoever has only the export trusts that key; whoever has
/// kept the key says it.
public struct ExportCheck: ~Copyable {
  private let wanted: Ed25519.PublicKey?
  private var reader = TarReader()
  private var job: String?
  /// The file that is open, and the hash of what has come of it.
  private var current: String?
  private var hash = SHA256()
  private var hashes: [String: String] = [:]
  private var kept: [String: [UInt8]] = [:]

  /// Of the checksums and of the signature, in bytes.
  static let longestKept = 64 << 20
  static let mostFiles = 1_000_000

  public init(key: Ed25519.PublicKey? = nil) { wanted = key }

  public mutating func take(_ bytes: [UInt8]) throws(Problem) {
    for piece in try reader.take(bytes) {
      switch piece {
      case .file(let path): try begin(path)
      case .bytes(let bytes): try add(bytes)
      case .endOfFile: try end()
      }
    }
  }

  private mutating func begin(_ path: String) throws(Problem) {
    let parts = path.cut(at: "/", most: 2)
    guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), job ?? parts[0] == parts[0],
      hashes[parts[1]] == nil, kept[parts[1]] == nil, hashes.count < Self.mostFiles
    else { throw .noExport }
    (job, current) = (parts[0], parts[1])
    if Self.isKept(parts[1]) { kept[parts[1]] = [] }
  }

  private mutating func add(_ bytes: ArraySlice<UInt8>) throws(Problem) {
    guard let name = current else { throw .noExport }
    guard Self.isKept(name) else { return hash.update(Array(bytes)) }
    kept[name]?.append(contentsOf: bytes)
    guard kept[name]?.count ?? 0 <= Self.longestKept else { throw .noExport }
  }

  private mutating func end() throws(Problem) {
    guard let name = current else { throw .noExport }
    current = nil
    if !Self.isKept(name) { hashes[name] = Hex.encode(hash.finish()) }
  }

  private static func isKept(_ name: String) -> Bool { [Export.sumsName, Export.sealName].contains(name) }

  /// Throws where the file is no whole export; what is wrong with a whole one is in the report.
  public consuming func finish() throws(Problem) -> ExportReport {
    guard reader.isOver, let job, let sums = kept[Export.sumsName] else { throw .noExport }
    var report = ExportReport(job: job, files: 0, publicKey: nil, faults: [])
    var unknown = hashes
    for line in sums.split(separator: UInt8(ascii: "\n")) {
      let parts = String(decoding: line, as: UTF8.self).cut(at: " ", most: 3)
      guard parts.count == 3, parts[1].isEmpty else { throw .noExport }
      report.files += 1
      switch unknown.removeValue(forKey: parts[2]) {
      case nil: report.faults.append(.missing(parts[2]))
      case parts[0]?: break
      case _?: report.faults.append(.changed(parts[2]))
      }
    }
    report.faults += unknown.keys.sorted().map { .unknown($0) }
    let signed = signature(of: job, sums)
    report.publicKey = signed.key
    report.faults += signed.faults
    return report
  }

  private func signature(
    of job: String, _ sums: [UInt8]
  ) -> (key: Ed25519.PublicKey?, faults: [ExportReport.Fault]) {
    guard let bytes = kept[Export.sealName] else { return (nil, [.unsigned]) }
    guard let seal = (try? JSON(parsing: bytes)).flatMap({ ExportSeal($0) }) else {
      return (nil, [.badSignature])
    }
    var faults: [ExportReport.Fault] = seal.isValid(of: job, sums: sums) ? [] : [.badSignature]
    if let wanted, wanted != seal.publicKey { faults.append(.otherKey) }
    return (seal.publicKey, faults)
  }
}

extension ExportReport.Fault {
  /// For people.
  public var text: Bilingual {
    switch self {
    case .changed(let name): Bilingual("\(name) was changed", pt: "\(name) foi alterado")
    case .missing(let name): Bilingual("\(name) is missing", pt: "falta \(name)")
    case .unknown(let name):
      Bilingual("\(name) has no checksum", pt: "\(name) não tem soma de verificação")
    case .unsigned:
      Bilingual("the export is not signed", pt: "a exportação não está assinada")
    case .badSignature:
      Bilingual(
        "the signature does not fit the checksums", pt: "a assinatura não corresponde às somas")
    case .otherKey:
      Bilingual(
        "it is signed with another key than the one that was given",
        pt: "foi assinada com outra chave, não a que foi dada")
    }
  }
}

extension Problem {
  static let noExport = Problem(
    "invalid-export",
    Bilingual(
      "That is no whole file as `esteira job export` writes it.",
      pt: "Isto não é um arquivo inteiro como `esteira job export` grava."),
    remedy: Bilingual("Export the job again.", pt: "Exporte o job de novo."))
}
