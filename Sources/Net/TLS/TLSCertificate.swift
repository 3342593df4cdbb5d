import COpenSSL
import Synchronization

/// A server's certificate and key, read from PEM files, which can be read again while it serves.
public final class TLSCertificate: Sendable {
  /// The certificate, followed by those that lead from it to a root.
  public let certificate: String
  public let key: String
  private let current: Mutex<TLSContext>

  /// Reads both files.
  public init(certificate: String, key: String) throws(CertificateError) {
    (self.certificate, self.key) = (certificate, key)
    current = Mutex(try TLSContext(certificate: certificate, key: key))
  }

  /// Reads the files again. Connections that come from now on get the new certificate, those that are open
  /// keep theirs. When it throws, everything stays as it was.
  public func reload() throws(CertificateError) {
    let fresh = try TLSContext(certificate: certificate, key: key)
    current.withLock { $0 = fresh }
  }

  var context: TLSContext { current.withLock { $0 } }
}

extension TLSCertificate: Hashable {
  /// Two are one when they are the same object, since only that one is reloaded.
  public static func == (left: TLSCertificate, right: TLSCertificate) -> Bool { left === right }

  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

/// Why a certificate cannot be served. Nothing of the key is in the text.
public struct CertificateError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file at fault.
  public let file: String
  public let reason: String

  public var description: String { "The file \(file) cannot be used for TLS: \(reason)." }
}
