public import Crypto
public import Model

/// What makes an export of a job one of this installation: a signature over its checksums, under the key that
/// signs the heads of the audit. So whoever keeps one public key can check both.
public struct ExportSeal: Sendable, Hashable {
  public var publicKey: Ed25519.PublicKey
  public var signature: [UInt8]

  static let format: Int64 = 1

  /// As it lies in the export.
  public var json: JSON {
    [
      "format": .int(Self.format), "algorithm": "Ed25519", "signed": "SHA256SUMS",
      "public_key": .string(Hex.encode(publicKey.bytes)), "signature": .string(Hex.encode(signature)),
    ]
  }

  /// Nil where it is none.
  public init?(_ json: JSON) {
    guard json["format"]?.int == Self.format,
      let key = json["public_key"]?.string.flatMap(Hex.decode).flatMap({ Ed25519.PublicKey($0) }),
      let signature = json["signature"]?.string.flatMap(Hex.decode)
    else { return nil }
    (publicKey, self.signature) = (key, signature)
  }

  fileprivate init(_ key: Ed25519.PrivateKey, of job: String, _ sums: [UInt8]) {
    (publicKey, signature) = (key.publicKey, key.sign(Self.signedBytes(job, sums)))
  }

  public func isValid(of job: String, sums: [UInt8]) -> Bool {
    publicKey.isValid(signature, of: Self.signedBytes(job, sums))
  }

  private static func signedBytes(_ job: String, _ sums: [UInt8]) -> [UInt8] {
    var bytes = CanonicalBytes("esteira.job.export.1")
    bytes.add(job)
    bytes.add(sums)
    return bytes.bytes
  }
}

extension AuditTrail {
  /// `sums`: the file with the checksums of all that the export holds.
  public func seal(exportOf job: String, sums: [UInt8]) -> ExportSeal { ExportSeal(key, of: job, sums) }
}
