@testable import Connectors

/// What is parsed is written back as it was, and says the same when it is parsed once more.
enum NistBody {
  @Sendable static func check(_ bytes: [UInt8]) throws(Broken) {
    guard let file = try? NistFile(parsing: bytes) else { return }
    let written = file.bytes
    try promise(written == bytes, "It is written back as \(written.count) other bytes.")
    guard let again = try? NistFile(parsing: written) else { throw Broken("What is written is not read.") }
    try promise(again == file, "Read once more it is another file.")
  }
}
