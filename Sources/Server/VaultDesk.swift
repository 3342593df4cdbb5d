public import API
public import Crypto
public import Engine
public import Model

/// What the routes about keys and credentials ask of the vault.
public struct VaultDesk: Sendable {
  public var keys: @Sendable () throws(Problem) -> KeyFacts
  /// Returns once the new key seals; the rest goes on beside it.
  public var rotate: @Sendable (_ actor: String) async throws(Problem) -> Void
  public var forgetRetired: @Sendable (_ actor: String) async throws(Problem) -> Void
  /// Throws where the credential does not open. The newest version.
  public var test:
    @Sendable (_ credential: CredentialRecord, _ connection: Connection?, _ path: String?)
      async throws(Problem)
      -> [AccessTest.Check]
  /// Goes where the connection leads, with the credential where it names one; changes nothing there.
  public var testConnection:
    @Sendable (_ connection: Connection, _ credential: CredentialRecord?, _ path: String?)
      async throws(Problem) -> [AccessTest.Check]
  /// Attempts that have a credential now.
  public var leases: @Sendable (_ name: String, _ namespace: String) -> [CredentialLease]

  public init(
    keys: @escaping @Sendable () throws(Problem) -> KeyFacts,
    rotate: @escaping @Sendable (String) async throws(Problem) -> Void,
    forgetRetired: @escaping @Sendable (String) async throws(Problem) -> Void,
    test:
      @escaping @Sendable (CredentialRecord, Connection?, String?) async throws(Problem) -> [AccessTest
      .Check],
    testConnection:
      @escaping @Sendable (Connection, CredentialRecord?, String?) async throws(Problem) -> [AccessTest
      .Check],
    leases: @escaping @Sendable (String, String) -> [CredentialLease]
  ) {
    (self.keys, self.rotate, self.forgetRetired) = (keys, rotate, forgetRetired)
    (self.test, self.testConnection, self.leases) = (test, testConnection, leases)
  }

  /// Where no server runs: what the store says, and nothing that changes it.
  public static let none = VaultDesk(
    keys: { () throws(Problem) in KeyFacts(protection: nil, fingerprints: [:]) },
    rotate: { (_) throws(Problem) in throw noServer },
    forgetRetired: { (_) throws(Problem) in throw noServer },
    test: { (_, _, _) throws(Problem) in throw noServer },
    testConnection: { (_, _, _) throws(Problem) in throw noServer }, leases: { _, _ in [] })

  private static let noServer = Problem(
    "read-only",
    Bilingual(
      "No server runs on this data folder, so its keys are not at hand.",
      pt: "Nenhum servidor roda nesta pasta de dados, então as chaves não estão à mão."),
    remedy: Bilingual(
      "Start one: `esteira server --background`.", pt: "Inicie um: `esteira server --background`."))
}

/// What the file of the keys says.
public struct KeyFacts: Sendable, Hashable {
  public var protection: String?
  public var fingerprints: [KeyID: String]
  public init(protection: String?, fingerprints: [KeyID: String]) {
    (self.protection, self.fingerprints) = (protection, fingerprints)
  }
}
