import Glibc
public import Model

extension ZoneDatabase {
  /// The zones of the package `tzdata`. A missing folder shows as a missing `UTC`.
  public static let system = ZoneDatabase { name in wholeFile("/usr/share/zoneinfo/" + name) }

  /// Larger than any file of zones; what is larger is not one.
  private static let fileLimit = 1 << 20

  private static func wholeFile(_ path: String) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes: [UInt8] = []
    while bytes.count <= fileLimit {
      let part = [UInt8](unsafeUninitializedCapacity: 64 * 1024) { buffer, count in
        count = max(0, read(file, buffer.baseAddress, buffer.count))
      }
      if part.isEmpty { return bytes.isEmpty ? nil : bytes }
      bytes += part
    }
    return nil
  }
}
