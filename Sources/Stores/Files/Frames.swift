internal import Crypto

/// Sealed bytes in a file, one frame after another: four bytes of length, then the sealed text. The place of
/// a frame is authenticated, so that frames cannot be reordered, repeated or moved to another file.
enum Frames {
  /// Plain bytes of a frame at most.
  static let limit = 256 * 1024
  /// Of the sealed bytes of one frame.
  static let lengths = Sealer.overhead...limit + Sealer.overhead

  static func append(
    _ plain: [UInt8], place: [UInt8], key: SymmetricKey, sealer: inout Sealer, to output: inout [UInt8]
  ) {
    precondition(plain.count <= limit, "A frame is not longer than its limit.")
    let size = UInt32(plain.count + Sealer.overhead)
    for shift in [24, 16, 8, 0] as [UInt32] { output.append(UInt8(truncatingIfNeeded: size >> shift)) }
    sealer.seal(plain, 0..<plain.count, key: key, additionalData: place, into: &output)
  }

  enum Next { case frame, end, torn }

  /// Replaces `sealed` by the next frame of the file. `torn` is what a crash leaves: less than was announced,
  /// or an announcement that cannot be.
  static func next(of file: borrowing File, into sealed: inout [UInt8]) throws(FileError) -> Next {
    guard try file.read(into: &sealed, limit: 4) else { return .end }
    guard sealed.count == 4 else { return .torn }
    let size = sealed.reduce(0) { $0 << 8 | Int($1) }
    guard lengths.contains(size) else { return .torn }
    guard try file.read(into: &sealed, limit: size), sealed.count == size else { return .torn }
    return .frame
  }

  /// `prefix` and a number, the usual place.
  static func place(_ prefix: [UInt8], _ index: Int, isLast: Bool = false) -> [UInt8] {
    prefix + (0..<8).map { UInt8(truncatingIfNeeded: index >> (56 - 8 * $0)) } + [isLast ? 1 : 0]
  }
}
