public import Crypto
public import Model

/// What the key commands do to files, beside a running server or without one.
public struct KeyWork: Sendable {
  /// The ids of the keys that the copy holds.
  public var export: @Sendable (KeyExport) async throws(Problem) -> [Int]
  /// Whether the file of the keys (nil: the data folder's own) opens what the store keeps of each key.
  public var verify: @Sendable (_ data: String?, _ file: String?) async throws(Problem) -> [KeyFinding]

  public init(
    export: @escaping @Sendable (KeyExport) async throws(Problem) -> [Int],
    verify: @escaping @Sendable (String?, String?) async throws(Problem) -> [KeyFinding]
  ) { (self.export, self.verify) = (export, verify) }

  /// For a bench without files.
  public static let none = KeyWork(
    export: { (_) throws(Problem) in throw noFiles }, verify: { (_, _) throws(Problem) in throw noFiles })
  private static let noFiles = Problem(
    "no-store", Bilingual("There is no data folder here.", pt: "Não há pasta de dados aqui."))
}

public struct KeyExport: Sendable {
  public static let shortestPassphrase = 12
  public enum Protection: Sendable {
    case none
    /// The file of a passphrase; nil: it is asked at the terminal.
    case passphrase(String?)
    case age([AgeRecipient])
  }
  /// The data folder; nil: the usual one.
  public var data: String?
  public var target: String
  public var protection: Protection
}

public struct KeyFinding: Sendable, Hashable {
  public var id: Int
  public var state: String
  /// Nil: the file does not hold it.
  public var opens: Bool?
  public init(id: Int, state: String, opens: Bool?) { (self.id, self.state, self.opens) = (id, state, opens) }

  /// A retired key may be gone.
  var isSound: Bool { opens ?? (state == "retired") }
}
