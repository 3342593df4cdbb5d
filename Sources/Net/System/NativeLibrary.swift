internal import CKafka
internal import CODBC

/// A library that is loaded when a connection of its kind is first used, and need not be on the node before.
public struct NativeLibrary: Sendable {
  /// Of the connections that need it.
  public let kind: String
  public let name: String
  /// Of Debian, which has it.
  public let package: String
  private let load: @Sendable () -> UnsafePointer<CChar>?

  public static let all = [
    NativeLibrary(kind: "odbc", name: "unixODBC", package: "unixodbc") {
      esteira_odbc() == nil ? esteira_odbc_why() : nil
    },
    NativeLibrary(kind: "kafka", name: "librdkafka", package: "librdkafka1") {
      esteira_kafka() == nil ? esteira_kafka_why() : nil
    },
  ]

  /// Why it cannot be loaded; nil where it is there. Loads it.
  public var missing: String? { load().map { String(cString: $0) } }
}
