import CSystem
import Glibc

/// A socket address as the kernel takes it.
struct SocketName {
  private var storage = sockaddr_storage()
  private var length: socklen_t = 0
  /// Keeps the folder of a long path open while the name is used.
  private var folder: UnixPath.Folder?

  var family: Int32 { Int32(storage.ss_family) }

  static func unix(_ path: String) throws(NetError) -> SocketName {
    var name = SocketName()
    var path = path
    if path.utf8.count >= UnixPath.longest {
      let folder = try UnixPath.Folder(of: path)
      path = "/proc/self/fd/\(folder.descriptor)/\(UnixPath.last(of: path))"
      name.folder = folder
    }
    guard path.utf8.count < UnixPath.longest, !path.utf8.contains(0) else {
      throw .listen(path, "the name of a socket file has at most \(UnixPath.longest) bytes")
    }
    name.fill(sockaddr_un.self) { address in
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    }
    return name
  }

  static func ip(_ address: IPAddress, _ port: UInt16) -> SocketName {
    var name = SocketName()
    switch address.family {
    case .v4:
      name.fill(sockaddr_in.self) {
        $0.sin_family = sa_family_t(AF_INET)
        $0.sin_port = port.bigEndian
        $0.sin_addr.s_addr = UInt32(truncatingIfNeeded: address.bits).bigEndian
      }
    case .v6:
      name.fill(sockaddr_in6.self) {
        $0.sin6_family = sa_family_t(AF_INET6)
        $0.sin6_port = port.bigEndian
        withUnsafeMutableBytes(of: &$0.sin6_addr) { $0.copyBytes(from: address.bytes) }
      }
    }
    return name
  }

  func withAddress(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    withUnsafeBytes(of: storage) { bytes in
      bytes.withMemoryRebound(to: sockaddr.self) { addresses in
        guard let first = addresses.baseAddress else { return -1 }
        return body(first, length)
      }
    }
  }

  static func localPort(of descriptor: Int32) -> UInt16? {
    address(of: descriptor, getsockname)?.port
  }

  static func remote(of descriptor: Int32) -> (address: IPAddress, port: UInt16)? {
    address(of: descriptor, getpeername)
  }

  private typealias Ask = (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32

  private static func address(of descriptor: Int32, _ ask: Ask) -> (address: IPAddress, port: UInt16)? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) { storage in
      storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        guard ask(descriptor, address, &length) == 0 else { return nil }
        guard let ip = IPAddress(UnsafeRawPointer(address), length: Int(length)) else { return nil }
        // Both families keep the port in the same two bytes.
        let port = UnsafeRawPointer(address).load(fromByteOffset: 2, as: UInt16.self)
        return (ip, UInt16(bigEndian: port))
      }
    }
  }

  private mutating func fill<Address>(_: Address.Type, _ body: (inout Address) -> Void) {
    length = socklen_t(MemoryLayout<Address>.size)
    withUnsafeMutableBytes(of: &storage) { bytes in
      bytes.withMemoryRebound(to: Address.self) { addresses in body(&addresses[0]) }
    }
  }
}

enum UnixPath {
  /// One byte of the kernel's 108 is the final zero.
  static let longest = 108

  static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  static func last(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
    return String(path[path.utf8.index(after: slash)...])
  }

  /// A folder held open, so that a long path in it has the short name `/proc/self/fd/N/…`.
  final class Folder {
    let descriptor: Int32

    init(of path: String) throws(NetError) {
      descriptor = open(UnixPath.folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      guard descriptor >= 0 else { throw .listen(path, SystemError.text(errno, "open its folder")) }
    }

    deinit { close(descriptor) }
  }
}
