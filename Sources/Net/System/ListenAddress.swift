import CSystem
import Glibc

/// Where a server listens.
public enum ListenAddress: Hashable, Sendable {
  /// A socket file (mode 0600). Its folder must belong to this user and be closed to everybody else.
  /// `replacingStale` removes a file left there: say so only while holding the folder's lock.
  case unix(path: String, replacingStale: Bool)
  /// A numeric address; port 0 takes any free one, which `HTTPServer.port` then tells. With a certificate
  /// only TLS is spoken there.
  case tcp(IPAddress, port: UInt16, tls: TLSCertificate? = nil)
}

extension ListenAddress {
  /// Why nobody can listen there now; nil where somebody can. It opens the address for a moment.
  public static func obstacle(_ address: IPAddress, port: UInt16) -> String? {
    do throws(NetError) { _ = try Listener(.tcp(address, port: port)) } catch {
      if case .listen(_, let reason) = error { return reason }
      return "\(error)"
    }
    return nil
  }
}

/// A listening socket, closed (and its file removed) by its owner.
struct Listener: ~Copyable {
  static let backlog: Int32 = 512

  let descriptor: Int32
  let port: UInt16?
  private let path: String?

  /// With `sharesPort` other listeners of this user may take the same port, between which the kernel then
  /// spreads connections.
  init(_ address: ListenAddress, sharesPort: Bool = false) throws(NetError) {
    switch address {
    case .unix(let path, let replacingStale):
      try Self.checkFolder(of: path)
      if replacingStale { unlink(path) }
      descriptor = try Self.listen(SocketName.unix(path), mode: 0o600, name: path)
      port = nil
      self.path = path
    case .tcp(let address, let port, _):
      descriptor = try Self.listen(
        SocketName.ip(address, port), mode: nil, sharesPort, name: "\(address) port \(port)")
      self.port = SocketName.localPort(of: descriptor)
      path = nil
    }
  }

  deinit {
    if let path { unlink(path) }
    close(descriptor)
  }

  private static func checkFolder(of path: String) throws(NetError) {
    let folder = UnixPath.folder(of: path)
    var status = stat()
    guard stat(folder, &status) == 0 else {
      throw .listen(path, SystemError.text(errno, "find the folder \(folder)"))
    }
    guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
      throw .listen(path, "the folder \(folder) must belong to this user with mode 0700")
    }
  }

  private static func listen(
    _ name: SocketName, mode: mode_t?, _ sharesPort: Bool = false, name shown: String
  ) throws(NetError) -> Int32 {
    let descriptor = esteira_stream_socket(name.family)
    guard descriptor >= 0 else { throw .resources(SystemError.text(errno, "make a socket")) }
    var reuse: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, 4)
    if sharesPort { setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &reuse, 4) }
    // Set before bind, so that the file never exists with a wider mode.
    if let mode { fchmod(descriptor, mode) }
    guard name.withAddress({ bind(descriptor, $0, $1) }) == 0, Glibc.listen(descriptor, backlog) == 0 else {
      let code = errno
      close(descriptor)
      throw .listen(shown, SystemError.text(code, "listen"))
    }
    return descriptor
  }
}
