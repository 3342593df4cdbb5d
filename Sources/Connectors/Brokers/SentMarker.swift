import CSystem
import Engine
import Glibc
import Model

/// Whether an attempt's message has left, told to the next node: a file beside what is kept of its processes.
struct SentMarker: Sendable {
  enum State: String { case sending, sent }

  private let path: String

  init(_ attempt: Attempt) { path = "\(attempt.services.processFolder)/sent-\(attempt.number)" }

  /// Nil: surely nothing was sent.
  var state: State? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = fread(&bytes, 1, bytes.count, file)
    // A file that is cut off was being written before anything left.
    return State(rawValue: String(decoding: bytes.prefix(count), as: UTF8.self)) ?? .sending
  }

  /// On the disk when it returns.
  func set(_ state: State) throws(Failure) {
    let file = esteira_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw Self.failure }
    defer { close(file) }
    let bytes = Array(state.rawValue.utf8)
    guard write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0 else { throw Self.failure }
  }

  private static let failure = Failure(
    .transient, code: "work-folder", "The folder of the attempt cannot be written; nothing was sent.")
}
