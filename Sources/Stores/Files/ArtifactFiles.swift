public import Crypto
public import Model

/// Artifacts as files `<folder>/<namespace>/<aa>/<sha256>`, sealed under the key of their namespace.
///
/// A file is written beside its place, made durable and renamed, so that a name leads to whole bytes or to
/// none. Memory stays within a few frames, whatever the size. Calls run on threads of their own.
public final class ArtifactFiles: Sendable {
  public static let sizeLimit: Int64 = 5 * 1024 * 1024 * 1024
  /// So many artifacts are written or read at once.
  public static let threads = 4

  private let folder: String
  let threads = BlockingThreads(count: ArtifactFiles.threads)

  public init(folder: String) { self.folder = folder }

  public struct Stored: Sendable, Hashable {
    /// Of the plain bytes, 64 lower-case hex digits.
    public var sha256: String
    public var size: Int64
  }

  /// Stores the bytes of the file at `path`, which stays. Returns when they are durable.
  ///
  /// The same bytes again give the same name. Fails with `artifact-unreadable` where the file cannot be read,
  /// `artifact-too-large`, or `artifact-store` where they cannot be kept.
  public func store(path: String, namespace: String, key: SymmetricKey) async throws(Failure) -> Stored {
    let folder = try namespaceFolder(namespace)
    return try await threads.run { () throws(Failure) in
      try ArtifactWriter(folder: folder, key: key).store(path)
    }
  }

  /// Writes the plain bytes into a new file at `path`, checked against the name.
  public func fetch(
    sha256: String, namespace: String, key: SymmetricKey, to path: String
  ) async throws(Failure) {
    let file = try place(of: sha256, namespace)
    try await threads.run { () throws(Failure) in
      try ArtifactReader(file: file, sha256: sha256, key: key).copy(to: path)
    }
  }

  /// Hands the plain bytes to `receive`, piece by piece and in order. The name is checked at the end: a
  /// failure there means that what was received must not be used.
  public func read(
    sha256: String, namespace: String, key: SymmetricKey,
    _ receive: @escaping @Sendable ([UInt8]) throws(Failure) -> Void
  ) async throws(Failure) {
    let file = try place(of: sha256, namespace)
    try await threads.run { () throws(Failure) in
      try ArtifactReader(file: file, sha256: sha256, key: key).read(receive)
    }
  }

  /// Reads all of it and compares with its name. Fails with `artifact-missing` or `artifact-damaged`.
  public func verify(sha256: String, namespace: String, key: SymmetricKey) async throws(Failure) {
    try await read(sha256: sha256, namespace: namespace, key: key) { _ throws(Failure) in }
  }

  private func namespaceFolder(_ namespace: String) throws(Failure) -> String {
    guard !namespace.isEmpty, !namespace.contains("/"), !namespace.hasPrefix(".") else {
      throw Failure(
        .configuration, code: "artifact-store", "\(namespace) cannot be a namespace of artifacts.")
    }
    return folder + "/" + namespace
  }

  func place(of sha256: String, _ namespace: String) throws(Failure) -> String {
    guard Hex.decode(sha256)?.count == SHA256.byteCount, sha256 == sha256.lowercased() else {
      throw Failure(.data, code: "artifact-missing", "\(sha256) is not the name of an artifact.")
    }
    return try namespaceFolder(namespace) + "/" + sha256.prefix(2) + "/" + sha256
  }
}
