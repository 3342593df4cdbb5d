import COpenSSL
import Glibc

/// When a certificate counts, as the first of a PEM file says.
public struct CertificateFacts: Hashable, Sendable {
  /// Seconds since 1970.
  public let validFrom: Int64
  public let validUntil: Int64

  public init(ofFile path: String) throws(CertificateError) {
    guard let file = BIO_new_file(path, "r") else {
      throw CertificateError(file: path, reason: "it cannot be read")
    }
    defer { BIO_free(file) }
    guard let certificate = PEM_read_bio_X509(file, nil, { _, _, _, _ in -1 }, nil) else {
      throw CertificateError(file: path, reason: "it holds no certificate in PEM form")
    }
    defer { X509_free(certificate) }
    guard let from = Self.seconds(X509_get0_notBefore(certificate)),
      let until = Self.seconds(X509_get0_notAfter(certificate))
    else { throw CertificateError(file: path, reason: "its times cannot be read") }
    (validFrom, validUntil) = (from, until)
  }

  private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
    var parts = tm()
    guard let time, ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
    return Int64(timegm(&parts))
  }
}
