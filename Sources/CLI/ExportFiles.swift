public import Model

/// Checks the file of `job export`, which needs neither a server nor a data folder.
public struct ExportFiles: Sendable {
  public struct Wish: Sendable, Hashable {
    /// `-` is standard input.
    public var file: String
    /// The public key, in hex digits; nil: the one in the file is believed.
    public var key: String?
    public init(file: String, key: String? = nil) { (self.file, self.key) = (file, key) }
  }

  public struct Verdict: Sendable, Hashable {
    public var job: String
    public var files: Int
    /// In hex digits; nil: nobody signed.
    public var key: String?
    public var faults: [Bilingual]
    public init(job: String, files: Int, key: String?, faults: [Bilingual]) {
      (self.job, self.files, self.key, self.faults) = (job, files, key, faults)
    }

    public var isIntact: Bool { faults.isEmpty }
  }

  public var verify: @Sendable (Wish) async throws(Problem) -> Verdict

  public init(verify: @escaping @Sendable (Wish) async throws(Problem) -> Verdict) { self.verify = verify }

  public static let none = ExportFiles { (wish) throws(Problem) in
    throw Problem(
      "file-not-found",
      Bilingual("\(wish.file) cannot be read.", pt: "Não foi possível ler \(wish.file)."))
  }
}
