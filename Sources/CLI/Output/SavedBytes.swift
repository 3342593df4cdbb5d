import API
import Glibc
import Model

extension Client {
  /// Writes the bytes of an answer into a file, which is there whole or not at all. Gives their number;
  /// `also` sees them on their way.
  func save<Input: Wire>(
    _ endpoint: BytesEndpoint<Input>, _ input: Input, to name: String,
    also: ([UInt8]) -> Void = { _ in }
  ) async throws -> Int64 {
    let partial = name + ".part"
    let file = try FileWriter(partial)
    var size: Int64 = 0
    do {
      try await bytes(endpoint, input) { bytes in
        try file.write(bytes)
        also(bytes)
        size += Int64(bytes.count)
      }
      try file.close()
    } catch {
      unlink(partial)
      throw error
    }
    guard rename(partial, name) == 0 else {
      let reason = FileWriter.failed(name)
      unlink(partial)
      throw reason
    }
    return size
  }
}
