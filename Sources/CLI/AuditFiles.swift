public import API
public import Model

/// Checks an exported audit, which needs neither a server nor a data folder.
public struct AuditFiles: Sendable {
  public struct Wish: Sendable, Hashable {
    /// `-` is standard input.
    public var file: String
    /// Lines that `audit heads` wrote.
    public var heads: String?
    /// The public key, in hex digits; nil: the one in the file is believed.
    public var key: String?
    public init(file: String, heads: String? = nil, key: String? = nil) {
      (self.file, self.heads, self.key) = (file, heads, key)
    }
  }

  /// And the public key that signed, in hex digits.
  public var verify: @Sendable (Wish, Language) async throws(Problem) -> (verdict: AuditVerdict, key: String)

  public init(
    verify: @escaping @Sendable (Wish, Language) async throws(Problem) -> (verdict: AuditVerdict, key: String)
  ) { self.verify = verify }

  public static let none = AuditFiles { (wish, _) throws(Problem) in
    throw Problem(
      "file-not-found",
      Bilingual("\(wish.file) cannot be read.", pt: "Não foi possível ler \(wish.file)."))
  }
}
