internal import CSystem
internal import Crypto
internal import Glibc

/// A stretch of a file that is sent as a body. It must not change before the answer is there.
public struct OutgoingFile: Sendable, Hashable {
  public var path: String
  public var offset: Int64
  /// In bytes.
  public var size: Int64

  public init(path: String, offset: Int64 = 0, size: Int64) {
    (self.path, self.offset, self.size) = (path, offset, size)
  }

  /// Of its bytes, 64 hex digits; read on a thread of its own.
  func sha256() async throws(NetError) -> String {
    let result: Result<String, NetError> = await withCheckedContinuation { continuation in
      do throws(NetError) {
        try ServiceThread.start("esteira-hash") { continuation.resume(returning: digest()) }
      } catch { continuation.resume(returning: .failure(error)) }
    }
    return try result.get()
  }

  private static let piece = 1 << 18

  private func digest() -> Result<String, NetError> {
    do throws(NetError) {
      let upload = try FileUpload(self)
      var hash = SHA256()
      var buffer = [UInt8](repeating: 0, count: Self.piece)
      while true {
        let read = buffer.withUnsafeMutableBytes { upload.read(into: $0) }
        guard let read else { throw .invalidRequest("the file cannot be read to its end") }
        if read == 0 { return .success(Hex.encode(hash.finish())) }
        hash.update(buffer, 0..<read)
      }
    } catch { return .failure(error) }
  }
}

/// The open file of one transfer, and how far it was sent. For one thread.
final class FileUpload {
  private let descriptor: Int32
  private let file: OutgoingFile
  private var sent: Int64 = 0

  init(_ file: OutgoingFile) throws(NetError) {
    self.file = file
    descriptor = esteira_open(file.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0)
    guard descriptor >= 0 else {
      throw .invalidRequest(SystemError.text(errno, "open the file that is to be sent"))
    }
  }

  deinit { close(descriptor) }

  /// 0 at the end; nil where the file is shorter than was said, or fails.
  func read(into space: UnsafeMutableRawBufferPointer) -> Int? {
    let wanted = min(space.count, Int(file.size - sent))
    if wanted == 0 { return 0 }
    while true {
      let count = pread(descriptor, space.baseAddress, wanted, off_t(file.offset + sent))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return nil }
      sent += Int64(count)
      return count
    }
  }

  func seek(to offset: Int64, _ origin: Int32) -> Bool {
    guard origin == SEEK_SET, (0...file.size).contains(offset) else { return false }
    sent = offset
    return true
  }
}
