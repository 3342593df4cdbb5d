import Glibc

/// The system's own words for an error number.
enum SystemError {
  /// An errno as an error.
  struct Number: Error, Hashable {
    var value: Int32
    init(_ value: Int32) { self.value = value }
  }

  static func text(_ number: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard strerror_r(number, &buffer, buffer.count) == 0 else { return "error \(number)" }
    let end = buffer.firstIndex(of: 0) ?? buffer.endIndex
    return String(decoding: buffer[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
